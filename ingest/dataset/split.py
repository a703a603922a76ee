"""Train and test rows of an interaction table, per user: by time, at random, in folds."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ingest.dataset.row_order import ONCE, lowest_within
from ingest.dataset.schema import Interactions

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
    training part lacks. Cost: a counting sort by user and a selection of each user's, O(n).
    """
    if not 0 < test_ratio < 1:
        raise ValueError(f"test_ratio must lie between 0 and 1, not {test_ratio}")
    count = np.bincount(interactions.user)
    keep = np.where(count <= FEW, count, np.maximum(np.rint((1 - test_ratio) * count), 1))
    return _lowest(interactions, interactions.time, keep)


def split_leave_last_out(interactions: Interactions) -> Split:
    """Put every user's last interaction, by (time, file row), into test.

    A user's only interaction stays in training.
    """
    count = np.bincount(interactions.user)
    return _lowest(interactions, interactions.time, np.maximum(count - 1, 1))


def split_random(
    interactions: Interactions, rng: np.random.Generator, test_ratio: float = 0.2
) -> Split:
    """Put a random `test_ratio` of every user's interactions into test.

    A user with n interactions keeps round((1 − test_ratio)·n), at least one, for training.
    """
    if not 0 < test_ratio < 1:
        raise ValueError(f"test_ratio must lie between 0 and 1, not {test_ratio}")
    keep = np.maximum(np.rint((1 - test_ratio) * np.bincount(interactions.user)), 1)
    return _lowest(interactions, rng.permutation(len(interactions)), keep)


def in_random_order(interactions: Interactions, rng: np.random.Generator) -> Interactions:
    """Return the table with times drawn at random: a split by time is then one at random."""
    return replace(interactions, time=rng.permutation(len(interactions)).astype(np.int64))


def k_folds(interactions: Interactions, rng: np.random.Generator, k: int = 5) -> list[Split]:
    """Deal every user's interactions at random into `k` folds; each fold is once the test part.

    Every interaction is tested once, but for those of users who have only one: it stays in
    training throughout, so that nobody is ever left without any.
    """
    if k < 2:
        raise ValueError(f"k must be at least 2, not {k}")
    from ingest.dataset.row_kernels import rank_within

    count = np.bincount(interactions.user)
    rank = rank_within(interactions.user, rng.permutation(len(interactions)), len(count))
    alone = count[interactions.user] == 1
    fold_of = (rank + interactions.user) % k  # a user's first item falls into any fold
    return [_split(alone | (fold_of != fold)) for fold in range(k)]


def _split(in_train: NDArray[np.bool_]) -> Split:
    if len(in_train) >= ONCE:
        from ingest.dataset.row_kernels import parted

        return Split(*parted(in_train))
    return Split(np.flatnonzero(in_train), np.flatnonzero(~in_train))


def _lowest(
    interactions: Interactions, by: NDArray[np.int64], keep: NDArray[np.int64] | NDArray[np.float64]
) -> Split:
    """Put each user's keep[user] lowest rows by (`by`, row) into training."""
    return _split(lowest_within(interactions.user, by, keep.astype(np.int64)))
