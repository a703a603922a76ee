"""Scores of a trained model: all items for users, given pairs, strangers. Needs no torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ingest.dataset.ids import IntArray
from ingest.dataset.schema import Dataset, FloatArray
from ingest.errors import HomeError
from recsys.checkpoint import TrainedModel, load_model
from recsys.config import Task
from recsys.examples.features import CodeArray
from recsys.examples.inputs import Inputs
from recsys.lists.ranking import BlendConfig
from recsys.scoring.inference import Network, Side
from recsys.scoring.screen import Screen
from recsys.scoring.topn import NO_ITEM, top_items

UNKNOWN = -1
"""The index of a user or item the data do not have: it scores as the average of those they do."""
_BLOCK_NUMBERS = 1 << 21
"""How many scores, or numbers of user embeddings, a block may hold: 8 MiB."""


class Scorer:
    """A trained model over a data set.

    The item side is worked out once. In the ranking task scores are probabilities in [0, 1] (see
    `calibration`), in the rating task predicted ratings.
    """

    def __init__(
        self, trained: TrainedModel, dataset: Dataset, inputs: Inputs | None = None
    ) -> None:
        """Take the `inputs` of `dataset` where they are already there."""
        self.trained = trained
        self.inputs = inputs or Inputs(trained.space, dataset, trained.config.history)
        self.network = Network(trained.weights, len(trained.space.of("user")))
        side = self.network.side(self.network.fields(self.inputs.items()), "item")
        self.items = self.network.items(side)
        self._average_item = self.network.items(side.mean())

    @property
    def task(self) -> Task:
        return self.trained.config.task

    @cached_property
    def mean_item_fields(self) -> FloatArray:
        """The mean over all items of each embedded field of the item, (n_fields, K + 1)."""
        mean: FloatArray = self.network.fields(self.inputs.items()).mean(axis=0)
        return mean

    @property
    def fingerprint(self) -> str:
        return self.trained.fingerprint

    @property
    def blend(self) -> BlendConfig:
        """How the neighbours' votes are mixed in, as fitted with the model."""
        return BlendConfig.from_json(self.trained.blend)

    def score_all(self, users: NDArray[np.integer]) -> FloatArray:
        """Return the score of every item for each of `users`, (len(users), n_items).

        Worked out in blocks of users; what is returned is all that grows with their number.
        """
        asked = np.asarray(users, np.int64)
        out = np.empty((len(asked), self.inputs.n_items), np.float32)
        for rows in self._blocks(len(asked)):
            raw = self._raw(asked[rows])
            out[rows] = self._finish(raw, self._level(raw, self._seen_by(asked[rows]))[:, None])
        return out

    def raw_all(self, users: NDArray[np.integer]) -> FloatArray:
        """Return y of the DeepFM equation for every item and each of `users`."""
        asked = np.asarray(users, np.int64)
        out = np.empty((len(asked), self.inputs.n_items), np.float32)
        for rows in self._blocks(len(asked)):
            out[rows] = self._raw(asked[rows])
        return out

    def top(self, users: NDArray[np.integer], n: int) -> tuple[IntArray, FloatArray]:
        """Return the `n` best items each of `users` has not seen, and their scores, both (·, n).

        NO_ITEM and NaN where fewer are left; ties by index. Memory: a block's scores.
        """
        asked = np.asarray(users, np.int64)
        items = np.full((len(asked), n), NO_ITEM, np.int32)
        scores = np.full((len(asked), n), np.nan, np.float32)
        for rows in self._blocks(len(asked)):
            seen = self._seen_by(asked[rows])
            raw = self._best(asked[rows], n, seen)
            items[rows] = top_items(raw, n, seen)
            best = np.take_along_axis(raw, np.maximum(items[rows], 0), axis=1)
            best = self._finish(best, self._level(raw, seen)[:, None])
            scores[rows] = np.where(items[rows] == NO_ITEM, np.nan, best)
        return items, scores

    def score_pairs(self, users: NDArray[np.integer], items: NDArray[np.integer]) -> FloatArray:
        """Return the score of each (user, item) pair, (n,); either may be UNKNOWN."""
        return self._finish(self.logits(users, items), np.float32(0))

    def logits(self, users: NDArray[np.integer], items: NDArray[np.integer]) -> FloatArray:
        """Return what the scores of pairs are calibrated from, (n,): y, less the user's level."""
        users, items = np.asarray(users, np.int64), np.asarray(items, np.int64)
        different, place = np.unique(users, return_inverse=True)
        order = np.argsort(place, kind="stable")
        bounds = np.searchsorted(place[order], np.arange(len(different) + 1))
        out = np.empty(len(users), np.float32)
        for rows in self._blocks(len(different)):
            pairs = order[bounds[rows.start] : bounds[rows.stop]]
            row = place[pairs] - rows.start
            side = self._user_side(different[rows])
            raw = self.network.block(side, self.items)
            unknown = self.network.block(side, self._average_item)[:, 0]
            chosen = np.where(items[pairs] == UNKNOWN, unknown[row], raw[row, items[pairs]])
            out[pairs] = chosen - self._level(raw, self._seen_by(different[rows]))[row]
        return out

    def finished(self, user: int, raw: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the logits and scores of a known user from y of every item, (n_items,) each."""
        level = self._level(raw[None], self._seen_by(np.array([user])))
        scores: FloatArray = self._finish(raw[None], level[:, None])[0]
        return raw - level[0], scores

    def score_items_for(
        self, items: IntArray, features: Mapping[str, Any] | None = None
    ) -> FloatArray:
        """Return the score of every item for someone the data do not have, (n_items,).

        Args:
            items: what they took, oldest first, as item indices; counts where the model has history
                fields.
            features: what is known of them, {field: value}; the rest is missing.
        """
        items = np.asarray(items, np.int32)
        side = self.network.side(
            self.network.fields(self.inputs.stranger(items, features or {})), "user"
        )
        seen = np.zeros((1, self.inputs.n_items), np.float32)
        seen[0, items] = 1
        raw = self.network.block(side, self.items)
        scores: FloatArray = self._finish(raw, self._level(raw, sparse.csr_array(seen))[:, None])[0]
        return scores

    @cached_property
    def _average_user(self) -> Side:
        known = np.flatnonzero(np.diff(self.inputs.matrix.indptr))
        sides = [
            self.network.side(self.network.fields(self.inputs.users(known[rows])), "user")
            for rows in self._blocks(len(known))
        ]
        return Side(*(np.concatenate(parts) for parts in zip(*sides, strict=True))).mean()

    def _raw(self, users: CodeArray) -> FloatArray:
        return self.network.block(self._user_side(users), self.items)

    def _best(self, users: CodeArray, n: int, seen: sparse.csr_array) -> FloatArray:
        """Return what `_raw` does, or -inf where an item is not among the `n` best for certain."""
        if self._screen is None or not self._screen.pays(len(users), n):
            return self._raw(users)
        return self._screen.block(self._user_side(users), n, seen)

    @cached_property
    def _screen(self) -> Screen | None:
        """None where all scores are needed, as a user's level is, or are as cheap."""
        if self.trained.calibration.per_user or not Screen.suits(self.network, self.items):
            return None
        return Screen(self.network, self.items)

    def _user_side(self, users: CodeArray) -> Side:
        unknown = users == UNKNOWN
        known = self.inputs.users(np.where(unknown, 0, users))
        side = self.network.side(self.network.fields(known), "user")
        if unknown.any():
            for part, average in zip(side, self._average_user, strict=True):
                part[unknown] = average
        return side

    def _seen_by(self, users: CodeArray) -> sparse.csr_array:
        """Return the rows of the interaction matrix of `users`; empty for UNKNOWN."""
        rows = self.inputs.matrix[np.maximum(users, 0)]
        if (users == UNKNOWN).any():
            rows = sparse.csr_array(rows.multiply((users != UNKNOWN)[:, None]))
            rows.eliminate_zeros()
        return rows

    def _level(self, raw: FloatArray, seen: sparse.csr_array) -> FloatArray:
        """Return what is taken off each row of `raw` before calibration, (n,)."""
        if not self.trained.calibration.per_user:
            return np.zeros(len(raw), np.float32)
        return user_levels(raw, seen)

    def _finish(self, raw: FloatArray, level: FloatArray | np.float32) -> FloatArray:
        """Turn raw scores into probabilities, or leave them as ratings."""
        if self.task == "rating":
            return raw
        return self.trained.calibration.probability(raw - level)

    def _blocks(self, n: int) -> Iterator[slice]:
        width = self.network.table.shape[1] * len(self.trained.space.of("user"))
        step = max(1, _BLOCK_NUMBERS // (self.inputs.n_items + width))
        return (slice(start, min(start + step, n)) for start in range(0, n, step))


def user_levels(raw: FloatArray, seen: sparse.csr_array) -> FloatArray:
    """Return log mean exp of each row of `raw`, (n, n_items), over the items not `seen`; (n,).

    raw − level is log(n · share of the softmax): 0 for an item as likely as one drawn at random. A
    row without an unseen item takes all of them.
    """
    open_to = raw.copy()
    open_to[np.repeat(np.arange(len(raw)), np.diff(seen.indptr)), seen.indices] = -np.inf
    n_open = raw.shape[1] - np.diff(seen.indptr)
    full = n_open == 0
    open_to[full] = raw[full]
    most = open_to.max(axis=1)
    total = np.exp(open_to - most[:, None]).sum(axis=1, dtype=np.float64)
    level: FloatArray = most + np.log(total / np.where(full, raw.shape[1], n_open))
    return level.astype(np.float32)


def load_scorer(folder: Path, dataset: Dataset, trained_on: str | None = None) -> Scorer:
    """Load the model in `folder` for `dataset`.

    Args:
        folder: where it is.
        dataset: what it was trained on, or grew from that: who and what the model does not know is
            scored by features and history.
        trained_on: fingerprint of the data it must be trained on, where they are not `dataset`.

    Raises:
        HomeError: the model is damaged, or was trained on other data.
    """
    trained = load_model(folder)
    expected = trained_on or dataset.fingerprint
    if trained.data_fingerprint != expected:
        raise HomeError(
            f"the model in {folder} was trained on other data ({trained.data_fingerprint}, "
            f"these are {expected}); run `whyrec train`"
        )
    return Scorer(trained, dataset)
