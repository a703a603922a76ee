"""The compiled loop of `recsys.network.touched`; import this inside the function that needs it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True)
def name_once(
    users: Any, items: Any, sides: Any, large: Any, starts: Any, flags: Any, marks: Any
) -> Any:
    """Name every user, item and code of a batch once.

    Args:
        users: (B,).
        items: (B, 1 + n).
        sides: the bags of all users and of all items, (codes, values, offsets, n_fields) each.
        large: of each side, which of its fields are looked through; the others are named whole.
        starts: where each field's codes begin, users' fields first, and the end.
        flags: uint8, a multiple of eight, all 0: scratch, and 0 again afterwards.
        marks: int32 for every user, item and code: scratch; the last receives codes' places.

    Returns:
        The distinct codes, ascending, and where each field's begin among them; the distinct users
        and the place of each pair's among them; the same of items. Cost: O(batch + an eighth of all
        users, items and codes).
    """
    mark_users, mark_items, slot = marks
    flat = items.reshape(items.size)
    for user in users:
        flags[user] = 1
    user_rows = _number(flags, mark_users)
    for item in flat:
        flags[item] = 1
    item_rows = _number(flags, mark_items)
    user_places, item_places = np.empty(flat.size, np.int32), np.empty(flat.size, np.int32)
    pair = 0
    for row in range(len(users)):
        place = mark_users[users[row]]
        for _ in range(items.shape[1]):
            user_places[pair] = place
            item_places[pair] = mark_items[flat[pair]]
            pair += 1
    n_user_fields = len(large[0])
    _flag_codes(sides[0], user_rows, large[0], starts[: n_user_fields + 1], flags)
    _flag_codes(sides[1], item_rows, large[1], starts[n_user_fields:], flags)
    codes = _number(flags, slot)
    blocks = np.searchsorted(codes, starts)
    return codes, blocks, user_rows, user_places, item_rows, item_places


@njit
def _flag_codes(bags: Any, rows: Any, large: Any, starts: Any, flags: Any) -> None:
    codes, _, offsets, n_fields = bags
    for field in range(n_fields):
        if not large[field]:
            flags[starts[field] : starts[field + 1]] = 1
            continue
        for row in rows:
            bag = row * n_fields + field
            for place in range(offsets[bag], offsets[bag + 1]):
                flags[codes[place]] = 1


@njit
def _number(flags: Any, mark: Any) -> Any:
    """Number what is flagged, ascending, in `mark`; return it and take the flags back."""
    found, n = np.empty(len(mark) + 8, np.int64), 0
    words = flags.view(np.uint64)
    for w in range((len(mark) + 7) // 8):
        if words[w]:
            for value in range(8 * w, min(8 * w + 8, len(mark))):  # nothing foresees who is there
                found[n] = value
                mark[value] = n
                n += flags[value]
            words[w] = 0
    return found[:n].copy()
