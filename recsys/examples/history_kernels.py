"""Everybody's interactions in order of time, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from ingest.dataset.row_kernels import group_rows


@njit(cache=True)
def rows_in_time(user: Any, time: Any, n_users: int) -> tuple[Any, Any, Any]:
    """Return where each user's rows begin, (n_users + 1,), the rows by (user, time, row), and ties.

    The last array holds, for each place, the last place of the same user and time. Only users whose
    rows are out of order are sorted.
    """
    starts, rows = group_rows(user, n_users)
    last = np.empty(len(user), dtype=np.int64)
    for one in range(n_users):
        begin, end = starts[one], starts[one + 1]
        members = rows[begin:end]
        times = time[members]
        for place in range(1, len(times)):
            if times[place] < times[place - 1]:
                order = np.argsort(times, kind="mergesort")
                rows[begin:end] = members[order]
                times = times[order]
                break
        tie = end - 1
        for place in range(end - 1, begin - 1, -1):
            if place < end - 1 and times[place - begin] != times[place - begin + 1]:
                tie = place
            last[place] = tie
    return starts, rows, last
