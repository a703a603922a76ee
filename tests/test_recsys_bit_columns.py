"""The compiled search against the plain way of `Audience`, list for list and bit for bit."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from benchmarks.generate import power_law_matrix
from recsys.neighbours.audience import Audience, NeighbourLists
from recsys.neighbours.bit_columns import BitColumns

NEVER = 10**18


def both_ways(matrix: sparse.csr_array) -> tuple[Audience, Audience]:
    return Audience(matrix, patience=NEVER), Audience(matrix, patience=0)


def assert_same_lists(found: NeighbourLists, expected: NeighbourLists) -> None:
    for name in ("user", "intersection", "union", "length"):
        left, right = getattr(found, name), getattr(expected, name)
        assert left.dtype == right.dtype
        np.testing.assert_array_equal(left, right, err_msg=name)


@settings(deadline=None)
@given(
    rows=st.lists(st.lists(st.integers(0, 1), min_size=9, max_size=9), min_size=1, max_size=12),
    items=st.lists(st.integers(0, 8)),
    k=st.integers(1, 14),
)
def test_any_small_matrix_gives_the_same_lists(
    rows: list[list[int]], items: list[int], k: int
) -> None:
    matrix = sparse.csr_array(np.array(rows, dtype=np.float32))
    plain, fast = both_ways(matrix)
    everybody = np.arange(len(rows), dtype=np.int32)
    assert_same_lists(fast.nearest_all(everybody, k), plain.nearest_all(everybody, k))
    anybody = np.array(items, dtype=np.int32)
    found, expected = fast.nearest(anybody, k), plain.nearest(anybody, k)
    for name in ("user", "intersection", "union"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


@pytest.mark.parametrize(
    ("n_users", "n_items", "n_interactions", "k"),
    [
        (1500, 900, 60_000, 50),  # three strips; most items are bit columns
        (3000, 20_000, 90_000, 7),  # most items are posting lists
        (300, 2000, 60_000, 400),  # heavy users, nine planes; k beyond the number of users
        (700, 50, 1400, 1),  # two items a user, nearly everything is a tie
    ],
)
def test_every_user_of_power_law_data_gets_the_same_list(
    n_users: int, n_items: int, n_interactions: int, k: int
) -> None:
    matrix = power_law_matrix(n_users, n_items, n_interactions, np.random.default_rng(n_users))
    plain, fast = both_ways(matrix)
    everybody = np.arange(n_users, dtype=np.int32)
    expected = plain.nearest_all(everybody, k)
    assert_same_lists(fast.nearest_all(everybody, k), expected)
    assert_same_lists(fast.nearest_all(everybody[::-1], k, threads=2), reverse(expected))


def reverse(lists: NeighbourLists) -> NeighbourLists:
    parts = (lists.user, lists.intersection, lists.union, lists.length)
    return NeighbourLists(*(np.ascontiguousarray(part[::-1]) for part in parts))


def test_users_in_several_blocks_get_the_same_lists() -> None:
    matrix = power_law_matrix(70_000, 2500, 1_000_000, np.random.default_rng(5))
    plain, fast = both_ways(matrix)
    some = np.random.default_rng(6).choice(70_000, 300, replace=False).astype(np.int32)
    assert_same_lists(fast.nearest_all(some, 20), plain.nearest_all(some, 20))


def test_one_list_is_the_row_of_the_block() -> None:
    matrix = power_law_matrix(800, 400, 20_000, np.random.default_rng(1))
    audience = Audience(matrix, patience=0)
    block = audience.nearest_all(np.arange(800, dtype=np.int32), 30)
    for user in range(800):
        items = matrix.indices[matrix.indptr[user] : matrix.indptr[user + 1]]
        alone, row = audience.nearest(items, 30, exclude=user), block[user]
        assert alone.user.tolist() == row.user.tolist()
        assert alone.jaccard.tolist() == row.jaccard.tolist()


def test_of_seventy_thousand_equal_users_the_first_are_nearest() -> None:
    matrix = sparse.csr_array(np.ones((70_000, 3), dtype=np.float32))
    found = Audience(matrix, patience=0).nearest(np.arange(3, dtype=np.int32), 4, exclude=1)
    assert found.user.tolist() == [0, 2, 3, 4]
    assert found.jaccard.tolist() == [1.0] * 4


def test_users_without_items_have_no_neighbours_and_are_nobodys() -> None:
    matrix = sparse.csr_array(np.array([[0, 0], [1, 1], [0, 0], [1, 0]], dtype=np.float32))
    found = Audience(matrix, patience=0).nearest_all(np.arange(4, dtype=np.int32), 9)
    assert found.user.tolist() == [[-1] * 4, [3, -1, -1, -1], [-1] * 4, [1, -1, -1, -1]]
    assert found.intersection[:, 0].tolist() == [0, 1, 0, 1]
    assert found.union[:, 0].tolist() == [0, 2, 0, 2]
    assert found.length.tolist() == [0, 1, 0, 1]


def test_read_only_arrays_are_welcome() -> None:
    matrix = power_law_matrix(200, 90, 2000, np.random.default_rng(2))
    expected = Audience(matrix, patience=NEVER).nearest_all(np.arange(200, dtype=np.int32), 5)
    matrix.indices.flags.writeable = False
    users = np.arange(200, dtype=np.int32)
    users.flags.writeable = False
    assert_same_lists(Audience(matrix, patience=0).nearest_all(users, 5), expected)


def test_bit_columns_are_made_once_the_questions_would_have_paid_for_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = []

    class Counted(BitColumns):
        def __init__(self, matrix: sparse.csr_array) -> None:
            made.append(matrix)
            super().__init__(matrix)

    monkeypatch.setattr("recsys.neighbours.audience.BitColumns", Counted)
    matrix = sparse.csr_array(np.ones((10, 2), dtype=np.float32))
    audience = Audience(matrix, patience=50)  # a question reads 20 postings
    lists, counts = [], []
    for _ in range(4):
        lists.append(audience.nearest(np.array([0, 1]), 3).user.tolist())
        counts.append(len(made))
    assert counts == [0, 0, 1, 1]
    assert lists == [[0, 1, 2]] * 4


def test_a_question_to_small_data_loads_no_compiler() -> None:
    program = """
import sys, numpy as np
from scipy import sparse
from recsys.neighbours.audience import Audience
audience = Audience(sparse.csr_array(np.ones((4, 2), dtype=np.float32)))
assert audience.nearest(np.array([0]), 2).user.tolist() == [0, 1]
assert "numba" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)
