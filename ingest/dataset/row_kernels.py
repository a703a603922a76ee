"""Compiled passes over millions of rows: grouping, order in time, pairs that stand twice.

All are counting sorts or sorts of one user's rows: linear in the rows but for the length of a
history. Rows keep their order within a group; where they stand group by group already, as in
MovieLens' tables, nothing is sorted and no memory is taken for their order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

_DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
"""Its 64 shifts differ in their upper six bits: they tell which bit of a word is set."""
_PLACE_OF = np.empty(64, dtype=np.int32)
_PLACE_OF[[(0x03F79D71B4CB0A89 << place) % 2**64 >> 58 for place in range(64)]] = np.arange(64)


@njit(cache=True)
def group_rows(codes: Any, n_groups: int, only: Any = None) -> tuple[Any, Any]:
    """Return where each group's rows begin, (n_groups + 1,), and the rows group by group.

    `only` limits them to some rows, in ascending order.
    """
    n = len(codes) if only is None else len(only)
    starts = np.zeros(n_groups + 1, dtype=np.int64)
    for place in range(n):
        row = place if only is None else only[place]
        starts[codes[row] + 1] += 1
    for group in range(n_groups):
        starts[group + 1] += starts[group]
    end = starts[:-1].copy()
    rows = np.empty(n, dtype=np.int32)
    for place in range(n):
        row = place if only is None else only[place]
        group = codes[row]
        rows[end[group]] = row
        end[group] += 1
    return starts, rows


@njit(cache=True)
def mark_used(codes: Any, used: Any) -> None:
    """Set used[code] for every code; −1 sets the last."""
    for code in codes:
        used[code] = True


@njit(cache=True)
def replace_codes(codes: Any, found: Any, taken: Any) -> None:
    """Put found[code] into `taken`, which may be `codes`, for every code; −1 means the last."""
    for row in range(len(codes)):
        taken[row] = found[codes[row]]


@njit(cache=True)
def _grouped(codes: Any, n_groups: int, only: Any = None) -> tuple[Any, Any]:
    """Return what `group_rows` does, no rows where they stand group by group already."""
    n = len(codes) if only is None else len(only)
    before = -1
    for place in range(n):
        group = codes[place if only is None else only[place]]
        if group < before:
            return group_rows(codes, n_groups, only)
        before = group
    starts = np.zeros(n_groups + 1, dtype=np.int64)
    for place in range(n):
        starts[codes[place if only is None else only[place]] + 1] += 1
    for group in range(n_groups):
        starts[group + 1] += starts[group]
    return starts, np.empty(0, dtype=np.int32)


@njit(cache=True)
def lowest_within(codes: Any, by: Any, keep: Any) -> Any:
    """Return a mask of each group's keep[group] lowest rows by (`by`, row).

    No group is sorted: the value that divides it is found by bisection, which counts without
    branches. Values lie within ±2^62.
    """
    starts, rows = _grouped(codes, len(keep))
    lowest = np.ones(len(codes), dtype=np.bool_)
    for group in range(len(keep)):
        begin, end = starts[group], starts[group + 1]
        if keep[group] >= end - begin:
            continue
        values = by[rows[begin:end]] if len(rows) else by[begin:end]
        if _ascending(values):  # as in a log that grows
            for place in range(begin + keep[group], end):
                lowest[rows[place] if len(rows) else place] = False
            continue
        last, below = _dividing(values, keep[group])
        ties = keep[group] - below  # how many rows of the dividing value are kept
        for place in range(end - begin):
            row = rows[begin + place] if len(rows) else begin + place
            if values[place] == last:
                lowest[row] = ties > 0
                ties -= 1
            else:
                lowest[row] = values[place] < last
    return lowest


@njit(cache=True)
def _ascending(values: Any) -> bool:
    for place in range(1, len(values)):
        if values[place] < values[place - 1]:
            return False
    return True


@njit(cache=True)
def parted(chosen: Any) -> tuple[Any, Any]:
    """Return the rows where the mask is set, and the others, both in ascending order."""
    n_chosen = 0
    for one in chosen:
        n_chosen += one
    rows = np.empty(n_chosen + 1, dtype=np.int64)
    others = np.empty(len(chosen) - n_chosen + 1, dtype=np.int64)
    here = there = 0
    for row in range(len(chosen)):  # without branches: each row is written to both, and one counts
        rows[here] = others[there] = row
        here += chosen[row]
        there += not chosen[row]
    return rows[:-1], others[:-1]


@njit(cache=True)
def _dividing(values: Any, n_lower: int) -> tuple[int, int]:
    """Return the value at place `n_lower` in ascending order, and how many are less."""
    low, high = values[0], values[0]
    for value in values:
        low, high = min(low, value), max(high, value)
    below = 0
    while low < high:
        middle = low + (high - low) // 2
        n_up_to = 0
        for value in values:
            n_up_to += value <= middle
        if n_up_to > n_lower:
            high = middle
        else:
            low, below = middle + 1, n_up_to
    return low, below


@njit(cache=True)
def rank_within(codes: Any, by: Any, n_groups: int) -> Any:
    """Return each row's place in its group, 0 the lowest, by (`by`, row)."""
    starts, rows = group_rows(codes, n_groups)
    rank = np.empty(len(codes), dtype=np.int32)
    for group in range(n_groups):
        members = rows[starts[group] : starts[group + 1]]
        places = np.argsort(by[members], kind="mergesort")
        for place in range(len(members)):
            rank[members[places[place]]] = place
    return rank


@njit(cache=True)
def first_pair_twice(user: Any, item: Any, n_users: int, n_items: int) -> Any:
    """Return a row whose (user, item) stands in an earlier row, −1 where every pair stands once."""
    starts, rows = _grouped(user, n_users)
    seen_by = np.full(n_items, -1, dtype=np.int32)
    for one in range(n_users):
        for place in range(starts[one], starts[one + 1]):
            row = rows[place] if len(rows) else place
            if seen_by[item[row]] == one:
                return row
            seen_by[item[row]] = one
    return -1


@njit(cache=True)
def compressed_rows(
    user: Any, item: Any, n_users: int, n_items: int, only: Any = None
) -> tuple[Any, Any]:
    """Return indptr and ascending, distinct item indices of the user × item matrix in CSR form.

    A counting sort by user; then a user's items are marked in a map of bits, which is read in
    order, or sorted where they are few for the map's length.
    """
    starts, rows = _grouped(user, n_users, only)
    indptr = np.zeros(n_users + 1, dtype=np.int64)
    indices = np.empty(starts[-1], dtype=np.int32)
    bits = np.zeros((n_items + 63) // 64, dtype=np.uint64)
    most = 0
    for one in range(n_users):
        most = max(most, starts[one + 1] - starts[one])
    items = np.empty(most, dtype=np.int32)
    end = 0
    for one in range(n_users):
        n = starts[one + 1] - starts[one]
        for place in range(n):
            row = starts[one] + place
            if len(rows):
                row = rows[row]
            elif only is not None:
                row = only[row]
            items[place] = item[row]
        if n * 8 < len(bits):
            end = _put_sorted(items[:n], indices, end)
        else:
            for one_item in items[:n]:
                bits[one_item >> 6] |= np.uint64(1) << np.uint64(one_item & 63)
            end = _put_marked(bits, indices, end)
        indptr[one + 1] = end
    return indptr, indices[:end]


@njit(cache=True)
def _put_sorted(items: Any, indices: Any, end: int) -> int:
    items.sort()
    for place in range(len(items)):
        if place == 0 or items[place] != items[place - 1]:
            indices[end] = items[place]
            end += 1
    return end


@njit(cache=True)
def _put_marked(bits: Any, indices: Any, end: int) -> int:
    """Append the places of the bits that are set, and clear them."""
    for word in range(len(bits)):
        left = bits[word]
        while left:
            lowest = left & (~left + np.uint64(1))
            indices[end] = word * 64 + _PLACE_OF[(lowest * _DE_BRUIJN) >> np.uint64(58)]
            end += 1
            left ^= lowest
        bits[word] = np.uint64(0)
    return end
