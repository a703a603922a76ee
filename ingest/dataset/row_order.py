"""Rows in order by group: sorted by numpy where they are few, compiled where they are many.

Loading numba takes a process about a second, more than all that an answer has to sort below FEW
rows; both ways give the same numbers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FEW = 1 << 19
"""Below so many rows numpy is done before numba is loaded: 0.1 s a sort at a million rows."""
ONCE = 1 << 21
"""The same of what a process does once and by sorting whole numbers: 0.02 s at a million rows."""
Rows = NDArray[np.integer]


def group_starts(codes: Rows, n_groups: int) -> NDArray[np.int64]:
    """Return where each group's rows begin once they are in order, (n_groups + 1,)."""
    starts = np.zeros(n_groups + 1, dtype=np.int64)
    np.cumsum(np.bincount(codes, minlength=n_groups), out=starts[1:])
    return starts


def rows_by_group(codes: Rows, n_groups: int) -> NDArray[np.int32]:
    """Return the rows group by group, in their order within each, (n,)."""
    if len(codes) < FEW:
        return np.argsort(codes, kind="stable").astype(np.int32)
    from ingest.dataset.row_kernels import group_rows

    rows: NDArray[np.int32] = group_rows(codes, n_groups)[1]
    return rows


def pair_stands_twice(user: Rows, item: Rows, n_users: int, n_items: int) -> bool:
    """Tell whether two rows hold the same user and item."""
    if len(user) < ONCE:
        pairs = np.sort(user.astype(np.int64) * n_items + item)
        return bool((pairs[1:] == pairs[:-1]).any())
    from ingest.dataset.row_kernels import first_pair_twice

    return bool(first_pair_twice(user, item, n_users, n_items) >= 0)


def lowest_within(codes: Rows, by: NDArray[np.int64], keep: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return a mask of each group's keep[group] lowest rows by (`by`, row); |by| is below 2^62."""
    lowest: NDArray[np.bool_]
    least = int(by.min(initial=0))
    span = int(by.max(initial=0)) - least + 1
    if len(codes) >= ONCE or span * len(keep) >= 2**63:
        from ingest.dataset import row_kernels

        lowest = row_kernels.lowest_within(codes, by, keep)
        return lowest
    order = np.argsort(codes * np.int64(span) + (by - least), kind="stable")
    group = codes[order]
    place = np.arange(len(codes)) - group_starts(codes, len(keep))[group]
    lowest = np.empty(len(codes), dtype=np.bool_)
    lowest[order] = place < keep[group]
    return lowest
