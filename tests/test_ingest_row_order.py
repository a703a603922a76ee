"""Few rows are sorted by numpy, many by compiled passes: the numbers are the same."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.dataset.matrix import interaction_matrix
from ingest.dataset.row_kernels import group_rows
from ingest.dataset.row_order import group_starts, rows_by_group
from ingest.dataset.schema import Interactions
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
        patch.setattr("ingest.dataset.matrix.FEW", 0)
        patch.setattr("recsys.examples.history.FEW", 0)
        many = _all_of(seen, some)
    for one, other in zip(few, many, strict=True):
        assert one.dtype == other.dtype
        assert one.tolist() == other.tolist()
    starts, compiled = group_rows(seen.item, 7)
    assert rows_by_group(seen.item, 7).tolist() == compiled.tolist()
    assert group_starts(seen.item, 7).tolist() == starts.tolist()


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
