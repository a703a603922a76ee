"""Exact Jaccard neighbours: the users whose item sets are most like a given one, with support.

Two ways lead to the same lists, bit for bit. The plain one, in this file, gathers the users of
every item of the set and counts them. The other, `bit_columns` beside it, is up to fifty times
faster on large data but takes time to compile and to lay out; `Audience` goes over to it once the
questions asked so far would have paid for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ingest.dataset.ids import IntArray
from recsys.neighbours.bit_columns import BitColumns, Lists, empty_lists

COMPILING = 100_000_000
"""What loading the compiled search costs, in postings that the plain way reads in that time."""
LAYING_OUT = 4
"""What laying out bit columns costs, in such postings per interaction."""


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


@dataclass(frozen=True, eq=False)
class NeighbourLists:
    """The lists of many users, one a row; rows shorter than k end in user −1 and counts 0."""

    user: IntArray
    """(n, k)"""
    intersection: IntArray
    """|A∩B|, (n, k)."""
    union: IntArray
    """|A∪B|, (n, k)."""
    length: IntArray
    """How many neighbours each row has, (n,)."""

    def __len__(self) -> int:
        return len(self.user)

    def __getitem__(self, row: int) -> Neighbours:
        n = self.length[row]
        return Neighbours(self.user[row, :n], self.intersection[row, :n], self.union[row, :n])


class Audience:
    """The users behind every item: the transposed interaction matrix, made once."""

    def __init__(self, matrix: sparse.csr_array, patience: int | None = None) -> None:
        """Index a binary (n_users, n_items) matrix. Cost: one transposition, O(interactions).

        Args:
            matrix: every entry an interaction, none twice; kept, not copied.
            patience: how many postings may be read the plain way before bit columns are made, 0
                for none. By default as many as making them costs: whatever is asked, at most twice
                the best time is spent.

        Raises:
            ValueError: an entry is stored twice.
        """
        if not matrix.has_canonical_format:
            raise ValueError(
                "the matrix has repeated or unsorted entries; call sum_duplicates first"
            )
        self.matrix = matrix
        self.n_users, self.n_items = matrix.shape
        self.by_item = sparse.csr_array(matrix.T)
        self.n_items_of = np.diff(matrix.indptr).astype(np.int32)
        """How many items each user has, (n_users,)."""
        self.n_users_of = np.diff(self.by_item.indptr).astype(np.int32)
        """How many users each item has, (n_items,)."""
        self._patience = COMPILING + LAYING_OUT * matrix.nnz if patience is None else patience
        self._columns: BitColumns | None = None

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
        _require_positive(k)
        items = np.unique(items)
        if len(items):
            _require_inside(items[0], items[-1], self.n_items, "item")
        if exclude is not None:
            _require_inside(exclude, exclude, self.n_users, "user")
        columns = self._worth_it(lambda: int(self.n_users_of[items].sum(dtype=np.int64)))
        if columns is None:
            return self._nearest_plain(items, k, exclude)
        return NeighbourLists(*columns.nearest(items, k, exclude))[0]

    def nearest_all(self, users: IntArray, k: int, threads: int = 1) -> NeighbourLists:
        """Return what `nearest` does for each of `users`, himself left out, in one block of arrays.

        Memory: 12 bytes for each of len(users) · min(k, n_users) places; ask for fewer users at a
        time where that is too much.

        Args:
            users: user indices, (n,).
            k: how many neighbours, at least 1.
            threads: used only by the compiled search.
        """
        _require_positive(k)
        if len(users):
            _require_inside(users.min(), users.max(), self.n_users, "user")
        columns = self._worth_it(lambda: int(self._n_postings_of[users].sum()))
        if columns is None:
            return NeighbourLists(*self._nearest_all_plain(users, k))
        return NeighbourLists(*columns.nearest_all(users, k, threads))

    @cached_property
    def _n_postings_of(self) -> NDArray[np.float64]:
        """How many postings the plain way reads for each user, (n_users,)."""
        return self.matrix @ self.n_users_of.astype(np.float64)

    def _worth_it(self, n_postings: Callable[[], int]) -> BitColumns | None:
        """Return the bit columns if they are there, or if `n_postings` more would pay for them."""
        if self._columns is None:
            self._patience -= n_postings()
            if self._patience < 0:
                self._columns = BitColumns(self.matrix)
        return self._columns

    def _nearest_plain(self, items: IntArray, k: int, exclude: int | None) -> Neighbours:
        shared = self.intersections(items)
        if exclude is not None:
            shared[exclude] = 0
        user = np.flatnonzero(shared).astype(np.int32)
        intersection = shared[user]
        union = len(items) + self.n_items_of[user] - intersection
        best = _top(intersection / union, k)
        return Neighbours(user[best], intersection[best], union[best])

    def _nearest_all_plain(self, users: IntArray, k: int) -> Lists:
        lists = empty_lists(len(users), k, self.n_users)
        for row, user in enumerate(users):
            items = self.matrix.indices[self.matrix.indptr[user] : self.matrix.indptr[user + 1]]
            found = self._nearest_plain(items, k, int(user))
            n = len(found)
            for array, values in zip(
                lists, (found.user, found.intersection, found.union), strict=False
            ):
                array[row, :n] = values
            lists[3][row] = n
        return lists


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


def _require_positive(k: int) -> None:
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")


def _require_inside(least: int, most: int, n: int, what: str) -> None:
    """Refuse an index outside [0, n): −1, the code of an unknown id, must not mean the last one."""
    if not 0 <= least <= most < n:
        wrong = least if least < 0 else most
        raise ValueError(f"{what} index {wrong} is not one of the {n} {what}s of the matrix")
