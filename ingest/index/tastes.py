"""What users favour, as numbers: item attribute values met and liked, and each user's first rows.

One pass over the interactions serves every user; results are grouped by user and read by slices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.dataset.ids import IntArray
from ingest.dataset.schema import Dataset, Field
from ingest.dataset.split import RowArray


@dataclass(frozen=True, eq=False)
class Grouped:
    """Rows of some table grouped by user: those of user u are `rows[start[u] : start[u + 1]]`."""

    rows: RowArray
    start: RowArray
    """(n_users + 1,)"""

    def of(self, user: int) -> RowArray:
        return self.rows[self.start[user] : self.start[user + 1]]

    def count(self, user: int) -> int:
        return int(self.start[user + 1] - self.start[user])


def grouped(user: IntArray, rows: RowArray, n_users: int, most: int | None = None) -> Grouped:
    """Group `rows`, which are in the order wanted within a user, by `user[rows]`.

    With `most`, only the first so many of each user are kept.
    """
    rows = rows[np.argsort(user[rows], kind="stable")]
    of_user = user[rows]
    bounds = np.arange(n_users + 1)
    if most is not None:
        place = np.arange(len(rows)) - np.searchsorted(of_user, of_user)
        rows, of_user = rows[place < most], of_user[place < most]
    return Grouped(rows, np.searchsorted(of_user, bounds))


def liked_rows(dataset: Dataset) -> NDArray[np.bool_]:
    """Return which interactions are liked, (n,); all of them where labels do not grade."""
    seen = dataset.interactions
    if not dataset.has_labels or dataset.liked_from is None:
        return np.ones(len(seen), dtype=bool)
    liked: NDArray[np.bool_] = seen.label >= dataset.liked_from
    return liked


@dataclass(frozen=True, eq=False)
class ValueTastes:
    """One row per user and attribute value met: `user`, `value`, and how it was met."""

    names: list[str]
    """The values by code, in alphabetical order."""
    value: IntArray
    n: IntArray
    """Items with the value that the user has."""
    n_liked: IntArray
    """How many of them are liked; as many as `n` where labels do not grade."""
    mean_label: NDArray[np.float64]
    best: Grouped
    """Rows of each user, the favourite first: by n_liked, n, mean label, then name."""


def value_tastes(dataset: Dataset, field: Field, most: int) -> ValueTastes:
    """Count, for each user, the values of a sparse or multi item field; keep `most` favourites.

    A favourite was liked at least once and, by users with five items or more, met at least twice.
    """
    seen = dataset.interactions
    names, start, flat = _value_codes(dataset, field)
    per_row = (start[1:] - start[:-1])[seen.item]
    row = np.repeat(np.arange(len(seen)), per_row)
    within = np.arange(len(row)) - np.repeat(np.cumsum(per_row) - per_row, per_row)
    key = seen.user[row].astype(np.int64) * len(names) + flat[start[seen.item[row]] + within]
    met, group, n = np.unique(key, return_inverse=True, return_counts=True)
    label = seen.label[row].astype(np.float64)
    liked = liked_rows(dataset)[row]
    n_liked = np.bincount(group, weights=liked, minlength=len(met)).astype(np.int32)
    mean = np.bincount(group, weights=label, minlength=len(met)) / n
    user, value = (met // max(len(names), 1)).astype(np.int32), met % max(len(names), 1)
    n_items = np.bincount(seen.user, minlength=dataset.n_users)
    rows = np.lexsort((value, -mean, -n, -n_liked))
    rows = rows[(n_liked[rows] > 0) & ((n[rows] > 1) | (n_items[user[rows]] < 5))]
    best = grouped(user, rows, dataset.n_users, most)
    return ValueTastes(names, value.astype(np.int32), n.astype(np.int32), n_liked, mean, best)


@dataclass(frozen=True, eq=False)
class DenseTaste:
    """Median, lowest and highest value among each user's items, (n_users,); NaN for none."""

    median: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def dense_taste(dataset: Dataset, field: Field) -> DenseTaste:
    """Summarise a dense item field over each user's items; missing values are left aside."""
    seen = dataset.interactions
    value = dataset.items[field.name].to_numpy(np.float64)[seen.item]
    rows = np.flatnonzero(~np.isnan(value))
    rows = rows[np.argsort(value[rows], kind="stable")]
    per_user = grouped(seen.user, rows, dataset.n_users)
    first, after = per_user.start[:-1], per_user.start[1:]
    some = np.flatnonzero(after > first)
    first, last = first[some], after[some] - 1
    value = value[per_user.rows]
    median = (value[(first + last) // 2] + value[(first + last + 1) // 2]) / 2
    found = [np.full(dataset.n_users, np.nan) for _ in range(3)]
    for array, numbers in zip(found, (median, value[first], value[last]), strict=True):
        array[some] = numbers
    return DenseTaste(*found)


def _value_codes(dataset: Dataset, field: Field) -> tuple[list[str], RowArray, RowArray]:
    """Return the distinct values, and as codes those of item i: flat[start[i] : start[i + 1]]."""
    column = dataset.items[field.name]
    if field.kind == "multi":
        values = [tuple(dict.fromkeys(entry)) for entry in column]
    else:
        values = [() if entry is None else (entry,) for entry in column]
    texts = np.array([value for entry in values for value in entry], dtype=object)
    names, flat = np.unique(texts.astype(str), return_inverse=True)
    start = np.concatenate([[0], np.cumsum([len(entry) for entry in values], dtype=np.int64)])
    return [str(name) for name in names], start, flat.astype(np.int64)
