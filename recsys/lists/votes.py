"""What a user's Jaccard neighbours say of items he has not seen: votes, one number per item.

Where interactions have times, neighbours tell what comes next. J(u, v) is the exact Jaccard of the
users' items. For the x-th newest item j of u (x < depth), every user v who has j votes for the
`window` items v had after it, for the g-th of them (g = 0 is the very next) with

    J(u, v) · exp(−x / decay) · exp(−g / fade) / √C(j),   C(j) = Σ J(u, v) over all v who have j

and votes(u, i) is the sum of the votes for i: the root keeps an item that everybody has, and that
tells little, from outvoting the others.

Without times there is no "after", and the nearest `n_neighbours` users vote for what they have:

    votes(u, i) = Σ J(u, v)^power / audience(i)^popularity

`whyrec evaluate` measures lists by votes alone ("neighbours only").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ingest.dataset.ids import IntArray
from ingest.dataset.row_order import FEW, rows_by_group
from ingest.dataset.schema import FloatArray
from recsys.examples.features import ragged_ranges
from recsys.examples.history import Histories
from recsys.neighbours.audience import Audience


@dataclass(frozen=True)
class VotesConfig:
    """The constants of the two formulas above."""

    in_order: bool = True
    """Whether the histories have an order, so that neighbours can tell what comes next."""
    depth: int = 20
    decay: float = 5.0
    window: int = 20
    fade: float = 10.0
    n_neighbours: int = 400
    power: float = 3.0
    popularity: float = 0.4

    def __post_init__(self) -> None:
        for name in ("depth", "window", "n_neighbours", "decay", "fade"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be more than 0, not {getattr(self, name)}")


class Voters:
    """All users of a data set, ready to vote."""

    def __init__(
        self,
        matrix: sparse.csr_array,
        audience: Audience,
        histories: Histories,
        config: VotesConfig,
    ) -> None:
        """Take the binary matrix, its audience and the histories of the same interactions.

        Cost: one counting sort of the interactions.

        Raises:
            ValueError: matrix and histories are not of as many interactions.
        """
        if matrix.nnz != len(histories.items):
            raise ValueError(
                f"a matrix of {matrix.nnz} interactions cannot vote with histories of "
                f"{len(histories.items)}"
            )
        self.matrix = matrix
        self.audience = audience
        self.histories = histories
        self.config = config
        # Places of every item's interactions, by user: aligned with audience.by_item.indices.
        self._place = rows_by_group(histories.items, matrix.shape[1])
        self._end = histories.offsets[1:]
        self._many = len(histories.items) >= FEW  # enough to be worth loading numba for
        if self._many:  # what the kernel reads in no order is held as narrow as may be
            later = self._end[audience.by_item.indices] - self._place - 1
            narrow = np.min_scalar_type(config.window)
            self._n_later = np.clip(later, 0, config.window).astype(narrow)
            self._items = histories.items.astype(np.min_scalar_type(matrix.shape[1]))

    def votes(self, user: int) -> FloatArray:
        """Return the votes of everybody else for every item, for a user of the data, (n_items,)."""
        own = slice(*self.histories.offsets[user : user + 2])
        return self.votes_for(self.histories.items[own], exclude=user)

    def votes_for(self, items: IntArray, exclude: int | None = None) -> FloatArray:
        """Return the votes for somebody who has `items`, oldest first, (n_items,).

        Cost: O(interactions with `items`), and at most `window` times those with the newest
        `depth` of them.
        """
        if self.config.in_order:
            return self._for_what_comes_next(items, self._jaccard(items, exclude))
        near = self.audience.nearest(items, self.config.n_neighbours, exclude)
        votes = self.matrix[near.user].T @ near.jaccard**self.config.power
        popularity = np.maximum(self.audience.n_users_of, 1) ** self.config.popularity
        return np.asarray(votes / popularity, dtype=np.float32)

    def _jaccard(self, items: IntArray, exclude: int | None) -> NDArray[np.float64]:
        """Return the Jaccard of the set `items` with every user's, (n_users,)."""
        shared = self._shared(items)
        union = len(items) + self.audience.n_items_of - shared
        jaccard: NDArray[np.float64] = shared / np.maximum(union, 1)
        if exclude is not None:
            jaccard[exclude] = 0.0
        return jaccard

    def _shared(self, items: IntArray) -> IntArray:
        """Return |A∩B| of the set `items` with every user's set, (n_users,)."""
        if not self._many:
            return self.audience.intersections(items)
        from recsys.lists.votes_kernels import count_shared

        by_item, shared = self.audience.by_item, np.zeros(len(self._end), np.int32)
        count_shared(items, by_item.indptr, by_item.indices, shared)
        return shared

    def _for_what_comes_next(self, items: IntArray, jaccard: NDArray[np.float64]) -> FloatArray:
        newest = items[::-1][: self.config.depth]
        recency = np.exp(-np.arange(len(newest)) / self.config.decay)
        fading = np.exp(-np.arange(self.config.window) / self.config.fade)
        if not self._many:
            return self._plain(newest, jaccard, recency, fading).astype(np.float32)
        from recsys.lists.votes_kernels import add_votes

        by_item, votes = self.audience.by_item, np.zeros(self.matrix.shape[1])
        postings = by_item.indptr, by_item.indices, self._place, self._n_later
        add_votes(newest, *postings, jaccard, self._items, recency, fading, votes)
        return votes.astype(np.float32)

    def _plain(
        self,
        newest: IntArray,
        jaccard: NDArray[np.float64],
        recency: NDArray[np.float64],
        fading: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Return the first formula's votes, (n_items,), as `votes_kernels.add_votes` does."""
        by_item = self.audience.by_item
        ends = by_item.indptr.astype(np.int64)
        postings, offsets = ragged_ranges(ends[newest], ends[newest + 1])
        voter = by_item.indices[postings]
        place = np.repeat(np.arange(len(newest)), np.diff(offsets))
        crowd = np.bincount(place, jaccard[voter], minlength=len(newest))
        weight = jaccard[voter] * (recency / np.sqrt(np.maximum(crowd, 1e-12)))[place]
        heard = weight > 0
        postings, voter, weight = postings[heard], voter[heard], weight[heard]
        after = self._place[postings].astype(np.int64) + 1
        places, starts = ragged_ranges(
            after, np.minimum(after + self.config.window, self._end[voter])
        )
        later = np.arange(len(places)) - np.repeat(starts[:-1], np.diff(starts))
        heard_of = np.repeat(weight, np.diff(starts)) * fading[later]
        votes = np.zeros(self.matrix.shape[1])
        np.add.at(votes, self.histories.items[places], heard_of)
        return votes
