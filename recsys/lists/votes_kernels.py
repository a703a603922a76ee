"""Votes where there are many interactions, compiled: the same sums in the same order, same bits."""

from __future__ import annotations

import math
from typing import Any

from numba import njit


@njit(cache=True)
def count_shared(items: Any, starts: Any, voters: Any, shared: Any) -> None:
    """Add to `shared` (n_users,) how many of `items` each user has; `starts`, `voters` by item."""
    for item in items:
        for posting in range(starts[item], starts[item + 1]):
            shared[voters[posting]] += 1


@njit(cache=True)
def add_votes(
    newest: Any,
    starts: Any,
    voters: Any,
    place: Any,
    n_later: Any,
    jaccard: Any,
    items: Any,
    recency: Any,
    fading: Any,
    votes: Any,
) -> None:
    """Add to `votes` (n_items,) what everybody had after the `newest` items of one user.

    Args:
        newest: the user's items, newest first, (depth,).
        starts: where each item's postings begin, (n_items + 1,).
        voters: who has the item, by posting.
        place: where that interaction stands in `items`, by posting.
        n_later: how many items came after it and are heard, by posting.
        jaccard: of every user with the one asked for, (n_users,).
        items: everybody's items, user by user from oldest to newest.
        recency: what each of `newest` weighs, (depth,).
        fading: what each later item weighs, (window,).
        votes: what is added to, float64.
    """
    for x in range(len(newest)):
        begin, stop = starts[newest[x]], starts[newest[x] + 1]
        crowd = 0.0
        for posting in range(begin, stop):
            crowd += jaccard[voters[posting]]
        share = recency[x] / math.sqrt(max(crowd, 1e-12))
        for posting in range(begin, stop):
            weight = jaccard[voters[posting]] * share
            if weight > 0:
                first = place[posting] + 1
                for later in range(n_later[posting]):
                    votes[items[first + later]] += weight * fading[later]
