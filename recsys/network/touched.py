"""What a batch of pairs touches: its users, items and codes, every one named once.

It is what lets a training step skip everything else.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.examples.batches import PairBatch
from recsys.examples.features import Bags, CodeArray

Places = NDArray[np.int32]
_SMALL = 256
"""The codes of a field with no more than so many are not looked for but all named: most are there
anyway, and a step with the gradient 0 is what Adam gives the others."""


class Touched(NamedTuple):
    """What one batch touches, every row named once."""

    codes: CodeArray  # (n_codes,)  ascending
    slot: Places  # place among `codes` of every code of the feature space
    blocks: CodeArray  # (F + 1,)  where each field's codes begin among `codes`
    users: Bags
    user_rows: CodeArray  # (n_users,)  rows of `users`, distinct
    user: Places  # (B,)  place among `user_rows`
    items: Bags
    item_rows: CodeArray  # (n_items,)
    item: Places  # (B,)

    def sides(self) -> tuple[tuple[str, Bags, CodeArray], ...]:
        return ("users", self.users, self.user_rows), ("items", self.items, self.item_rows)


class Toucher:
    """Finds what a batch touches; keeps scratch memory from one batch to the next."""

    def __init__(self, field_starts: CodeArray, n_codes: int) -> None:
        """Take where each field's codes begin, users' fields first, and the number of codes."""
        self._starts = np.append(field_starts, n_codes)
        self._large = np.diff(self._starts) > _SMALL
        self._slot = np.empty(n_codes, np.int32)
        self._marks: tuple[Places, ...] = ()
        self._flags = np.empty(0, np.uint8)

    def touch(self, batch: PairBatch) -> Touched:
        """Name every user, item and code of `batch` once. Cost: O(batch + (rows + codes) / 8)."""
        from recsys.network.touch_kernels import name_once

        n_fields, users, items = batch.users.n_fields, batch.users, batch.items
        marks = self._scratch(users.n_rows, items.n_rows)
        codes, blocks, user_rows, user, item_rows, item = name_once(
            np.ascontiguousarray(batch.user_rows, np.int32),
            np.ascontiguousarray(batch.item_rows, np.int32),
            (tuple(users), tuple(items)),
            (self._large[:n_fields], self._large[n_fields:]),
            self._starts,
            self._flags,
            marks,
        )
        return Touched(codes, self._slot, blocks, users, user_rows, user, items, item_rows, item)

    def _scratch(self, n_users: int, n_items: int) -> tuple[Places, ...]:
        if [len(mark) for mark in self._marks[:2]] != [n_users, n_items]:
            self._marks = np.empty(n_users, np.int32), np.empty(n_items, np.int32), self._slot
            longest = max(len(mark) for mark in self._marks)
            self._flags = np.zeros(-(-longest // 8) * 8, np.uint8)
        return self._marks
