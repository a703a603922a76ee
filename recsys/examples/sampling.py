"""Negative items as arrays: never one of the user's own, drawn from a seed, as fast as memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ingest.dataset.ids import IntArray
from recsys.config import Sampler

NO_ITEM = -1
"""Stands where a user has every item and no negative exists."""
_MOST_BITS = 1 << 29
"""Rows are held as bits up to so many users times items, 64 MiB; above, they are searched."""


class NegativeSampler:
    """Draws items that a user has no interaction with."""

    def __init__(self, matrix: sparse.csr_array, sampler: Sampler = "uniform") -> None:
        """Keep the rows of a (n_users, n_items) matrix with sorted column indices.

        uniform draws every unseen item alike; popularity in proportion to its number of
        interactions to the power 0.75 (Mikolov et al., 2013), and alike where only items that
        nobody has are left.
        """
        self._rows = matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32)
        self._n_items = matrix.shape[1]
        self._bits: NDArray[np.uint64] | None = None
        self._popularity = np.empty(0), np.empty(0, np.int64)
        if sampler == "popularity":
            from recsys.examples.sampling_kernels import alias_table

            counts = np.bincount(matrix.indices, minlength=self._n_items)
            self._popularity = np.empty(self._n_items), np.empty(self._n_items, np.int64)
            alias_table(counts**0.75, *self._popularity)

    def draw(self, users: NDArray[Any], n: int, rng: np.random.Generator) -> IntArray:
        """Draw `n` negatives for each of `users`, (len(users), n), with repetition.

        Cost: a few ns a draw where bits are held, else O(log d) for a user with d items; least
        where the same users stand together. NO_ITEM where none is left.
        """
        out = np.empty((len(users), n), np.int32)
        self.fill(out, users, rng)
        return out

    def fill(self, out: IntArray, users: NDArray[Any], rng: np.random.Generator) -> None:
        """Draw as `draw` does, into `out`, int32 and contiguous."""
        from recsys.examples.sampling_kernels import draw_negatives

        draw_negatives(
            *self._rows,
            self._rows_as_bits(),
            np.asarray(users, np.int32),
            self._n_items,
            *self._popularity,
            np.uint64(rng.integers(0, 2**63)),
            out,
        )

    def _rows_as_bits(self) -> NDArray[np.uint64]:
        """Return the rows as bits, (n_users, words), made at the first draw; none if too many."""
        from recsys.examples.sampling_kernels import mark_bits

        if self._bits is None:
            n_users, words = len(self._rows[0]) - 1, -(-self._n_items // 64)
            fits = n_users * words * 64 <= _MOST_BITS
            self._bits = np.zeros((n_users, words) if fits else (0, 0), np.uint64)
            if fits:
                mark_bits(*self._rows, self._bits)
        return self._bits
