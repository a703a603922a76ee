"""One list from two sources: DeepFM's scores and the votes of a user's Jaccard neighbours.

The rule, for a user and every item he has not seen:

    votes(i) = Σ jaccard(v)^power / audience(i)^popularity,
               over those of his `n_neighbours` nearest users v who have i
    order(i) = (1 − weight) · z(log-odds of DeepFM's score of i) + weight · z(votes(i))

where z standardises over the user's unseen items, and audience(i) is how many users have i. Items
are listed by falling order(i), ties by item id. `by="deepfm"` and `by="neighbours"` are the rule
with weight 0 and 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ingest.ids import IntArray
from ingest.matrix import interaction_matrix
from ingest.schema import Dataset, FloatArray
from recsys.neighbours import Audience, Neighbours

By = Literal["both", "deepfm", "neighbours"]
Mask = NDArray[np.bool_]
BLOCK_CELLS = 8_000_000
"""Scores held at once when lists are made for many users."""


class Scores(Protocol):
    """What ranking needs of a trained model."""

    def score_all(self, users: IntArray) -> FloatArray:
        """Return the score of every item for each user, (len(users), n_items)."""


@dataclass(frozen=True)
class BlendConfig:
    """The constants of the rule; `weight` is fitted on validation data and kept with the model."""

    weight: float = 0.5
    n_neighbours: int = 400
    power: float = 3.0
    popularity: float = 0.4

    def __post_init__(self) -> None:
        if not 0 <= self.weight <= 1:
            raise ValueError(f"weight must lie in [0, 1], not {self.weight}")
        if self.n_neighbours < 1:
            raise ValueError(f"n_neighbours must be at least 1, not {self.n_neighbours}")


@dataclass(frozen=True, eq=False)
class Ranking:
    """A user's list; arrays of equal length, best first."""

    item: IntArray
    score: FloatArray
    """DeepFM's score of each item."""
    percentile: FloatArray
    """Percent of the user's unseen items that DeepFM scores lower, [0, 100]."""
    votes: FloatArray
    n_unseen: int
    """How many items the user has not seen."""
    n_allowed: int
    """How many of those the filters leave."""


class Recommender:
    """A data set, its trained model and its neighbours, asked for lists."""

    def __init__(self, dataset: Dataset, scorer: Scores, blend: BlendConfig) -> None:
        self.dataset = dataset
        self.scorer = scorer
        self.blend = blend
        self.matrix = interaction_matrix(dataset.interactions, dataset.n_users, dataset.n_items)
        self.audience = Audience(self.matrix)

    def seen(self, user: int) -> IntArray:
        """Return the items of `user`, ascending."""
        return self.matrix.indices[self.matrix.indptr[user] : self.matrix.indptr[user + 1]]

    def unseen(self, user: int) -> Mask:
        """Return which items `user` has not seen, (n_items,)."""
        mask = np.ones(self.dataset.n_items, dtype=bool)
        mask[self.seen(user)] = False
        return mask

    def nearest(self, user: int, k: int) -> Neighbours:
        """Return the `k` users most like `user`."""
        return self.audience.nearest(self.seen(user), k, exclude=user)

    def scores(self, user: int) -> FloatArray:
        """Return DeepFM's score of every item, (n_items,)."""
        scores: FloatArray = self.scorer.score_all(np.array([user], dtype=np.int32))[0]
        return scores

    def rank(self, user: int, n: int, by: By = "both", allowed: Mask | None = None) -> Ranking:
        """Return the best `n` items that `user` has not seen, fewer when fewer are left.

        Args:
            user: user index.
            n: how many, at least 0.
            by: which source decides the order.
            allowed: items that pass the filters, (n_items,); None for all.
        """
        return self._rank(user, self.scores(user), n, by, allowed)

    def rank_many(self, users: IntArray, n: int, by: By = "both") -> Iterator[Ranking]:
        """Yield the list of each of `users`, in order; the same lists that `rank` gives.

        Memory: the scores of a block of users, at most `BLOCK_CELLS` numbers.
        """
        step = max(1, BLOCK_CELLS // max(self.dataset.n_items, 1))
        for start in range(0, len(users), step):
            block = users[start : start + step]
            for user, scores in zip(block, self.scorer.score_all(block), strict=True):
                yield self._rank(int(user), scores, n, by, None)

    def _rank(self, user: int, scores: FloatArray, n: int, by: By, allowed: Mask | None) -> Ranking:
        unseen = self.unseen(user)
        votes = neighbour_votes(
            self.audience, self.matrix, self.seen(user), self.blend, exclude=user
        )
        order = list_order(scores[unseen], votes[unseen], weight_of(by, self.blend))
        candidates = np.flatnonzero(unseen)
        if allowed is not None:
            order, candidates = order[allowed[candidates]], candidates[allowed[candidates]]
        best = candidates[np.lexsort((candidates, -order))][: max(n, 0)].astype(np.int32)
        return Ranking(
            item=best,
            score=scores[best],
            percentile=percentiles(scores[best], scores[unseen]),
            votes=votes[best],
            n_unseen=int(unseen.sum()),
            n_allowed=len(candidates),
        )

    def popular(self, n: int, allowed: Mask | None = None) -> IntArray:
        """Return the `n` items with the largest audience, ties by id: the list of a stranger."""
        items = np.arange(self.dataset.n_items, dtype=np.int32)
        items = items if allowed is None else items[allowed]
        return items[np.lexsort((items, -self.audience.n_users_of[items]))][: max(n, 0)]


def weight_of(by: By, blend: BlendConfig) -> float:
    """Return the neighbours' share in the order of a list made `by` one source or both."""
    return {"both": blend.weight, "deepfm": 0.0, "neighbours": 1.0}[by]


def neighbour_votes(
    audience: Audience,
    matrix: sparse.csr_array,
    items: IntArray,
    blend: BlendConfig,
    exclude: int | None = None,
) -> FloatArray:
    """Return the votes for every item by the users most like the set `items`, (n_items,)."""
    near = audience.nearest(items, blend.n_neighbours, exclude)
    weights = near.jaccard**blend.power
    votes = matrix[near.user].T @ weights
    return (votes / np.maximum(audience.n_users_of, 1) ** blend.popularity).astype(np.float32)


def list_order(scores: FloatArray, votes: FloatArray, weight: float) -> NDArray[np.float64]:
    """Return order(i) of the rule above for one user's unseen items, (n_unseen,)."""
    order = np.zeros(len(scores))
    if weight < 1:
        inside = np.clip(scores.astype(np.float64), 1e-7, 1 - 1e-7)
        order += (1 - weight) * _standardised(np.log(inside / (1 - inside)))
    if weight > 0:
        order += weight * _standardised(votes.astype(np.float64))
    return order


def percentiles(scores: FloatArray, unseen: FloatArray) -> FloatArray:
    """Return the percent of `unseen` scores lower than each of `scores`, same shape as those."""
    if not len(unseen):
        return np.zeros(len(scores), dtype=np.float32)
    lower = np.searchsorted(np.sort(unseen), scores, side="left")
    return (100.0 * lower / len(unseen)).astype(np.float32)


def _standardised(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return `values` with mean 0 and standard deviation 1; zeros when they are all equal."""
    spread = values.std() if len(values) else 0.0
    return (values - values.mean()) / spread if spread > 0 else np.zeros(len(values))
