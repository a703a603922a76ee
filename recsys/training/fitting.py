"""The training loop: one network, its batches, the best epoch kept."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain, count, islice

import numpy as np
import torch

from ingest.dataset.schema import Dataset, FloatArray
from ingest.errors import TrainingError
from ingest.progress import progress_bar
from recsys.config import LOWER_IS_BETTER, DeepFMConfig, TrainingConfig
from recsys.examples.batches import NextBatches, PairBatches
from recsys.examples.features import FeatureSpace
from recsys.examples.inputs import Inputs
from recsys.network.deepfm import DeepFM
from recsys.network.steps import steps_for
from recsys.scoring.inference import Weights
from recsys.training.telling import Record

_EXPLODED = 100.0
"""A mean loss so many times that of the first step shows a training that runs away."""
_LARGEST = 1e6
"""A weight beyond this belongs to no model that learns."""
_PATIENCE_STUCK = 2
"""After so many epochs with the loss of the first one it does not move."""
_SOLVED = 1e-6
"""A loss this small has nowhere to go."""


@dataclass
class Fit:
    """What a training has come to."""

    weights: Weights = field(default_factory=dict)
    """Of the best epoch; of the last one when none is evaluated."""
    best: Record = field(default_factory=dict)
    """The record of that epoch."""
    history: list[Record] = field(default_factory=list)
    interrupted: bool = False


class LossError(TrainingError):
    """The loss is not a number, or is stuck; `fit` holds the last good weights, if any."""

    def __init__(self, message: str, fit: Fit) -> None:
        self.fit = fit
        super().__init__(message)


class Fitting:
    """A training under way."""

    def __init__(
        self,
        inputs: Inputs,
        dataset: Dataset,
        model_config: DeepFMConfig,
        config: TrainingConfig,
        seed: int,
        device: str = "cpu",
        start: Weights | None = None,
    ) -> None:
        """Draw a network to train on `dataset`, whose codes `inputs` holds, or go on from `start`.

        The same `seed` on the same machine gives the same bits: weights, order, negatives and
        dropout all come from it.
        """
        self.config = config
        self.done = Fit()
        self._start = float("inf")
        self._pace = 0.0  # seconds that the last epoch's steps took
        self._inputs = inputs
        self._rng = np.random.default_rng(seed)
        self.model = build_network(inputs.space, model_config, seed, device)
        if start is not None:
            tensors = {name: torch.from_numpy(array) for name, array in start.items()}
            self.model.load_state_dict(tensors, strict=False)
        elif config.loss == "mse":
            with torch.no_grad():  # start from the mean label rather than walk there
                self.model.bias.fill_(float(dataset.interactions.label.mean()))
        self._batches: NextBatches | PairBatches = (
            NextBatches(inputs, config)
            if config.loss == "softmax"
            else PairBatches(inputs, dataset, config)
        )
        most = config.steps_per_epoch or self._batches.n_steps
        self.steps_per_epoch = min(most, self._batches.n_steps)
        self._stream = chain.from_iterable(self._batches.epoch(self._rng) for _ in count())
        self._steps = steps_for(self.model, inputs, config)

    def run(
        self,
        n_epochs: int,
        evaluate: Callable[[Weights], Record] | None = None,
        on_epoch: Callable[[Record], None] | None = None,
        on_pace: Callable[[float], None] | None = None,
        quiet: bool = False,
    ) -> Fit:
        """Train for `n_epochs` of those the schedule is made for, or until it gets no better.

        Args:
            n_epochs: at most so many.
            evaluate: measures weights; the best epoch is the best by `config.metric`.
            on_epoch: called with every epoch's record.
            on_pace: called once, after the first epoch, with the seconds that an epoch takes.
            quiet: show no progress bar.

        Raises:
            LossError: the loss is not a number, or is stuck.
            KeyboardInterrupt: stopped by hand before there was a good epoch; later, what was best
                until then is returned.
        """
        try:
            n_steps = n_epochs * self.steps_per_epoch
            with progress_bar(n_steps, "training", "step", quiet) as bar:
                stale = 0
                for epoch in range(1, n_epochs + 1):
                    record = self._epoch(epoch, bar.update)
                    if epoch == 1 and on_pace is not None:
                        on_pace(self._pace)
                    last = epoch == n_epochs
                    better = self._judge(record, evaluate, last)
                    self.done.history.append(record)
                    if on_epoch is not None:
                        on_epoch(record)
                    stale = 0 if better else stale + (better is False)
                    if stale >= self.config.patience:
                        break
        except KeyboardInterrupt:
            if not self.done.weights:
                raise
            self.done.interrupted = True
        return self.done

    def _epoch(self, epoch: int, advance: Callable[[int], object]) -> Record:
        """Take the steps of one epoch and return its record."""
        self.model.train()
        n_steps = self.steps_per_epoch
        values = []
        started = time.perf_counter()
        for n, batch in enumerate(islice(self._stream, n_steps)):
            lr = learning_rate(self.config, (epoch - 1) * n_steps + n, n_steps)
            values.append(self._steps.step(batch, lr))
            advance(1)
            if n == 0 and n_steps > 1:  # the first step also loads what is compiled
                started = time.perf_counter()
        self._steps.settle()
        self._pace = (time.perf_counter() - started) * n_steps / max(n_steps - 1, 1)
        losses_of_steps = torch.stack(values).cpu().numpy()
        record: Record = {"epoch": epoch, "loss": float(losses_of_steps.mean()), "lr": lr}
        self._check(losses_of_steps, record)
        return record

    def _check(self, values: FloatArray, record: Record) -> None:
        """Raise LossError when the losses of an epoch's steps show that it went wrong."""
        epoch = int(record["epoch"])
        kept = f"epoch {int(self.done.best['epoch'])} was kept" if self.done.best else ""
        largest = max(float(p.detach().abs().max()) for p in self.model.parameters() if p.numel())
        self._start = min(self._start, float(values[0]))
        exploded = record["loss"] > _EXPLODED * max(self._start, 1.0)
        if not np.isfinite(values).all() or exploded or not largest <= _LARGEST:
            what = f"the loss went from {self._start:.3g} to {record['loss']:.3g}"
            if largest > _LARGEST:
                what += f" and a weight to {largest:.1g}"
            raise LossError(
                f"{what} in epoch {epoch}: lower the learning rate "
                f"(it was {self.config.lr:g}){kept and '; '}{kept}",
                self.done,
            )
        first = self.done.history[0]["loss"] if len(self.done.history) >= _PATIENCE_STUCK else 0.0
        if first > _SOLVED and abs(record["loss"] - first) <= 1e-6 * first:
            raise LossError(
                f"the loss does not move from {record['loss']:g} (epoch {epoch}): raise the "
                f"learning rate (it was {self.config.lr:g}) or look at the labels"
                f"{kept and '; '}{kept}",
                self.done,
            )

    def _judge(
        self, record: Record, evaluate: Callable[[Weights], Record] | None, last: bool
    ) -> bool | None:
        """Keep the weights if they are the best so far; None when the epoch is not evaluated."""
        if evaluate is None:
            self.done.weights, self.done.best = export(self.model), record
            return None
        if record["epoch"] % self.config.eval_every and not last:
            return None
        weights = export(self.model)
        record.update(evaluate(weights))
        better = is_better(record, self.done.best, self.config.metric)
        if better:
            self.done.weights, self.done.best = weights, record
        return better


def build_network(
    space: FeatureSpace, config: DeepFMConfig, seed: int, device: str = "cpu"
) -> DeepFM:
    """Draw the network for the fields of `space`; the draw is the same for every device."""
    unknown = tuple(field.start for field in space.fields)
    n_user_fields, n_item_fields = len(space.of("user")), len(space.of("item"))
    generator = torch.Generator().manual_seed(seed)
    model = DeepFM(config, space.n_codes, n_user_fields, n_item_fields, unknown, generator)
    if device != "cpu":
        model = model.to(device)
        model.generator = torch.Generator(device).manual_seed(seed)
    return model


def learning_rate(config: TrainingConfig, step: int, steps_per_epoch: int) -> float:
    """Return the learning rate of a step, counted from 0 over the whole training."""
    total = config.n_epochs * steps_per_epoch
    lr = config.lr * min(1.0, (step + 1) / (config.warm_up * total + 1))
    if config.lr_schedule == "exponential":
        return lr * config.lr_decay ** (step // steps_per_epoch)
    if config.lr_schedule == "cosine":
        return lr * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / total)))
    return lr


def is_better(record: Record, best: Record, metric: str) -> bool:
    """Tell whether `record` is strictly better than `best`; an empty best is always worse."""
    if metric not in best:
        return True
    sign = -1 if metric in LOWER_IS_BETTER else 1
    return sign * record[metric] > sign * best[metric]


def export(model: DeepFM) -> Weights:
    """Return a copy of the weights as arrays."""
    return {
        name: tensor.detach().cpu().numpy().copy()
        for name, tensor in model.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
