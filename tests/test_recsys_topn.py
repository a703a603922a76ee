"""Top lists against a full sort."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from recsys.scoring.topn import NO_ITEM, top_items


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 12), st.floats(0, 1))
def test_the_list_is_that_of_a_full_sort_with_ties_by_index(
    seed: int, n: int, density: float
) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 4, (5, 9)).astype(np.float32)  # many ties
    seen = rng.random((5, 9)) < density
    found = top_items(scores, n, sparse.csr_array(seen.astype(np.float32)))
    for row in range(5):
        left = [item for item in range(9) if not seen[row, item]]
        left.sort(key=lambda item: (-scores[row, item], item))
        expected = (left + [NO_ITEM] * n)[:n]
        assert found[row].tolist() == expected


def test_scores_are_not_changed() -> None:
    scores = np.zeros((1, 3), np.float32)
    top_items(scores, 2, sparse.csr_array(np.array([[0, 1, 0]], np.float32)))
    assert not scores.any()
