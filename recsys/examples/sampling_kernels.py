"""Compiled loops of `recsys.examples.sampling`; import this inside the function that needs one.

Every draw has a number of its own, made from the seed, its place and its round, so that no draw
waits for the one before it: first all places are drawn, then again those that hit one of the user's
own items, and so on. Nothing in the first round branches on what was drawn.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, uint64

_ROUNDS = 16
"""Draws for one place; who then still has none gets one counted off exactly."""

_BUCKETS = 256


@njit(cache=True)
def mark_bits(indptr: Any, indices: Any, bits: Any) -> None:
    """Set bit i of row u of `bits`, (n_users, words) of 64, for every item i of user u."""
    for user in range(len(indptr) - 1):
        for item in indices[indptr[user] : indptr[user + 1]]:
            bits[user, item >> 6] |= uint64(1) << uint64(item & 63)


@njit(cache=True)
def alias_table(weights: Any, keep: Any, other: Any) -> None:
    """Fill Walker's table (1977; in Vose's order, 1991) for items drawn in proportion to `weights`.

    A place drawn uniformly stands for itself with probability `keep`, else for `other`.
    """
    n, total = len(weights), weights.sum()
    stack, small, large = np.empty(n, np.int64), 0, n  # the small from the left, the large right
    for i in range(n):
        keep[i] = weights[i] * n / total if total > 0 else 1.0
        other[i] = i
        if keep[i] < 1:
            stack[small] = i
            small += 1
        else:
            large -= 1
            stack[large] = i
    while small > 0 and large < n:
        small -= 1
        poor, rich = stack[small], stack[large]
        other[poor] = rich
        keep[rich] -= 1 - keep[poor]
        if keep[rich] < 1:
            large += 1
            stack[small] = rich
            small += 1
    for place in range(small):  # rounding left them without a partner
        keep[stack[place]] = 1.0


@njit(cache=True)
def draw_negatives(
    indptr: Any,
    indices: Any,
    bits: Any,
    users: Any,
    n_items: Any,
    keep: Any,
    other: Any,
    seed: Any,
    out: Any,
) -> None:
    """Fill `out`, (len(users), n), with items outside each user's row; −1 where there is none.

    Args:
        indptr: of the rows.
        indices: of the rows, sorted within each.
        bits: the rows as bits, or empty: then rows are searched.
        users: (n,).
        n_items: how many items there are.
        keep: of `alias_table`; empty draws all items alike.
        other: of `alias_table`.
        seed: uint64.
        out: to fill.
    """
    n, alike, held, flat = out.shape[1], len(keep) == 0, len(bits) > 0, out.reshape(out.size)
    for place in range(flat.size):  # arithmetic alone, which fills vector registers
        flat[place] = _below(_mixed(seed + uint64(place)), n_items)
    wrong, n_wrong = np.empty(flat.size + 1, np.int64), flat.size
    for again in range(_ROUNDS):
        first, before, n_wrong = seed + uint64(again) * uint64(flat.size), n_wrong, 0
        for w in range(before):
            place = wrong[w] if again else w
            item = np.int64(flat[place])
            if again or not alike:
                number = _mixed(first + uint64(place))
                item = _below(number, n_items)
                if not alike and _fraction(number) >= keep[item]:
                    item = other[item]
                flat[place] = item
            user = users[place // n if n > 1 else place]
            if held:
                has = np.int64((bits[user, item >> 6] >> uint64(item & 63)) & uint64(1))
            else:
                has = _search(indices, indptr[user], indptr[user + 1], item)
            wrong[n_wrong] = place
            n_wrong += has
    first = seed + uint64(_ROUNDS) * uint64(flat.size)
    for place in wrong[:n_wrong]:
        user = users[place // n]
        row = indices[indptr[user] : indptr[user + 1]]
        left = n_items - len(row)
        flat[place] = _unseen(row, _below(_mixed(first + uint64(place)), left)) if left else -1


@njit(cache=True)
def deal(users: Any, items: Any, negatives: Any, each: Any, seed: Any, dealt: Any) -> None:
    """Fill `dealt`, (n, 3 + m), with row number, user, item and m negatives, in random order.

    All orders are alike. Everybody is dealt into a random bucket, then each bucket is shuffled in
    the cache (Rao, 1961; Sandelius, 1962): a plain shuffle waits for memory at every swap.

    Args:
        users: (n,).
        items: (n,).
        negatives: (n, m).
        each: any tuple of length m + 3, by which the compiler knows that number.
        seed: uint64.
        dealt: int32, to fill.
    """
    n, m = len(users), negatives.shape[1]
    bucket_of, ends = np.empty(n, np.uint8), np.zeros(_BUCKETS + 1, np.int64)
    for i in range(n):
        bucket_of[i] = _below(_mixed(seed + uint64(i)), _BUCKETS)
    for i in range(n):
        ends[bucket_of[i] + 1] += 1
    ends = np.cumsum(ends)
    places = ends[:-1].copy()
    for i in range(n):
        place = places[bucket_of[i]]
        places[bucket_of[i]] += 1
        dealt[place, 0], dealt[place, 1], dealt[place, 2] = i, users[i], items[i]
        for j in range(m):
            dealt[place, 3 + j] = negatives[i, j]
    for bucket in range(_BUCKETS):
        start = ends[bucket]
        for last in range(ends[bucket + 1] - start - 1, 0, -1):
            one = start + last
            two = start + _below(_mixed(seed + uint64(n + one)), last + 1)
            for j in range(len(each)):
                number = dealt[one, j]
                dealt[one, j] = dealt[two, j]
                dealt[two, j] = number


@njit(cache=True)
def take_columns(dealt: Any, rows: Any, users: Any, items: Any) -> None:
    """Fill `rows` (n,), `users` (n,) and `items` (n, 1 + m) from `dealt`, see `deal`."""
    for r in range(len(dealt)):
        rows[r], users[r] = dealt[r, 0], dealt[r, 1]
        for j in range(items.shape[1]):
            items[r, j] = dealt[r, 2 + j]


@njit(cache=True)
def _search(indices: Any, start: Any, end: Any, item: Any) -> Any:
    """Return 1 if `item` is in indices[start:end], which is sorted, else 0."""
    stop = end
    while start < stop:
        middle = (start + stop) >> 1
        if indices[middle] < item:
            start = middle + 1
        else:
            stop = middle
    return np.int64(start < end and indices[start] == item)


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
def _below(number: Any, n: Any) -> Any:
    """Return one of 0 … n − 1, by the upper half of `number`."""
    return np.int64(((number >> uint64(32)) * uint64(n)) >> uint64(32))


@njit(cache=True)
def _fraction(number: Any) -> Any:
    """Return a number in [0, 1), by the lower half of `number`."""
    return np.float64(number & uint64(0xFFFFFFFF)) * 2.0**-32


@njit(cache=True)
def _mixed(counter: Any) -> Any:
    """Return 64 random bits for a counter: SplitMix64 (Steele, Lea, Flood, 2014)."""
    mixed = counter * uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> uint64(30))) * uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> uint64(27))) * uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> uint64(31))
