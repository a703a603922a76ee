"""Opening the caller's CSV and Parquet files: header first, then the columns that are wanted.

A frame that comes from here is indexed by row numbers as a person counts them: in a text file the
header is row 1, in a Parquet file the first row is.
"""

from __future__ import annotations

import csv
import re
import warnings
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from ingest.errors import SHOWN, AskerError, DataError, Problem

NO_TEXT = ("", "NaN", "nan", "NULL", "null", "<NA>")
"""Texts that mean: no value. "NA", "None" and "N/A" are not among them: they may be names."""
NO_NUMBER = (*NO_TEXT, "NA", "N/A", "n/a", "None", "NaT")
_ZIPPED = {b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\xfd7zXZ": "xz"}
_UNNAMED = re.compile(r"|__index_level_\d+__")
"""An index that pandas wrote along is no column: its name is blank, or this in Parquet."""


@dataclass(frozen=True)
class Reading:
    """How the caller's files are to be read."""

    encoding: str = "utf-8"
    separator: str | None = None
    """Between fields of a text file; None is a tab for .tsv, a comma otherwise."""
    missing: tuple[str, ...] = ()
    """Further texts that mean: no value."""
    multi_separator: str = "|"
    """Between the values in one cell of a multi feature."""
    duplicates: Literal["error", "first", "last"] = "error"
    """What to do where a user and an item stand together more than once."""
    layout: Literal["auto", "table", "lists"] = "auto"
    """One interaction per row, or one user per row with a padded list of items."""


@dataclass(frozen=True)
class TableFile:
    """A file that could be opened, and the names of its columns."""

    source: str
    header: tuple[str, ...]
    """All columns' names, blank ones among them."""
    reading: Reading
    parquet: bool = False
    compression: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that have one."""
        return tuple(name for name in self.header if not _UNNAMED.fullmatch(name))

    def read(self, columns: Collection[str], text: Collection[str]) -> pd.DataFrame:
        """Return `columns`; those also in `text` as written, the others as pandas sees fit.

        A list column of a Parquet file is returned as text, joined by the multi separator.

        Raises:
            DataError: the file is damaged, in another encoding, or has no rows.
        """
        wanted = [name for name in self.columns if name in columns]
        frame = self._read_parquet(wanted, text) if self.parquet else self._read_csv(wanted, text)
        if len(frame) == 0:
            raise DataError([Problem(self.source, "there are column names but no rows below them")])
        return frame

    def _read_csv(self, wanted: list[str], text: Collection[str]) -> pd.DataFrame:
        # All columns are read, not only the wanted: pandas checks a row's length in no other way.
        names = [name or f"(unnamed {place})" for place, name in enumerate(self.header)]
        more = list(self.reading.missing)
        frame = _csv(
            self.source,
            self.reading,
            self.compression,
            header=0,
            names=names,
            dtype={name: str for name in text if name in self.columns},
            na_values={name: [*(NO_TEXT if name in text else NO_NUMBER), *more] for name in names},
            low_memory=False,
        )
        frame.index = pd.RangeIndex(2, len(frame) + 2)
        return frame.loc[frame.notna().any(axis=1), wanted]  # a blank line is not a row

    def _read_parquet(self, wanted: list[str], text: Collection[str]) -> pd.DataFrame:
        table = _parquet(self.source, lambda: pq.read_table(self.source, columns=wanted))
        index = pd.RangeIndex(1, table.num_rows + 1)
        columns = {
            name: _arrow_column(self.source, table.column(name), name, name in text, self.reading)
            for name in wanted
        }
        return pd.DataFrame(
            {name: column.set_axis(index) for name, column in columns.items()}, index
        )


def open_table(source: str, reading: Reading) -> TableFile:
    """Open a file far enough to know its columns.

    Raises:
        AskerError: there is no such file.
        DataError: it is a folder, unreadable, empty, or not the kind of file its name says.
    """
    start = _first_bytes(source)
    if start.startswith(b"PAR1") or Path(source).suffix in (".parquet", ".pq"):
        schema = _parquet(source, lambda: pq.read_schema(source))
        return TableFile(source, tuple(schema.names), reading, parquet=True)
    if start.startswith(b"PK"):
        raise DataError([Problem(source, "is a zip or Excel file; export the table as CSV")])
    packed = next((name for magic, name in _ZIPPED.items() if start.startswith(magic)), None)
    first = _csv(source, reading, packed, header=None, nrows=1, dtype=str, na_values=[])
    columns = tuple("" if pd.isna(name) else str(name) for name in first.iloc[0])
    _check_header(source, columns, reading)
    return TableFile(source, columns, reading, compression=packed)


def _first_bytes(source: str) -> bytes:
    path = Path(source)
    try:
        if path.is_dir():
            raise DataError([Problem(source, "is a folder; name the file in it")])
        with path.open("rb") as file:
            start = file.read(8)
    except FileNotFoundError as error:
        raise AskerError(f"there is no file {source}") from error
    except OSError as error:
        why = f"cannot be opened ({error.strerror}); see to it that you may read it"
        raise DataError([Problem(source, why)]) from error
    if not start:
        raise DataError([Problem(source, "the file is empty")])
    return start


def _check_header(source: str, columns: tuple[str, ...], reading: Reading) -> None:
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    problems = [Problem(source, "two columns have this name; rename one", name) for name in twice]
    if len(columns) == 1 and reading.separator is None:
        other = next((mark for mark in (";", "\t", "|", "::") if mark in columns[0]), None)
        if other is not None:
            what = f"the columns are separated by {other!r}, not by a comma; pass --sep {other!r}"
            problems.append(Problem(source, what))
    if problems:
        raise DataError(problems)


def _csv(source: str, reading: Reading, compression: str | None, **options: Any) -> pd.DataFrame:
    """Call pandas, and turn what it raises into problems that say where and what to do."""
    encoding = "utf-8-sig" if reading.encoding.lower() in ("utf-8", "utf8") else reading.encoding
    options |= {
        "sep": reading.separator or ("\t" if ".tsv" in Path(source).suffixes else ","),
        "encoding": encoding,
        "compression": compression,
        "keep_default_na": False,
        "skip_blank_lines": False,
        "index_col": False,
    }
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame: pd.DataFrame = pd.read_csv(source, **options)
            return frame
    except UnicodeError as error:
        raise DataError([_other_encoding(source, reading.encoding, compression)]) from error
    except LookupError as error:
        raise AskerError(f"there is no encoding called {reading.encoding!r}") from error
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise DataError([_uneven_rows(source, options, str(error))]) from error
    except pd.errors.EmptyDataError as error:
        raise DataError([Problem(source, "the file is empty")]) from error
    except (OSError, EOFError, ValueError) as error:
        raise DataError([Problem(source, f"cannot be read ({error})")]) from error


def _uneven_rows(source: str, options: dict[str, Any], message: str) -> Problem:
    """Find the rows that are longer than the header; pandas names one of them at most."""
    if "EOF inside string" in message:
        return Problem(source, "a quote is opened and never closed; close it or double it")
    lengths: list[int] = []
    if options["compression"] is None and len(options["sep"]) == 1:
        with open(source, encoding=options["encoding"], newline="") as file:
            lengths = [len(row) for row in csv.reader(file, delimiter=options["sep"])]
    rows = [number for number, length in enumerate(lengths, 1) if length > lengths[0]]
    if not rows:
        return Problem(source, f"the rows are not equally long ({message}); mend the file")
    what = (
        f"has {lengths[rows[0] - 1]} fields where the header has {lengths[0]}; put text that holds "
        f"the separator {options['sep']!r} in quotes"
    )
    return Problem(source, what, rows=tuple(rows[:SHOWN]), count=len(rows))


def _other_encoding(source: str, tried: str, compression: str | None) -> Problem:
    """Say where the file stops being `tried`, and which encoding it is likely to be in."""
    content = b"" if compression else Path(source).read_bytes()
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Problem(source, "is not UTF-8 but UTF-16; pass --encoding utf-16")
    row = 0
    for number, line in enumerate(content.splitlines(), start=1):
        try:
            line.decode(tried)
        except UnicodeError:
            row = number
            break
    likely = "latin-1"
    try:
        content.decode("cp1252")
        likely = "cp1252"
    except UnicodeError:
        pass
    what = f"is not in the encoding {tried}; if it is {likely}, pass --encoding {likely}"
    return Problem(source, what, rows=(row,) if row else ())


def _parquet(source: str, read: Any) -> Any:
    try:
        return read()
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        what = f"is not a Parquet file, or is damaged ({first}); write it again"
        raise DataError([Problem(source, what)]) from error


def _arrow_column(
    source: str, column: pa.ChunkedArray, name: str, as_text: bool, reading: Reading
) -> pd.Series:
    """Return one Parquet column for pandas; raises DataError where its type is of no use."""
    try:
        column = _plain_arrow(column, as_text, reading.multi_separator)
        series: pd.Series = column.to_pandas()
    except pa.ArrowException as error:
        what = f"holds {column.type}, which cannot be used here; write it as text or numbers"
        raise DataError([Problem(source, what, name)]) from error
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        series = series.mask(series.isin([*NO_TEXT, *reading.missing]))
    return series


def _plain_arrow(column: pa.ChunkedArray, as_text: bool, separator: str) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        return pc.binary_join(column.cast(pa.list_(pa.string())), separator)
    if pa.types.is_decimal(column.type):
        column = column.cast(pa.float64())
    if as_text and pa.types.is_floating(column.type):
        whole = pc.all(pc.equal(column, pc.floor(column))).as_py()  # 7.0 is the id 7 with gaps
        column = column.cast(pa.int64()) if whole else column
    if as_text or pa.types.is_nested(column.type):
        return column.cast(pa.string())
    return column
