"""The readable profile of a user: history by taste and time, then the attributes in one last line.

Every number in it is a count, an id, a value of the tables, a median, or a mean to two decimals.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
import pandas as pd

from ingest.dataset.ids import IntArray
from ingest.dataset.schema import Dataset, Side
from ingest.dataset.split import RowArray
from ingest.index.tastes import (
    DenseTaste,
    Grouped,
    ValueTastes,
    dense_taste,
    grouped,
    liked_rows,
    value_tastes,
)

N_RECENT = 10
N_LIKED = 10
N_LEAST = 5
N_VALUES = 5
N_FIELDS = 8
_LONGEST = 120  # characters of a title or value; with the counts above, a profile stays bounded
_ATTRIBUTES = "Attributes:"


def write_profiles(dataset: Dataset, users: IntArray | None = None) -> list[str]:
    """Write the profiles of `users`, all by default, in their order.

    Cost: one pass over the interactions however many are asked for, then some 80 µs a profile.
    """
    writer = ProfileWriter(dataset)
    chosen = range(dataset.n_users) if users is None else users
    return [writer.write(int(user)) for user in chosen]


def without_attributes(profile: str) -> str:
    """Return the profile without its line of personal attributes."""
    history, _, last = profile.rpartition("\n")
    return history if history and last.startswith(_ATTRIBUTES) else profile


def attribute_texts(dataset: Dataset, side: Side) -> dict[str, list[str]]:
    """Return the attributes of users or items by field name, as text; empty where missing."""
    table = dataset.users if side == "user" else dataset.items
    return {
        one_line(field.name): [_text(value) for value in table[field.name]]
        for field in dataset.fields_of(side)
    }


class ProfileWriter:
    """Writes profiles of one data set's users; what they share is computed once."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.graded = dataset.has_labels and dataset.liked_from is not None
        seen = dataset.interactions
        newest = np.lexsort((np.arange(len(seen)), seen.time))[::-1]
        highest = newest[np.argsort(-seen.label[newest], kind="stable")]
        lowest = newest[np.argsort(seen.label[newest], kind="stable")]
        liked = liked_rows(dataset)
        self._recent = self._first(newest, N_RECENT)
        self._highest = self._first(highest[liked[highest]], N_LIKED)
        self._least = self._first(lowest[~liked[lowest]], N_LEAST)
        self._n = np.bincount(seen.user, minlength=dataset.n_users)
        self._n_liked = np.bincount(seen.user[liked], minlength=dataset.n_users)
        label = seen.label.astype(np.float64)
        self._label_sum = np.bincount(seen.user, weights=label, minlength=dataset.n_users)
        self._all = grouped(seen.user, newest, dataset.n_users)

    def _first(self, rows: RowArray, most: int) -> Grouped:
        return grouped(self.dataset.interactions.user, rows, self.dataset.n_users, most)

    def write(self, user: int) -> str:
        """Return the profile of user index `user`."""
        lines = [self._summary(user)]
        if self._n[user]:
            lines += self._tastes(user)
            lines += self._lists(user)
        attributes = self._attributes(user)
        return "\n".join(lines + [attributes] * bool(attributes))

    def _summary(self, user: int) -> str:
        dataset, n = self.dataset, int(self._n[user])
        subject = f"User {one_line(dataset.user_ids.external[user])}"
        if not n:
            return f"{subject} has no {dataset.noun.many} yet."
        text = f"{subject} has {self._counted(n)}{self._period(user)}."
        if dataset.has_labels:
            total = self._label_sum[user]
            mean = f"The mean label is {total / n:.2f}"
            text += f" {mean}" if n > 1 else f" The label is {_number(total)}"
            if self.graded:
                from_label = _number(dataset.liked_from or 0.0)
                liked = int(self._n_liked[user])
                text += f"; {liked} of {n} liked (label {from_label} or more)"
            text += "."
        return text

    def _period(self, user: int) -> str:
        if not self.dataset.has_times:
            return ""
        rows = self._all.of(user)
        first, last = self._day(rows[-1]), self._day(rows[0])
        if first == last:
            return f", all on {first}" if len(rows) > 1 else f", on {first}"
        return f", from {first} to {last}"

    def _tastes(self, user: int) -> Iterator[str]:
        for name, taste in self._fields.items():
            title = name[:1].upper() + name[1:]
            if isinstance(taste, DenseTaste):
                if not np.isnan(taste.median[user]):
                    yield f"{title}: {_range(taste, user)}."
            elif rows := taste.best.of(user).tolist():
                shown = ", ".join(self._taste(taste, row) for row in rows)
                yield f"{title} {'liked' if self.graded else 'met'} most often: {shown}."

    def _taste(self, taste: ValueTastes, row: int) -> str:
        n = int(taste.n[row])
        name = one_line(taste.names[taste.value[row]])
        mean = f", mean label {taste.mean_label[row]:.2f}" if self.dataset.has_labels else ""
        if self.graded:
            return f"{name} ({taste.n_liked[row]} of {n} liked{mean})"
        return f"{name} ({self._counted(n)}{mean})"

    def _lists(self, user: int) -> Iterator[str]:
        if self.dataset.has_labels:
            n_high = int(self._n_liked[user])
            heading = "Liked most" if self.graded else "Highest labels"
            yield from self._list(heading, self._highest.of(user), n_high)
            yield from self._list("Liked least", self._least.of(user), int(self._n[user]) - n_high)
        heading = "Most recent" if self.dataset.has_times else "Last in the table"
        yield from self._list(heading, self._recent.of(user), int(self._n[user]), days=True)

    def _list(self, heading: str, rows: RowArray, of: int, days: bool = False) -> Iterator[str]:
        if len(rows):
            part = f" ({len(rows)} of {of})" if of > len(rows) else ""
            yield f"{heading}{part}: {', '.join(self._mention(int(row), days) for row in rows)}."

    def _mention(self, row: int, day: bool) -> str:
        seen = self.dataset.interactions
        about = [f"label {_number(seen.label[row])}"] if self.dataset.has_labels else []
        if day and self.dataset.has_times:
            about.append(self._day(row))
        name = self._names[seen.item[row]]
        return f"{name} ({', '.join(about)})" if about else name

    def _day(self, row: int) -> str:
        return str(np.datetime64(int(self.dataset.interactions.time[row]), "s").astype("M8[D]"))

    def _counted(self, n: int) -> str:
        noun = self.dataset.noun
        return f"{n} {noun.one if n == 1 else noun.many}"

    def _attributes(self, user: int) -> str:
        known = [
            f"{name} {text}" for name, texts in self._user_texts.items() if (text := texts[user])
        ]
        return f"{_ATTRIBUTES} {'; '.join(known)}." if known else ""

    @cached_property
    def _fields(self) -> dict[str, ValueTastes | DenseTaste]:
        """Taste in each item field by its name, fields of categories first."""
        fields = sorted(self.dataset.fields_of("item"), key=lambda field: field.kind == "dense")
        return {
            one_line(field.name): dense_taste(self.dataset, field)
            if field.kind == "dense"
            else value_tastes(self.dataset, field, N_VALUES)
            for field in fields[:N_FIELDS]
        }

    @cached_property
    def _names(self) -> list[str]:
        """What each item is called: its quoted title, with the id where two share a title."""
        dataset = self.dataset
        titles = pd.Series([one_line(dataset.title(item)) for item in range(dataset.n_items)])
        shared = titles.duplicated(keep=False)
        if dataset.titles is None:
            return list(titles)
        own = pd.notna(pd.Series(dataset.titles)) & (dataset.titles != "")
        return [
            f'"{title}"' + f" [{dataset.noun.one} {one_line(item_id)}]" * twice if has else title
            for title, has, twice, item_id in zip(
                titles, own, shared, dataset.item_ids.external, strict=True
            )
        ]

    @cached_property
    def _user_texts(self) -> dict[str, list[str]]:
        return attribute_texts(self.dataset, "user")


def _range(taste: DenseTaste, user: int) -> str:
    low, high = _number(taste.low[user]), _number(taste.high[user])
    if low == high:
        return low
    return f"from {low} to {high}, median {_number(taste.median[user])}"


def _text(value: object) -> str:
    """Return an attribute value as text; empty where it is missing."""
    if isinstance(value, tuple):
        return ", ".join(one_line(entry) for entry in value)
    if isinstance(value, float):
        return "" if np.isnan(value) else _number(value)
    return "" if value is None else one_line(value)


def _number(value: float) -> str:
    """Return the shortest text that reads back as `value`: 4, 3.5, 24."""
    return np.format_float_positional(value, trim="-")


def one_line(value: object) -> str:
    """Return `value` as text without line breaks, cut short where it is very long."""
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
