"""The compiled loop of `recsys.neighbours.jaccard_layout`; import it inside who needs it."""

from __future__ import annotations

from typing import Any

from numba import njit, uint64


@njit(cache=True, nogil=True)
def write_sets(indptr: Any, indices: Any, block: Any, layout: Any) -> None:
    """Write the sets of all users, a CSR matrix, into the empty arrays of `layout`.

    Args:
        indptr: of the matrix.
        indices: of the matrix.
        block: users in a block, a multiple of 64.
        layout: a `Layout`.
    """
    cursor = layout.starts[:-1].copy()
    for place in range(len(layout.user_at)):
        user = layout.user_at[place]
        for item in indices[indptr[user] : indptr[user + 1]]:
            column = layout.column_of[item]
            if column >= 0:
                word = place % block // 64
                layout.columns[place // block, column, word] |= uint64(1) << uint64(place % 64)
            else:
                layout.places[cursor[-1 - column]] = place
                cursor[-1 - column] += 1
