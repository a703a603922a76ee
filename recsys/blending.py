"""How much the neighbours' votes count beside DeepFM: fitted on held-out interactions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ingest.schema import FloatArray
from recsys import metrics
from recsys.holdout import TOP, Holdout
from recsys.neighbours import Audience
from recsys.ranking import BlendConfig, list_order, neighbour_votes
from recsys.scoring import Scorer
from recsys.topn import top_items

WEIGHTS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
_MOST_USERS = 1000
"""Users the weight is fitted on, evenly spaced: more move it by less than its own grid."""


def fit_blend(scorer: Scorer, holdout: Holdout, start: BlendConfig | None = None) -> BlendConfig:
    """Return `start` with the weight whose lists have the best NDCG on `holdout`.

    The values over the grid are smoothed by their neighbours, so that one lucky weight does not
    win; of equal ones the smallest is taken.

    Args:
        scorer: a model trained on `holdout.train`.
        holdout: what the lists are judged by.
        start: the other constants of the rule.
    """
    blend = start or BlendConfig()
    users = holdout.users[:: max(1, -(-len(holdout.users) // _MOST_USERS))]
    if not len(users):
        return replace(blend, weight=0.0)
    audience = Audience(holdout.seen)
    values = np.zeros((len(users), len(WEIGHTS)))
    for row, (user, scores) in enumerate(zip(users, scorer.score_all(users), strict=True)):
        seen = holdout.seen.indices[holdout.seen.indptr[user] : holdout.seen.indptr[user + 1]]
        due = holdout.due.indices[holdout.due.indptr[user] : holdout.due.indptr[user + 1]]
        votes = neighbour_votes(audience, holdout.seen, seen, blend, exclude=int(user))
        unseen = np.ones(len(scores), dtype=bool)
        unseen[seen] = False
        values[row] = _ndcg_by_weight(
            scores[unseen], votes[unseen], np.isin(np.flatnonzero(unseen), due)
        )
    mean = values.mean(axis=0)
    padded = np.concatenate([mean[:1], mean, mean[-1:]])
    smooth = (padded[:-2] + padded[1:-1] + padded[2:]) / 3
    return replace(blend, weight=WEIGHTS[int(np.argmax(smooth.round(6)))])


def _ndcg_by_weight(scores: FloatArray, votes: FloatArray, due: NDArray[np.bool_]) -> list[float]:
    """Return the NDCG of one user's list for every weight; `due` marks the test items."""
    if not len(scores) or not due.any():
        return [0.0] * len(WEIGHTS)
    orders = np.stack([list_order(scores, votes, weight) for weight in WEIGHTS])
    hits = due[top_items(orders, min(TOP, len(scores)))]
    return [float(metrics.ndcg_at_k(hit[None], due.sum(keepdims=True))[0]) for hit in hits]
