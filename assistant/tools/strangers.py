"""People the data do not have: tastes given by titles, segments, a user changed, groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np

from assistant.asking.filters import All
from assistant.evidence import Row
from assistant.toolbox import N_NEIGHBOURS, Toolbox
from ingest.dataset.ids import IntArray
from ingest.dataset.schema import FloatArray
from ingest.errors import AskerError
from recsys.lists.ranking import Mask, list_order, percentiles


@runtime_checkable
class StrangerScores(Protocol):
    """A model that scores someone the data do not have."""

    def score_items_for(
        self, items: IntArray, features: Mapping[str, Any] | None = None
    ) -> FloatArray:
        """Return the score of every item, (n_items,)."""


def recommend_for_titles(
    box: Toolbox,
    item_ids: Sequence[str],
    n: int = 5,
    disliked_ids: Sequence[str] = (),
    attributes: dict[str, Any] | None = None,
    filters: All | None = None,
) -> list[Row]:
    """The best items for someone known only by what they liked, and perhaps by attributes."""
    items = np.array([box.item(item_id) for item_id in item_ids], dtype=np.int32)
    disliked = [box.item(item_id) for item_id in disliked_ids]
    scores = _stranger(box).score_items_for(items, attributes or {})
    open_to = np.ones(box.dataset.n_items, dtype=bool)
    open_to[items] = False
    open_to[disliked] = False
    chosen, scores = _best(box, items, scores, open_to, n, filters)
    near = box.recommender.audience.nearest(items, N_NEIGHBOURS) if len(items) else None
    unseen = scores[open_to]
    rows = []
    for rank, item in enumerate(chosen, start=1):
        row = box.item_row(int(item)) | {
            "rank": rank,
            "score": float(scores[item]),
            "percentile": float(percentiles(scores[[item]], unseen)[0]),
            "n_unseen": int(open_to.sum()),
            "from_titles": [box.dataset.title(int(one)) for one in items],
        }
        if near is not None:
            row |= box.support_row(int(item), near)
        rows.append(row)
    return rows


def recommend_for_segment(
    box: Toolbox, attributes: dict[str, Any], n: int = 5, filters: All | None = None
) -> list[Row]:
    """The best items for people of these attributes, nothing else being known of them."""
    nobody = np.empty(0, dtype=np.int32)
    scores = _stranger(box).score_items_for(nobody, attributes)
    base = _stranger(box).score_items_for(nobody, {})
    open_to = (filters or All()).mask(box.dataset)
    candidates = np.flatnonzero(open_to)
    order = candidates[np.lexsort((candidates, -scores[candidates]))][:n]
    alike = _people_like(box, attributes)
    return [
        box.item_row(int(item))
        | {"rank": rank, "score": float(scores[item]), "base_score": float(base[item]),
           "percentile": float(percentiles(scores[[item]], scores)[0]),
           "n_alike": int(alike.sum()), "attributes_of_person": dict(attributes)}
        for rank, item in enumerate(order, start=1)
    ]  # fmt: skip


def what_if(
    box: Toolbox,
    user_id: str,
    n: int = 5,
    without_items: Sequence[str] = (),
    with_items: Sequence[str] = (),
    attributes: dict[str, Any] | None = None,
    item_ids: Sequence[str] = (),
    filters: All | None = None,
) -> list[Row]:
    """A user's list recomputed with some items or attributes otherwise, beside the list as it is.

    Both lists come from the same path, that of someone described to the model, so that nothing but
    the change differs. Rows are the changed list, and any of `item_ids`, with rank and score
    before.
    """
    user = box.user(user_id)
    had = box.recommender.histories.items[
        slice(*box.recommender.histories.offsets[user : user + 2])
    ]
    gone = {box.item(item_id) for item_id in without_items}
    absent = sorted(gone - set(had.tolist()))
    added = [box.item(item_id) for item_id in with_items]
    new = [item for item in added if item not in set(had.tolist())]
    has = np.array([item for item in had if item not in gone] + new, dtype=np.int32)
    known = _features(box, user)
    before = _order(box, had.astype(np.int32), known, user, filters)
    after = _order(box, has, known | (attributes or {}), user, filters)
    listed = [int(item) for item in after.order[:n]]
    asked = [box.item(item_id) for item_id in item_ids]
    rows = []
    for item in listed + [one for one in asked if one not in listed]:
        rows.append(
            box.item_row(item)
            | {
                "rank": after.rank(item),
                "score": float(after.scores[item]),
                "rank_before": before.rank(item),
                "score_before": float(before.scores[item]),
                "asked": item in asked,
                "n_had": len(had),
                "n_has": len(has),
                "never_had": [box.dataset.title(one) for one in absent],
                "first_before": [box.dataset.title(int(one)) for one in before.order[:n]],
                "n_kept": len(set(listed) & {int(one) for one in before.order[:n]}),
                "change": dict(attributes or {}),
                "known": {k: v for k, v in known.items() if k in (attributes or {})},
            }
        )
    return rows


def group_list(
    box: Toolbox,
    user_ids: Sequence[str],
    n: int = 5,
    by: str = "mean",
    filters: All | None = None,
) -> list[Row]:
    """Items none of a group has seen, by the mean of the members' scores or by their least."""
    if by not in ("mean", "least"):
        raise AskerError(f'by must be "mean" or "least", not {by!r}')
    users = np.array([box.user(user_id) for user_id in user_ids], dtype=np.int32)
    scores = box.recommender.scorer.score_all(users).astype(np.float64)
    open_to = (filters or All()).mask(box.dataset)
    for user in users:
        open_to &= box.recommender.unseen(int(user))
    candidates = np.flatnonzero(open_to)
    mean, least = scores.mean(axis=0), scores.min(axis=0)
    first, second = (mean, least) if by == "mean" else (least, mean)
    order = candidates[np.lexsort((candidates, -second[candidates], -first[candidates]))]
    other = candidates[np.lexsort((candidates, -first[candidates], -second[candidates]))]
    return [
        box.item_row(int(item))
        | {
            "rank": rank,
            "score": float(mean[item]),
            "least": float(least[item]),
            "members": [
                {"user_id": user_id, "score": float(scores[place, item])}
                for place, user_id in enumerate(user_ids)
            ],
            "n_open": len(candidates),
            "first_otherwise": box.dataset.title(int(other[0])),
        }
        for rank, item in enumerate(order[:n], start=1)
    ]


class _Ordered:
    """A list made for someone, with the rank of any item in it."""

    def __init__(self, order: IntArray, scores: FloatArray) -> None:
        self.order, self.scores = order, scores
        self._place = {int(item): place for place, item in enumerate(order, start=1)}

    def rank(self, item: int) -> int | None:
        return self._place.get(item)


def _order(
    box: Toolbox, items: IntArray, features: Mapping[str, Any], user: int, filters: All | None
) -> _Ordered:
    scores = _stranger(box).score_items_for(items, features)
    open_to = np.ones(box.dataset.n_items, dtype=bool)
    open_to[items] = False
    order, scores = _best(box, items, scores, open_to, box.dataset.n_items, filters, user)
    return _Ordered(order, scores)


def _best(
    box: Toolbox,
    items: IntArray,
    scores: FloatArray,
    open_to: Mask,
    n: int,
    filters: All | None,
    exclude: int | None = None,
) -> tuple[IntArray, FloatArray]:
    """Return the best `n` items by the rule of `ranking`, for someone who has `items`."""
    votes = box.recommender.voters.votes_for(items, exclude)
    order = list_order(scores[open_to], votes[open_to], "both", box.recommender.blend)
    candidates = np.flatnonzero(open_to)
    passing = (filters or All()).mask(box.dataset)[candidates]
    order, candidates = order[passing], candidates[passing]
    return candidates[np.lexsort((candidates, -order))][:n].astype(np.int32), scores


def _features(box: Toolbox, user: int) -> dict[str, Any]:
    """Return what the data say of a user, missing values left out."""
    row = box.dataset.users.iloc[user]
    found: dict[str, Any] = {}
    for field in box.dataset.fields_of("user"):
        value = row[field.name]
        missing = value is None or (isinstance(value, float) and np.isnan(value))
        if not missing:
            found[field.name] = value
    return found


def _people_like(box: Toolbox, attributes: Mapping[str, Any]) -> Mask:
    """Return which users have all these attributes, numbers within five of each other."""
    alike = np.ones(box.dataset.n_users, dtype=bool)
    for field in box.dataset.fields_of("user"):
        if field.name in attributes:
            column = box.dataset.users[field.name]
            if field.kind == "dense":
                away = np.abs(column.to_numpy(dtype=float) - float(attributes[field.name]))
                alike &= away <= 5
            else:
                alike &= (column == attributes[field.name]).to_numpy(dtype=bool, na_value=False)
    return alike


def _stranger(box: Toolbox) -> StrangerScores:
    scorer = box.recommender.scorer
    if not isinstance(scorer, StrangerScores):
        raise AskerError("this model cannot score people the data do not have")
    return scorer
