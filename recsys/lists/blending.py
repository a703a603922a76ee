"""How much the neighbours' votes count beside DeepFM: fitted on held-out interactions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ingest.dataset.ids import IntArray
from ingest.dataset.schema import Dataset
from recsys.evaluation import metrics
from recsys.evaluation.holdout import TOP, Holdout
from recsys.examples.history import Histories
from recsys.lists.ranking import BlendConfig, Scores, model_value, vote_value
from recsys.lists.votes import Voters, VotesConfig
from recsys.neighbours.audience import Audience
from recsys.scoring.topn import top_items

WEIGHTS = tuple(round(0.1 * step, 1) for step in range(16))
_MOST_USERS = 1000
"""Users the weight is fitted on, evenly spaced: more move it by less than its own grid."""


def start_blend(dataset: Dataset, rating: bool) -> BlendConfig:
    """Return the blend for a data set and a task, with a weight that is not fitted."""
    return BlendConfig(rating=rating, votes=VotesConfig(in_order=dataset.has_times))


def fit_blend(
    scorer: Scores, holdout: Holdout, histories: Histories, start: BlendConfig
) -> BlendConfig:
    """Return the blend with the weight whose lists are best on what is held out, by NDCG@10.

    Of weights that are equally good the smallest is taken.

    Args:
        scorer: a model trained on `holdout.train`.
        holdout: what it is judged by.
        histories: those of `holdout.train`.
        start: the other constants of the rule.
    """
    users = holdout.users[:: max(1, -(-len(holdout.users) // _MOST_USERS))]
    voters = Voters(holdout.seen, Audience(holdout.seen), histories, start.votes)
    values = np.zeros((len(users), len(WEIGHTS)))
    for row, (user, scores) in enumerate(zip(users, scorer.score_all(users), strict=True)):
        unseen, due = _candidates(holdout, int(user))
        y = model_value(scores[unseen], start)
        votes = vote_value(voters.votes(int(user))[unseen])
        values[row] = _ndcg(y + np.array(WEIGHTS)[:, None] * votes, due)
    best = int(np.argmax(values.mean(axis=0))) if len(values) else 0
    return replace(start, weight=WEIGHTS[best])


def _ndcg(orders: NDArray[np.float64], due: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the NDCG@10 of each order of one user's unseen items, (n_orders,)."""
    if not due.any():
        return np.zeros(len(orders))
    hits = due[top_items(orders, min(TOP, len(due)))]
    return metrics.ndcg_at_k(hits, np.full(len(hits), due.sum()))


def _candidates(holdout: Holdout, user: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which items `user` has not seen, (n_items,), and which of those are held out."""
    unseen = np.ones(holdout.seen.shape[1], dtype=bool)
    unseen[_row(holdout.seen, user)] = False
    due = np.zeros(len(unseen), dtype=bool)
    due[_row(holdout.due, user)] = True
    return unseen, due[unseen]


def _row(matrix: sparse.csr_array, user: int) -> IntArray:
    """Return the items in one row of a CSR."""
    items: IntArray = matrix.indices[matrix.indptr[user] : matrix.indptr[user + 1]]
    return items
