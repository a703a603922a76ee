"""All users at once: who is least like somebody, who has the most items."""

from __future__ import annotations

import numpy as np

from assistant.evidence import Row
from assistant.toolbox import Toolbox
from assistant.tools.items import audience_overlaps
from ingest.dataset.ids import IntArray

N_LIKELY = 200
"""How many of the users most fit for an item are scored: all would take minutes where many are."""


def least_similar(box: Toolbox, user_id: str, k: int = 10) -> list[Row]:
    """The users whose item sets are least like a user's, by exact Jaccard, the lowest first.

    Among equals, those with the most items come first: having much and sharing nothing says more.
    """
    user = box.user(user_id)
    own, sizes = box.recommender.seen(user), _sizes(box)
    indicator = np.zeros(box.dataset.n_items, dtype=np.int64)
    indicator[own] = 1
    both = box.recommender.matrix.astype(np.int64) @ indicator
    either = sizes + len(own) - both
    jaccard = both / np.maximum(either, 1)
    others = np.flatnonzero((sizes > 0) & (np.arange(len(sizes)) != user))
    order = others[np.lexsort((others, -sizes[others], jaccard[others]))][:k]
    return [
        box.neighbour(int(one), int(both[one]), int(either[one]))
        | {"n_items": int(sizes[one]), "n_own": len(own), "n_others": len(others),
           "n_apart": int((both[others] == 0).sum())}
        for one in order
    ]  # fmt: skip


def likely_users(box: Toolbox, item_id: str, k: int = 10) -> list[Row]:
    """The users without an item whom DeepFM gives the highest score for it.

    DeepFM scores the N_LIKELY users whose items have the audiences most like the item's own: the
    mean Jaccard of the audiences, times the root of how many items it is the mean of.
    """
    item = box.item(item_id)
    both, either = audience_overlaps(box, np.array([item], dtype=np.int32))
    alike = (both / np.maximum(either, 1))[0]
    matrix, sizes = box.recommender.matrix, _sizes(box)
    fit = (matrix @ alike) / np.sqrt(np.maximum(sizes, 1))
    fit[matrix[:, [item]].toarray()[:, 0] > 0] = 0.0
    open_to = np.flatnonzero(fit > 0)
    asked = open_to[np.lexsort((open_to, -fit[open_to]))][:N_LIKELY].astype(np.int32)
    scores = box.recommender.scorer.score_all(asked)[:, item] if len(asked) else np.empty(0)
    return [
        {
            "user_id": str(box.dataset.user_ids.external[asked[place]]),
            "place": rank,
            "score": float(scores[place]),
            "n_items": int(sizes[asked[place]]),
            "n_asked": len(asked),
            "n_without": int((sizes > 0).sum()) - int(box.recommender.audience.n_users_of[item]),
            "title": box.dataset.title(item),
            "attributes": box.attributes(item),
        }
        for rank, place in enumerate(np.lexsort((asked, -scores))[:k], start=1)
    ]


def most_active(box: Toolbox, k: int = 10, fewest: bool = False) -> list[Row]:
    """The users with the most items, or the fewest: ids, counts and mean labels only."""
    sizes = _sizes(box)
    users = np.arange(len(sizes))
    order = np.lexsort((users, sizes if fewest else -sizes))[:k]
    return [
        {
            "user_id": str(box.dataset.user_ids.external[user]),
            "place": place,
            "n_items": int(sizes[user]),
            "share": float(sizes[user] / max(box.dataset.n_items, 1)),
            "mean_label": _mean_label(box, int(user)),
            "median_items": float(np.median(sizes)),
        }
        for place, user in enumerate(order, start=1)
    ]


def _sizes(box: Toolbox) -> IntArray:
    """Return how many items each user has, (n_users,)."""
    return np.diff(box.recommender.matrix.indptr).astype(np.int64)


def _mean_label(box: Toolbox, user: int) -> float | None:
    rows = box.rows_of(user)
    if not box.dataset.has_labels or not len(rows):
        return None
    return float(box.dataset.interactions.label[rows].mean(dtype=np.float64))
