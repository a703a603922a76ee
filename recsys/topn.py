"""The best n of many scores, ties by index."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ingest.ids import IntArray

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
        Item indices, (n_rows, n); NO_ITEM where a row has fewer left. Cost: O(n_items) a row.
    """
    open_to = scores.copy()
    if seen is not None:
        open_to[np.repeat(np.arange(len(scores)), np.diff(seen.indptr)), seen.indices] = -np.inf
    n_items = scores.shape[1]
    k = min(n, n_items)
    out = np.full((len(scores), n), NO_ITEM, np.int32)
    part = np.argpartition(-open_to, k - 1, axis=1)[:, :k]
    part.sort(axis=1)  # by index, so that the stable sort below keeps ties in that order
    values = np.take_along_axis(open_to, part, axis=1)
    tied = (open_to >= values.min(axis=1)[:, None]).sum(axis=1) > k
    part[tied] = np.argsort(-open_to[tied], axis=1, kind="stable")[:, :k]
    values[tied] = np.take_along_axis(open_to[tied], part[tied], axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    out[:, :k] = np.take_along_axis(part, order, axis=1)
    out[:, :k][np.isneginf(np.take_along_axis(values, order, axis=1))] = NO_ITEM
    return out
