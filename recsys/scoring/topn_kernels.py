"""The compiled loop of `recsys.scoring.topn`; import this inside the function that needs it."""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
from numba import njit


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
