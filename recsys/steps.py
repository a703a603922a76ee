"""One training step: the loss of a batch, its gradients, Adam.

`PlainSteps` is the network as it is written, for every loss and device. `ProjectedSteps` is the
same step for pairs on a CPU, several times cheaper (see `recsys.projected`, `recsys.lazy_adam`).
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from recsys import losses
from recsys.batches import NextBatch, PairBatch
from recsys.config import TrainingConfig
from recsys.deepfm import DeepFM
from recsys.inputs import Inputs
from recsys.lazy_adam import LazyAdam
from recsys.projected import Touched, Toucher, embed_pairs

_PAIR_LOSSES = {
    "bce": losses.binary_cross_entropy,
    "bpr": losses.bayesian_personalised_ranking,
    "mse": losses.squared_error,
}
_LEAST_BETA2 = 0.9
"""A running mean of squares that forgets faster may vanish under that of the gradients, and no
step is then small; such a table is kept up to date at every step."""


class Steps(Protocol):
    """Takes steps with one network."""

    def step(self, batch: PairBatch | NextBatch, lr: float) -> Tensor:
        """Change the network by one batch and return its loss, ()."""

    def settle(self) -> None:
        """Bring every weight up to date; read none before."""


def steps_for(model: DeepFM, inputs: Inputs, config: TrainingConfig) -> Steps:
    """Return the cheapest way to train `model`."""
    if config.loss == "softmax" or model.bias.device.type != "cpu":
        return PlainSteps(model, inputs, config)
    return ProjectedSteps(model, inputs, config)


class PlainSteps:
    """Every gradient by autograd, every weight by AdamW at every step."""

    def __init__(self, model: DeepFM, inputs: Inputs, config: TrainingConfig) -> None:
        self._model, self._inputs, self._config = model, inputs, config
        self._optimizer = adam(list(model.parameters()), config)

    def step(self, batch: PairBatch | NextBatch, lr: float) -> Tensor:
        self._optimizer.param_groups[0]["lr"] = lr
        loss = batch_loss(self._model, self._inputs, batch, self._config)
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        add_l2(self._model, self._config.reg)
        self._optimizer.step()
        return loss.detach()

    def settle(self) -> None:
        pass


class ProjectedSteps:
    """Pairs on a CPU: only the codes of a batch are read, projected and, if that can be, moved.

    L2 and weight decay move every embedding at every step, so with them only the forward and
    backward passes are cheap.
    """

    def __init__(self, model: DeepFM, inputs: Inputs, config: TrainingConfig) -> None:
        self._model, self._config = model, config
        starts = np.array([field.start for field in inputs.space.fields], np.int64)
        self._toucher = Toucher(starts, inputs.space.n_codes)
        self._table = model.table.detach().numpy()
        lazy = not config.reg and not config.weight_decay and config.adam_beta2 >= _LEAST_BETA2
        self._lazy = LazyAdam(self._table, (0.9, config.adam_beta2)) if lazy else None
        self._optimizer = adam(
            [p for p in model.parameters() if p is not model.table or not lazy], config
        )

    def step(self, batch: PairBatch | NextBatch, lr: float) -> Tensor:
        assert isinstance(batch, PairBatch)
        touched = self._toucher.touch(batch)
        if self._lazy is not None:
            self._lazy.settle(touched.codes)
        rows = torch.from_numpy(self._table[touched.codes]).requires_grad_()
        loss = pair_loss(projected_scores(self._model, rows, touched), batch, self._config)
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        assert rows.grad is not None
        if self._lazy is not None:
            self._lazy.step(touched.codes, rows.grad.numpy(), lr)
        else:
            self._model.table.grad = torch.zeros_like(self._model.table).index_copy_(
                0, torch.from_numpy(touched.codes), rows.grad
            )
            add_l2(self._model, self._config.reg)
        self._optimizer.param_groups[0]["lr"] = lr
        self._optimizer.step()
        return loss.detach()

    def settle(self) -> None:
        if self._lazy is not None:
            self._lazy.settle()


def adam(parameters: list[torch.nn.Parameter], config: TrainingConfig) -> torch.optim.AdamW:
    """Return AdamW as `config` wants it."""
    return torch.optim.AdamW(
        parameters,
        lr=config.lr,
        betas=(0.9, config.adam_beta2),
        weight_decay=config.weight_decay,
        fused=True,
    )


def projected_scores(model: DeepFM, rows: Tensor, touched: Touched) -> Tensor:
    """Return y of a batch's pairs, (B · (1 + n),), as `DeepFM.forward` would."""
    if not model.deep:
        none = rows.new_zeros(0, (model.n_user_fields + model.n_item_fields) * (rows.shape[1] - 1))
        y, _ = embed_pairs(rows, none, none[:, 0], touched)
        return y + model.bias
    y, hidden = embed_pairs(rows, model.first.weight, model.first.bias, touched)
    return y + model.bias + model.head(hidden)


def batch_loss(
    model: DeepFM, inputs: Inputs, batch: PairBatch | NextBatch, config: TrainingConfig
) -> Tensor:
    """Return the loss of one step, by the plain forward."""
    if isinstance(batch, PairBatch):
        return pair_loss(plain_scores(model, batch), batch, config)
    users = model.side(model.fields(batch.users), "user")
    items = model.side(model.fields(inputs.items()), "item")
    seen, targets, weights = (torch.from_numpy(x).to(model.bias.device) for x in batch[1:])
    return losses.softmax(model.block(users, items), seen, targets, weights)


def plain_scores(model: DeepFM, batch: PairBatch) -> Tensor:
    """Return y of a batch's pairs, (B · (1 + n),)."""
    users = model.fields(batch.users.take(batch.user_rows))
    items = model.fields(batch.items.take(batch.item_rows.ravel()))
    y: Tensor = model(users.repeat_interleave(batch.labels.shape[1], dim=0), items)
    return y


def pair_loss(y: Tensor, batch: PairBatch, config: TrainingConfig) -> Tensor:
    """Return the loss of a batch's scores."""
    labels, valid = (torch.from_numpy(x).to(y.device) for x in (batch.labels, batch.valid))
    return _PAIR_LOSSES[config.loss](y.view_as(labels), labels, valid)


def add_l2(model: DeepFM, reg: float) -> None:
    """Add the gradient of reg · Σ w² over embeddings and layer weights, biases left alone."""
    if reg:
        for parameter in model.parameters():
            if parameter.dim() == 2 and parameter.grad is not None:
                parameter.grad.add_(parameter.detach(), alpha=2 * reg)
