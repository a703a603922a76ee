"""Train and test rows of an interaction table, per user: by time, at random, in folds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ingest.schema import Interactions

RowArray = NDArray[np.int64]

FEW = 3
"""A user with this many interactions or fewer keeps them all for training in a split by ratio."""


class Split(NamedTuple):
    """Row numbers of the interaction table.

    `train` and `test` are disjoint, cover all rows, and are each in ascending order.
    """

    train: RowArray
    test: RowArray


def split_chronological(interactions: Interactions, test_ratio: float = 0.2) -> Split:
    """Put the last `test_ratio` of every user's interactions, by (time, file row), into test.

    A user with n interactions keeps the first round((1 − test_ratio)·n) for training (half rounds
    to even), and all of them when n ≤ 3. This is LibRecommender's `split_by_ratio_chrono`, except
    that rows of equal time stay in file order and that no test row is dropped for an item that the
    training part lacks. Cost: one sort, O(n log n).
    """
    if not 0 < test_ratio < 1:
        raise ValueError(f"test_ratio must lie between 0 and 1, not {test_ratio}")
    rank, count = _rank_within_user(interactions)
    keep = np.where(count <= FEW, count, np.maximum(np.rint((1 - test_ratio) * count), 1))
    return _split(rank < keep)


def split_leave_last_out(interactions: Interactions) -> Split:
    """Put every user's last interaction, by (time, file row), into test.

    A user's only interaction stays in training.
    """
    rank, count = _rank_within_user(interactions)
    return _split((rank < count - 1) | (count == 1))


def split_random(
    interactions: Interactions, rng: np.random.Generator, test_ratio: float = 0.2
) -> Split:
    """Put a random `test_ratio` of every user's interactions into test.

    A user with n interactions keeps round((1 − test_ratio)·n), at least one, for training.
    """
    if not 0 < test_ratio < 1:
        raise ValueError(f"test_ratio must lie between 0 and 1, not {test_ratio}")
    rank, count = _rank_within_user(interactions, rng.permutation(len(interactions)))
    return _split(rank < np.maximum(np.rint((1 - test_ratio) * count), 1))


def k_folds(interactions: Interactions, rng: np.random.Generator, k: int = 5) -> list[Split]:
    """Deal every user's interactions at random into `k` folds; each fold is once the test part.

    Every interaction is tested once, but for those of users who have only one: it stays in
    training throughout, so that nobody is ever left without any.
    """
    if k < 2:
        raise ValueError(f"k must be at least 2, not {k}")
    rank, count = _rank_within_user(interactions, rng.permutation(len(interactions)))
    fold_of = (rank + interactions.user) % k  # a user's first item falls into any fold
    return [_split((count == 1) | (fold_of != fold)) for fold in range(k)]


def _split(in_train: NDArray[np.bool_]) -> Split:
    return Split(np.flatnonzero(in_train), np.flatnonzero(~in_train))


def _rank_within_user(
    interactions: Interactions, by: NDArray[np.int64] | None = None
) -> tuple[RowArray, RowArray]:
    """Return each row's place in its user's history, 0 the lowest, and that history's length.

    Places are by time and file row, or by the numbers given.
    """
    counts = np.bincount(interactions.user)
    first = np.cumsum(counts) - counts
    order = np.lexsort((interactions.time if by is None else by, interactions.user))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order)) - first[interactions.user[order]]
    return rank, counts[interactions.user]
