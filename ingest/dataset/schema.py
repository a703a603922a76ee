"""A data set once it has been read and found good: column names, fields and the frozen Dataset."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from functools import cached_property
from typing import Literal, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ingest.dataset.ids import IdMap, IntArray

FloatArray = NDArray[np.float32]
Kind = Literal["sparse", "dense", "multi"]
Side = Literal["user", "item"]


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

    sparse: one category per row (text, None is missing); dense: a number (NaN is missing); multi:
    any number of categories per row (a tuple of text, empty when missing).
    """

    name: str
    kind: Kind
    side: Side


@dataclass(frozen=True)
class Noun:
    """What one item, and several, are called when spoken of, and what users do with them."""

    one: str = "item"
    many: str = "items"
    verb: str | None = None
    """What users have done with an item, as a past participle: seen, bought, read."""

    @property
    def done(self) -> str:
        """The verb: as given, else the usual one for the noun, else a neutral one."""
        return self.verb or _USUAL_VERBS.get(self.one.casefold(), "interacted with")


_USUAL_VERBS = {
    **dict.fromkeys(("film", "movie", "show", "series", "episode", "video", "clip"), "seen"),
    **dict.fromkeys(("article", "book", "story", "post", "paper", "page", "magazine"), "read"),
    **dict.fromkeys(("product", "sku", "good"), "bought"),
    **dict.fromkeys(("song", "track", "album", "artist", "podcast", "game"), "played"),
    **dict.fromkeys(("app", "tool", "service", "package"), "used"),
    **dict.fromkeys(("place", "restaurant", "hotel", "shop", "museum"), "visited"),
}


@dataclass(frozen=True, eq=False)
class Interactions:
    """The interaction table as arrays of equal length, in file order.

    No (user, item) pair stands twice. The arrays become read-only.
    """

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


class _FrozenFrame:
    """A DataFrame attribute: what is handed out is a copy-on-write view, so nobody changes ours."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._key = f"_{name}"

    @overload
    def __get__(self, instance: None, owner: type) -> _FrozenFrame: ...
    @overload
    def __get__(self, instance: object, owner: type) -> pd.DataFrame: ...
    def __get__(self, instance: object | None, owner: type) -> _FrozenFrame | pd.DataFrame:
        if instance is None:
            raise AttributeError(self._key)  # tells dataclass that there is no default
        frame: pd.DataFrame = instance.__dict__[self._key]
        return frame.copy(deep=False)

    def __set__(self, instance: object, frame: pd.DataFrame) -> None:
        instance.__dict__[self._key] = frame.reset_index(drop=True)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A validated, frozen data set.

    `users` and `items` have one row per id, in id-map order, and a column per field (`items` also
    `title` when the data have titles). Sparse columns and titles hold text or None (object), dense
    columns float64, multi columns tuples of text. Users and items need not have interactions.
    """

    name: str
    user_ids: IdMap
    item_ids: IdMap
    interactions: Interactions
    users: _FrozenFrame = _FrozenFrame()
    items: _FrozenFrame = _FrozenFrame()
    fields: tuple[Field, ...] = ()
    noun: Noun = Noun()
    liked_from: float | None = None
    """Labels at or above this count as liked; None when the labels do not grade."""
    has_labels: bool = True
    has_times: bool = True

    def __post_init__(self) -> None:
        if len({(field.side, field.name) for field in self.fields}) < len(self.fields):
            raise ValueError("two fields of one side have the same name")
        self._check_table("user", self.users, len(self.user_ids))
        self._check_table("item", self.items, len(self.item_ids))
        seen = self.interactions
        for codes, n in ((seen.user, self.n_users), (seen.item, self.n_items)):
            if len(codes) and (codes.min() < 0 or codes.max() >= n):
                raise ValueError("an interaction points outside the id maps")

    def _check_table(self, side: Side, table: pd.DataFrame, n: int) -> None:
        if len(table) != n:
            raise ValueError(f"the {side} table has {len(table)} rows for {n} ids")
        for field in self.fields_of(side):
            if field.name not in table.columns:
                raise ValueError(f"the {side} table lacks the field {field.name}")
            expected = np.float64 if field.kind == "dense" else np.object_
            if table[field.name].dtype != expected:
                raise ValueError(
                    f"the {field.kind} field {field.name} of the {side} table must be "
                    f"{np.dtype(expected)}, not {table[field.name].dtype}"
                )

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
        values.flags.writeable = False
        return values

    def title(self, item: int) -> str:
        """Return what to call item index `item`: its title, or noun and id when it has none."""
        title = None if self.titles is None else self.titles[item]
        if pd.isna(title) or not title:
            return f"{self.noun.one} {self.item_ids.external[item]}"
        return str(title)

    @cached_property
    def fingerprint(self) -> str:
        """Sixteen hex digits that change with any id, interaction, feature or role.

        It does not depend on `name`. SHA-256, shortened; about a second for 20M interactions.
        """
        seen = self.interactions
        digest = hashlib.sha256(len(seen).to_bytes(8, "little"))
        for array in (seen.user, seen.item, seen.label, seen.time):
            digest.update(np.ascontiguousarray(array).data)
        for ids, table in ((self.user_ids, self.users), (self.item_ids, self.items)):
            digest.update(json.dumps(list(ids.external)).encode())
            for name in table.columns:
                digest.update(json.dumps([name, _plain(table[name])]).encode())
        digest.update(json.dumps(self.describe_roles(), sort_keys=True).encode())
        return digest.hexdigest()[:16]

    def describe_roles(self) -> Mapping[str, object]:
        """Return what is not in the tables themselves, as plain JSON types."""
        return {
            "fields": [[field.name, field.kind, field.side] for field in self.fields],
            "noun": [one for one in astuple(self.noun) if one is not None],
            "liked_from": self.liked_from,
            "has_labels": self.has_labels,
            "has_times": self.has_times,
        }


def _plain(column: pd.Series) -> list[object]:
    """Return a feature column as JSON types, missing values as None."""
    values: list[object] = column.astype(object).where(column.notna(), None).tolist()
    return values
