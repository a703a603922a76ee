"""What any recommender must beat: popularity, and EASE as the strong linear one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ingest.schema import FloatArray


class Popularity:
    """Every item by how many users have it, the same for everybody."""

    def __init__(self, matrix: sparse.csr_array) -> None:
        """Count the columns of a binary (n_users, n_items) matrix."""
        counts = np.bincount(matrix.indices, minlength=matrix.shape[1])
        self._scores = counts.astype(np.float32)

    def score_all(self, users: NDArray[Any]) -> FloatArray:
        """Return the score of every item for each of `users`, (len(users), n_items)."""
        return np.tile(self._scores, (len(users), 1))


class Ease:
    """Shallow autoencoder in closed form (Steck, 2019): B = I − P / diag(P), P = (XᵀX + λI)⁻¹.

    Cost: O(n_items³) once, so only for catalogues of some thousands of items.
    """

    def __init__(self, matrix: sparse.csr_array, reg: float = 100.0) -> None:
        """Fit on a binary (n_users, n_items) matrix."""
        gram = (matrix.T @ matrix).toarray().astype(np.float64)
        gram[np.diag_indices_from(gram)] += reg
        inverse = np.linalg.inv(gram)
        weights = -inverse / np.diag(inverse)
        np.fill_diagonal(weights, 0.0)
        self._matrix = matrix
        self._weights = weights.astype(np.float32)

    def score_all(self, users: NDArray[Any]) -> FloatArray:
        """Return the score of every item for each of `users`, (len(users), n_items)."""
        scores: FloatArray = self._matrix[users] @ self._weights
        return scores
