"""Compiled loops; import this inside the function that needs one, for numba is slow to import."""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
from numba import njit, uint64


@njit(cache=True, nogil=True)
def best_of_rows(scores: Any, indptr: Any, indices: Any, out: Any) -> None:
    """Fill each row of `out` with its best columns of `scores`, best first, ties by column.

    Columns stored in the row of the CSR `indptr`, `indices` are left out.
    """
    n_rows, n_columns = scores.shape
    n = min(out.shape[1], n_columns)
    left_out = np.full(n_columns, -1, np.int64)
    for row in range(n_rows):
        for place in range(indptr[row], indptr[row + 1]):
            left_out[indices[place]] = row
        best = [(scores[row, 0], 0) for _ in range(0)]  # a heap, the worst on top
        for column in range(n_columns):
            if len(best) == n and not scores[row, column] > best[0][0]:
                continue
            if left_out[column] == row:
                continue
            if len(best) < n:
                heapq.heappush(best, (scores[row, column], -column))
            else:
                heapq.heapreplace(best, (scores[row, column], -column))
        for place in range(len(best) - 1, -1, -1):
            out[row, place] = -heapq.heappop(best)[1]


@njit(cache=True)
def mark_bits(indptr: Any, indices: Any, bits: Any) -> None:
    """Set bit i of row u of `bits`, (n_users, words) of 64, for every item i of user u."""
    for user in range(len(indptr) - 1):
        for item in indices[indptr[user] : indptr[user + 1]]:
            bits[user, item >> 6] |= uint64(1) << uint64(item & 63)


@njit(cache=True)
def draw_negatives(
    indptr: Any,
    indices: Any,
    bits: Any,
    users: Any,
    n_items: Any,
    cumulative: Any,
    seed: Any,
    out: Any,
) -> None:
    """Fill `out`, (len(users), n), with items outside each user's row; −1 where there is none.

    An empty `cumulative` draws all items alike; else it holds the items' running weights. `bits`
    are the rows as bits, or empty: then rows are searched.
    """
    state = seed
    for r in range(len(users)):
        user = users[r]
        start, end = indptr[user], indptr[user + 1]
        for j in range(out.shape[1]):
            out[r, j] = -1
            if end - start >= n_items:
                continue
            for _ in range(16):
                state += uint64(1)
                item = _draw(cumulative, n_items, _fraction(state))
                if not _has(indices, start, end, bits, user, item):
                    out[r, j] = item
                    break
            if out[r, j] < 0:
                state += uint64(1)
                place = int(_fraction(state) * (n_items - (end - start)))
                out[r, j] = _unseen(indices[start:end], place)


@njit(cache=True)
def _has(indices: Any, start: Any, end: Any, bits: Any, user: Any, item: Any) -> Any:
    """Tell whether `item` is in the user's sorted row start…end."""
    if len(bits):
        return (bits[user, item >> 6] >> uint64(item & 63)) & uint64(1) != 0
    place = start + np.searchsorted(indices[start:end], item)
    return place < end and indices[place] == item


@njit(cache=True)
def _draw(cumulative: Any, n_items: Any, fraction: Any) -> Any:
    if len(cumulative) == 0:
        return int(fraction * n_items)
    item = np.searchsorted(cumulative, fraction * cumulative[-1], side="right")
    return min(item, n_items - 1)


@njit(cache=True)
def _unseen(row: Any, place: Any) -> Any:
    """Return the item at `place` among those outside the sorted `row`."""
    item = place
    for seen in row:
        if seen > item:
            break
        item += 1
    return item


@njit(cache=True)
def _fraction(state: Any) -> Any:
    """Return a number in [0, 1) from a counter: SplitMix64 (Steele, Lea, Flood, 2014)."""
    mixed = state * uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> uint64(30))) * uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> uint64(27))) * uint64(0x94D049BB133111EB)
    return ((mixed ^ (mixed >> uint64(31))) >> uint64(11)) * 2.0**-53
