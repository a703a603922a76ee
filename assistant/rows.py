"""Users and items of one home by id, and the rows that tools are made of, in plain JSON types."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from assistant.evidence import Row
from ingest.dataset.ids import IntArray
from ingest.dataset.schema import Dataset
from ingest.errors import AskerError
from recsys.lists.ranking import Recommender
from recsys.neighbours.audience import Neighbours, shared_items

if TYPE_CHECKING:
    from ingest.index.store import Index

N_LIKED = 3
"""How many of the items a user liked are named beside a suggestion."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Makes rows over one home's data, model and index."""

    dataset: Dataset
    recommender: Recommender
    index: Index

    def user(self, user_id: str) -> int:
        """Return the index of a user; raises AskerError when the data have no such user."""
        user = self.dataset.user_ids.code(user_id)
        if user is None:
            raise AskerError(
                f"user {user_id} is not in the data set {self.dataset.name}; check the id"
            )
        return user

    def item(self, item_id: str) -> int:
        """Return the index of an item; raises AskerError when the data have no such item."""
        item = self.dataset.item_ids.code(item_id)
        if item is None:
            noun = self.dataset.noun.one
            raise AskerError(
                f"{noun} {item_id} is not in the data set {self.dataset.name}; check the id"
            )
        return item

    def day(self, time: int) -> str | None:
        """Return the day of a time as 1997-12-31, in UTC; None where the data have no times."""
        if not self.dataset.has_times:
            return None
        return str(np.datetime64(time, "s").astype("datetime64[D]"))

    def ids(self, items: IntArray) -> list[str]:
        return [str(self.dataset.item_ids.external[item]) for item in items]

    def neighbour_rows(self, near: Neighbours, own: IntArray) -> list[Row]:
        rows = []
        for user, intersection, union in zip(near.user, near.intersection, near.union, strict=True):
            shared = shared_items(self.recommender.matrix, int(user), own)
            rows.append(
                {
                    **self.neighbour(int(user), int(intersection), int(union)),
                    "shared_items": self.ids(shared),
                    "shared_titles": [self.dataset.title(item) for item in self.best_known(shared)],
                }
            )
        return rows

    def best_known(self, items: IntArray, n: int = 3) -> IntArray:
        """Return the `n` items of a set that the fewest users have: sharing those says most."""
        return items[np.lexsort((items, self.recommender.audience.n_users_of[items]))][:n]

    def neighbour(self, user: int, intersection: int, union: int) -> Row:
        return {
            "user_id": str(self.dataset.user_ids.external[user]),
            "jaccard": intersection / union,
            "intersection": intersection,
            "union": union,
        }

    def item_row(self, item: int) -> Row:
        return {
            "item_id": str(self.dataset.item_ids.external[item]),
            "title": self.dataset.title(item),
            "attributes": self.attributes(item),
            "n_users": int(self.recommender.audience.n_users_of[item]),
        }

    def attributes(self, item: int) -> dict[str, Any]:
        """Return what the data say of an item, missing values left out."""
        found: dict[str, Any] = {}
        for field in self.dataset.fields_of("item"):
            value = self._columns[field.name][item]
            if field.kind == "multi":
                if len(value):
                    found[field.name] = list(value)
            elif field.kind == "dense":
                if np.isfinite(value):
                    found[field.name] = int(value) if float(value).is_integer() else float(value)
            elif isinstance(value, str):
                found[field.name] = value
        return found

    def support_row(self, item: int, near: Neighbours) -> Row:
        """Return which of the nearest users have the item, and how many were looked at."""
        column = self.recommender.audience.by_item
        audience = column.indices[column.indptr[item] : column.indptr[item + 1]]
        have = np.isin(near.user, audience)
        places = np.flatnonzero(have)
        rows = zip(near.user[have], near.intersection[have], near.union[have], strict=True)
        return {
            "neighbours": [
                self.neighbour(int(user), int(both), int(either)) | {"place": int(place) + 1}
                for place, (user, both, either) in zip(places, rows, strict=True)
            ],
            "n_neighbours": len(near),
        }

    def label(self, user: int, item: int) -> float | None:
        """Return the user's label of the item; None when unseen or without labels."""
        seen = self.dataset.interactions
        if not self.dataset.has_labels:
            return None
        rows = np.flatnonzero((seen.user == user) & (seen.item == item))
        return float(seen.label[rows[0]]) if len(rows) else None

    def taste(self, user: int) -> dict[tuple[str, str], tuple[int, int]]:
        """Return how often each attribute value stands in what the user liked, with of how many.

        Where labels do not grade, everything the user has counts as liked.
        """
        liked = self.dataset.interactions.item[self.liked_rows(user)]
        counts: dict[tuple[str, str], tuple[int, int]] = {}
        for field in self.dataset.fields_of("item"):
            if field.kind == "dense":
                continue
            column = self._columns[field.name][liked]
            values = chain.from_iterable(column) if field.kind == "multi" else column
            for value, count in Counter(v for v in values if isinstance(v, str)).items():
                counts[field.name, value] = (count, len(liked))
        return counts

    @cached_property
    def _columns(self) -> dict[str, NDArray[Any]]:
        """Item fields as arrays: a look-up in a data frame costs some hundred times as much."""
        items = self.dataset.items
        return {f.name: items[f.name].to_numpy() for f in self.dataset.fields_of("item")}

    def liked_alike(self, user: int, items: IntArray) -> list[list[Row]]:
        """Return, for each item, what the user liked whose audience is most like the item's.

        Likeness is the Jaccard of the two sets of users; the item itself is left out.
        """
        rows = self.liked_rows(user)
        liked, label = self.dataset.interactions.item[rows], self.dataset.interactions.label
        audience = self.recommender.audience
        both = (audience.by_item[items] @ audience.by_item[liked].T).toarray().astype(np.int64)
        sizes = audience.n_users_of.astype(np.int64)
        either = sizes[items][:, None] + sizes[liked][None, :] - both
        jaccard = both / np.maximum(either, 1)
        jaccard[items[:, None] == liked[None, :]] = 0.0
        found = []
        for place in range(len(items)):
            best = np.lexsort((liked, -jaccard[place]))[:N_LIKED]
            found.append(
                [
                    {
                        "item_id": str(self.dataset.item_ids.external[liked[one]]),
                        "title": self.dataset.title(liked[one]),
                        "label": float(label[rows[one]]) if self.dataset.has_labels else None,
                        "jaccard": float(jaccard[place, one]),
                        "intersection": int(both[place, one]),
                        "union": int(either[place, one]),
                    }
                    for one in best
                    if jaccard[place, one] > 0
                ]
            )
        return found

    def liked_rows(self, user: int) -> IntArray:
        """Return the rows of what the user liked; of all he has, where labels do not grade."""
        rows = self.rows_of(user)
        if self.dataset.liked_from is None:
            return rows
        return rows[self.dataset.interactions.label[rows] >= self.dataset.liked_from]

    def rows_of(self, user: int) -> IntArray:
        return np.flatnonzero(self.dataset.interactions.user == user).astype(np.int32)

    def shared_taste(self, item: int, taste: dict[tuple[str, str], tuple[int, int]]) -> list[Row]:
        """Return the item's attribute values among what the user liked, most frequent first."""
        rows = []
        for name, value in self.attributes(item).items():
            for one in value if isinstance(value, list) else [value]:
                if (name, str(one)) in taste:
                    count, of = taste[name, str(one)]
                    rows.append({"field": name, "value": str(one), "count": count, "of": of})
        return sorted(rows, key=lambda row: (-row["count"], row["value"]))


def best_values(taste: dict[tuple[str, str], tuple[int, int]], n: int) -> list[Row]:
    """Return the `n` attribute values that stand most often in what a user liked."""
    best = sorted(taste.items(), key=lambda entry: (-entry[1][0], entry[0]))[:n]
    return [
        {"field": field, "value": value, "count": count, "of": of}
        for (field, value), (count, of) in best
    ]
