"""Exact Jaccard neighbours: the users whose item sets are most like a given one, with support."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ingest.ids import IntArray


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Users in order of falling Jaccard, ties by user index; three arrays of equal length."""

    user: IntArray
    intersection: IntArray
    """|A∩B|: how many items both have."""
    union: IntArray
    """|A∪B|: how many items either has."""

    def __len__(self) -> int:
        return len(self.user)

    @property
    def jaccard(self) -> NDArray[np.float64]:
        """|A∩B| / |A∪B| of each neighbour, in (0, 1]."""
        return self.intersection / self.union


class Audience:
    """The users behind every item: the transposed interaction matrix, made once."""

    def __init__(self, matrix: sparse.csr_array) -> None:
        """Index a binary (n_users, n_items) matrix. Cost: one transposition, O(interactions)."""
        self.n_users, self.n_items = matrix.shape
        self.by_item = sparse.csr_array(matrix.T)
        self.n_items_of = np.diff(matrix.indptr).astype(np.int32)
        """How many items each user has, (n_users,)."""
        self.n_users_of = np.diff(self.by_item.indptr).astype(np.int32)
        """How many users each item has, (n_items,)."""

    def intersections(self, items: IntArray) -> IntArray:
        """Return |A∩B| of the set `items` with every user's set, (n_users,).

        Cost: the number of interactions with `items`, whatever the number of users.
        """
        audience = self.by_item[items].indices
        return np.bincount(audience, minlength=self.n_users).astype(np.int32)

    def nearest(self, items: IntArray, k: int, exclude: int | None = None) -> Neighbours:
        """Return the `k` users most like the set `items`; fewer when fewer share any item with it.

        Args:
            items: distinct item indices, (n,); a user's own row or any ad-hoc set.
            k: how many neighbours, at least 1.
            exclude: a user index to leave out: the asker, who is his own best neighbour.

        Returns:
            Neighbours with at least one shared item, by falling Jaccard, ties by user index.
        """
        if k < 1:
            raise ValueError(f"k must be at least 1, not {k}")
        items = np.unique(items)
        shared = self.intersections(items)
        if exclude is not None:
            shared[exclude] = 0
        user = np.flatnonzero(shared).astype(np.int32)
        intersection = shared[user]
        union = len(items) + self.n_items_of[user] - intersection
        best = _top(intersection / union, k)
        return Neighbours(user[best], intersection[best], union[best])


def shared_items(matrix: sparse.csr_array, user: int, items: IntArray) -> IntArray:
    """Return the items of the set `items` that `user` has too, in ascending order."""
    own = matrix.indices[matrix.indptr[user] : matrix.indptr[user + 1]]
    return np.intersect1d(own, items).astype(np.int32)


def _top(values: NDArray[np.float64], k: int) -> NDArray[np.int64]:
    """Return the places of the `k` largest values, largest first, ties by place.

    Equal fractions give equal floats, since IEEE division rounds correctly, so ties are exact.
    """
    if len(values) > k:
        threshold = -np.partition(-values, k - 1)[k - 1]
        candidates = np.flatnonzero(values >= threshold)
    else:
        candidates = np.arange(len(values))
    return candidates[np.lexsort((candidates, -values[candidates]))][:k]
