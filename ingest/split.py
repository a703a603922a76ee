"""Train and test rows of an interaction table, per user and in time order."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ingest.schema import Interactions

RowArray = NDArray[np.int64]


class Split(NamedTuple):
    """Row numbers of the interaction table; `train` and `test` are disjoint, each in ascending order."""

    train: RowArray
    test: RowArray


def split_chronological(interactions: Interactions, test_ratio: float = 0.2) -> Split:
    """Put the last `test_ratio` of every user's interactions, by (time, file row), into test.

    A user with n interactions keeps the first round((1 − test_ratio)·n), at least one, for training. This is the
    split of LibRecommender's `split_by_ratio_chrono`, with the rounding stated. Cost: one O(n log n) sort.
    """
    if not 0 < test_ratio < 1:
        raise ValueError(f"test_ratio must lie between 0 and 1, not {test_ratio}")
    rank, count = _rank_within_user(interactions)
    keep = np.maximum(np.rint((1 - test_ratio) * count), 1)
    return _split(rank < keep)


def split_leave_last_out(interactions: Interactions) -> Split:
    """Put every user's last interaction, by (time, file row), into test; users with one keep it for training."""
    rank, count = _rank_within_user(interactions)
    return _split((rank < count - 1) | (count == 1))


def _split(in_train: NDArray[np.bool_]) -> Split:
    return Split(np.flatnonzero(in_train), np.flatnonzero(~in_train))


def _rank_within_user(interactions: Interactions) -> tuple[RowArray, RowArray]:
    """Return each row's place in its user's history (0 is the oldest) and the length of that history, (n,) each."""
    order = np.lexsort((interactions.time, interactions.user))
    user = interactions.user[order]
    first = np.searchsorted(user, user, side="left")
    last = np.searchsorted(user, user, side="right")
    rank = np.empty(len(user), dtype=np.int64)
    count = np.empty(len(user), dtype=np.int64)
    rank[order] = np.arange(len(user)) - first
    count[order] = last - first
    return rank, count
