"""Explanations that compute: an item's place or what removed it, a number's making, how sure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.asking.filters import All
from assistant.evidence import Row
from assistant.toolbox import N_NEIGHBOURS, Toolbox
from recsys.calibration import how_sure
from recsys.explain import explain
from recsys.ranking import list_order, model_value, vote_value

if TYPE_CHECKING:
    from recsys.scoring import Scorer

N_PAST = 3
"""Items of the history that are named among what a score is made of."""
_SAME = 1e-3
"""A score further than this from what its raw score gives is not told without a field."""
THIN_ITEM = 20
"""An item fewer users have is thin evidence."""
THIN_USER = 20
"""A user with fewer items is thin evidence."""


def place_in_list(
    box: Toolbox, user_id: str, item_ids: Sequence[str], filters: All | None = None
) -> list[Row]:
    """Each item's rank in a user's list, or the rule that keeps it out of it."""
    user = box.user(user_id)
    allowed = (filters or All()).mask(box.dataset)
    ranking = box.recommender.rank(user, box.dataset.n_items, "both", allowed)
    place_of = {int(item): place for place, item in enumerate(ranking.item, start=1)}
    top = [box.dataset.title(int(item)) for item in ranking.item[:3]]
    rows = []
    for row in box.deepfm_score(user_id, item_ids):
        item = box.item(row["item_id"])
        broken = [
            one.words() for one in (filters or All()).conditions if not one.mask(box.dataset)[item]
        ]
        rows.append(
            row
            | {
                "list_rank": place_of.get(item),
                "n_allowed": ranking.n_allowed,
                "removed_by": "seen" if row["seen"] else ", ".join(broken) or None,
                "first_title": top[0] if top else None,
                "first_score": float(ranking.score[0]) if len(ranking.item) else None,
            }
        )
    return rows


def list_arithmetic(box: Toolbox, user_id: str, item_id: str) -> list[Row]:
    """How an item's place came about: score, votes, weight, and what the list is ordered by."""
    user, item = box.user(user_id), box.item(item_id)
    recommender, unseen = box.recommender, box.recommender.unseen(box.user(user_id))
    scores, votes = recommender.scores(user), recommender.voters.votes(user)
    before = unseen.copy()
    before[item] = True  # an item the user has is placed as if it were unseen
    order = list_order(scores[before], votes[before], "both", recommender.blend)
    at = int(np.flatnonzero(np.flatnonzero(before) == item)[0])
    value = float(vote_value(votes[before])[at])
    row = box.deepfm_score(user_id, [item_id])[0]
    return [
        row
        | {
            "list_rank": 1 + int((order > order[at]).sum()),
            "n_ranked": len(order),
            "model_value": float(model_value(scores[[item]], recommender.blend)[0]),
            "votes": float(votes[item]),
            "mean_votes": float(votes[before].mean(dtype=np.float64)),
            "vote_value": value,
            "weight": float(recommender.blend.weight),
            "order_value": float(order[at]),
            "rating": recommender.blend.rating,
        }
    ]


def score_parts(box: Toolbox, user_id: str, item_id: str) -> list[Row]:
    """What DeepFM's score is made of: the item, each field of the user, and past items.

    Parts are told against the mean of the user's unseen items, in the units of the raw score
    (log-odds, or points of a rating). `score_without` is the score if a field said nothing and the
    mean unseen item kept its own. No row where the scores come from no DeepFM.
    """
    from recsys.scoring import Scorer

    scorer, user, item = box.recommender.scorer, box.user(user_id), box.item(item_id)
    if not isinstance(scorer, Scorer):
        return []
    parts = explain(scorer, user, item)
    raw = float(scorer.logits(np.array([user]), np.array([item]))[0])
    told = abs(_as_score(scorer, raw) - parts.score) < _SAME
    kinds = {field.name: field.kind for field in scorer.trained.space.of("user")}
    fields = [
        {
            "field": one.name,
            "kind": kinds[one.name],
            "adds": one.ablation,
            "score_without": _as_score(scorer, raw - one.ablation) if told else None,
        }
        for one in parts.fields
    ]
    order = np.lexsort((parts.history, -parts.history_parts))[:N_PAST]
    past = [
        {
            "item_id": str(box.dataset.item_ids.external[parts.history[at]]),
            "title": box.dataset.title(int(parts.history[at])),
            "adds": float(parts.history_parts[at]),
        }
        for at in order
        if parts.history_parts[at] > 0
    ]
    return [
        {
            "user_id": user_id,
            "item_id": item_id,
            "title": box.dataset.title(item),
            "score": parts.score,
            "against_mean": parts.against_mean,
            "item_adds": parts.item,
            "fields": sorted(fields, key=lambda one: -abs(float(one["adds"] or 0))),
            "history": past,
        }
    ]


def _as_score(scorer: Scorer, raw: float) -> float:
    if scorer.trained.config.task == "rating":
        return raw
    return float(scorer.trained.calibration.probability(np.array([raw], np.float32))[0])


def certainty(box: Toolbox, user_id: str, item_ids: Sequence[str] = ()) -> list[Row]:
    """What a score stands on: history, audience, overlap, and what became of scores as high."""
    user = box.user(user_id)
    near = box.recommender.nearest(user, N_NEIGHBOURS)
    trained = getattr(box.recommender.scorer, "trained", None)
    metrics = dict(trained.metrics) if trained is not None else {}
    base: dict[str, Any] = {
        "user_id": user_id,
        "n_items": len(box.recommender.seen(user)),
        "n_near": len(near),
        "best_overlap": int(near.intersection.max(initial=0)),
        "best_jaccard": float(near.jaccard.max(initial=0.0)),
        "thin_user": len(box.recommender.seen(user)) < THIN_USER,
        "metrics": {
            k: float(v) for k, v in metrics.items() if k in ("roc_auc", "ndcg", "rmse", "precision")
        },
    }
    if not item_ids:
        return [base]
    held_out = getattr(trained, "reliability", None)
    return [
        row
        | base
        | {
            "thin_item": row["n_users"] < THIN_ITEM,
            "came_true": None if (bin_ := how_sure(held_out, row["score"])) is None
            else bin_._asdict(),
        }
        for row in box.deepfm_score(user_id, item_ids)
    ]  # fmt: skip


def model_quality(box: Toolbox) -> list[Row]:
    """What the model reached on held-out data: its metrics, and what became of its scores."""
    trained = getattr(box.recommender.scorer, "trained", None)
    held_out = getattr(trained, "reliability", None)
    return [
        {
            "metrics": {} if trained is None else {k: float(v) for k, v in trained.metrics.items()},
            "bins": [] if held_out is None else held_out.to_json(),
        }
    ]
