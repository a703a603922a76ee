"""One training step: the loss of a batch, its gradients, Adam.

`PlainSteps` is the network as it is written, for every loss and device. `ProjectedSteps` is the
same step for pairs on a CPU, several times cheaper: see `projected`, `head` and `lazy_adam` beside
this room.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from ingest.dataset.schema import FloatArray
from recsys.config import TrainingConfig
from recsys.examples.batches import NextBatch, PairBatch
from recsys.examples.inputs import Inputs
from recsys.network import losses
from recsys.network.deepfm import DeepFM
from recsys.network.head import Head, set_gradient
from recsys.network.lazy_adam import LazyAdam
from recsys.network.projected import Projection
from recsys.network.touched import Touched, Toucher

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
        self._projection, self._head = Projection(), Head(model)
        self._table = model.table.detach().numpy()
        lazy = not config.reg and not config.weight_decay and config.adam_beta2 >= _LEAST_BETA2
        flat = flatten([p for p in model.parameters() if p is not model.table])
        assert flat.grad is not None
        self._gradient = flat.grad.numpy()[None]
        betas = 0.9, config.adam_beta2
        self._lazy = LazyAdam(self._table, betas) if lazy else None
        self._rest = LazyAdam(flat.detach().numpy()[None], betas)  # a row of every step: plain Adam
        self._optimizer = None if lazy else adam([flat, model.table], config)

    @np.errstate(over="ignore", invalid="ignore")  # who runs the steps looks for NaN in the losses
    def step(self, batch: PairBatch | NextBatch, lr: float) -> Tensor:
        assert isinstance(batch, PairBatch)
        touched = self._toucher.touch(batch)
        if self._lazy is not None:
            self._lazy.settle(touched.codes)
        y = self.forward(touched).reshape(batch.labels.shape)
        loss, dy = losses.with_gradient(self._config.loss, y, batch.labels, batch.valid)
        d_rows = self.backward(dy.ravel())
        if self._lazy is not None:
            self._lazy.step(touched.codes, d_rows, lr)
            self._rest.step(np.zeros(1, np.int64), self._gradient, lr)
        elif self._optimizer is not None:
            self._model.table.grad = torch.zeros_like(self._model.table).index_copy_(
                0, torch.from_numpy(touched.codes), torch.from_numpy(d_rows)
            )
            add_l2(self._model, self._config.reg)
            self._optimizer.param_groups[0]["lr"] = lr
            self._optimizer.step()
        return torch.tensor(loss)

    def forward(self, touched: Touched) -> FloatArray:
        """Return y of a batch's pairs, (B · (1 + n),), as `DeepFM.forward` would."""
        model = self._model
        rows = self._table[touched.codes]
        if model.deep:
            weight, bias = model.first.weight.detach().numpy(), model.first.bias.detach().numpy()
        else:
            n_fields = model.n_user_fields + model.n_item_fields
            weight = np.empty((0, n_fields * (rows.shape[1] - 1)), np.float32)
            bias = np.empty(0, np.float32)
        y, hidden = self._projection.forward(rows, weight, bias, touched)
        y += np.float32(model.bias.item())
        if model.deep:
            y += self._head.forward(hidden)
        return y

    def backward(self, dy: FloatArray) -> FloatArray:
        """Set the gradients of all but the table and return that by its touched rows."""
        model = self._model
        set_gradient(model.bias, dy.sum())
        if not model.deep:
            return self._projection.backward(dy, np.empty((len(dy), 0), np.float32))[0]
        d_rows, d_weight, d_bias = self._projection.backward(dy, self._head.backward(dy))
        set_gradient(model.first.weight, d_weight)
        set_gradient(model.first.bias, d_bias)
        return d_rows

    def settle(self) -> None:
        if self._lazy is not None:
            self._lazy.settle()


def flatten(parameters: list[torch.nn.Parameter]) -> torch.nn.Parameter:
    """Move parameters and gradients into one each, of which they become views.

    Adam then takes one call for all of them.
    """
    flat = torch.nn.Parameter(torch.cat([p.detach().ravel() for p in parameters]))
    flat.grad = torch.zeros_like(flat)
    start = 0
    for parameter in parameters:
        part = slice(start, start + parameter.numel())
        parameter.data = flat.detach()[part].view_as(parameter)
        parameter.grad = flat.grad[part].view_as(parameter)
        start = part.stop
    return flat


def adam(parameters: list[torch.nn.Parameter], config: TrainingConfig) -> torch.optim.AdamW:
    """Return AdamW as `config` wants it."""
    return torch.optim.AdamW(
        parameters,
        lr=config.lr,
        betas=(0.9, config.adam_beta2),
        weight_decay=config.weight_decay,
        fused=True,
    )


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
