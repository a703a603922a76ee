"""What any recommender must beat: popularity, neighbours of items, EASE, and what follows what.

Each scores all items for a block of users, (n, n_items), as `Holdout.lists` asks. Those that have
constants say which were tried; `evaluate` chooses among them on a cut from the training part.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ingest.dataset.ids import IntArray
from ingest.dataset.schema import Dataset, FloatArray, Interactions
from recsys.examples.history import Histories


class Popularity:
    """Every item by how many users have it, the same for everybody."""

    def __init__(self, matrix: sparse.csr_array) -> None:
        """Count the columns of a binary (n_users, n_items) matrix."""
        counts = np.bincount(matrix.indices, minlength=matrix.shape[1])
        self._scores = counts.astype(np.float32)

    def score_all(self, users: NDArray[Any]) -> FloatArray:
        """Return the score of every item for each of `users`, (len(users), n_items)."""
        return np.tile(self._scores, (len(users), 1))


class Weighted:
    """A user's items times a square matrix of item weights, W[j, i]: what j says of i."""

    def __init__(self, users: sparse.csr_array, weights: FloatArray | sparse.csr_array) -> None:
        """Take (n_users, n_items) and (n_items, n_items)."""
        self._users, self._weights = users, weights

    def score_all(self, users: NDArray[Any]) -> FloatArray:
        """Return the score of every item for each of `users`, (len(users), n_items)."""
        scores = self._users[users] @ self._weights
        dense: FloatArray = scores.toarray() if sparse.issparse(scores) else scores
        return dense


def ease(matrix: sparse.csr_array, reg: float = 100.0) -> Weighted:
    """Fit EASE, the shallow autoencoder in closed form (Steck, 2019).

    B = I − P / diag(P) with P = (XᵀX + λI)⁻¹. Cost: O(n_items³) once, so only for catalogues of
    some thousands of items.
    """
    gram = (matrix.T @ matrix).toarray().astype(np.float64)
    gram[np.diag_indices_from(gram)] += reg
    inverse = np.linalg.inv(gram)
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return Weighted(matrix, weights.astype(np.float32))


@dataclass(frozen=True)
class ItemKnnConfig:
    """ItemKNN's constants."""

    k: int = 100
    """How many most similar items each item keeps."""
    shrink: float = 10.0
    """Added below the fraction: what few users say of two items counts less."""

    def __str__(self) -> str:
        return f"{self.k} nearest items, shrink {self.shrink:g}"


ITEM_KNN_TRIED = tuple(ItemKnnConfig(k, s) for k, s in product((20, 100, 400), (0.0, 10.0, 50.0)))


def item_knn(matrix: sparse.csr_array, config: ItemKnnConfig) -> Weighted:
    """Fit ItemKNN: cosine of two items' audiences, |A∩B| / (√(|A|·|B|) + shrink), k nearest kept.

    Cost: O(Σ over users of d²) to count, O(n_items²) memory.
    """
    both = (matrix.T @ matrix).toarray().astype(np.float64)
    size = both.diagonal().copy()
    np.fill_diagonal(both, 0.0)
    cosine = both / np.maximum(np.sqrt(np.outer(size, size)) + config.shrink, 1e-9)
    n_dropped = max(0, len(cosine) - config.k)
    dropped = np.argsort(cosine, axis=1, kind="stable")[:, :n_dropped]
    np.put_along_axis(cosine, dropped, 0.0, axis=1)
    return Weighted(matrix, sparse.csr_array(cosine.T.astype(np.float32)))


@dataclass(frozen=True)
class TransitionsConfig:
    """Which pairs of a history count as a transition, and which of a user's items are asked."""

    window: int = 1
    """An item counts as following each of the so many before it."""
    fading: bool = False
    """Whether a pair g places apart counts 1 / g, or all pairs 1."""
    decay: float | None = None
    """The x-th newest item of a user weighs exp(−x / decay); None: only the newest is asked."""

    def __str__(self) -> str:
        counted = "counted by nearness" if self.fading else "counted alike"
        asked = f"fading by {self.decay:g}" if self.decay else "only the newest"
        return f"{self.window} places on, {counted}; of a user's items, {asked}"


MARKOV = TransitionsConfig()
TRANSITIONS_TRIED = tuple(
    TransitionsConfig(window, fading, decay)
    for window, fading, decay in product((5, 10, 20), (False, True), (2.0, 5.0, 10.0))
)


def transitions(train: Dataset, config: TransitionsConfig) -> Weighted:
    """Fit item-to-item transitions: P[j, i], the share of what followed j that is i.

    By default the Markov chain of first order: what came right after a user's last item. With a
    window and a decay these are sequential rules (Ludewig and Jannach, 2018) asked by all recent
    items. Items of one second stand in file order. Cost: O(window · interactions), all sparse.
    """
    histories = Histories.from_interactions(train.interactions, train.n_users)
    items = histories.items
    user = np.repeat(np.arange(histories.n_users), np.diff(histories.offsets))
    first, gap = _pairs(user, config.window)
    weight = (1 / gap if config.fading else np.ones(len(gap))).astype(np.float32)
    shape = (train.n_items, train.n_items)
    counts = sparse.csr_array((weight, (items[first], items[first + gap])), shape=shape)
    total = np.repeat(np.maximum(counts.sum(axis=1), 1e-9), np.diff(counts.indptr))
    shares = sparse.csr_array((counts.data / total, counts.indices, counts.indptr), shape=shape)
    back = histories.offsets[user + 1] - 1 - np.arange(len(items))  # 0 is the newest
    recent = np.exp(-back / config.decay) if config.decay else (back == 0).astype(np.float64)
    asked = sparse.csr_array(
        (recent.astype(np.float32), (user, items)), shape=(train.n_users, train.n_items)
    )
    return Weighted(asked, shares.astype(np.float32))


def _pairs(user: NDArray[np.int64], window: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the place and the gap of all pairs of one user at most `window` places apart."""
    places = [np.flatnonzero(user[gap:] == user[:-gap]) for gap in range(1, window + 1)]
    gaps = [np.full(len(one), gap, np.int64) for gap, one in enumerate(places, start=1)]
    return np.concatenate(places), np.concatenate(gaps)


class RatingBiases:
    """b(u, i) = mean + b(i) + b(u): what a rating is from who gives and who gets it alone.

    Deviations are damped means (Koren, 2010): b(i) = Σ(r − mean) / (|i| + 25), then b(u) the same
    way from what is left, with 10.
    """

    def __init__(self, train: Dataset) -> None:
        seen = train.interactions
        self.mean = float(seen.label.mean())
        left = seen.label - self.mean
        self.item = _damped(seen.item, left, train.n_items, 25.0)
        self.user = _damped(seen.user, left - self.item[seen.item], train.n_users, 10.0)

    def of(self, pairs: Interactions) -> FloatArray:
        """Return the rating expected of each pair, (len(pairs),)."""
        expected: FloatArray = np.float32(self.mean) + (
            self.item[pairs.item] + self.user[pairs.user]
        ).astype(np.float32)
        return expected


def _damped(rows: IntArray, values: NDArray[Any], n: int, damping: float) -> NDArray[np.float64]:
    total = np.bincount(rows, values, minlength=n)
    found: NDArray[np.float64] = total / (np.bincount(rows, minlength=n) + damping)
    return found
