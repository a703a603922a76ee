"""One list from two sources: DeepFM's scores and the votes of a user's Jaccard neighbours.

The rule, for a user and every item i he has not seen:

    order(i) = y(i) + weight · ln(votes(i) / mean(votes) + 0.3)

y is what DeepFM makes of i, as the log-odds of its score, or as the rating where it predicts one;
votes are those of `votes.py`, and their mean is over all that the user has not seen. Items are
listed by falling order(i), ties by item id. `by="deepfm"` orders by y alone, `by="neighbours"` by
votes alone. The weight is fitted on interactions held out from training (`blending.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ingest.dataset.ids import IntArray
from ingest.dataset.matrix import interaction_matrix
from ingest.dataset.schema import Dataset, FloatArray
from recsys.examples.history import Histories
from recsys.lists.votes import Voters, VotesConfig
from recsys.neighbours.audience import Audience, Neighbours

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
    """The constants of the rule, kept with the model."""

    weight: float = 0.5
    """How much the neighbours' votes count beside DeepFM."""
    rating: bool = False
    """Whether scores are ratings rather than probabilities."""
    votes: VotesConfig = VotesConfig()

    def __post_init__(self) -> None:
        if not self.weight >= 0:
            raise ValueError(f"weight must be at least 0, not {self.weight}")

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> BlendConfig:
        """Read what `dataclasses.asdict` made of one; what is left out has its default."""
        votes = VotesConfig(**document.get("votes", {}))
        return cls(**{**document, "votes": votes})


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

    def after(self, offset: int) -> Ranking:
        """Return the list less its first `offset` items."""
        return replace(
            self,
            item=self.item[offset:],
            score=self.score[offset:],
            percentile=self.percentile[offset:],
            votes=self.votes[offset:],
        )


class Recommender:
    """A data set, its trained model and its neighbours, asked for lists."""

    def __init__(
        self,
        dataset: Dataset,
        scorer: Scores,
        blend: BlendConfig,
        histories: Histories | None = None,
        matrix: sparse.csr_array | None = None,
    ) -> None:
        """Put them together; histories and matrix are those of `dataset` where they are there."""
        self.dataset = dataset
        self.scorer = scorer
        self.blend = blend
        self.matrix = (
            interaction_matrix(dataset.interactions, dataset.n_users, dataset.n_items)
            if matrix is None
            else matrix
        )
        self.audience = Audience(self.matrix)
        self.histories = histories or Histories.from_interactions(
            dataset.interactions, dataset.n_users, dataset.has_times
        )
        self._last: tuple[int, FloatArray] | None = None
        self.voters = Voters(self.matrix, self.audience, self.histories, blend.votes)

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
        """Return DeepFM's score of every item, (n_items,), read-only.

        The last user's are kept: several tools ask for them in one answer.
        """
        last = self._last
        if last is None or last[0] != user:
            scores: FloatArray = self.scorer.score_all(np.array([user], dtype=np.int32))[0]
            scores.flags.writeable = False
            self._last = last = (user, scores)
        return last[1]

    def rank(self, user: int, n: int, by: By = "both", allowed: Mask | None = None) -> Ranking:
        """Return the best `n` items that `user` has not seen, fewer when fewer are left.

        Args:
            user: user index.
            n: how many, at least 0.
            by: which source decides the order.
            allowed: items that pass the filters, (n_items,); None for all.
        """
        return self._rank(user, self.scores(user), n, by, allowed)

    def rank_many(
        self, users: IntArray, n: int, by: By = "both", allowed: Mask | None = None
    ) -> Iterator[Ranking]:
        """Yield the list of each of `users`, in order; the same lists that `rank` gives.

        Memory: the scores of a block of users, at most `BLOCK_CELLS` numbers.
        """
        step = max(1, BLOCK_CELLS // max(self.dataset.n_items, 1))
        for start in range(0, len(users), step):
            block = users[start : start + step]
            for user, scores in zip(block, self.scorer.score_all(block), strict=True):
                yield self._rank(int(user), scores, n, by, allowed)

    def _rank(self, user: int, scores: FloatArray, n: int, by: By, allowed: Mask | None) -> Ranking:
        return self.rank_scores(scores, self.voters.votes(user), self.unseen(user), n, by, allowed)

    def rank_scores(
        self,
        scores: FloatArray,
        votes: FloatArray,
        unseen: Mask,
        n: int,
        by: By = "both",
        allowed: Mask | None = None,
    ) -> Ranking:
        """Return the best `n` items for anybody whose scores, votes and unseen items are given.

        Args:
            scores: DeepFM's, (n_items,).
            votes: the neighbours', (n_items,).
            unseen: what may be suggested at all, (n_items,).
            n: how many, at least 0.
            by: which source decides the order.
            allowed: items that pass the filters, (n_items,); None for all.
        """
        order = list_order(scores[unseen], votes[unseen], by, self.blend)
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


def list_order(
    scores: FloatArray, votes: FloatArray, by: By, blend: BlendConfig
) -> NDArray[np.float64]:
    """Return order(i) of the rule above for one user's unseen items, (n_unseen,)."""
    if by == "neighbours":
        return votes.astype(np.float64)
    weight = 0.0 if by == "deepfm" else blend.weight
    return model_value(scores, blend) + weight * vote_value(votes)


def model_value(scores: FloatArray, blend: BlendConfig) -> NDArray[np.float64]:
    """Return y of the rule: log-odds of probabilities, ratings as they are."""
    exact = scores.astype(np.float64)
    if blend.rating:
        return exact
    inside = np.clip(exact, 1e-7, 1 - 1e-7)
    odds: NDArray[np.float64] = np.log(inside / (1 - inside))
    return odds


def vote_value(votes: FloatArray) -> NDArray[np.float64]:
    """Return the neighbours' part of the rule for one user's unseen items, before the weight."""
    mean = votes.mean(dtype=np.float64) if len(votes) else 0.0
    share = votes / mean if mean > 0 else np.zeros(len(votes))
    value: NDArray[np.float64] = np.log(share + 0.3)
    return value


def percentiles(scores: FloatArray, unseen: FloatArray) -> FloatArray:
    """Return the percent of `unseen` scores lower than each of `scores`, same shape as those."""
    if not len(unseen):
        return np.zeros(len(scores), dtype=np.float32)
    lower = np.searchsorted(np.sort(unseen), scores, side="left")
    return (100.0 * lower / len(unseen)).astype(np.float32)
