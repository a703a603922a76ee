"""Dataset → user × item CSR: which items each user has interacted with, as a set."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ingest.dataset.ids import IntArray
from ingest.dataset.row_order import ONCE
from ingest.dataset.schema import Interactions


def interaction_matrix(
    interactions: Interactions,
    n_users: int,
    n_items: int,
    rows: NDArray[np.int64] | None = None,
) -> sparse.csr_array:
    """Build the binary (n_users, n_items) matrix: float32 ones, columns sorted within each row.

    It holds only `rows` of the interactions where they are given, as the training part of a split.
    Cost: O(interactions), a counting sort by user and a map of bits per user.
    """
    user, item = interactions.user, interactions.item
    if len(user) < ONCE:
        return _few(user, item, (n_users, n_items), rows)
    from ingest.dataset.row_kernels import compressed_rows

    indptr, indices = compressed_rows(user, item, n_users, n_items, rows)
    ones = np.ones(len(indices), dtype=np.float32)
    starts = indptr.astype(np.int32) if len(indices) < 2**31 else indptr
    matrix = sparse.csr_array((ones, indices, starts), shape=(n_users, n_items))
    matrix.has_canonical_format = True
    return matrix


def _few(
    user: IntArray, item: IntArray, shape: tuple[int, int], rows: NDArray[np.int64] | None
) -> sparse.csr_array:
    """Build the same matrix by scipy, without loading numba."""
    kept = slice(None) if rows is None else rows
    places = (user[kept], item[kept])
    matrix = sparse.csr_array((np.ones(len(places[0]), np.float32), places), shape=shape)
    matrix.sum_duplicates()
    matrix.data[:] = 1
    return matrix
