"""Metrics as pure functions over arrays.

Of scores: `labels` and `scores` are arrays of equal length. Of lists: `hits` (n, k) tells which
places of n ranked lists hold a test item, best place first; `n_relevant` (n,) is how many test
items each list's user has, at least 1. Every metric of lists returns one value per list, (n,).

NDCG here is the standard one: the ideal list has min(k, n_relevant) hits on top. LibRecommender's
differs: its ideal is the list itself with its hits moved to the top, so one hit in the first place
counts 1 however many test items were missed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Hits = NDArray[np.bool_]


def log_loss(labels: NDArray[Any], probabilities: NDArray[Any]) -> float:
    """Return the mean of −log of the probability given to what happened."""
    p = np.clip(np.asarray(probabilities, np.float64), 1e-15, 1 - 1e-15)
    return float(-np.mean(np.where(np.asarray(labels) > 0, np.log(p), np.log1p(-p))))


def roc_auc(labels: NDArray[Any], scores: NDArray[Any]) -> float:
    """Return the share of (positive, negative) pairs in right order, ties counting half.

    NaN when all labels are equal. By ranks (Mann-Whitney), O(n log n).
    """
    positive = np.asarray(labels) > 0
    n_positive = int(positive.sum())
    n_negative = len(positive) - n_positive
    if not n_positive or not n_negative:
        return float("nan")
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    rank = (ends - (counts - 1) / 2)[inverse]  # ties share their mean rank, 1 is the lowest
    won = rank[positive].sum() - n_positive * (n_positive + 1) / 2
    return float(won / (n_positive * n_negative))


def pr_auc(labels: NDArray[Any], scores: NDArray[Any]) -> float:
    """Return the average precision Σ (Rₙ − Rₙ₋₁) Pₙ over falling thresholds; NaN if none is 1."""
    positive = np.asarray(labels) > 0
    if not positive.any():
        return float("nan")
    order = np.argsort(-np.asarray(scores, np.float64), kind="stable")
    ordered, hit = np.asarray(scores)[order], positive[order]
    last = np.append(ordered[1:] != ordered[:-1], True)  # a tie is one threshold
    found, shown = np.cumsum(hit)[last], np.flatnonzero(last) + 1
    return float(np.sum(np.diff(found, prepend=0) * found / shown) / positive.sum())


def rmse(labels: NDArray[Any], predictions: NDArray[Any]) -> float:
    """Return √ mean (label − prediction)²."""
    return float(np.sqrt(np.mean(_errors(labels, predictions) ** 2)))


def mae(labels: NDArray[Any], predictions: NDArray[Any]) -> float:
    """Return mean |label − prediction|."""
    return float(np.mean(np.abs(_errors(labels, predictions))))


def r2(labels: NDArray[Any], predictions: NDArray[Any]) -> float:
    """Return 1 − residual over total sum of squares; NaN when all labels are equal."""
    truth = np.asarray(labels, np.float64)
    total = np.sum((truth - truth.mean()) ** 2)
    if total == 0:
        return float("nan")
    return float(1 - np.sum(_errors(labels, predictions) ** 2) / total)


def _errors(labels: NDArray[Any], predictions: NDArray[Any]) -> Values:
    errors: Values = np.asarray(labels, np.float64) - np.asarray(predictions, np.float64)
    return errors


def precision_at_k(hits: Hits) -> Values:
    """Return the share of the k places that hold a test item."""
    share: Values = hits.mean(axis=1, dtype=np.float64)
    return share


def recall_at_k(hits: Hits, n_relevant: NDArray[Any]) -> Values:
    """Return the share of the test items that are in the list."""
    share: Values = hits.sum(axis=1) / n_relevant
    return share


def hit_rate_at_k(hits: Hits) -> Values:
    """Return 1 for a list with any test item, else 0."""
    return np.asarray(hits.any(axis=1), np.float64)


def average_precision_at_k(hits: Hits, n_relevant: NDArray[Any]) -> Values:
    """Return Σ precision at each hit over min(k, n_relevant); its mean over lists is MAP@k."""
    k = hits.shape[1]
    precision = np.cumsum(hits, axis=1) / np.arange(1, k + 1)
    found = np.asarray(np.sum(precision * hits, axis=1), np.float64)
    value: Values = found / np.minimum(k, np.asarray(n_relevant))
    return value


def ndcg_at_k(hits: Hits, n_relevant: NDArray[Any]) -> Values:
    """Return DCG / ideal DCG with gain 1 a hit and discount 1 / log₂(place + 1)."""
    k = hits.shape[1]
    discount = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.cumsum(discount)[np.minimum(k, np.asarray(n_relevant)) - 1]
    gain: Values = np.sum(hits * discount, axis=1)
    value: Values = gain / ideal
    return value


def reciprocal_rank_at_k(hits: Hits) -> Values:
    """Return 1 / place of the first hit, 0 when there is none; its mean over lists is MRR@k."""
    first = hits.argmax(axis=1) + 1
    value: Values = np.where(hits.any(axis=1), 1 / first, 0.0)
    return value


def coverage_at_k(top: NDArray[Any], n_items: int) -> float:
    """Return the share of all items that stand in at least one list of `top`, −1 being no item."""
    return len(np.unique(top[top >= 0])) / n_items
