"""Two data sets of the same fields as one: what the second says is newer.

A pair of user and item that both have keeps its place in the table and takes label and time from
the second; so does a feature of a user or item, where the second has a value. All else of the
second comes after the first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ingest.dataset.ids import IdMap, IntArray
from ingest.dataset.schema import Dataset, Interactions, Kind, Side
from ingest.dataset.split import RowArray

Number = TypeVar("Number", np.float32, np.int64)


@dataclass(frozen=True, eq=False)
class Merged:
    """The data set of both, and where the ids and rows of the second came to be in it."""

    dataset: Dataset
    users: tuple[IntArray, IntArray]
    """Index in `dataset` of every user of the first, and of the second."""
    items: tuple[IntArray, IntArray]
    corrected: RowArray
    """Rows of the second whose pair the first has too."""


def merge(first: Dataset, second: Dataset) -> Merged:
    """Put `second` after `first`, whose fields and roles stay.

    Cost: some passes over the interactions of `first`, and one sort of those of `second`.
    """
    user_ids, *users = _joined(first.user_ids, second.user_ids)
    item_ids, *items = _joined(first.item_ids, second.item_ids)
    old, new = first.interactions, second.interactions
    old_user, old_item = _moved(users[0], old.user), _moved(items[0], old.item)
    new_user, new_item = users[1][new.user], items[1][new.item]
    known, place = _corrections(
        old_user, old_item, new_user, new_item, len(user_ids), len(item_ids)
    )
    fresh = np.ones(len(new), dtype=bool)
    fresh[known] = False
    dataset = Dataset(
        name=first.name,
        user_ids=user_ids,
        item_ids=item_ids,
        interactions=Interactions(
            np.concatenate([old_user, new_user[fresh]]),
            np.concatenate([old_item, new_item[fresh]]),
            _extended(old.label, place, new.label[known], new.label[fresh]),
            _extended(old.time, place, new.time[known], new.time[fresh])
            if first.has_times
            else _counted_on(old.time, int(fresh.sum())),
        ),
        users=_features(first, second, "user", len(user_ids), *users),
        items=_features(first, second, "item", len(item_ids), *items),
        fields=first.fields,
        noun=first.noun,
        liked_from=first.liked_from,
        has_labels=first.has_labels,
        has_times=first.has_times,
    )
    return Merged(dataset, (users[0], users[1]), (items[0], items[1]), known)


def conformed(dataset: Dataset, like: Dataset) -> Dataset:
    """Return `dataset` with the fields and roles of `like`; a feature it lacks is missing."""
    seen = dataset.interactions
    if not like.has_labels:
        seen = replace(seen, label=np.ones(len(seen), np.float32))
    if not like.has_times:
        seen = replace(seen, time=np.arange(len(seen), dtype=np.int64))
    tables = {side: _like(dataset, like, side) for side in ("user", "item")}
    return replace(
        dataset,
        name=like.name,
        interactions=seen,
        users=tables["user"],
        items=tables["item"],
        fields=like.fields,
        noun=like.noun,
        liked_from=like.liked_from,
        has_labels=like.has_labels,
        has_times=like.has_times,
    )


def given(column: pd.Series) -> NDArray[np.bool_]:
    """Return where a feature column holds a value: neither missing nor an empty tuple."""
    if column.dtype == object:
        values = (value is not None and value != () for value in column)
        return np.fromiter(values, bool, len(column))
    return column.notna().to_numpy()


def _joined(one: IdMap, other: IdMap) -> tuple[IdMap, IntArray, IntArray]:
    """Return the map of both's ids, and the index in it of each one's own."""
    codes = one.codes(other.external)
    if (codes >= 0).all():
        return one, np.arange(len(one), dtype=np.int32), codes
    ids = IdMap([*one.external, *other.external[codes < 0]])
    return ids, ids.codes(one.external), ids.codes(other.external)


def _moved(places: IntArray, codes: IntArray) -> IntArray:
    """Return the new index of each of `codes`; themselves where no id moved."""
    still = len(places) == 0 or np.array_equal(places, np.arange(len(places)))
    return codes if still else places[codes]


def _corrections(
    old_user: IntArray,
    old_item: IntArray,
    new_user: IntArray,
    new_item: IntArray,
    n_users: int,
    n_items: int,
) -> tuple[RowArray, RowArray]:
    """Return the new rows whose pair is among the old ones, and where it is there."""
    touched = np.zeros(n_users, dtype=bool)
    touched[new_user] = True
    candidates = np.flatnonzero(touched[old_user])
    old_pair = old_user[candidates].astype(np.int64) * n_items + old_item[candidates]
    new_pair = new_user.astype(np.int64) * n_items + new_item
    _, new_row, old_row = np.intersect1d(
        new_pair, old_pair, assume_unique=True, return_indices=True
    )
    return new_row, candidates[old_row]


def _extended(
    old: NDArray[Number], place: RowArray, corrected: NDArray[Number], more: NDArray[Number]
) -> NDArray[Number]:
    column = np.concatenate([old, more])
    column[place] = corrected
    return column


def _counted_on(time: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Return row numbers, which stand in for times, with `n` more after them."""
    last = int(time.max(initial=-1))
    return np.concatenate([time, np.arange(last + 1, last + 1 + n)])


def _features(
    first: Dataset, second: Dataset, side: Side, n: int, ours: IntArray, theirs: IntArray
) -> pd.DataFrame:
    """Return the feature table of both, in the columns of `first`."""
    old, new = (d.users if side == "user" else d.items for d in (first, second))
    kinds = {field.name: field.kind for field in first.fields_of(side)}
    columns = {}
    for name in old.columns:
        column = blank(n, kinds.get(name))
        column[ours] = old[name].to_numpy()
        if name in new.columns:
            said = given(new[name])
            column[theirs[said]] = new[name].to_numpy()[said]
        columns[name] = pd.Series(column, dtype=column.dtype)  # pandas would make text of objects
    return pd.DataFrame(columns, index=range(n))


def _like(dataset: Dataset, like: Dataset, side: Side) -> pd.DataFrame:
    table, model = (d.users if side == "user" else d.items for d in (dataset, like))
    kinds = {field.name: field.kind for field in like.fields_of(side)}
    columns = {
        name: table[name] if name in table else pd.Series(blank(len(table), kinds.get(name)))
        for name in model.columns
    }
    return pd.DataFrame(columns, index=range(len(table)))


def blank(n: int, kind: Kind | None) -> NDArray[np.generic]:
    """Return a feature column of `n` missing values; kind None is a title."""
    if kind == "dense":
        return np.full(n, np.nan)
    column = np.full(n, None, dtype=object)
    if kind == "multi":
        column.fill(())
    return column
