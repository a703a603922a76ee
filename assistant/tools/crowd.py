"""All users at once: who is most and least alike, who has the most items, who likes what most."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from assistant.asking.filters import All
from assistant.evidence import Row
from assistant.toolbox import Toolbox
from assistant.tools.items import audience_overlaps
from ingest.dataset.ids import IntArray
from recsys.neighbours.audience import Audience

N_LIKELY = 200
"""How many of the users most fit for an item are scored: all would take minutes where many are."""
LEAST_ITEMS = 10
"""Two users with fewer items each may be all alike by chance, and are not compared as a pair."""
MOST_PAIRED = 20_000
"""How many users are compared with each other; of more, those with the most items."""


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


def similar_pairs(box: Toolbox, k: int = 5, least_items: int = LEAST_ITEMS) -> list[Row]:
    """The pairs of users whose item sets are most alike, by exact Jaccard, both with enough items.

    Where fewer than two users have `least_items`, all with any are compared. Ties go by user index.
    """
    sizes = _sizes(box)
    if (sizes >= least_items).sum() < 2:
        least_items = 1
    enough = np.flatnonzero(sizes >= least_items)
    chosen = np.sort(enough[np.lexsort((enough, -sizes[enough]))][:MOST_PAIRED]).astype(np.int32)
    if len(chosen) < 2:
        return []
    found = _pairs(box.recommender.audience, chosen.tobytes(), k)
    external = box.dataset.user_ids.external
    return [
        {
            "user_id": str(external[one]),
            "other_id": str(external[other]),
            "place": place,
            "jaccard": both / either,
            "intersection": both,
            "union": either,
            "n_items": int(sizes[one]),
            "n_items_other": int(sizes[other]),
            "least_items": least_items,
            "n_enough": len(enough),
            "n_compared": len(chosen),
        }
        for place, (one, other, both, either) in enumerate(found, start=1)
    ]


@lru_cache(maxsize=1)
def _pairs(audience: Audience, chosen: bytes, k: int) -> list[tuple[int, int, int, int]]:
    """Return the best `k` pairs of the users in `chosen`, with |A∩B| and |A∪B|.

    A pair among the best k of all is among the best k of its first user, so each user's own k
    nearest are enough. Kept until the data change: it is the one search over all users.
    """
    users = np.frombuffer(chosen, dtype=np.int32)
    lists = Audience(audience.matrix[users]).nearest_all(np.arange(len(users), dtype=np.int32), k)
    first = np.broadcast_to(np.arange(len(users))[:, None], lists.user.shape)
    once = lists.user > first  # each pair is in the list of its first user; −1 ends a list
    one, other = users[first[once]], users[lists.user[once]]
    both, either = lists.intersection[once], lists.union[once]
    order = np.lexsort((other, one, -(both / np.maximum(either, 1))))[:k]
    columns = (one[order], other[order], both[order], either[order])
    return list(zip(*(column.tolist() for column in columns), strict=True))


def fans_of(box: Toolbox, filters: All, k: int = 10) -> list[Row]:
    """The users who liked the most items that meet conditions, or saw the most without labels.

    Among equals, the one of whose items they are the larger share comes first.
    """
    seen, sizes = box.dataset.interactions, _sizes(box)
    mine = filters.mask(box.dataset)[seen.item]
    liked_from = box.dataset.liked_from if box.dataset.has_labels else None
    liked = mine if liked_from is None else mine & (seen.label >= liked_from)
    n_mine = np.bincount(seen.user[mine], minlength=len(sizes))
    n_liked = np.bincount(seen.user[liked], minlength=len(sizes))
    total = np.bincount(seen.user[mine], weights=seen.label[mine], minlength=len(sizes))
    share = n_mine / np.maximum(sizes, 1)
    fans = np.flatnonzero(n_liked)
    order = fans[np.lexsort((fans, -share[fans], -n_liked[fans]))][:k]
    return [
        {
            "user_id": str(box.dataset.user_ids.external[user]),
            "place": place,
            "condition": filters.words(),
            "n_liked": None if liked_from is None else int(n_liked[user]),
            "n_matching": int(n_mine[user]),
            "n_items": int(sizes[user]),
            "share": float(share[user]),
            "mean_label": float(total[user] / n_mine[user]) if box.dataset.has_labels else None,
            "n_fans": len(fans),
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
