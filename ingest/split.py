"""Train and test rows of an interaction table, per user and in time order."""

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


def _split(in_train: NDArray[np.bool_]) -> Split:
    return Split(np.flatnonzero(in_train), np.flatnonzero(~in_train))


def _rank_within_user(interactions: Interactions) -> tuple[RowArray, RowArray]:
    """Return each row's place in its user's history, 0 the oldest, and that history's length."""
    counts = np.bincount(interactions.user)
    first = np.cumsum(counts) - counts
    order = np.lexsort((interactions.time, interactions.user))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order)) - first[interactions.user[order]]
    return rank, counts[interactions.user]
