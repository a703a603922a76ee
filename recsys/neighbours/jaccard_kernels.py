"""Compiled search for exact Jaccard neighbours; import it inside the function that needs it.

The layout is described in `recsys.neighbours.jaccard_layout`.

**Counting.** |A∩B| of one set A with 64 users at once is the sum of the words of A's items, bit by
bit. The sum is kept bit-sliced, too: bit u of plane p is binary digit p of user u's count. Three
words of equal weight go through a full adder, `sum = a⊕b⊕c`, `carry = majority(a, b, c)`: five
logical operations make one word of the same and one of double weight. A tree of seven such
carry-save adders takes eight columns and the planes of weight 1, 2 and 4, and leaves one carry of
weight 8 to ripple through the planes above: Harley and Seal's population count, turned by a right
angle. LLVM makes wide vector instructions of the loop over words. (Warren, *Hacker's Delight*, 2nd
ed., section 5-1; Muła, Kurz and Lemire, "Faster population counts using AVX2 instructions", The
Computer Journal 61 (1), 2018.) A posting adds one bit to the planes, carrying by hand.

**Comparing.** With the k-th best so far at b/e (|A∩B| = b, |A∪B| = e), a user with s items can
enter the list only if his count c has c/(|A|+s-c) ≥ b/e, which is c ≥ b·(|A|+s)/(b+e). The least
s of a strip of 512 users gives one bound for all of them, and "c ≥ bound" is answered for 64 users
by one operation per plane: going up from the lowest digit, "at least, by the digits so far" becomes
`plane AND before` where the bound's digit is 1, `plane OR before` where it is 0. (Bit-sliced as in
Li and Patel, "BitWeaving: fast scans for main memory data processing", SIGMOD 2013.) Only who
passes is looked at one by one. Where all users of a strip would lose a tie, the bound is strict.

**Skipping.** No user with s items is nearer than min(|A|, s) / max(|A|, s). So blocks and strips
are searched outwards from |A|'s own size, and sizes from which b/e is out of reach are not counted.
(Swamidass and Baldi, "Bounds and algorithms for fast exact searches of chemical fingerprints in
linear and sublinear time", J. Chem. Inf. Model. 47 (2), 2007.)

All of it is integer arithmetic: fractions are compared crosswise, ties go to the lower user index.
It is one room, though a large one, because numba's cache looks for changes in this file only: no
compiled function, and no constant in one, may live elsewhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, uint64

from recsys.neighbours.jaccard_layout import Layout

WORDS = 392
"""Words of a column in one block, at most. Long runs are read from memory at full speed, and the
planes still fit a first-level cache of 32 KB. Not a power of two, or they would share its sets."""
BLOCK = 64 * WORDS
"""Users in one block."""
STRIP = 512
"""Users compared with one bound."""
STRIP_WORDS = STRIP // 64
NONE, ONE, ALL = uint64(0), uint64(1), uint64(0xFFFFFFFFFFFFFFFF)


@njit(cache=True, nogil=True)
def search(layout: Layout, sets: Any, rows: Any, exclude: Any, lists: Any) -> None:
    """Find the nearest users of some sets, best of like size: they take turns at every block.

    While its columns are in the cache, that is, which saves a sixth of the time.

    Args:
        layout: the users.
        sets: (indptr, indices) of a CSR matrix whose rows are item sets.
        rows: which of those rows to search for, (n,), at least one.
        exclude: the user to leave out of each list, or -1, (n,).
        lists: what is found is written here: users, |A∩B| and |A∪B|, each (n, k), and how many of
            the k there are, (n,).
    """
    indptr, indices = sets
    users, boths, eithers, lengths = lists
    sizes = indptr[rows + 1] - indptr[rows]
    planes = np.zeros((_n_planes(sizes.max()) + 1) * WORDS, dtype=np.uint64)
    starts = np.cumsum(sizes + 8) - (sizes + 8)  # room to fill up eights
    dense = np.empty(starts[-1] + sizes[-1] + 8, dtype=np.int64)
    rare = np.empty_like(dense)
    counts = np.empty((len(rows), 2), dtype=np.int64)
    for r in range(len(rows)):
        items = indices[indptr[rows[r]] : indptr[rows[r] + 1]]
        counts[r] = _split(layout, items, dense[starts[r] :], rare[starts[r] :])
        lengths[r] = 0
    for block in _outwards(layout.size_at, sizes[len(rows) // 2], BLOCK):
        for r in range(len(rows)):
            columns = dense[starts[r] : starts[r] + counts[r, 0]]
            postings = rare[starts[r] : starts[r] + counts[r, 1]]
            query = sizes[r], columns, postings, exclude[r]
            heap = users[r], boths[r], eithers[r]
            found = np.int64(lengths[r])
            lengths[r] = _search_block(layout, block * BLOCK, query, planes, heap, found)
    for r in range(len(rows)):
        _sort((users[r], boths[r], eithers[r]), np.int64(lengths[r]))


@njit(nogil=True)
def _n_planes(n: Any) -> Any:
    """Return how many binary digits a count up to `n` has, at least the adder tree's three."""
    n_planes = 3
    while n >> n_planes:
        n_planes += 1
    return n_planes


@njit(nogil=True)
def _split(layout: Layout, items: Any, dense: Any, rare: Any) -> Any:
    """Part a set's items into bit columns, filled up to a multiple of eight, and posting lists."""
    n_dense, n_rare = 0, 0
    for item in items:
        column = layout.column_of[item]
        if column >= 0:
            dense[n_dense] = column
            n_dense += 1
        else:
            rare[n_rare] = -1 - column
            n_rare += 1
    while n_dense % 8:
        dense[n_dense] = layout.columns.shape[1] - 1
        n_dense += 1
    return n_dense, n_rare


@njit(nogil=True)
def _outwards(size_at: Any, n: Any, step: Any) -> Any:
    """Return the numbers of all stretches of `step` places, those of sizes nearest to `n` first."""
    n_steps = (len(size_at) + step - 1) // step
    order = np.empty(n_steps, dtype=np.int64)
    high = min(np.searchsorted(size_at, n) // step, n_steps - 1)
    low = high - 1
    for at in range(n_steps):
        lower = low >= 0
        if lower and high < n_steps:  # which is more: largest / n below, or n / smallest above?
            lower = size_at[(low + 1) * step - 1] * size_at[high * step] > n * n
        if lower:
            order[at] = low
            low -= 1
        else:
            order[at] = high
            high += 1
    return order


@njit(nogil=True)
def _search_block(
    layout: Layout, first: Any, query: Any, planes: Any, heap: Any, found: Any
) -> Any:
    """Offer the users of the block from place `first` to the heap; return the heap's new length."""
    n, dense, rare, _ = query
    low, high = _reachable(layout.size_at[first : first + BLOCK], n, heap, found)
    if low >= high:
        return found
    n_planes = _n_planes(n)
    planes[: (n_planes + 1) * WORDS] = NONE
    for row in rare:
        places = layout.places[layout.starts[row] : layout.starts[row + 1]]
        _add_postings(places, first, planes)
    columns = layout.columns[first // BLOCK]
    for at in range(0, len(dense), 8):
        so_far = _n_planes(min(n, len(rare) + at + 8))  # above, all planes are still zero
        _add_eight(columns, dense[at : at + 8], low // 64, (high + 63) // 64, planes, so_far)
    for strip in _outwards(layout.size_at[first + low : first + high], n, STRIP):
        found = _search_strip(layout, first, low + strip * STRIP, query, planes, heap, found)
    return found


@njit(nogil=True)
def _reachable(size_at: Any, n: Any, heap: Any, found: Any) -> Any:
    """Return the range of places, in whole strips, whose users' sizes allow them into the heap."""
    _, boths, eithers = heap
    if found < len(boths):
        return 0, len(size_at)
    both, either = np.int64(boths[0]), np.int64(eithers[0])
    low = np.searchsorted(size_at, (n * both + either - 1) // either)
    high = np.searchsorted(size_at, n * either // both, side="right")
    return low // STRIP * STRIP, min((high + STRIP - 1) // STRIP * STRIP, len(size_at))


@njit(nogil=True)
def _search_strip(
    layout: Layout, first: Any, start: Any, query: Any, planes: Any, heap: Any, found: Any
) -> Any:
    """Offer the users of a counted strip, `start` places into its block, to the heap."""
    n, _, _, exclude = query
    n_planes = _n_planes(n)
    user_at, size_at = layout.user_at, layout.size_at
    smallest, lowest = size_at[first + start], layout.lowest[(first + start) // STRIP]
    bound = _bound(heap, found, n, smallest, lowest)
    _at_least(bound, start // 64, planes, n_planes)
    for word in range(start // 64, start // 64 + STRIP_WORDS):
        mask = planes[word]
        if mask == NONE:
            continue
        while mask:
            bit = _lowest_bit(mask)
            mask &= mask - ONE
            place = first + 64 * word + np.int64(bit)
            if user_at[place] != exclude:
                both = _count(planes, n_planes, word, bit)
                found = _offer(heap, found, user_at[place], both, n + size_at[place] - both)
        higher = _bound(heap, found, n, smallest, lowest)
        if higher > bound:
            bound = higher
            _at_least(bound, start // 64, planes, n_planes)
    return found


@njit(nogil=True)
def _bound(heap: Any, found: Any, n: Any, smallest: Any, lowest: Any) -> Any:
    """Return the least |A∩B| that lets a user of a strip into the heap.

    `smallest` is the least number of items and `lowest` the least user index in the strip.
    """
    users, boths, eithers = heap
    if found < len(users):
        return np.int64(1)
    total = np.int64(boths[0]) + np.int64(eithers[0])
    product = boths[0] * (n + smallest)
    if lowest > users[0]:  # a tie is lost: more than product / total is needed
        return product // total + 1
    return (product + total - 1) // total


@njit(nogil=True)
def _add_postings(places: Any, first: Any, planes: Any) -> None:
    """Add one to the count of every user in `places` who stands in the block from `first`."""
    for at in range(np.searchsorted(places, first), len(places)):
        place = places[at] - first
        if place >= BLOCK:
            break
        carry = ONE << uint64(place % 64)
        row = WORDS + place // 64
        while carry:
            plane = planes[row]
            planes[row] = plane ^ carry
            carry &= plane
            row += WORDS


@njit(nogil=True)
def _add_eight(columns: Any, eight: Any, start: Any, stop: Any, planes: Any, n_planes: Any) -> None:
    """Add words `start` to `stop` of eight bit columns to the planes: a tree of carry-save adders.

    The first row of `planes` is scratch for the carry, then come the planes of weight 1, 2, 4, …
    Slices, and constant distances between rows, let LLVM vectorise the loops: it must see that no
    index is negative and that no column overlaps a plane.
    """
    a, b = columns[eight[0]][start:stop], columns[eight[1]][start:stop]
    c, d = columns[eight[2]][start:stop], columns[eight[3]][start:stop]
    e, f = columns[eight[4]][start:stop], columns[eight[5]][start:stop]
    g, h = columns[eight[6]][start:stop], columns[eight[7]][start:stop]
    low = planes[start:]
    for w in range(stop - start):
        ones, two_a = _full_add(low[WORDS + w], a[w], b[w])
        ones, two_b = _full_add(ones, c[w], d[w])
        twos, four_a = _full_add(low[2 * WORDS + w], two_a, two_b)
        ones, two_a = _full_add(ones, e[w], f[w])
        ones, two_b = _full_add(ones, g[w], h[w])
        twos, four_b = _full_add(twos, two_a, two_b)
        fours, eights = _full_add(low[3 * WORDS + w], four_a, four_b)
        low[WORDS + w], low[2 * WORDS + w], low[3 * WORDS + w] = ones, twos, fours
        low[w] = eights
    for p in range(4, n_planes + 1):
        plane = planes[p * WORDS + start : p * WORDS + stop]
        for w in range(stop - start):
            carry = low[w] & plane[w]
            plane[w] ^= low[w]
            low[w] = carry


@njit(nogil=True, inline="always")
def _full_add(a: Any, b: Any, c: Any) -> Any:
    """Add three bits in each of 64 places: the sum, and the carry of double weight."""
    half = a ^ b
    return half ^ c, (a & b) | (half & c)


@njit(nogil=True)
def _at_least(bound: Any, start: Any, planes: Any, n_planes: Any) -> None:
    """Mark in the first row of `planes` who has a count of `bound` or more, for one strip."""
    passed = planes[start : start + STRIP_WORDS]
    passed[:] = ALL if bound >> n_planes == 0 else NONE
    for p in range(n_planes):
        plane = planes[(p + 1) * WORDS + start : (p + 1) * WORDS + start + STRIP_WORDS]
        if bound >> p & 1:
            for w in range(STRIP_WORDS):
                passed[w] &= plane[w]
        else:
            for w in range(STRIP_WORDS):
                passed[w] |= plane[w]


@njit(nogil=True)
def _count(planes: Any, n_planes: Any, word: Any, bit: Any) -> Any:
    """Read one user's count back from the planes."""
    count = np.int64(0)
    for p in range(n_planes):
        count |= np.int64(planes[(p + 1) * WORDS + word] >> bit & ONE) << p
    return count


@njit(nogil=True, inline="always")
def _lowest_bit(word: Any) -> Any:
    """Return the place of the lowest 1: how many ones its predecessor has below it."""
    x = (word & (~word + ONE)) - ONE
    x -= (x >> ONE) & uint64(0x5555555555555555)  # LLVM knows these four lines as one instruction
    x = (x & uint64(0x3333333333333333)) + ((x >> uint64(2)) & uint64(0x3333333333333333))
    x = (x + (x >> uint64(4))) & uint64(0x0F0F0F0F0F0F0F0F)
    return (x * uint64(0x0101010101010101)) >> uint64(56)


@njit(nogil=True)
def _offer(heap: Any, found: Any, user: Any, both: Any, either: Any) -> Any:
    """Put a user into the heap, whose root is the worst, if there is room or he beats the root."""
    users, boths, eithers = heap
    if found == len(users):
        if _worse(boths[0], eithers[0], users[0], both, either, user):
            _sink(heap, found, user, both, either)
        return found
    at = found
    while at > 0:
        up = (at - 1) // 2
        if not _worse(both, either, user, boths[up], eithers[up], users[up]):
            break
        users[at], boths[at], eithers[at] = users[up], boths[up], eithers[up]
        at = up
    users[at], boths[at], eithers[at] = user, both, either
    return found + 1


@njit(nogil=True)
def _sink(heap: Any, length: Any, user: Any, both: Any, either: Any) -> None:
    """Replace the root of the heap and let it sink to where it belongs."""
    users, boths, eithers = heap
    at = 0
    while 2 * at + 1 < length:
        down = 2 * at + 1
        other = down + 1
        if other < length and _worse(
            boths[other], eithers[other], users[other], boths[down], eithers[down], users[down]
        ):
            down = other
        if not _worse(boths[down], eithers[down], users[down], both, either, user):
            break
        users[at], boths[at], eithers[at] = users[down], boths[down], eithers[down]
        at = down
    users[at], boths[at], eithers[at] = user, both, either


@njit(nogil=True)
def _sort(heap: Any, length: Any) -> None:
    """Turn the heap into a list, best first: again and again, move the worst to the end."""
    users, boths, eithers = heap
    for last in range(length - 1, 0, -1):
        user, both, either = users[last], boths[last], eithers[last]
        users[last], boths[last], eithers[last] = users[0], boths[0], eithers[0]
        _sink(heap, last, user, both, either)


@njit(nogil=True, inline="always")
def _worse(both: Any, either: Any, user: Any, both_2: Any, either_2: Any, user_2: Any) -> Any:
    """Return whether the first of two users comes after the second in the list."""
    left, right = both * either_2, both_2 * either
    return left < right or (left == right and user > user_2)
