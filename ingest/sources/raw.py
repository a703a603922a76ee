"""What every source of rows looks like before anything is known about its columns' meaning.

A source is opened far enough to know its columns' names; then the columns that are wanted are read
as Arrow. From there on nothing depends on where the rows came from.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
from numpy.typing import NDArray

from ingest.errors import AskerError

NO_TEXT = ("", "NaN", "nan", "NULL", "null", "<NA>")
"""Texts that mean: no value. "NA", "None" and "N/A" are not among them: they may be names."""
NO_NUMBER = (*NO_TEXT, "NA", "N/A", "n/a", "None", "NaT")
"""Texts that mean: no value, where a number is expected."""

MOST_ROWS = 2**31 - 1
"""Of a table of interactions: later steps number its rows with 32 bits."""


@dataclass(frozen=True)
class Reading:
    """How the caller's tables are to be read, and what is to happen to rows that cannot be used."""

    encoding: str = "utf-8"
    separator: str | None = None
    """Between fields of a text file, also of several characters; None is a tab for .tsv, otherwise
    what the first lines show."""
    quote: str | None = '"'
    """Around a field of a text file that holds the separator; None where quotes mean nothing."""
    decimal: str = "."
    """Between a number's whole and its fraction, in text."""
    thousands: str | None = None
    """Between groups of three digits, in text."""
    missing: tuple[str, ...] = ()
    """Further texts that mean: no value; `age=0` means it in the column `age` only."""
    multi_separator: str = "|"
    """Between the values in one cell of a multi feature."""
    duplicates: Literal["error", "first", "last"] = "error"
    """What to do where a user and an item stand together more than once."""
    layout: Literal["auto", "table", "lists", "merged"] = "auto"
    """One interaction per row, one user per row with a padded list of items, or LibRecommender's
    one interaction per row with the features of both sides beside it."""
    ids: Literal["check", "exact", "trim", "fold"] = "check"
    """What to do with ids that differ from one another only by spaces or case: report them, keep
    them apart, leave out spaces at the ends, or take all of them as one id in lower case."""
    time_unit: Literal["s", "ms", "us", "ns"] = "s"
    """Of times that are written as numbers since 1970."""
    time_format: str | None = None
    """How times are written, in the codes of C's strptime; None: as numbers or ISO 8601."""
    label_range: tuple[float, float] | None = None
    """The least and the greatest label there may be."""
    on_bad_rows: Literal["error", "skip", "report"] = "error"
    """Refuse the tables, leave the rows out, or leave them out and write them to a file."""
    refused_folder: str = "."
    """Where `report` writes a file for each table that has such rows."""

    def missing_in(self, column: str | None = None) -> tuple[str, ...]:
        """Return the further texts that mean: no value, in every column, or only in `column`."""
        pairs = [(*word.partition("="), word) for word in self.missing]
        if column is not None:
            return tuple(text for name, _, text, _ in pairs if name == column and text)
        return tuple(word for name, _, text, word in pairs if not (name and text))

    def named_in_missing(self) -> tuple[str, ...]:
        """Return the columns that have texts of their own which mean: no value."""
        pairs = [word.partition("=") for word in self.missing]
        return tuple(dict.fromkeys(name for name, _, text in pairs if name and text))

    def __post_init__(self) -> None:
        for option, mark in (("--quote", self.quote), ("--thousands", self.thousands)):
            if mark is not None and len(mark) != 1:
                raise AskerError(f"{option} takes one character, not {mark!r}")
        if self.decimal not in (".", ",") or self.decimal == self.thousands:
            raise AskerError(
                f"--decimal takes . or , and another character than --thousands, not "
                f"{self.decimal!r}"
            )
        if self.time_format is not None and "%" not in self.time_format:
            raise AskerError(
                f"--time-format takes a date's parts, as in %d.%m.%Y, not {self.time_format!r}"
            )
        if self.separator == "":
            raise AskerError("--sep takes the text that stands between fields, not nothing")
        if self.label_range is not None and not self.label_range[0] <= self.label_range[1]:
            raise AskerError(
                "--label-range takes the least and the greatest label, as in 1,5, not "
                f"{self.label_range[0]:g},{self.label_range[1]:g}"
            )


@dataclass(frozen=True)
class Refused:
    """Rows that a reader could not turn into cells, and left out of its table."""

    what: str
    """What is wrong and what mends it, one sentence without a full stop."""
    rows: NDArray[np.int64]
    """Their numbers, as a person counts them."""
    texts: Sequence[str]
    """The rows as they are written."""


@dataclass(frozen=True)
class RawRows:
    """The columns that were asked for, missing values null.

    Text columns are string or dictionary<int32, string>; both mean the same.
    """

    table: pa.Table
    rows: range | NDArray[np.int64]
    """Per row of `table`, its number as a person counts: in a text file the header is row 1,
    elsewhere the first row is."""
    refused: tuple[Refused, ...] = ()
    notices: tuple[str, ...] = ()
    """What the reader guessed, a sentence each."""

    def numbers(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the row numbers of `places` in the table."""
        if isinstance(self.rows, range):
            return self.rows.start + self.rows.step * np.asarray(places, dtype=np.int64)
        return self.rows[places]


class RawTable(Protocol):
    """A source that could be opened."""

    @property
    def source(self) -> str:
        """How messages name it; a URL without its password."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns' names, in order."""

    def read(self, columns: Collection[str], text: Collection[str]) -> RawRows:
        """Return `columns` in the table's order; those also in `text` as strings, as written.

        The others come as the reader sees fit: numbers, booleans, times, text; a list of values
        as text joined by the multi separator. "007" in `text` stays "007"; 7.0 in a column of
        whole numbers with gaps is "7".

        Raises:
            DataError: the source is damaged, in another encoding, or has no rows.
        """
