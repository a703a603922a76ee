"""Rows in order by group: sorted by numpy where they are few, compiled where they are many.

Loading numba takes a process about a second, more than all that an answer has to sort below FEW
rows; both ways give the same numbers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FEW = 1 << 19
"""Below so many rows numpy is done before numba is loaded: 0.1 s a sort at a million rows."""
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
