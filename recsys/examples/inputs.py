"""What the network is fed: users at a point of their history, and items, as bags of codes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.dataset.ids import IntArray
from ingest.dataset.matrix import interaction_matrix
from ingest.dataset.schema import Dataset
from recsys.config import HistoryField
from recsys.examples.features import Bags, CodeArray, FeatureSpace, beside
from recsys.examples.history import Histories, activity_bags


class Inputs:
    """The users and items of a data set in the codes of a feature space."""

    def __init__(
        self, space: FeatureSpace, dataset: Dataset, history_fields: tuple[HistoryField, ...]
    ) -> None:
        """Encode every user and item of `dataset` once; ids that `space` lacks become unknown."""
        self.space = space
        self.histories = Histories.from_interactions(
            dataset.interactions, dataset.n_users, dataset.has_times
        )
        self.n_users, self.n_items = dataset.n_users, dataset.n_items
        self.matrix = interaction_matrix(dataset.interactions, dataset.n_users, dataset.n_items)
        self._users = space.encode(dataset, "user")
        self._items = space.encode(dataset, "item")
        self._history_fields = history_fields
        starts = np.array([field.start for field in space.history], np.int64)
        places = self._items.codes[self._items.offsets[: -1 : self._items.n_fields]]
        self._history_codes = starts[:, None] + (places - space.item_id.start)  # (H, n_items)

    def users(
        self,
        users: NDArray[np.integer],
        cuts: CodeArray | None = None,
        keep: NDArray[np.bool_] | None = None,
        histories: Histories | None = None,
    ) -> Bags:
        """Return the fields of `users` when `cuts` of their items are known; None: all.

        `histories` are those of these data in another order.
        """
        cuts = self.histories.lengths(users) if cuts is None else cuts
        histories = histories or self.histories
        return self._complete(self._users.take(users), histories, users, cuts, keep)

    def stranger(self, items: IntArray, features: Mapping[str, Any]) -> Bags:
        """Return the fields of someone known only by `items`, oldest first, and `features`.

        Their items are taken to lie as far apart in time as is usual in the data.
        """
        history = self.histories.of_one(items)
        static = self.space.encode_row("user", features)
        return self._complete(static, history, np.zeros(1, np.int64), np.array([len(items)]))

    def _complete(
        self,
        bags: Bags,
        histories: Histories,
        users: NDArray[np.integer],
        cuts: CodeArray,
        keep: NDArray[np.bool_] | None = None,
    ) -> Bags:
        """Put beside the static fields those that change with the history."""
        activity = self.space.activity
        parts = [bags] if bags.n_fields else []
        if activity is not None:
            parts.append(activity_bags(cuts, activity.start, len(activity.edges)))
        if self._history_fields:
            parts.append(
                histories.bags(users, cuts, self._history_fields, self._history_codes, keep)
            )
        return reduce(beside, parts)

    def items(self, items: NDArray[np.integer] | None = None) -> Bags:
        """Return the fields of `items`, or of every item."""
        return self._items if items is None else self._items.take(items)
