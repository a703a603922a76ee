"""Opening delimited text files: header first, then the columns that are wanted."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
from numpy.typing import NDArray

from ingest.errors import SHOWN, AskerError, DataError, Problem
from ingest.raw import NO_NUMBER, NO_TEXT, RawRows, Reading

_ZIPPED = {b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\xfd7zXZ": "xz"}


@dataclass(frozen=True)
class TextTable:
    """A text file that could be opened, and the names of its columns."""

    source: str
    header: tuple[str, ...]
    """All columns' names, blank ones among them."""
    reading: Reading
    compression: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that have one."""
        return tuple(name for name in self.header if name)

    def read(self, columns: Collection[str], text: Collection[str]) -> RawRows:
        """Return `columns` as `ingest.raw.RawTable.read` says."""
        wanted = [name for name in self.columns if name in columns]
        frame = self._read_csv(wanted, text)
        if len(frame) == 0:
            raise DataError([Problem(self.source, "there are column names but no rows below them")])
        mixed = {name: "string" for name in wanted if frame[name].dtype == object}
        table = pa.Table.from_pandas(frame.astype(mixed), preserve_index=False)
        rows: NDArray[np.int64] = frame.index.to_numpy(np.int64)
        return RawRows(table, rows)

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


def open_delimited(source: str, start: bytes, reading: Reading) -> TextTable:
    """Read the header of a text file that starts with the bytes `start`; raises DataError."""
    packed = next((name for magic, name in _ZIPPED.items() if start.startswith(magic)), None)
    first = _csv(source, reading, packed, header=None, nrows=1, dtype=str, na_values=[])
    columns = tuple("" if pd.isna(name) else str(name) for name in first.iloc[0])
    _check_header(source, columns, reading)
    return TextTable(source, columns, reading, compression=packed)


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
