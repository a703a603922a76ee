"""The user × item matrix."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.dataset.matrix import interaction_matrix
from ingest.dataset.schema import Dataset, Interactions

pairs = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 7)), unique=True, max_size=48)


def from_pairs(rows: list[tuple[int, int]]) -> Interactions:
    table = np.array(rows, dtype=np.int32).reshape(-1, 2)
    n = len(table)
    return Interactions(
        table[:, 0].copy(), table[:, 1].copy(), np.full(n, 3, np.float32), np.zeros(n, np.int64)
    )


def test_the_films_matrix_is_what_the_table_says(films: Dataset) -> None:
    matrix = interaction_matrix(films.interactions, films.n_users, films.n_items)
    assert matrix.toarray().astype(int).tolist() == [
        [1, 1, 1, 1, 0, 0, 0, 0],
        [1, 1, 1, 0, 1, 0, 0, 0],
        [1, 1, 0, 0, 0, 0, 0, 0],
        [0, 0, 1, 1, 1, 1, 0, 0],
        [0, 0, 0, 0, 0, 1, 1, 0],
        [1, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 0],
    ]


@given(pairs)
def test_it_equals_the_slow_plain_version(rows: list[tuple[int, int]]) -> None:
    matrix = interaction_matrix(from_pairs(rows), 6, 8)
    plain = np.zeros((6, 8), dtype=np.float32)
    for user, item in rows:
        plain[user, item] = 1.0
    np.testing.assert_array_equal(matrix.toarray(), plain)
    assert matrix.dtype == np.float32
    assert matrix.has_canonical_format
    assert matrix.nnz == len(rows)


def test_a_label_of_zero_is_still_an_interaction() -> None:
    seen = Interactions(
        np.zeros(1, np.int32), np.ones(1, np.int32), np.zeros(1, np.float32), np.zeros(1, np.int64)
    )
    assert interaction_matrix(seen, 1, 2).toarray().tolist() == [[0.0, 1.0]]


def test_no_interactions_make_an_empty_matrix_of_the_right_shape() -> None:
    matrix = interaction_matrix(from_pairs([]), 3, 4)
    assert matrix.shape == (3, 4)
    assert matrix.nnz == 0


@pytest.mark.parametrize("n_users", [943])
def test_movielens_has_a_row_per_user_and_no_repeated_pair(ml100k: Dataset, n_users: int) -> None:
    matrix = interaction_matrix(ml100k.interactions, ml100k.n_users, ml100k.n_items)
    assert matrix.shape == (n_users, 1682)
    assert matrix.nnz == 100_000
