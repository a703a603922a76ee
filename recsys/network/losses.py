"""Losses of raw scores y; each is a mean, so that a learning rate means the same for all sizes."""

from __future__ import annotations

import numpy as np
import torch
from scipy.special import expit
from torch import Tensor
from torch.nn import functional

from ingest.dataset.schema import FloatArray
from recsys.config import Loss


def binary_cross_entropy(y: Tensor, labels: Tensor, valid: Tensor) -> Tensor:
    """Return −mean log-likelihood of `labels` under σ(y) over the `valid` pairs."""
    losses = functional.binary_cross_entropy_with_logits(y, labels, reduction="none")
    return (losses * valid).sum() / valid.sum().clamp(min=1)


def squared_error(y: Tensor, labels: Tensor, valid: Tensor) -> Tensor:
    """Return the mean squared error over the `valid` pairs."""
    return ((y - labels).square() * valid).sum() / valid.sum().clamp(min=1)


def bayesian_personalised_ranking(y: Tensor, labels: Tensor, valid: Tensor) -> Tensor:
    """Return −mean log σ(y₊ − y₋) (Rendle et al., 2009); column 0 of (B, 1 + n) is the positive."""
    del labels
    losses = functional.softplus(y[:, 1:] - y[:, :1])
    return (losses * valid[:, 1:]).sum() / valid[:, 1:].sum().clamp(min=1)


def softmax(y: Tensor, seen: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """Return −mean log-share of the targets among all items not `seen`, weighted.

    Args:
        y: scores of every item, (B, n_items).
        seen: (row, item) pairs that do not take part, (2, n).
        targets: (row, item) pairs that should come first, (2, m).
        weights: what each target counts, (m,).
    """
    log_share = torch.log_softmax(y.index_put(tuple(seen), y.new_tensor(-torch.inf)), dim=1)
    return -(log_share[tuple(targets)] * weights).sum() / weights.sum()


def with_gradient(
    loss: Loss, y: FloatArray, labels: FloatArray, valid: FloatArray
) -> tuple[float, FloatArray]:
    """Return a pair loss and its gradient by y, written out; all arrays are (B, 1 + n)."""
    if loss == "bpr":
        weights = valid[:, 1:] / np.maximum(valid[:, 1:].sum(), 1)
        behind = y[:, 1:] - y[:, :1]
        value, d = np.logaddexp(0, behind), expit(behind) * weights
        return float((value * weights).sum()), np.hstack([-d.sum(axis=1, keepdims=True), d])
    weights = valid / np.maximum(valid.sum(), 1)
    if loss == "mse":
        return float(((y - labels) ** 2 * weights).sum()), 2 * (y - labels) * weights
    value = np.logaddexp(0, y) - y * labels
    return float((value * weights).sum()), (expit(y) - labels) * weights
