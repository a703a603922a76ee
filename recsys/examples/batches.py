"""What one training step sees: pairs with their negatives, or users with their next items."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ingest.dataset.ids import IntArray
from ingest.dataset.schema import Dataset, FloatArray
from recsys.config import TrainingConfig
from recsys.examples.features import Bags, CodeArray, ragged_ranges
from recsys.examples.history import Histories
from recsys.examples.inputs import Inputs
from recsys.examples.sampling import NO_ITEM, NegativeSampler

_ROWS_AT_ONCE = 1 << 16
"""So many interactions are gathered in one go."""


class PairBatch(NamedTuple):
    """B users at a point of their history, each with the item they took next and n negatives."""

    users: Bags
    user_rows: IntArray  # (B,)         their rows in `users`
    items: Bags
    item_rows: IntArray  # (B, 1 + n)   their rows in `items`
    labels: FloatArray  # (B, 1 + n)
    valid: FloatArray  # (B, 1 + n)  0 where there is no negative


class NextBatch(NamedTuple):
    """B users at a cut of their history, and what came after."""

    users: Bags  # (B, fields)
    seen: CodeArray  # (2, s)     (row, item) before the cut
    targets: CodeArray  # (2, t)  (row, item) after it
    weights: FloatArray  # (t,)   what each target counts


class PairBatches:
    """Every interaction of the data as a positive (or a rating), with fresh negatives."""

    def __init__(self, inputs: Inputs, dataset: Dataset, config: TrainingConfig) -> None:
        self._inputs, self._config = inputs, config
        static = len(inputs.space.static("user")) == len(inputs.space.of("user"))
        self._users = inputs.users(np.arange(inputs.n_users)) if static else None
        histories, labels = inputs.histories, _labels_of(dataset, inputs.histories)
        if not histories.in_order and inputs.space.history:  # what comes before what is drawn
            histories, places = histories.drawn(np.random.default_rng(0))
            labels = labels[places]
        self._histories = histories
        n_each = np.diff(histories.offsets)
        self._user = np.repeat(np.arange(histories.n_users, dtype=np.int32), n_each)
        self._item = np.asarray(histories.items, np.int32)
        self._cut = np.arange(len(self._user)) - np.repeat(histories.offsets[:-1], n_each)
        self._rating = labels if config.loss == "mse" else None
        self._n_negatives = 0 if config.loss == "mse" else config.n_negatives
        matrix = inputs.matrix
        self._sampler = NegativeSampler(matrix, config.sampler) if self._n_negatives else None
        self._negatives = np.empty((len(self._user), self._n_negatives), np.int32)
        shape = self._rows_per_step, 1 + self._n_negatives
        self._labels, self._valid = np.zeros(shape, np.float32), np.ones(shape, np.float32)
        self._labels[:, 0] = 1
        # row, user, item and negatives side by side: one visit to memory for each interaction
        self._dealt = np.empty((len(self._user), 3 + self._n_negatives), np.int32)

    @property
    def n_steps(self) -> int:
        return -(-len(self._user) // self._rows_per_step)

    @property
    def _rows_per_step(self) -> int:
        return max(1, self._config.batch_size // (1 + self._n_negatives))

    def epoch(self, rng: np.random.Generator) -> Iterator[PairBatch | NextBatch]:
        """Yield every interaction once, in random order, each with negatives drawn afresh."""
        from recsys.examples.sampling_kernels import deal, take_columns

        if self._sampler is not None:
            self._sampler.fill(self._negatives, self._user, rng)
        some_have_all = self._negatives.size > 0 and self._negatives.min() == NO_ITEM
        width, seed = self._dealt.shape[1], np.uint64(rng.integers(0, 2**63))
        deal(self._user, self._item, self._negatives, (0,) * width, seed, self._dealt)
        step = self._rows_per_step
        chunk = step * max(1, _ROWS_AT_ONCE // step)
        for start in range(0, len(self._dealt), chunk):
            dealt = self._dealt[start : start + chunk]
            rows, users = np.empty(len(dealt), np.int32), np.empty(len(dealt), np.int32)
            items = np.empty((len(dealt), 1 + self._n_negatives), np.int32)
            take_columns(dealt, rows, users, items)
            for begin in range(0, len(rows), step):
                part = slice(begin, begin + step)
                yield self._batch(rows[part], users[part], items[part], some_have_all, rng)

    def _batch(
        self,
        rows: IntArray,
        users: IntArray,
        items: IntArray,
        some_have_all: bool,
        rng: np.random.Generator,
    ) -> PairBatch:
        labels, valid = self._labels[: len(rows)], self._valid[: len(rows)]
        if self._rating is not None:
            labels = self._rating[rows][:, None]
        if some_have_all:
            valid = (items != NO_ITEM).astype(np.float32)
            items = np.maximum(items, 0)
        return PairBatch(
            *self._users_at(rows, users, rng), self._inputs.items(), items, labels, valid
        )

    def _users_at(
        self, rows: IntArray, users: IntArray, rng: np.random.Generator
    ) -> tuple[Bags, IntArray]:
        """Return the users of interactions as they were before these, and their rows there."""
        if self._users is not None:
            return self._users, users
        cuts = self._cut[rows]
        keep = kept_history(cuts, self._config.history_dropout, rng)
        bags = self._inputs.users(users, cuts, keep, self._histories)
        return bags, np.arange(len(users), dtype=np.int32)


def _labels_of(dataset: Dataset, histories: Histories) -> FloatArray:
    """Return the label of every interaction in the order of `histories`."""
    seen = dataset.interactions
    keys = (seen.time, seen.user) if histories.in_order else (seen.user,)
    labels: FloatArray = seen.label[np.lexsort(keys)]
    return labels


class NextBatches:
    """Every user once an epoch, cut at a random place of their history; the next items are due.

    Where histories have no order, each epoch draws one.
    """

    def __init__(self, inputs: Inputs, config: TrainingConfig) -> None:
        self._inputs, self._config = inputs, config
        lengths = inputs.histories.lengths(np.arange(inputs.n_users))
        self._users = np.flatnonzero(lengths)
        self._lengths = lengths
        self._histories = inputs.histories

    @property
    def n_steps(self) -> int:
        return -(-len(self._users) // self._config.batch_size)

    def epoch(self, rng: np.random.Generator) -> Iterator[PairBatch | NextBatch]:
        """Yield every user who has an item, in random order."""
        if not self._histories.in_order:
            self._histories, _ = self._histories.drawn(rng)
        order = rng.permutation(self._users)
        for start in range(0, len(order), self._config.batch_size):
            yield self._batch(order[start : start + self._config.batch_size], rng)

    def _batch(self, users: CodeArray, rng: np.random.Generator) -> NextBatch:
        cuts, ends = self._draw_cuts(self._lengths[users], rng)
        keep = kept_history(cuts, self._config.history_dropout, rng)
        decay = self._config.target_decay or np.inf
        ahead, _ = ragged_ranges(np.zeros_like(cuts), ends - cuts)  # 0 is the very next item
        return NextBatch(
            self._inputs.users(users, cuts, keep, self._histories),
            self._items_between(users, np.zeros_like(cuts), cuts),
            self._items_between(users, cuts, ends),
            np.exp(-ahead / decay).astype(np.float32),
        )

    def _draw_cuts(
        self, lengths: CodeArray, rng: np.random.Generator
    ) -> tuple[CodeArray, CodeArray]:
        """Return how many items are known, (B,), and where the targets end, (B,).

        A user with one item is asked for it out of nothing.
        """
        first = self._config.first_cut
        share = first + (1 - first) * rng.random(len(lengths))
        cuts = np.clip((share * lengths).astype(np.int64), np.minimum(1, lengths - 1), lengths - 1)
        due = np.maximum(1, np.rint(self._config.window * cuts).astype(np.int64))
        return cuts, np.minimum(cuts + due, lengths)

    def _items_between(self, users: CodeArray, begin: CodeArray, end: CodeArray) -> CodeArray:
        places, offsets = self._histories.between(users, begin, end)
        rows = np.repeat(np.arange(len(users)), np.diff(offsets))
        return np.stack([rows, self._histories.items[places].astype(np.int64)])


def kept_history(
    cuts: CodeArray, dropout: float, rng: np.random.Generator
) -> NDArray[np.bool_] | None:
    """Draw which of all Σ cuts history items a step's history fields may see; None for all."""
    return rng.random(int(cuts.sum())) >= dropout if dropout else None
