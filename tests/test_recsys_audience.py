"""Exact Jaccard against plain Python sets, and the known answers of seven rows."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from recsys.neighbours.audience import Audience, shared_items

#       items   0  1  2  3  4  5
ROWS = [
    [1, 1, 1, 0, 0, 0],  # user 0
    [1, 1, 0, 0, 0, 0],  # user 1: 2/3 with user 0
    [1, 1, 1, 0, 0, 0],  # user 2: the same set as user 0
    [0, 1, 1, 1, 0, 0],  # user 3: 2/4
    [1, 1, 1, 1, 1, 1],  # user 4: 3/6, a tie with user 3
    [0, 0, 0, 0, 1, 1],  # user 5: nothing in common
    [0, 0, 0, 0, 0, 0],  # user 6: has seen nothing
]


def matrix_of(rows: list[list[int]]) -> sparse.csr_array:
    return sparse.csr_array(np.array(rows, dtype=np.float32))


def test_neighbours_come_with_exact_support_and_ties_by_user() -> None:
    matrix = matrix_of(ROWS)
    found = Audience(matrix).nearest(np.array([0, 1, 2], dtype=np.int32), k=10, exclude=0)
    assert found.user.tolist() == [2, 1, 3, 4]
    assert list(zip(found.intersection, found.union, strict=True)) == [
        (3, 3),
        (2, 3),
        (2, 4),
        (3, 6),
    ]
    assert found.jaccard.tolist() == [1.0, 2 / 3, 0.5, 0.5]


def test_the_asker_is_left_out_and_users_without_overlap_are_no_neighbours() -> None:
    found = Audience(matrix_of(ROWS)).nearest(np.array([4, 5], dtype=np.int32), k=10, exclude=5)
    assert found.user.tolist() == [4]


def test_an_empty_set_has_no_neighbours() -> None:
    assert len(Audience(matrix_of(ROWS)).nearest(np.array([], dtype=np.int32), k=3)) == 0


def test_a_repeated_item_counts_once() -> None:
    found = Audience(matrix_of(ROWS)).nearest(np.array([4, 4, 5], dtype=np.int32), k=1)
    assert (found.user[0], found.intersection[0], found.union[0]) == (5, 2, 2)


def test_k_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="k must be at least 1"):
        Audience(matrix_of(ROWS)).nearest(np.array([1], dtype=np.int32), k=0)


def test_shared_items_are_those_of_both() -> None:
    assert shared_items(matrix_of(ROWS), 3, np.array([0, 1, 2], dtype=np.int32)).tolist() == [1, 2]


@given(
    rows=st.lists(st.lists(st.integers(0, 1), min_size=6, max_size=6), min_size=1, max_size=12),
    k=st.integers(1, 12),
)
def test_every_list_is_what_plain_sets_say(rows: list[list[int]], k: int) -> None:
    sets = [{i for i, seen in enumerate(row) if seen} for row in rows]
    audience = Audience(matrix_of(rows))
    for user, own in enumerate(sets):
        expected = sorted(
            (-Fraction(len(own & other), len(own | other)), v)
            for v, other in enumerate(sets)
            if v != user and own & other
        )[:k]
        found = audience.nearest(np.array(sorted(own), dtype=np.int32), k, exclude=user)
        assert found.user.tolist() == [v for _, v in expected]
        support = zip(found.intersection.tolist(), found.union.tolist(), strict=True)
        assert [Fraction(*pair) for pair in support] == [-value for value, _ in expected]


def test_many_lists_are_the_single_ones_padded() -> None:
    lists = Audience(matrix_of(ROWS)).nearest_all(np.array([5, 0, 6], dtype=np.int32), k=3)
    assert lists.user.tolist() == [[4, -1, -1], [2, 1, 3], [-1, -1, -1]]
    assert lists.intersection.tolist() == [[2, 0, 0], [3, 2, 2], [0, 0, 0]]
    assert lists.union.tolist() == [[6, 0, 0], [3, 3, 4], [0, 0, 0]]
    assert lists[0].jaccard.tolist() == [2 / 6]
    assert [len(lists[row]) for row in range(len(lists))] == [1, 3, 0]


@pytest.mark.parametrize("patience", [None, 0])
def test_an_index_that_is_not_there_is_refused(patience: int | None) -> None:
    audience = Audience(matrix_of(ROWS), patience)
    one = np.array([1], dtype=np.int32)
    with pytest.raises(ValueError, match="item index -1 is not one of the 6 items"):
        audience.nearest(np.array([0, -1], dtype=np.int32), k=1)
    with pytest.raises(ValueError, match="item index 6"):
        audience.nearest(np.array([6], dtype=np.int32), k=1)
    with pytest.raises(ValueError, match="user index -1 is not one of the 7 users"):
        audience.nearest(one, k=1, exclude=-1)
    with pytest.raises(ValueError, match="user index 7"):
        audience.nearest_all(np.array([7], dtype=np.int32), k=1)


def test_a_matrix_with_repeated_entries_is_refused() -> None:
    twice = sparse.csr_array((np.ones(2), np.array([0, 0]), np.array([0, 2])), shape=(1, 1))
    with pytest.raises(ValueError, match="repeated"):
        Audience(twice)
