"""Train a model for answers: choose the best epoch on a cut of the data, then learn from all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace

import numpy as np
import torch

from ingest.dataset.schema import Dataset
from ingest.dataset.split import (
    RowArray,
    Split,
    in_random_order,
    split_chronological,
    split_leave_last_out,
)
from ingest.errors import AskerError, TrainingError
from recsys.checkpoint import TrainedModel
from recsys.config import RATING_METRICS, DeepFMConfig, Task, TrainingConfig
from recsys.evaluation.baselines import Popularity, RatingBiases
from recsys.evaluation.holdout import Holdout
from recsys.examples.features import FeatureSpace
from recsys.examples.inputs import Inputs
from recsys.lists.blending import fit_blend, start_blend
from recsys.scoring.calibration import Calibration, cross_fitted, fit_platt
from recsys.scoring.inference import Weights
from recsys.scoring.scorer import Scorer
from recsys.training.fitting import Fitting, LossError
from recsys.training.telling import NOBODY, Record, Telling

_MOST_USERS = 2000
"""Users whose lists are made to judge an epoch."""


def train_model(
    dataset: Dataset,
    config: DeepFMConfig,
    training: TrainingConfig,
    seed: int = 0,
    device: str = "cpu",
    n_threads: int = 1,
    eval_rows: RowArray | None = None,
    tell: Telling = NOBODY,
) -> TrainedModel:
    """Train DeepFM on `dataset`.

    The last part of every user's history is held out: the best epoch is the best there, and the
    calibration and the neighbours' weight are fitted there. Then the network learns again from
    everything for as many epochs, unless `training.refit` is off.

    Args:
        dataset: what to learn from.
        config: the network.
        training: the training.
        seed: of everything drawn.
        device: `cpu` or `cuda`.
        n_threads: of torch. One is the most economical up to millions of interactions, and makes
            the bits independent of the machine's number of processors.
        eval_rows: rows of the interaction table to hold out in place of the last part of every
            history; they choose the epoch and are never learnt from.
        tell: who is told what while it runs.

    Raises:
        AskerError: the options do not fit each other or the data, or these are too few.
        TrainingError: there is nothing to learn from, or the loss went wrong.
    """
    check(dataset, config, training, device)
    with torch_threads(n_threads):
        holdout = _hold_out(dataset, training, eval_rows)
        refit = training.refit and eval_rows is None and holdout is not None
        try:
            chosen = _choose(dataset, holdout, config, training, seed, device, tell, refit)
            again = refit and not chosen.interrupted
            return _refit(dataset, chosen, device, tell) if again else chosen
        except LossError as error:
            if not _all_apart(dataset):
                raise
            raise AskerError(
                f"{dataset.name} has too little to learn from: no user has two items and no two "
                "users share one; bring more interactions"
            ) from error


def check(
    dataset: Dataset, config: DeepFMConfig, training: TrainingConfig, device: str = "cpu"
) -> None:
    """Raise an error where data, network, training and machine do not fit each other."""
    rating = config.task == "rating"
    if rating != (training.loss == "mse"):
        raise AskerError(f"the loss {training.loss} is not for the {config.task} task")
    if rating != (training.metric in RATING_METRICS):
        raise AskerError(f"the metric {training.metric} is not for the {config.task} task")
    if rating and not dataset.has_labels:
        raise AskerError(f"{dataset.name} has no labels to predict; train the ranking task")
    kind, _, number = device.partition(":")
    if kind not in ("cpu", "cuda") or not (number or "0").isdigit():
        raise AskerError(f"the device must be cpu, cuda or cuda:1 and so on, not {device!r}")
    if kind == "cuda" and not torch.cuda.is_available():
        raise AskerError("there is no CUDA device on this machine; leave the device at cpu")
    n_devices = torch.cuda.device_count() if kind == "cuda" else 0
    if kind == "cuda" and int(number or 0) >= n_devices:
        raise AskerError(f"there is no {device}: this machine has {n_devices} CUDA devices")
    if not len(dataset.interactions):
        raise TrainingError(f"{dataset.name} has no interactions to learn from")


def _all_apart(dataset: Dataset) -> bool:
    """Return whether every user has one item at most, and every item one user."""
    seen = dataset.interactions
    return bool(max(np.bincount(seen.user).max(), np.bincount(seen.item).max()) < 2)


def _hold_out(
    dataset: Dataset, training: TrainingConfig, eval_rows: RowArray | None
) -> Holdout | None:
    """Part off what the best epoch is chosen by; None when nothing is to be, or can be."""
    if eval_rows is not None:
        split = split_of(len(dataset.interactions), eval_rows)
        return Holdout(dataset, *split, most_users=_MOST_USERS)
    if not training.validation_ratio:
        return None
    seen = dataset.interactions
    if not dataset.has_times:  # nothing is the last of a history
        seen = in_random_order(seen, np.random.default_rng(0))
    last = training.validation_last
    split = (
        split_leave_last_out(seen) if last else split_chronological(seen, training.validation_ratio)
    )
    return Holdout(dataset, *split, most_users=_MOST_USERS) if len(split.test) else None


def _choose(
    dataset: Dataset,
    holdout: Holdout | None,
    config: DeepFMConfig,
    training: TrainingConfig,
    seed: int,
    device: str,
    tell: Telling,
    refit: bool,
) -> TrainedModel:
    """Train on what is not held out, and judge every epoch on what is."""
    known = dataset if holdout is None else holdout.train
    space = FeatureSpace.from_dataset(known, config)
    inputs = Inputs(space, known, config.history)
    model = TrainedModel(
        config=config,
        training=training,
        space=space,
        weights={},
        calibration=Calibration(per_user=training.loss in ("softmax", "bpr")),
        data_fingerprint=dataset.fingerprint,
        seed=seed,
        blend=asdict(start_blend(dataset, rating=config.task == "rating")),
    )

    def evaluate(weights: Weights) -> Record:
        assert holdout is not None
        return holdout.measure(Scorer(replace(model, weights=weights), known, inputs))

    def on_pace(seconds: float) -> None:
        if tell.estimate is not None:
            tell.estimate(seconds * training.n_epochs * (2 if refit else 1))

    fit = Fitting(inputs, known, config, training, seed, device).run(
        training.n_epochs,
        evaluate if holdout else None,
        tell.of("choose"),
        on_pace,
        tell.quiet,
    )
    model = replace(
        model,
        weights=fit.weights,
        history=tuple(fit.history),
        best_epoch=int(fit.best["epoch"]),
        interrupted=fit.interrupted,
    )
    return model if holdout is None else _calibrated(model, holdout, inputs)


def _calibrated(model: TrainedModel, holdout: Holdout, inputs: Inputs) -> TrainedModel:
    """Fit calibration and blend on what is held out, and measure there once more."""
    if model.config.task == "ranking":
        users, items, labels = holdout.pairs()
        logits = Scorer(model, holdout.train, inputs).logits(users, items)
        per_user = model.calibration.per_user
        model = replace(
            model,
            calibration=fit_platt(logits, labels, per_user),
            reliability=cross_fitted(logits, labels, users, per_user),
        )
    scorer = Scorer(model, holdout.train, inputs)
    blend = fit_blend(scorer, holdout, inputs.histories, scorer.blend)
    return replace(
        model,
        blend=asdict(blend),
        metrics=holdout.measure(scorer),
        baseline=measure_baseline(holdout, model.config.task),
    )


def measure_baseline(holdout: Holdout, task: Task) -> dict[str, float]:
    """Measure what a model must beat to be worth its training: popularity, or mean ratings."""
    if task == "rating":
        return holdout.rating_metrics(RatingBiases(holdout.train).of(holdout.judged))
    return holdout.list_metrics(holdout.lists(Popularity(holdout.seen).score_all))


def _refit(dataset: Dataset, chosen: TrainedModel, device: str, tell: Telling) -> TrainedModel:
    """Learn from all of `dataset` for as many epochs as were best; keep what was fitted before."""
    space = FeatureSpace.from_dataset(dataset, chosen.config)
    inputs = Inputs(space, dataset, chosen.config.history)
    fitting = Fitting(inputs, dataset, chosen.config, chosen.training, chosen.seed, device)
    fit = fitting.run(chosen.best_epoch, on_epoch=tell.of("refit"), quiet=tell.quiet)
    if fit.interrupted:
        return replace(chosen, interrupted=True)
    return replace(chosen, space=space, weights=fit.weights)


def split_of(n_rows: int, eval_rows: RowArray) -> Split:
    """Return all rows but `eval_rows`, and those.

    Raises:
        AskerError: there are none of either, or some that the table does not have.
    """
    rows = np.unique(np.asarray(eval_rows, np.int64))
    if not len(rows) or len(rows) == n_rows:
        raise AskerError(
            f"the eval set has {len(rows)} of {n_rows} interactions; leave some on both sides"
        )
    if rows[0] < 0 or rows[-1] >= n_rows:
        raise AskerError(f"the eval set names row {rows[-1]} of a table of {n_rows} interactions")
    return Split(np.setdiff1d(np.arange(n_rows), rows), rows)


@contextmanager
def torch_threads(n: int) -> Iterator[None]:
    """Let torch use `n` threads, and as many as before afterwards."""
    if n < 1:
        raise AskerError(f"the number of threads must be at least 1, not {n}")
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)
