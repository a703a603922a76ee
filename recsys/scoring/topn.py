"""The best n of many scores, ties by index."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ingest.dataset.ids import IntArray

NO_ITEM = -1
"""Fills a list that is shorter than asked for."""


def top_items(
    scores: NDArray[np.floating], n: int, seen: sparse.csr_array | None = None
) -> IntArray:
    """Return the `n` best items of each row of `scores`, best first, ties by index.

    Args:
        scores: (n_rows, n_items), finite.
        n: length of the lists, at least 1.
        seen: items to leave out, (n_rows, n_items); its stored entries count.

    Returns:
        Item indices, (n_rows, n); NO_ITEM where a row has fewer left. Cost: O(n_items) a row for
        short lists, one pass over the scores.
    """
    from recsys.scoring.topn_kernels import best_of_rows

    out = np.full((len(scores), n), NO_ITEM, np.int32)
    none = np.zeros(len(scores) + 1, np.int32), np.empty(0, np.int32)
    indptr, indices = none if seen is None else (seen.indptr, seen.indices)
    best_of_rows(np.ascontiguousarray(scores), indptr, indices, out)
    return out
