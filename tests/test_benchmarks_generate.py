"""Generated interactions: exactly as many as asked, distinct, and the same from the same seed."""

import numpy as np
import pytest

from benchmarks.generate import power_law_matrix


def test_shape_count_and_distinctness_are_exact() -> None:
    matrix = power_law_matrix(943, 1682, 100_000, np.random.default_rng(0))
    assert matrix.shape == (943, 1682)
    assert matrix.nnz == 100_000
    assert matrix.has_canonical_format
    assert set(matrix.data) == {1.0}


def test_few_users_and_few_items_carry_much() -> None:
    matrix = power_law_matrix(4000, 3000, 500_000, np.random.default_rng(0))
    activity = np.diff(matrix.indptr)
    audience = np.sort(np.bincount(matrix.indices, minlength=3000))[::-1]
    assert activity.min() >= 19
    assert activity.max() > 5 * np.median(activity)
    assert audience[:300].sum() > 0.5 * matrix.nnz


def test_the_seed_decides() -> None:
    first, again, other = (
        power_law_matrix(60, 40, 900, np.random.default_rng(seed)).indices for seed in (1, 1, 2)
    )
    assert first.tolist() == again.tolist() != other.tolist()


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="3 users of 5 items cannot have 16 interactions"):
        power_law_matrix(3, 5, 16, np.random.default_rng(0))
    assert power_law_matrix(3, 5, 15, np.random.default_rng(0)).nnz == 15
