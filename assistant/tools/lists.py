"""Lists: what to see again, given items or all in order, the best, rising, varied lists."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.asking.filters import All, Condition
from assistant.evidence import Row
from assistant.toolbox import Toolbox
from ingest.dataset.ids import IntArray
from ingest.errors import AskerError
from recsys.lists.ranking import Mask

MEAN_USERS = 20
"""How many users must have labelled an item for its mean label to be listed, unless asked."""
RECENT_SHARE = 0.1
"""The newest share of all interactions is what "lately" means."""
RISING_USERS = 10
"""Fewer recent users than this show no trend."""
VARIED_POOL = 100
"""Among how many of a user's best items a varied list is chosen."""
VARIETY = 0.5
"""Weight of variety against rank in a varied list (λ of maximal marginal relevance is 1 − it)."""


def watch_again(
    box: Toolbox,
    user_id: str,
    n: int = 5,
    filters: All | None = None,
    lowest: bool = False,
    label: float | None = None,
) -> list[Row]:
    """Items a user has seen, best first: by the user's own label, then by DeepFM's score."""
    user = box.user(user_id)
    rows = box.rows_of(user)
    items, seen = box.dataset.interactions.item[rows], box.dataset.interactions
    passing = _mask(box, filters)[items]
    if label is not None:
        passing &= seen.label[rows] == label
    rows, items = rows[passing], items[passing]
    own = seen.label[rows] if box.dataset.has_labels else np.zeros(len(rows))
    scores = box.recommender.scores(user)
    sign = 1 if lowest else -1
    order = np.lexsort((items, sign * scores[items], sign * own))[:n]
    return [
        {
            **box.item_row(int(items[place])),
            "rank": rank,
            "score": float(scores[items[place]]),
            "label": float(own[place]) if box.dataset.has_labels else None,
            "day": box.day(int(seen.time[rows[place]])),
            "n_seen": len(items),
        }
        for rank, place in enumerate(order, start=1)
    ]


def rank_given(box: Toolbox, user_id: str, item_ids: Sequence[str]) -> list[Row]:
    """Given items in DeepFM's order for a user; those seen already are marked."""
    rows = box.deepfm_score(user_id, list(dict.fromkeys(item_ids)))
    rows.sort(key=lambda row: (-row["score"], box.item(row["item_id"])))
    return [row | {"rank": rank} for rank, row in enumerate(rows, start=1)]


def least_likely(box: Toolbox, user_id: str, n: int = 5, filters: All | None = None) -> list[Row]:
    """The items a user has not seen that DeepFM scores lowest, the lowest first."""
    user = box.user(user_id)
    open_to = np.flatnonzero(box.recommender.unseen(user) & _mask(box, filters))
    scores = box.recommender.scores(user)[open_to]
    lowest = open_to[np.lexsort((open_to, scores))][:n].astype(np.int32)
    rows = box.deepfm_score(user_id, box.ids(lowest)) if len(lowest) else []
    return [row | {"rank": rank} for rank, row in enumerate(rows, start=1)]


def filter_counts(box: Toolbox, filters: All, user_id: str | None = None) -> list[Row]:
    """How many items each condition leaves alone and how many are left without it."""
    unseen = (
        np.ones(box.dataset.n_items, dtype=bool)
        if user_id is None
        else box.recommender.unseen(box.user(user_id))
    )
    masks = [condition.mask(box.dataset) for condition in filters.conditions]
    together = np.logical_and.reduce([unseen, *masks])
    rows = []
    for place, condition in enumerate(filters.conditions):
        others = np.logical_and.reduce([unseen, *masks[:place], *masks[place + 1 :]])
        rows.append(
            {
                "condition": condition.words(),
                "n_alone": int((unseen & masks[place]).sum()),
                "n_without": int(others.sum()),
                "n_together": int(together.sum()),
                "n_unseen": int(unseen.sum()),
                **_nearest(box, condition, others),
            }
        )
    return rows


def _nearest(box: Toolbox, condition: Condition, others: Mask) -> Row:
    """Return the nearest year or audience that would leave something, for a bound that does not."""
    from assistant.asking.filters import Audience, Between

    if not others.any() or (others & condition.mask(box.dataset)).any():
        return {}
    if isinstance(condition, Between):
        values = box.dataset.items[condition.field].to_numpy(dtype=float)[others]
    elif isinstance(condition, Audience):
        values = box.recommender.audience.n_users_of[others].astype(float)
    else:
        return {}
    values = values[np.isfinite(values)]
    if not len(values):
        return {}
    low = -np.inf if condition.low is None else condition.low
    high = np.inf if condition.high is None else condition.high
    away = np.where(values < low, low - values, values - high)
    nearest = float(values[np.lexsort((values, away))[0]])
    return {"nearest": nearest, "n_nearest": int((values == nearest).sum())}


def top_rated(
    box: Toolbox,
    n: int = 5,
    least_users: int = MEAN_USERS,
    filters: All | None = None,
    lowest: bool = False,
) -> list[Row]:
    """Items of the highest mean label, or the lowest, among those with enough labels."""
    if not box.dataset.has_labels:
        raise AskerError("the data have no ratings, so nothing can be called the best rated")
    seen, n_items = box.dataset.interactions, box.dataset.n_items
    count = np.bincount(seen.item, minlength=n_items)
    total = np.bincount(seen.item, weights=seen.label.astype(np.float64), minlength=n_items)
    mean = total / np.maximum(count, 1)
    enough = np.flatnonzero((count >= max(least_users, 1)) & _mask(box, filters))
    order = enough[np.lexsort((enough, -count[enough], mean[enough] * (1 if lowest else -1)))]
    return [
        box.item_row(int(item))
        | {"rank": rank, "mean_label": float(mean[item]), "n_labels": int(count[item]),
           "least_users": least_users, "n_enough": len(enough)}
        for rank, item in enumerate(order[:n], start=1)
    ]  # fmt: skip


def most_divided(
    box: Toolbox, n: int = 5, least_users: int = MEAN_USERS, filters: All | None = None
) -> list[Row]:
    """Items whose labels differ most, by their standard deviation, among those with enough."""
    if not box.dataset.has_labels:
        raise AskerError("the data have no ratings, so nothing can be said to divide people")
    seen, n_items = box.dataset.interactions, box.dataset.n_items
    label = seen.label.astype(np.float64)
    count = np.bincount(seen.item, minlength=n_items)
    mean = np.bincount(seen.item, weights=label, minlength=n_items) / np.maximum(count, 1)
    squares = np.bincount(seen.item, weights=(label - mean[seen.item]) ** 2, minlength=n_items)
    spread = np.sqrt(squares / np.maximum(count, 1))
    enough = np.flatnonzero((count >= max(least_users, 1)) & _mask(box, filters))
    order = enough[np.lexsort((enough, -count[enough], -spread[enough]))]
    return [
        box.item_row(int(item))
        | {"rank": rank, "spread": float(spread[item]), "mean_label": float(mean[item]),
           "n_labels": int(count[item]), "least_users": least_users, "n_enough": len(enough)}
        for rank, item in enumerate(order[:n], start=1)
    ]  # fmt: skip


def rising(box: Toolbox, n: int = 5, filters: All | None = None) -> list[Row]:
    """Items whose share of the newest tenth of all interactions has grown most."""
    if not box.dataset.has_times:
        raise AskerError("the data have no times, so nothing can be said to rise")
    seen, n_items = box.dataset.interactions, box.dataset.n_items
    if not len(seen):
        return []
    start = np.quantile(seen.time, 1 - RECENT_SHARE, method="lower")
    late = seen.time >= start
    recent = np.bincount(seen.item[late], minlength=n_items)
    before = np.bincount(seen.item[~late], minlength=n_items)
    n_recent, n_before = int(late.sum()), int((~late).sum())
    growth = (recent / max(n_recent, 1)) / ((before + 1) / (n_before + 1))
    least = min(RISING_USERS, max(1, n_recent // 4))
    chosen = np.flatnonzero((recent >= least) & (growth > 1) & _mask(box, filters))
    order = chosen[np.lexsort((chosen, -growth[chosen]))]
    return [
        box.item_row(int(item))
        | {"rank": rank, "n_recent": int(recent[item]), "n_before": int(before[item]),
           "growth": float(growth[item]), "since": box.day(int(start)),
           "of_recent": n_recent, "of_before": n_before}
        for rank, item in enumerate(order[:n], start=1)
    ]  # fmt: skip


def unwatched(box: Toolbox, n: int = 5, filters: All | None = None) -> list[Row]:
    """Items nobody has, in order of id."""
    counts = box.recommender.audience.n_users_of
    items = np.flatnonzero((counts == 0) & _mask(box, filters))
    fewest = int(counts[_mask(box, filters)].min(initial=int(counts.max(initial=0))))
    if not len(items):
        return [{"n_unwatched": 0, "fewest": fewest, "n_fewest": int((counts == fewest).sum())}]
    return [
        box.item_row(int(item)) | {"rank": rank, "n_unwatched": len(items)}
        for rank, item in enumerate(items[:n], start=1)
    ]


def in_order(
    box: Toolbox,
    field: str,
    n: int = 5,
    highest: bool = False,
    filters: All | None = None,
    user_id: str | None = None,
    seen: bool = False,
) -> list[Row]:
    """Items by one of their numbers, the lowest or the highest first; of a user, what is unseen.

    Equal items go by DeepFM's score for the user, else by how many have them.
    """
    if field not in {one.name for one in box.dataset.fields_of("item") if one.kind == "dense"}:
        raise AskerError(f"the items have no number called {field!r}")
    values = box.dataset.items[field].to_numpy(dtype=float)
    open_to = _mask(box, filters)
    second = box.recommender.audience.n_users_of.astype(float)
    if user_id is not None:
        user = box.user(user_id)
        unseen = box.recommender.unseen(user)
        open_to = open_to & (~unseen if seen else unseen)
        second = box.recommender.scores(user).astype(float)
    found = np.flatnonzero(open_to & np.isfinite(values))
    order = found[np.lexsort((found, -second[found], values[found] * (-1 if highest else 1)))]
    return [
        box.item_row(int(item))
        | {"rank": rank, "field": field, "value": float(values[item]), "n_found": len(found),
           "n_without": int((open_to & ~np.isfinite(values)).sum()),
           "score": None if user_id is None else float(second[item])}
        for rank, item in enumerate(order[:n], start=1)
    ]  # fmt: skip


def varied(
    box: Toolbox,
    user_id: str,
    n: int = 5,
    filters: All | None = None,
    variety: float = VARIETY,
) -> list[Row]:
    """A varied list for a user, by maximal marginal relevance, with what variety costs.

    Each next item has the highest (1 − variety) · relevance − variety · likeness, relevance being
    DeepFM's score divided by the best of the list, likeness the highest Jaccard of attribute values
    (of audiences, where items have none) with what is chosen already (Carbonell & Goldstein, 1998).
    """
    plain = box.recommend(user_id, max(VARIED_POOL, n), filters=filters)
    if not plain:
        return []
    items = np.array([box.item(row["item_id"]) for row in plain], dtype=np.int32)
    likeness = _likeness(box, items)
    score = np.array([row["score"] for row in plain])
    relevance = score / max(score.max(), 1e-9)
    chosen = [0]
    while len(chosen) < min(n, len(items)):
        value = (1 - variety) * relevance - variety * likeness[:, chosen].max(axis=1)
        value[chosen] = -np.inf
        chosen.append(int(np.argmax(value)))
    chosen = chosen[:n]
    first = list(range(len(chosen)))
    facts = {
        "mean_score": float(score[chosen].mean()) if chosen else 0.0,
        "mean_score_plain": float(score[first].mean()) if first else 0.0,
        "likeness": _mean_likeness(likeness, chosen),
        "likeness_plain": _mean_likeness(likeness, first),
        "by_attributes": _has_attributes(box),
    }
    return [
        plain[place] | facts | {"rank": rank, "place": plain[place]["rank"]}
        for rank, place in enumerate(chosen, start=1)
    ]


def _has_attributes(box: Toolbox) -> bool:
    return any(field.kind != "dense" for field in box.dataset.fields_of("item"))


def _likeness(box: Toolbox, items: IntArray) -> NDArray[np.float64]:
    """Return the Jaccard of every two items' attribute values, or of their audiences, (n, n)."""
    if _has_attributes(box):
        sets = [
            {
                (name, one)
                for name, value in box.attributes(int(item)).items()
                if not isinstance(value, int | float)
                for one in (value if isinstance(value, list) else [value])
            }
            for item in items
        ]
        out = np.array([[len(a & b) / len(a | b) if a | b else 0.0 for b in sets] for a in sets])
        return out.reshape(len(items), len(items))
    audience = box.recommender.audience
    both = (audience.by_item[items] @ audience.by_item[items].T).toarray().astype(np.float64)
    sizes = audience.n_users_of[items].astype(np.float64)
    jaccard: NDArray[np.float64] = both / np.maximum(sizes[:, None] + sizes[None, :] - both, 1)
    return jaccard


def _mean_likeness(likeness: NDArray[np.float64], chosen: Sequence[int]) -> float:
    """Return the mean likeness of two different items of a list; 0 for a list of one."""
    part = likeness[np.ix_(chosen, chosen)]
    n = len(chosen)
    return float((part.sum() - np.trace(part)) / (n * (n - 1))) if n > 1 else 0.0


def _mask(box: Toolbox, filters: All | None) -> Mask:
    return (filters or All()).mask(box.dataset)
