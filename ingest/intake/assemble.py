"""Checked columns → the frozen Dataset: id maps, internal indices, feature tables in id order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ingest.dataset.ids import IdMap, IntArray
from ingest.dataset.schema import Dataset, Field, Interactions, Kind, Noun
from ingest.sources.encoding import Encoded, gather


@dataclass(frozen=True)
class Seen:
    """The interaction table's columns, equal in length, nothing missing."""

    user: Encoded
    item: Encoded
    label: NDArray[np.float32] | NDArray[np.float64] | None = None
    """None when the table has no label."""
    time: NDArray[np.int64] | None = None
    """Seconds since 1970; None when the table has no time."""

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Seen:
        """Return only `rows`, in that order."""
        label = None if self.label is None else self.label[rows]
        time = None if self.time is None else self.time[rows]
        return Seen(self.user.take(rows), self.item.take(rows), label, time)


@dataclass(frozen=True)
class Features:
    """One side's feature table: a row per id, indexed by external id, a text or number per cell."""

    table: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(index=pd.Index([], dtype=object))
    )
    fields: tuple[Field, ...] = ()


def assemble(
    name: str,
    seen: Seen,
    users: Features,
    items: Features,
    noun: Noun | None = None,
    liked_from: float | None = None,
) -> Dataset:
    """Build the Dataset of checked tables.

    Ids that only a feature table knows stay in the catalogue; ids without a feature row get missing
    values. Cost: one pass over each id column, and a sort of the distinct ids.
    """
    user_ids, user = _indices(seen.user, users.table.index)
    item_ids, item = _indices(seen.item, items.table.index)
    n = len(user)
    label = np.ones(n, dtype=np.float32) if seen.label is None else seen.label
    time = np.arange(n, dtype=np.int64) if seen.time is None else seen.time
    return Dataset(
        name=name,
        user_ids=user_ids,
        item_ids=item_ids,
        interactions=Interactions(
            user,
            item,
            label.astype(np.float32, copy=False),
            time.astype(np.int64, copy=False),
        ),
        users=_in_id_order(users, user_ids),
        items=_in_id_order(items, item_ids),
        fields=users.fields + items.fields,
        noun=noun or Noun(),
        liked_from=liked_from,
        has_labels=seen.label is not None,
        has_times=seen.time is not None,
    )


def _indices(column: Encoded, further: pd.Index) -> tuple[IdMap, IntArray]:
    """Return the map of all ids in `column` and `further`, and the indices of `column`."""
    texts = column.texts()
    ids = IdMap([*texts, *further])
    own = ids.codes(texts)
    if np.array_equal(own, np.arange(len(own))):  # the values stand in the ids' order already
        return ids, column.codes
    return ids, gather(own, column.codes)


def _in_id_order(features: Features, ids: IdMap) -> pd.DataFrame:
    kinds = {known.name: known.kind for known in features.fields}
    table = features.table.reindex(pd.Index(ids.external))
    return pd.DataFrame(
        {name: typed(table[name], kinds.get(name)) for name in table.columns}, index=table.index
    )


def typed(column: pd.Series, kind: Kind | None) -> pd.Series:
    """Give a feature column the type that Dataset promises for its kind; None is a title."""
    if kind == "dense":
        return column.astype(np.float64)
    values = column.astype(object).where(column.notna(), None)
    if kind == "multi":
        filled: Sequence[tuple[str, ...]] = [value or () for value in values]
        values = pd.Series(filled, index=column.index, dtype=object)
    return values


def split_values(column: pd.Series, separator: str) -> pd.Series:
    """Turn text like 'Action|Sci-Fi' into tuples, without blanks and repetitions, in given order.

    Missing text stays missing. Cost: Python once per distinct text.
    """
    codes, distinct = pd.factorize(column)
    tuples = np.empty(len(distinct) + 1, dtype=object)  # the last one stands for missing, code −1
    for place, text in enumerate(distinct):
        parts = (part.strip() for part in str(text).split(separator))
        tuples[place] = tuple(dict.fromkeys(part for part in parts if part))
    return pd.Series(tuples[codes], index=column.index, dtype=object)
