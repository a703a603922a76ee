"""What a data set is once it has been read and found good: column names, feature fields and the frozen Dataset."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ingest.ids import IdMap, IntArray

FloatArray = NDArray[np.float32]


class Columns:
    """The names columns go by inside; spelled here and nowhere else."""

    USER = "user"
    ITEM = "item"
    LABEL = "label"
    TIME = "time"
    TITLE = "title"


@dataclass(frozen=True)
class Field:
    """One feature field of a user or an item.

    sparse: one category per row (text, missing allowed); dense: a number (NaN is missing); multi: any number of
    categories per row (a tuple of text, empty when missing).
    """

    name: str
    kind: Literal["sparse", "dense", "multi"]
    side: Literal["user", "item"]


@dataclass(frozen=True)
class Noun:
    """What one item, and several, are called when spoken of: film and films."""

    one: str = "item"
    many: str = "items"


@dataclass(frozen=True, eq=False)
class Interactions:
    """The interaction table as arrays of equal length, in file order; no (user, item) pair stands twice."""

    user: IntArray
    item: IntArray
    label: FloatArray
    """Rating, count, or 1.0 throughout when the table has no label."""
    time: NDArray[np.int64]
    """Seconds since 1970, or the row number when the table has no time."""

    def __post_init__(self) -> None:
        lengths = {len(self.user), len(self.item), len(self.label), len(self.time)}
        if len(lengths) != 1:
            raise ValueError(f"interaction arrays differ in length: {sorted(lengths)}")
        for array in (self.user, self.item, self.label, self.time):
            array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.user)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Interactions:
        """Return only `rows`, in that order."""
        return Interactions(self.user[rows], self.item[rows], self.label[rows], self.time[rows])


@dataclass(frozen=True, eq=False)
class Dataset:
    """A validated, frozen data set.

    `users` and `items` have one row per id, in id-map order, and a column per field (`items` also `title` when
    the data have titles). Sparse columns hold text or None, dense columns float64, multi columns tuples of text.
    """

    name: str
    user_ids: IdMap
    item_ids: IdMap
    interactions: Interactions
    users: pd.DataFrame
    items: pd.DataFrame
    fields: tuple[Field, ...] = ()
    noun: Noun = Noun()
    liked_from: float | None = None
    """Labels at or above this count as liked; None when the labels do not grade."""
    has_labels: bool = True
    has_times: bool = True

    def __post_init__(self) -> None:
        for side, frame, ids in (
            ("user", self.users, self.user_ids),
            ("item", self.items, self.item_ids),
        ):
            if len(frame) != len(ids):
                raise ValueError(f"the {side} table has {len(frame)} rows for {len(ids)} ids")
            missing = [
                field.name for field in self.fields_of(side) if field.name not in frame.columns
            ]
            if missing:
                raise ValueError(f"the {side} table lacks the field(s) {', '.join(missing)}")
        seen = self.interactions
        if len(seen) and (seen.user.max() >= self.n_users or seen.item.max() >= self.n_items):
            raise ValueError("an interaction points outside the id maps")

    @property
    def n_users(self) -> int:
        return len(self.user_ids)

    @property
    def n_items(self) -> int:
        return len(self.item_ids)

    def fields_of(self, side: str) -> tuple[Field, ...]:
        """Return the fields of one side, `user` or `item`, in declared order."""
        return tuple(field for field in self.fields if field.side == side)

    @cached_property
    def titles(self) -> NDArray[np.object_] | None:
        """Item titles, (n_items,) in index order, or None when the data have none."""
        if Columns.TITLE not in self.items.columns:
            return None
        values: NDArray[np.object_] = self.items[Columns.TITLE].to_numpy(dtype=object)
        return values

    def title(self, item: int) -> str:
        """Return what to call item index `item`: its title, or noun and id when it has none."""
        title = None if self.titles is None else self.titles[item]
        return (
            f"{self.noun.one} {self.item_ids.external[item]}"
            if pd.isna(title) or not title
            else str(title)
        )

    @cached_property
    def fingerprint(self) -> str:
        """Sixteen hex digits that change with any id, interaction, feature or role (SHA-256, shortened)."""
        digest = hashlib.sha256()
        for array in (
            self.interactions.user,
            self.interactions.item,
            self.interactions.label,
            self.interactions.time,
        ):
            digest.update(np.ascontiguousarray(array).tobytes())
        for ids, frame in ((self.user_ids, self.users), (self.item_ids, self.items)):
            digest.update(json.dumps(list(ids.external)).encode())
            for name in frame.columns:
                digest.update(json.dumps([name, _plain(frame[name])]).encode())
        digest.update(json.dumps(self.describe_roles(), sort_keys=True).encode())
        return digest.hexdigest()[:16]

    def describe_roles(self) -> Mapping[str, object]:
        """Return what is not in the tables themselves, as plain JSON types."""
        return {
            "fields": [[field.name, field.kind, field.side] for field in self.fields],
            "noun": [self.noun.one, self.noun.many],
            "liked_from": self.liked_from,
            "has_labels": self.has_labels,
            "has_times": self.has_times,
        }


def _plain(column: pd.Series) -> list[object]:
    """Return a feature column as JSON types, missing values as None."""
    values = column.to_numpy(dtype=object)
    missing = pd.isna(column).to_numpy()
    return [None if gone else value for value, gone in zip(values, missing, strict=True)]
