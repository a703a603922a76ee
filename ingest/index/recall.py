"""How often the nearest users by exact Jaccard are among the first candidates of the index."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ingest.dataset.split import RowArray
from ingest.index.store import UserIndex
from ingest.index.vectors import jaccard_rows

_BLOCK = 50  # dense Jaccard rows at a time


@dataclass(frozen=True)
class Recall:
    """What was measured, over `n_users` users."""

    complete: float
    """Share of users all of whose `k` nearest are among the first `n_candidates`."""
    mean: float
    """Mean share of a user's `k` nearest that are among the first `n_candidates`."""
    n_users: int
    k: int
    n_candidates: int


def candidate_recall(
    users: UserIndex,
    matrix: sparse.csr_array,
    generator: np.random.Generator,
    sample: int = 200,
    k: int = 10,
    n_candidates: int = 50,
) -> Recall:
    """Measure the recall of exact Jaccard neighbours on a sample of the users with items.

    Neighbours as near as the k-th are interchangeable, and one who shares nothing is no neighbour.
    """
    with_items = np.flatnonzero(np.diff(matrix.indptr))
    chosen = np.sort(generator.choice(with_items, min(sample, len(with_items)), replace=False))
    shares = [
        _shares(users, matrix, chosen[start : start + _BLOCK], k, n_candidates)
        for start in range(0, len(chosen), _BLOCK)
    ]
    share = np.concatenate(shares)
    return Recall(float((share == 1).mean()), float(share.mean()), len(share), k, n_candidates)


def _shares(
    users: UserIndex, matrix: sparse.csr_array, rows: RowArray, k: int, n_candidates: int
) -> NDArray[np.float64]:
    """Share of each row's `k` nearest that are among its first candidates, itself left out."""
    jaccard = jaccard_rows(matrix, rows)
    jaccard[np.arange(len(rows)), rows] = 0
    found = users.nearest_each(matrix[rows], n_candidates + 1)
    share = np.ones(len(rows))
    for place, (own, ids) in enumerate(zip(rows, found, strict=True)):
        near = users.dataset.user_ids.codes(ids)
        share[place] = _share(jaccard[place], near[near != own][:n_candidates], k)
    return share


def _share(jaccard: NDArray[np.float64], candidates: NDArray[np.int32], k: int) -> float:
    """Share of the `k` highest values, as many as are above 0, that stand at `candidates`."""
    k = min(k, int((jaccard > 0).sum()))
    if not k:
        return 1.0
    kth = np.partition(jaccard, -k)[-k]
    above, tied = jaccard > kth, jaccard == kth
    places_for_tied = k - int(above.sum())
    hits = int(above[candidates].sum()) + min(places_for_tied, int(tied[candidates].sum()))
    return hits / k
