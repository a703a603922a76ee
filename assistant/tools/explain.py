"""Explanations that compute: an item's place or what removed it, a number's making, how sure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from assistant.asking.filters import All
from assistant.evidence import Row
from assistant.toolbox import N_NEIGHBOURS, Toolbox
from recsys.lists.ranking import By, list_order, model_value, vote_value
from recsys.scoring.calibration import how_sure
from recsys.scoring.explain import Explanation, FieldPart, ItemPart, explain

if TYPE_CHECKING:
    from recsys.checkpoint import TrainedModel
    from recsys.scoring.scorer import Scorer

N_PAST = 3
"""Items of the history that are named among what a score is made of."""
N_PARTS = 3
"""Items of a list whose scores are taken apart: the first."""
_SAME = 1e-3
"""A score further than this from what its raw score gives is not told without a field."""
THIN_ITEM = 20
"""An item fewer users have is thin evidence."""
THIN_USER = 20
"""A user with fewer items is thin evidence."""
LEVEL = 0.95
"""Of the interval that `how_sure` gives."""


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
    (log-odds, or points of a rating). `score_without` is the score if a field of the user said
    nothing and the mean unseen item kept its own, or if the mean item's stood in place of a field
    of the item. No row where the scores come from no DeepFM.
    """
    return _parts(box, user_id, [item_id])


def list_parts(
    box: Toolbox,
    user_id: str,
    n: int = 3,
    by: By = "both",
    filters: All | None = None,
    topic: str | None = None,
    offset: int = 0,
    least_score: float | None = None,
) -> list[Row]:
    """What the scores of the first items of a user's list are made of, as `score_parts`."""
    rows = box.recommend(user_id, min(n, N_PARTS), by, filters, None, topic, offset, least_score)
    return _parts(box, user_id, [row["item_id"] for row in rows])


def _parts(box: Toolbox, user_id: str, item_ids: Sequence[str]) -> list[Row]:
    from recsys.scoring.scorer import Scorer

    scorer, user = box.recommender.scorer, box.user(user_id)
    if not isinstance(scorer, Scorer):
        return []
    items = np.array([box.item(item_id) for item_id in item_ids], np.int64)
    told = explain(scorer, user, items)
    return [
        {
            "user_id": user_id,
            "item_id": item_id,
            "title": box.dataset.title(int(item)),
            "score": parts.score,
            "against_mean": parts.against_mean,
            "item_adds": parts.item,
            "fields": _fields(scorer, "user", parts.fields, parts.score, parts.logit),
            "item_fields": _fields(scorer, "item", parts.item_fields, parts.score, parts.logit),
            "history": _past(box, parts),
        }
        for item_id, item, parts in zip(item_ids, items, told, strict=True)
    ]


def _fields(
    scorer: Scorer,
    side: Literal["user", "item"],
    parts: Sequence[FieldPart] | Sequence[ItemPart],
    score: float,
    logit: float,
) -> list[Row]:
    """Return what each field of one side adds, and the score without it; what adds most first."""
    kinds = {field.name: field.kind for field in scorer.trained.space.of(side)}
    told = abs(_as_score(scorer, logit) - score) < _SAME
    rows = [
        {
            "field": one.name,
            "kind": kinds[one.name],
            "adds": one.ablation,
            "score_without": _as_score(scorer, logit - one.ablation) if told else None,
        }
        for one in parts
    ]
    return sorted(rows, key=lambda one: -abs(float(one["adds"] or 0)))


def _past(box: Toolbox, parts: Explanation) -> list[Row]:
    """Return the items of the history that add most."""
    order = np.lexsort((parts.history, -parts.history_parts))[:N_PAST]
    return [
        {
            "item_id": str(box.dataset.item_ids.external[parts.history[at]]),
            "title": box.dataset.title(int(parts.history[at])),
            "adds": float(parts.history_parts[at]),
        }
        for at in order
        if parts.history_parts[at] > 0
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
        "popularity": _against_popularity(trained),
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
            else bin_._asdict() | {"level": LEVEL},
        }
        for row in box.deepfm_score(user_id, item_ids)
    ]  # fmt: skip


def _against_popularity(trained: TrainedModel | None) -> Row | None:
    """Return how the model did beside what knows no user; None where that is not known."""
    if trained is None:
        return None
    rating = trained.config.task == "rating"
    name = "rmse" if rating else "ndcg"
    if name not in trained.metrics or name not in trained.baseline:
        return None
    model, popular = float(trained.metrics[name]), float(trained.baseline[name])
    better = model < popular if rating else model > popular
    return {"metric": name, "model": model, "popular": popular, "better": better}


def model_quality(box: Toolbox) -> list[Row]:
    """What the model reached on held-out data: its metrics, and what became of its scores."""
    trained = getattr(box.recommender.scorer, "trained", None)
    held_out = getattr(trained, "reliability", None)
    return [
        {
            "metrics": {} if trained is None else {k: float(v) for k, v in trained.metrics.items()},
            "bins": [] if held_out is None else held_out.to_json(),
            "popularity": _against_popularity(trained),
        }
    ]
