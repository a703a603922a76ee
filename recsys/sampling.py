"""Negative items as arrays: never one of the user's own, drawn from a seed, as fast as memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ingest.ids import IntArray
from recsys.config import Sampler

NO_ITEM = -1
"""Stands where a user has every item and no negative exists."""


class NegativeSampler:
    """Draws items that a user has no interaction with."""

    def __init__(self, matrix: sparse.csr_array, sampler: Sampler = "uniform") -> None:
        """Keep the rows of a (n_users, n_items) matrix with sorted column indices.

        uniform draws every unseen item alike; popularity in proportion to its number of
        interactions to the power 0.75 (Mikolov et al., 2013), and alike where only items that
        nobody has are left.
        """
        self._indptr = matrix.indptr.astype(np.int64)
        self._indices = matrix.indices.astype(np.int32)
        self._n_items = matrix.shape[1]
        self._cumulative = np.empty(0)
        if sampler == "popularity":
            counts = np.bincount(self._indices, minlength=self._n_items)
            self._cumulative = np.cumsum(counts**0.75)

    def draw(self, users: NDArray[Any], n: int, rng: np.random.Generator) -> IntArray:
        """Draw `n` negatives for each of `users`, (len(users), n), with repetition.

        Cost: O(log d) a draw, d being the user's number of items; NO_ITEM where none is left.
        """
        from recsys.kernels import draw_negatives

        out = np.empty((len(users), n), np.int32)
        seed = np.uint64(rng.integers(0, 2**63))
        draw_negatives(
            self._indptr,
            self._indices,
            np.asarray(users, np.int64),
            self._n_items,
            self._cumulative,
            seed,
            out,
        )
        return out
