"""Few rows are sorted by numpy, many by compiled passes: the numbers are the same."""

import subprocess
import sys
import textwrap
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.dataset.matrix import interaction_matrix
from ingest.dataset.row_kernels import group_rows
from ingest.dataset.row_order import (
    group_starts,
    lowest_within,
    pair_stands_twice,
    rows_by_group,
)
from ingest.dataset.schema import Interactions
from ingest.dataset.split import _split
from ingest.sources.encoding import gather, used_codes
from recsys.examples.history import Histories

ROWS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6), st.integers(-3, 3)), max_size=40)


@given(rows=ROWS)
@settings(deadline=None)
def test_both_ways_give_the_same_numbers(rows: list[tuple[int, int, int]]) -> None:
    user, item, time = np.array(rows, np.int64).reshape(-1, 3).T
    seen = Interactions(
        user.astype(np.int32), item.astype(np.int32), np.ones(len(rows), np.float32), time
    )
    some = np.arange(0, len(rows), 2)
    few = _all_of(seen, some)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ingest.dataset.matrix.ONCE", 0)
        patch.setattr("recsys.examples.history.FEW", 0)
        many = _all_of(seen, some)
    for one, other in zip(few, many, strict=True):
        assert one.dtype == other.dtype
        assert one.tolist() == other.tolist()
    starts, compiled = group_rows(seen.item, 7)
    assert rows_by_group(seen.item, 7).tolist() == compiled.tolist()
    assert group_starts(seen.item, 7).tolist() == starts.tolist()


@given(rows=ROWS, grouped=st.booleans(), keep=st.lists(st.integers(0, 9), min_size=5, max_size=5))
@settings(deadline=None)
def test_passes_over_few_rows_and_many_give_the_same(
    rows: list[tuple[int, int, int]], grouped: bool, keep: list[int]
) -> None:
    user, item, time = np.array(sorted(rows) if grouped else rows, np.int64).reshape(-1, 3).T
    user, item = user.astype(np.int32), item.astype(np.int32)
    few = _passes(user, item, time, np.array(keep))
    with pytest.MonkeyPatch.context() as patch:
        for room in ("dataset.row_order", "dataset.split", "sources.encoding"):
            patch.setattr(f"ingest.{room}.ONCE", 0)
        many = _passes(user, item, time, np.array(keep))
    assert few == many
    pairs = [(one, other) for one, other, _ in rows]
    assert few[0] == (len(set(pairs)) < len(pairs))


def _passes(user: np.ndarray, item: np.ndarray, time: np.ndarray, keep: np.ndarray) -> list[Any]:
    lowest = lowest_within(user, time, keep)
    codes = np.where(user == 4, -1, user).astype(np.int32)
    arrays = [lowest, *_split(lowest), used_codes(codes, 4), gather(np.arange(5) * 1.5, codes)]
    assert (lowest.sum(), len(arrays[1]) + len(arrays[2])) == (
        np.minimum(np.bincount(user, minlength=5), keep).sum(),
        len(user),
    )
    return [pair_stands_twice(user, item, 5, 7), *((one.dtype, one.tolist()) for one in arrays)]


def test_groups_are_told_apart_whatever_the_span_of_what_orders_them() -> None:
    codes = np.array([1, 0, 1, 0], np.int32)
    by = np.array([2**61, -(2**61), -(2**61), 2**61])  # user · span would not fit into 64 bits
    assert lowest_within(codes, by, np.array([1, 1])).tolist() == [False, True, True, False]


def _all_of(seen: Interactions, some: np.ndarray) -> list[np.ndarray]:
    told = Histories.from_interactions(seen, 5)
    whole, part = interaction_matrix(seen, 5, 7), interaction_matrix(seen, 5, 7, some)
    arrays: list[np.ndarray] = [told.offsets, told.items, told.times, told.last_of_tie]
    for matrix in (whole, part):
        arrays += [matrix.indptr, matrix.indices, matrix.data]
    return arrays


def test_a_small_home_is_asked_without_loading_numba() -> None:
    program = textwrap.dedent(
        """
        import sys, numpy as np
        import recsys.scoring.scorer, recsys.lists.ranking
        from ingest.dataset.matrix import interaction_matrix
        from ingest.dataset.schema import Interactions
        from recsys.examples.history import Histories
        from recsys.neighbours.audience import Audience
        from recsys.lists.votes import Voters, VotesConfig

        one = np.array([0, 0, 1], np.int32)
        seen = Interactions(one, np.array([0, 1, 1], np.int32), one * 1.0, np.arange(3))
        matrix = interaction_matrix(seen, 2, 2)
        votes = Voters(matrix, Audience(matrix), Histories.from_interactions(seen, 2),
                       VotesConfig()).votes(0)
        assert votes.shape == (2,)
        sys.exit("numba" in sys.modules)
        """
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
