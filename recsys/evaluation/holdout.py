"""Interactions held out from training, and how well a model foresees them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ingest.dataset.ids import IntArray
from ingest.dataset.matrix import interaction_matrix
from ingest.dataset.schema import Dataset, FloatArray, Interactions
from recsys.evaluation import metrics
from recsys.examples.sampling import NO_ITEM, NegativeSampler
from recsys.scoring.calibration import reliability
from recsys.scoring.scorer import Scorer
from recsys.scoring.topn import top_items

TOP = 10
"""Length k of the lists that are measured."""
_BLOCK_USERS = 512

ScoreAll = Callable[[IntArray], FloatArray]


class Holdout:
    """The interactions of `test`, and everything else of the data as `train`."""

    def __init__(
        self,
        dataset: Dataset,
        train: NDArray[np.int64],
        test: NDArray[np.int64],
        most_users: int | None = None,
    ) -> None:
        """Part `dataset` by rows of its interaction table.

        Where more than `most_users` have a test item, so many of them, evenly spaced, are measured.
        """
        self.train = replace(dataset, interactions=dataset.interactions.take(train))
        self.test: Interactions = dataset.interactions.take(test)
        shape = dataset.n_users, dataset.n_items
        self.seen = interaction_matrix(self.train.interactions, *shape)
        self.due = interaction_matrix(self.test, *shape)
        users = np.flatnonzero(np.diff(self.due.indptr)).astype(np.int32)
        self.users = users if most_users is None else users[:: max(1, -(-len(users) // most_users))]
        self.judged = self.test  # the test interactions of these users
        if len(self.users) < len(users):
            measured = np.zeros(dataset.n_users, dtype=bool)
            measured[self.users] = True
            self.judged = self.test.take(np.flatnonzero(measured[self.test.user]))

    @cached_property
    def negatives(self) -> IntArray:
        """One item per judged interaction that its user has in neither part, always the same."""
        sampler = NegativeSampler(sparse.csr_array(self.seen + self.due))
        return sampler.draw(self.judged.user, 1, np.random.default_rng(0))[:, 0]

    def pairs(self) -> tuple[IntArray, IntArray, FloatArray]:
        """Return (users, items, labels): every judged interaction, and its negative."""
        left = self.negatives != NO_ITEM
        users = np.concatenate([self.judged.user, self.judged.user[left]])
        items = np.concatenate([self.judged.item, self.negatives[left]])
        labels = np.zeros(len(users), np.float32)
        labels[: len(self.judged)] = 1
        return users, items, labels

    def lists(self, score_all: ScoreAll, k: int = TOP) -> IntArray:
        """Return the top lists of the users with a test item, (len(self.users), k)."""
        blocks = [
            top_items(score_all(users), k, self.seen[users])
            for users in np.array_split(self.users, -(-len(self.users) // _BLOCK_USERS) or 1)
            if len(users)
        ]
        return np.concatenate(blocks) if blocks else np.empty((0, k), np.int32)

    def list_metrics(self, top: IntArray) -> dict[str, float]:
        """Measure lists over all items but the user's train items; means over users."""
        if not len(self.users):
            return {}
        hits = self.hits(top)
        n_relevant = np.diff(self.due.indptr)[self.users]
        values = {
            "ndcg": metrics.ndcg_at_k(hits, n_relevant),
            "recall": metrics.recall_at_k(hits, n_relevant),
            "precision": metrics.precision_at_k(hits),
            "hit_rate": metrics.hit_rate_at_k(hits),
            "map": metrics.average_precision_at_k(hits, n_relevant),
            "mrr": metrics.reciprocal_rank_at_k(hits),
        }
        means = {name: float(value.mean()) for name, value in values.items()}
        return means | {"coverage": metrics.coverage_at_k(top, self.due.shape[1])}

    def hits(self, top: IntArray) -> NDArray[np.bool_]:
        """Tell which places of `top` hold a test item of their user, same shape."""
        rows = np.repeat(self.users, top.shape[1])
        found = np.asarray(self.due[rows, np.maximum(top, 0).ravel()]).reshape(top.shape)
        hits: NDArray[np.bool_] = (found > 0) & (top != NO_ITEM)
        return hits

    def pair_metrics(self, scorer: Scorer) -> dict[str, float]:
        """Measure probabilities on judged interactions and one unseen item each, or ratings."""
        if not len(self.judged):
            return {}
        if scorer.trained.config.task == "rating":
            return self.rating_metrics(scorer.score_pairs(self.judged.user, self.judged.item))
        users, items, labels = self.pairs()
        p = scorer.score_pairs(users, items)
        return _measurable(
            {
                "log_loss": metrics.log_loss(labels, p),
                "roc_auc": metrics.roc_auc(labels, p),
                "pr_auc": metrics.pr_auc(labels, p),
                "calibration_error": reliability(labels, p).error,
            }
        )

    def rating_metrics(self, predicted: FloatArray) -> dict[str, float]:
        """Measure ratings predicted for the judged interactions, (len(self.judged),)."""
        truth = self.judged.label
        return _measurable(
            {
                "rmse": metrics.rmse(truth, predicted),
                "mae": metrics.mae(truth, predicted),
                "r2": metrics.r2(truth, predicted),
            }
        )

    def measure(self, scorer: Scorer, k: int = TOP) -> dict[str, float]:
        """Measure a model by all that fits its task, its lists at k."""
        if scorer.trained.config.task == "rating":
            return self.pair_metrics(scorer)
        return self.list_metrics(self.lists(scorer.raw_all, k)) | self.pair_metrics(scorer)


def _measurable(values: dict[str, float]) -> dict[str, float]:
    """Leave out what the data do not define, such as ROC-AUC where all labels are equal."""
    return {name: value for name, value in values.items() if np.isfinite(value)}
