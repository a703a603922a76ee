"""Items by their audiences: what is like an item, what its viewers also see, who they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from assistant.asking.filters import All
from assistant.evidence import Row
from assistant.toolbox import Toolbox
from ingest.dataset.ids import IntArray

LEAST_GROUP = 5
"""Attributes of fewer people than this are not summed up: they could tell who somebody is."""
LEAST_SHARE = 0.1
"""An item also seen by a smaller share of an audience than this is left out."""


def item_neighbours(
    box: Toolbox,
    item_ids: Sequence[str],
    n: int = 5,
    filters: All | None = None,
    user_id: str | None = None,
) -> list[Row]:
    """Items whose audience is most like that of one item, or of several at once.

    The order is by Jaccard of the audiences; with several items, by the smallest of the Jaccards,
    so that an item stands between them. A user's own items are left out when one is named.
    """
    seeds = np.array([box.item(item_id) for item_id in item_ids], dtype=np.int32)
    allowed = (filters or All()).mask(box.dataset)
    allowed[seeds] = False
    if user_id is not None:
        allowed &= box.recommender.unseen(box.user(user_id))
    both, either = audience_overlaps(box, seeds)
    jaccard = both / np.maximum(either, 1)
    least = jaccard.min(axis=0)
    candidates = np.flatnonzero(allowed & (least > 0))
    order = candidates[
        np.lexsort((candidates, -jaccard.mean(axis=0)[candidates], -least[candidates]))
    ]
    shared = {item: set(_values(box, int(item))) for item in seeds}
    rows = []
    for rank, item in enumerate(order[:n], start=1):
        own = _values(box, int(item))
        rows.append(
            {
                **box.item_row(int(item)),
                "rank": rank,
                "jaccard": float(least[item]),
                "seeds": [
                    {
                        "item_id": item_ids[place],
                        "title": box.dataset.title(int(seed)),
                        "jaccard": float(jaccard[place, item]),
                        "intersection": int(both[place, item]),
                        "union": int(either[place, item]),
                    }
                    for place, seed in enumerate(seeds)
                ],
                "shared_values": [one for one in own if all(one in s for s in shared.values())],
            }
        )
    return rows


def audience_overlaps(box: Toolbox, seeds: IntArray) -> tuple[Any, Any]:
    """Return |A∩B| and |A∪B| of each seed's audience with every item's, both (n_seeds, n_items)."""
    audience = box.recommender.audience
    both = (audience.by_item[seeds] @ box.recommender.matrix).toarray().astype(np.int64)
    sizes = audience.n_users_of.astype(np.int64)
    return both, sizes[seeds][:, None] + sizes[None, :] - both


def item_similarity(box: Toolbox, item_id: str, other_item_id: str) -> list[Row]:
    """How alike two items' audiences are: Jaccard, and how many have one, the other and both."""
    one, other = box.item(item_id), box.item(other_item_id)
    both, either = audience_overlaps(box, np.array([one], dtype=np.int32))
    sizes, n = box.recommender.audience.n_users_of, int(both[0, other])
    mine, theirs = set(_values(box, one)), _values(box, other)
    return [
        box.item_row(one)
        | {
            "other_item_id": other_item_id,
            "other_title": box.dataset.title(other),
            "jaccard": n / max(int(either[0, other]), 1),
            "intersection": n,
            "union": int(either[0, other]),
            "n_users_other": int(sizes[other]),
            "shared_values": [value for value in theirs if value in mine],
        }
    ]


def also_seen(
    box: Toolbox,
    item_id: str,
    n: int = 5,
    filters: All | None = None,
    other_ids: Sequence[str] = (),
) -> list[Row]:
    """What those who have an item, and others with it, have more often than everybody, by lift.

    lift(j) = (viewers of both / viewers of the item) / (viewers of j / all users); an item counts
    when at least two, and a tenth, of the viewers have it.
    """
    seeds = np.array([box.item(one) for one in (item_id, *other_ids)], dtype=np.int32)
    n_users_of, matrix = box.recommender.audience.n_users_of, box.recommender.matrix
    viewers = _viewers(box, seeds)
    n_viewers, n_users = len(viewers), box.dataset.n_users
    allowed = (filters or All()).mask(box.dataset)
    allowed[seeds] = False
    together = np.bincount(matrix[viewers].indices, minlength=box.dataset.n_items)
    candidates = np.flatnonzero(allowed & (together >= max(2, LEAST_SHARE * n_viewers)))
    lift = (together / max(n_viewers, 1)) / (np.maximum(n_users_of, 1) / n_users)
    order = candidates[np.lexsort((candidates, -lift[candidates]))]
    return [
        box.item_row(int(one))
        | {"rank": rank, "lift": float(lift[one]), "n_both": int(together[one]), "seed_id": item_id,
           "seed_title": box.dataset.title(int(seeds[0])),
           "with_titles": [box.dataset.title(int(seed)) for seed in seeds[1:]],
           "n_viewers": n_viewers, "n_all": n_users}
        for rank, one in enumerate(order[:n], start=1)
    ]  # fmt: skip


def _viewers(box: Toolbox, items: IntArray) -> IntArray:
    """Return the users who have all of `items`, in order."""
    audience = box.recommender.audience.by_item[items].indices
    counts = np.bincount(audience, minlength=box.dataset.n_users)
    return np.flatnonzero(counts == len(set(items.tolist()))).astype(np.int32)


def item_audience(box: Toolbox, item_id: str, label: float | None = None) -> list[Row]:
    """How many have an item, its labels against the mean, and its audience as a group."""
    item = box.item(item_id)
    seen, counts = box.dataset.interactions, box.recommender.audience.n_users_of
    rows = np.flatnonzero(seen.item == item)
    labels = seen.label[rows].astype(np.float64)
    labelled = box.dataset.has_labels and len(rows) > 0
    liked_from = box.dataset.liked_from
    return [
        {
            **box.item_row(item),
            "share": len(rows) / max(box.dataset.n_users, 1),
            "n_all": box.dataset.n_users,
            "place": 1 + int((counts > counts[item]).sum()),
            "n_items": box.dataset.n_items,
            "mean_label": float(labels.mean()) if labelled else None,
            "mean_label_all": float(seen.label.mean(dtype=np.float64)) if labelled else None,
            "n_liked": int((labels >= liked_from).sum())
            if labelled and liked_from is not None
            else None,
            "label": label,
            "n_label": int((labels == label).sum()) if labelled and label is not None else None,
            "first_day": box.day(int(seen.time[rows].min())) if len(rows) else None,
            "last_day": box.day(int(seen.time[rows].max())) if len(rows) else None,
            "people": _people(box, seen.user[rows]),
        }
    ]


def _people(box: Toolbox, users: IntArray) -> list[Row]:
    """Return what a group of users has in common, against all users; nothing for a small group."""
    if len(users) < LEAST_GROUP:
        return []
    found: list[Row] = []
    for field in box.dataset.fields_of("user"):
        column = box.dataset.users[field.name]
        mine = column.iloc[users].dropna()
        if field.kind == "dense" and len(mine) >= LEAST_GROUP:
            found.append(
                {
                    "field": field.name,
                    "median": float(mine.median()),
                    "median_all": float(column.median()),
                }
            )
        elif field.kind == "sparse" and len(mine):
            counts = mine.value_counts()
            value = sorted(counts.index[counts == counts.max()])[0]
            n = int(counts[value])
            if n >= LEAST_GROUP:
                share_all = float((column == value).sum() / max(int(column.notna().sum()), 1))
                found.append(
                    {
                        "field": field.name,
                        "value": str(value),
                        "count": n,
                        "of": len(mine),
                        "share_all": share_all,
                    }
                )
    return found


def _values(box: Toolbox, item: int) -> list[str]:
    """Return an item's attribute values other than numbers."""
    return [
        str(one)
        for value in box.attributes(item).values()
        if not isinstance(value, int | float)
        for one in (value if isinstance(value, list) else [value])
    ]


def items_that(box: Toolbox, filters: All) -> list[Row]:
    """How many items meet conditions, how often they were seen, and their mean label."""
    data, seen = box.dataset, box.dataset.interactions
    mask = filters.mask(data)
    mine = mask[seen.item]
    counts = box.recommender.audience.n_users_of
    found = np.flatnonzero(mask)
    best = found[np.lexsort((found, -counts[found]))][:3]
    labelled = data.has_labels and bool(mine.any())
    return [
        {
            "condition": filters.words(),
            "n_matching": len(found),
            "n_items": data.n_items,
            "n_seen": int(mine.sum()),
            "share_seen": float(mine.mean()) if len(seen) else 0.0,
            "mean_label": float(seen.label[mine].mean(dtype=np.float64)) if labelled else None,
            "mean_label_all": float(seen.label.mean(dtype=np.float64)) if labelled else None,
            "best_titles": [data.title(int(item)) for item in best if counts[item]],
        }
    ]


def catalogue_facts(box: Toolbox) -> list[Row]:
    """What the data hold: users, items, interactions, attributes, the time they span."""
    data, seen = box.dataset, box.dataset.interactions
    fields: dict[str, list[str]] = {}
    for field in data.fields_of("item"):
        if field.kind != "dense":
            column = data.items[field.name]
            values = column.explode() if field.kind == "multi" else column
            fields[field.name] = sorted(map(str, values.dropna().unique()))
    timed = data.has_times and len(seen) > 0
    return [
        {
            "name": data.name,
            "n_users": data.n_users,
            "n_items": data.n_items,
            "n_interactions": len(seen),
            "density": len(seen) / max(data.n_users * data.n_items, 1),
            "values": fields,
            "numbers": [f.name for f in data.fields_of("item") if f.kind == "dense"],
            "first_day": box.day(int(seen.time.min())) if timed else None,
            "last_day": box.day(int(seen.time.max())) if timed else None,
            "mean_label": float(seen.label.mean(dtype=np.float64))
            if data.has_labels and len(seen)
            else None,
        }
    ]
