"""People: two compared, one described, what somebody has and had last."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assistant.asking.filters import All
from assistant.evidence import Row
from assistant.rows import best_values
from assistant.toolbox import Toolbox
from ingest.dataset.ids import IntArray

SHORT_HISTORY = 10
"""With fewer items than this a user is said to be little known."""
N_NAMED = 3
"""How many titles or values are named in a description."""


def compare_users(box: Toolbox, user_id: str, other_id: str) -> list[Row]:
    """Two users side by side: sets, overlap, labels, shared likes, and where they disagree."""
    one, other = box.user(user_id), box.user(other_id)
    row = box.user_similarity(user_id, other_id)[0]
    mine, theirs = _labels(box, one), _labels(box, other)
    shared = sorted(set(mine) & set(theirs))
    liked_from = box.dataset.liked_from
    liked = [
        item
        for item in shared
        if liked_from is not None and min(mine[item], theirs[item]) >= liked_from
    ]
    gaps = sorted(shared, key=lambda item: (-abs(mine[item] - theirs[item]), item))
    apart = [item for item in gaps[:N_NAMED] if abs(mine[item] - theirs[item]) >= 2]
    return [
        row
        | {
            "one": _summary(box, one),
            "other": _summary(box, other),
            "both_liked": len(liked) if liked_from is not None else None,
            "liked_titles": [box.dataset.title(i) for i in box.best_known(np.array(liked, int))],
            "apart": [
                {"item_id": box.ids(np.array([item]))[0], "title": box.dataset.title(item),
                 "label": mine[item], "label_other": theirs[item]}
                for item in apart
            ] if box.dataset.has_labels else [],
        }
    ]  # fmt: skip


def describe_user(box: Toolbox, user_id: str) -> list[Row]:
    """A user's history in numbers: size, days, labels, tastes; never personal attributes."""
    return [{"user_id": user_id, **_summary(box, box.user(user_id))}]


def taste_for(box: Toolbox, user_id: str, filters: All) -> list[Row]:
    """How many of a user's items meet conditions, how they were rated, against all of them."""
    user, seen = box.user(user_id), box.dataset.interactions
    rows, mask = box.rows_of(user), filters.mask(box.dataset)
    mine = rows[mask[seen.item[rows]]]
    liked = box.liked_rows(user)
    graded = box.dataset.has_labels
    return [
        {
            "user_id": user_id,
            "condition": filters.words(),
            "n_matching": len(mine),
            "n_items": len(rows),
            "n_matching_all": int(mask.sum()),
            "share_all": float(mask[seen.item].mean()) if len(seen) else 0.0,
            "mean_label": float(seen.label[mine].mean(dtype=np.float64))
            if graded and len(mine)
            else None,
            "mean_label_user": float(seen.label[rows].mean(dtype=np.float64))
            if graded and len(rows)
            else None,
            "n_liked": int(mask[seen.item[liked]].sum())
            if graded and box.dataset.liked_from is not None
            else None,
        }
    ]


def history(box: Toolbox, user_id: str, n: int = 5, first: bool = False) -> list[Row]:
    """The last items of a user in order of time, the latest first; or the first ones."""
    user = box.user(user_id)
    rows = _by_time(box, user)
    chosen = rows[:n] if first else rows[::-1][:n]
    seen = box.dataset.interactions
    return [
        box.item_row(int(seen.item[row]))
        | {"rank": rank, "day": box.day(int(seen.time[row])), "n_seen": len(rows),
           "label": float(seen.label[row]) if box.dataset.has_labels else None}
        for rank, row in enumerate(chosen, start=1)
    ]  # fmt: skip


def membership(box: Toolbox, user_id: str, item_ids: Sequence[str]) -> list[Row]:
    """Whether a user has each item, since when, and with what label."""
    user, seen = box.user(user_id), box.dataset.interactions
    rows = box.rows_of(user)
    found = []
    for item_id in item_ids:
        item = box.item(item_id)
        mine = rows[seen.item[rows] == item]
        found.append(
            box.item_row(item)
            | {"seen": bool(len(mine)), "n_seen": len(rows),
               "label": box.label(user, item),
               "day": box.day(int(seen.time[mine[0]])) if len(mine) else None}
        )  # fmt: skip
    return found


def shared_history(
    box: Toolbox,
    user_id: str,
    other_id: str,
    n: int = 5,
    only_first: bool = False,
    filters: All | None = None,
) -> list[Row]:
    """What two users have both seen, or what the first has and the second has not.

    The order is by the first user's label and then the audience, so that the dearest stand first.
    """
    one, other = box.user(user_id), box.user(other_id)
    mine, theirs = _labels(box, one), _labels(box, other)
    allowed = (filters or All()).mask(box.dataset)
    found = [item for item in mine if (item in theirs) != only_first and allowed[item]]
    known = box.recommender.audience.n_users_of
    graded = box.dataset.has_labels
    found.sort(key=lambda item: (-mine[item] if graded else 0, -int(known[item]), item))
    return [
        box.item_row(item)
        | {"rank": rank, "label": mine[item] if graded else None, "n_found": len(found),
           "label_other": theirs.get(item) if graded else None, "n_items": len(mine),
           "n_items_other": len(theirs)}
        for rank, item in enumerate(found[:n], start=1)
    ]  # fmt: skip


def _by_time(box: Toolbox, user: int) -> IntArray:
    """Return the rows of a user, oldest first, rows of one second in file order."""
    rows = box.rows_of(user)
    return rows[np.argsort(box.dataset.interactions.time[rows], kind="stable")]


def _labels(box: Toolbox, user: int) -> dict[int, float]:
    seen, rows = box.dataset.interactions, box.rows_of(user)
    return dict(zip(seen.item[rows].tolist(), seen.label[rows].astype(float).tolist(), strict=True))


def _summary(box: Toolbox, user: int) -> Row:
    rows, seen = _by_time(box, user), box.dataset.interactions
    labels = seen.label[rows].astype(np.float64)
    graded = box.dataset.has_labels and len(rows) > 0
    liked = box.liked_rows(user)
    best = liked[np.lexsort((seen.item[liked], -seen.label[liked]))][:N_NAMED]
    return {
        "n_items": len(rows),
        "short": len(rows) < SHORT_HISTORY,
        "first_day": box.day(int(seen.time[rows[0]])) if len(rows) else None,
        "last_day": box.day(int(seen.time[rows[-1]])) if len(rows) else None,
        "mean_label": float(labels.mean()) if graded else None,
        "mean_label_all": float(seen.label.mean(dtype=np.float64)) if graded else None,
        "n_liked": len(liked) if graded and box.dataset.liked_from is not None else None,
        "tastes": best_values(box.taste(user), N_NAMED),
        "best_titles": [box.dataset.title(int(item)) for item in seen.item[best]],
    }
