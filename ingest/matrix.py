"""Dataset → user × item CSR: which items each user has interacted with, as a set."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ingest.schema import Interactions


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
    from ingest.row_kernels import compressed_rows

    user, item = interactions.user, interactions.item
    indptr, indices = compressed_rows(user, item, n_users, n_items, rows)
    ones = np.ones(len(indices), dtype=np.float32)
    starts = indptr.astype(np.int32) if len(indices) < 2**31 else indptr
    matrix = sparse.csr_array((ones, indices, starts), shape=(n_users, n_items))
    matrix.has_canonical_format = True
    return matrix
