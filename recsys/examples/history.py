"""A user's history as a multi-value field: at a cut of c, their first c items, weighted.

This is the user's interaction vector inside DeepFM. A training example looks only at what came
before it, so the field never holds its own answer. Where interactions have no times nothing came
before anything: all items weigh alike, and training puts them in another order every time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ingest.dataset.ids import IntArray
from ingest.dataset.row_order import FEW, group_starts
from ingest.dataset.schema import FloatArray, Interactions
from recsys.config import HistoryField
from recsys.examples.features import Bags, CodeArray, ragged_ranges


def activity_bags(cuts: CodeArray, start: int, n_knots: int) -> Bags:
    """Write how many items are known as a field of its own, (n,) → n bags.

    x = 2·log₂(cut) lies between two knots and counts for both, the nearer the more; no item at all
    is the field's code 0.
    """
    x = np.minimum(2 * np.log2(np.maximum(cuts, 1)), n_knots - 1)
    low = np.minimum(x.astype(np.int64), n_knots - 2)
    above = (x - low).astype(np.float32)
    codes = np.stack([start + 1 + low, start + 2 + low], axis=1)
    values = np.stack([1 - above, above], axis=1)
    none = cuts == 0
    codes[none], values[none] = start, (1, 0)
    return Bags(codes.ravel(), values.ravel(), 2 * np.arange(len(cuts) + 1), 1)


@dataclass(frozen=True, eq=False)
class Histories:
    """Every user's items from oldest to newest, one after the other."""

    offsets: CodeArray  # (n_users + 1,)
    items: IntArray  # (n,)
    times: NDArray[np.int64]  # (n,)
    last_of_tie: CodeArray  # (n,)  place of the last interaction with the same user and time
    in_order: bool = True
    """Whether the interactions have times; without, they stand in file order, at time 0."""

    @classmethod
    def from_interactions(
        cls, interactions: Interactions, n_users: int, in_order: bool = True
    ) -> Histories:
        """Put the table in the order (user, time, file row): each user's rows are sorted apart."""
        if not in_order:
            interactions = replace(interactions, time=np.zeros(len(interactions), np.int64))
        in_time = _in_time
        if len(interactions.user) >= FEW:
            from recsys.examples.history_kernels import rows_in_time as in_time
        offsets, rows, last = in_time(interactions.user, interactions.time, n_users)
        return cls(offsets, interactions.item[rows], interactions.time[rows], last, in_order)

    def of_one(self, items: IntArray) -> Histories:
        """Take `items`, oldest first, as the history of one user, as far apart as is usual here."""
        n = len(items)
        places = np.arange(n, dtype=np.int64)
        times = places * (self.usual_gap() if self.in_order else 0)
        last = places if self.in_order else np.full(n, n - 1)
        return Histories(np.array([0, n]), np.asarray(items, np.int32), times, last, self.in_order)

    def drawn(self, rng: np.random.Generator) -> tuple[Histories, CodeArray]:
        """Put every user's items in a random order; also return the places they stood in, (n,)."""
        user = np.repeat(np.arange(self.n_users), np.diff(self.offsets))
        places = np.argsort(user + rng.random(len(user)))
        return replace(self, items=self.items[places]), places

    @property
    def n_users(self) -> int:
        return len(self.offsets) - 1

    def usual_gap(self) -> int:
        """Return the median number of seconds between two items of a user; 1 if there are none."""
        same_user = np.ones(max(len(self.items) - 1, 0), bool)
        same_user[
            self.offsets[1:-1][(self.offsets[1:-1] > 0) & (self.offsets[1:-1] < len(self.items))]
            - 1
        ] = False
        gaps = np.diff(self.times)[same_user]
        return max(1, int(np.median(gaps))) if len(gaps) else 1

    def lengths(self, users: NDArray[np.integer]) -> CodeArray:
        """Return how many items each of `users` has."""
        lengths: CodeArray = np.diff(self.offsets)[users]
        return lengths

    def between(
        self, users: NDArray[np.integer], begin: CodeArray, end: CodeArray
    ) -> tuple[CodeArray, CodeArray]:
        """Return the places of items begin…end of each of `users`, and where each one's start."""
        starts = self.offsets[users]
        return ragged_ranges(starts + begin, starts + end)

    def bags(
        self,
        users: NDArray[np.integer],
        cuts: CodeArray,
        fields: tuple[HistoryField, ...],
        codes_of: CodeArray,
        keep: NDArray[np.bool_] | None = None,
    ) -> Bags:
        """Write the history fields of every (user, cut) as bags.

        Args:
            users: which users, (n,).
            cuts: how many of their oldest items are known, (n,).
            fields: the fields to write.
            codes_of: the code of every item in each field, (n_fields, n_items).
            keep: which of the Σ cuts items to use (history dropout); all when left out.
        """
        places, offsets = self.between(users, np.zeros_like(cuts), cuts)
        row = np.repeat(np.arange(len(users)), np.diff(offsets))
        last = (self.offsets[users] + cuts - 1)[row]
        kept = slice(None) if keep is None else keep
        places, row, last = places[kept], row[kept], last[kept]
        counts = np.bincount(row, minlength=len(users))
        n_fields = len(fields)
        bag_lengths = np.repeat(counts, n_fields)
        bag_offsets = np.zeros(len(bag_lengths) + 1, np.int64)
        np.cumsum(bag_lengths, out=bag_offsets[1:])
        codes = np.empty(bag_offsets[-1], np.int64)
        values = np.empty(bag_offsets[-1], np.float32)
        within = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
        items = self.items[places]
        for f, field in enumerate(fields):
            where = bag_offsets[row * n_fields + f] + within
            codes[where] = codes_of[f, items]
            values[where] = self._weights(field, places, last, row, len(users))
        return Bags(codes, values, bag_offsets, n_fields)

    def _weights(
        self, field: HistoryField, places: CodeArray, last: CodeArray, row: CodeArray, n: int
    ) -> FloatArray:
        if field.decay is None:
            weights = np.ones(len(places))
        else:
            if field.unit == "items":
                back = last - np.minimum(self.last_of_tie[places], last)
            else:
                back = self.times[last] - self.times[places]
            weights = np.exp(-back / field.decay)
        total = np.bincount(row, weights ** (1 / field.norm), minlength=n) ** field.norm
        scaled: FloatArray = (weights / np.maximum(total, 1e-6)[row]).astype(np.float32)
        return scaled


def _in_time(
    user: IntArray, time: NDArray[np.int64], n_users: int
) -> tuple[CodeArray, IntArray, CodeArray]:
    """Return what `history_kernels.rows_in_time` does, without loading numba."""
    rows = np.lexsort((time, user)).astype(np.int32)
    ends = np.ones(len(rows), dtype=bool)  # places where the next is of another user or time
    ends[:-1] = (user[rows[1:]] != user[rows[:-1]]) | (time[rows[1:]] != time[rows[:-1]])
    places = np.flatnonzero(ends)
    last = places[np.cumsum(ends) - ends]
    return group_starts(user, n_users), rows, last
