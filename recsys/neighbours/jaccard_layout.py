"""The sets of all users as `recsys.neighbours.jaccard_kernels` searches them.

Users stand in order of their number of items, in blocks. An item that many users have is a column
of bits, one per place, 64 users to a word, and a block's words of a column lie together. An item
that few users have is a posting list: the places of its users, ascending.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ingest.dataset.ids import IntArray

DENSE = 1024
"""An item becomes a column of bits when one user in `DENSE` has it, else a posting list."""


class Layout(NamedTuple):
    """The arrays that are searched. A place is a position in the order by size."""

    user_at: IntArray
    """Place → user, (n_users,)."""
    size_at: IntArray
    """Place → how many items that user has, ascending, (n_users,)."""
    lowest: IntArray
    """The lowest user index of each strip, (n_strips,)."""
    column_of: IntArray
    """Item → its bit column c ≥ 0, or its posting list -1 - c, (n_items,)."""
    columns: NDArray[np.uint64]
    """(n_blocks, n_columns + 1, words in a block); the last column is empty, to fill up eights."""
    starts: NDArray[np.int64]
    """Where each posting list starts in `places`, and the end, (n_lists + 1,)."""
    places: IntArray
    """All posting lists, each ascending."""


def lay_out(matrix: sparse.csr_array) -> Layout:
    """Lay out a binary (n_users, n_items) matrix. Cost: some 40 ns an interaction."""
    from recsys.neighbours.jaccard_kernels import BLOCK, STRIP
    from recsys.neighbours.layout_kernels import write_sets

    n_users, n_items = matrix.shape
    sizes = np.diff(matrix.indptr).astype(np.int32)
    user_at = np.argsort(sizes, kind="stable").astype(np.int32)
    audience = np.bincount(matrix.indices, minlength=n_items)
    dense = audience * DENSE >= n_users
    column_of = np.where(dense, np.cumsum(dense) - 1, -1 * np.cumsum(~dense)).astype(np.int32)
    n_words = -(-min(n_users, BLOCK) // STRIP) * (STRIP // 64)
    starts = np.concatenate([[0], np.cumsum(audience[~dense])]).astype(np.int64)
    layout = Layout(
        user_at=user_at,
        size_at=sizes[user_at],
        lowest=np.minimum.reduceat(user_at, np.arange(0, n_users, STRIP)),
        column_of=column_of,
        columns=np.zeros((-(-n_users // BLOCK), int(dense.sum()) + 1, n_words), dtype=np.uint64),
        starts=starts,
        places=np.empty(starts[-1], dtype=np.int32),
    )
    write_sets(matrix.indptr.astype(np.int64), for_kernel(matrix.indices), BLOCK, layout)
    return layout


def for_kernel(array: Any) -> IntArray:
    """Return `array` as the one kind that the loops are compiled for, a copy only if it must be."""
    return np.require(array, dtype=np.int32, requirements=["C", "W"])
