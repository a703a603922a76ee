"""Reading delimited text files into Arrow, block by block: memory is the columns that are wanted.

Rows are numbered as records: the header is row 1, a blank line counts.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
import pyarrow.csv as pa_csv  # type: ignore[import-untyped]
from numpy.typing import NDArray

from ingest.errors import DataError, Problem
from ingest.progress import progress_bar
from ingest.sources.buffers import Buffer
from ingest.sources.canonical import Canonical, NotAsWritten
from ingest.sources.cells import without
from ingest.sources.dialect import (
    STAND_IN,
    Characters,
    Dialect,
    characters,
    ends_inside_quotes,
    find_dialect,
    other_encoding,
)
from ingest.sources.encoding import encode
from ingest.sources.numbers import parse_numbers
from ingest.sources.raw import NO_TEXT, RawRows, Reading, Refused

_BLOCK = 2 << 20
_SAMPLE = 2_000
_SAMPLE_BLOCK = 1 << 18
_NO_ROWS = "there are column names but no rows below them"
_TEXT = pa.dictionary(pa.int32(), pa.string())
_WHOLE = pa.int32()
"""Of ids that are canonical whole numbers from 0 on."""


@dataclass(frozen=True)
class TextTable:
    """A text file that could be opened, and the names of its columns."""

    source: str
    header: tuple[str, ...]
    """All columns' names, blank ones among them."""
    dialect: Dialect
    reading: Reading
    guess: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that have one."""
        return tuple(name for name in self.header if name)

    def read(self, columns: Collection[str], text: Collection[str]) -> RawRows:
        """Return `columns` as `ingest.sources.raw.RawTable.read` says.

        A column that is not in `text` comes as numbers when all of it can be read so.
        """
        wanted = [name for name in self.columns if name in columns]
        if not wanted:
            return RawRows(pa.table({}), range(0))
        others = [name for name in wanted if name not in text]
        raw = self._all_rows(wanted, self._kinds(wanted, text))
        raw = _without_blank(raw, self) if len(wanted) < len(self.header) else _without_blank(raw)
        if raw.table.num_rows == 0 and not raw.refused:
            raise DataError([Problem(self.source, _NO_ROWS)])
        table = raw.table
        for place, name in enumerate(wanted):
            if words := self.reading.missing_in(name):
                table = table.set_column(place, name, without(table.column(name), words))
            if name in others:
                table = table.set_column(place, name, _typed(table.column(name), self.reading))
            elif STAND_IN == self.dialect.one_character:
                separator = self.dialect.separator
                table = table.set_column(place, name, _restored(table.column(name), separator))
        return replace(raw, table=table, notices=(self.guess,) if self.guess else ())

    def _kinds(self, wanted: list[str], text: Collection[str]) -> dict[str, pa.DataType]:
        """Guess from the first rows which columns hold nothing but numbers, and which ids are."""
        numbers = Canonical(self.dialect.one_character, self.dialect.quote)
        kinds = dict.fromkeys(wanted, _TEXT)
        try:
            sample = self._rows(wanted, kinds, most=_SAMPLE, numbers=numbers).table
        except DataError:  # reading all of it as text says what is wrong, if anything is
            return kinds
        for name in wanted:
            values = sample.column(name).cast(pa.string())
            whole = numbers.holds and _all_whole(values, 9 if name in text else 15)
            if name in text:
                kinds[name] = _WHOLE if whole else _TEXT
            else:
                kinds[name] = self._kind(values, whole)
        return kinds

    def _kind(self, values: pa.ChunkedArray, whole: bool) -> pa.DataType:
        """Guess from its first values how a column is read that need not be text."""
        if (self.reading.decimal, self.reading.thousands) != (".", None):
            return _TEXT
        if whole and not values.null_count:
            return pa.int64()
        parsed = parse_numbers(values.combine_chunks(), self.reading)
        present = ~np.isnan(parsed.values)
        if (present | parsed.missing | values.is_null().to_numpy()).all():
            return pa.float64()
        mostly_new = pc.count_distinct(values).as_py() > len(values) / 2
        return pa.string() if mostly_new and len(values) == _SAMPLE else _TEXT

    def _all_rows(self, wanted: list[str], kinds: dict[str, pa.DataType]) -> RawRows:
        """Read the file, and again what began as numbers, or whole ones, and goes on otherwise."""
        numbers = None
        if any(pa.types.is_integer(kind) for kind in kinds.values()):
            numbers = Canonical(self.dialect.one_character, self.dialect.quote)
        try:
            return self._rows(wanted, kinds, numbers=numbers)
        except NotAsWritten:
            other = {_WHOLE: _TEXT, pa.int64(): pa.float64()}
        except pa.ArrowInvalid:
            if pa.float64() not in kinds.values():
                raise
            other = {pa.float64(): _TEXT}
        return self._all_rows(wanted, {name: other.get(kind, kind) for name, kind in kinds.items()})

    def _rows(
        self,
        wanted: list[str],
        kinds: dict[str, pa.DataType],
        *,
        most: int | None = None,
        numbers: Canonical | None = None,
    ) -> RawRows:
        """Read the file; its first `most` rows where that is given. `numbers` looks on.

        Raises:
            DataError: the file cannot be unpacked, decoded or parsed.
            NotAsWritten: `numbers` that are not canonical, or no whole numbers after all.
            ArrowInvalid: another value does not fit its column's kind.
        """
        uneven = _Uneven(len(self.header), self.dialect.lines_before)
        buffers = {name: Buffer(kinds[name]) for name in wanted}
        source, dialect = self.source, self.dialect
        size = Path(source).stat().st_size
        block = _BLOCK if most is None else _SAMPLE_BLOCK
        with (
            characters(source, dialect, numbers) as stream,
            progress_bar(size, f"reading {Path(source).name}", "B") as bar,
        ):
            try:
                n = 0
                for blocks, batch in enumerate(
                    self._parser(stream, wanted, kinds, uneven, block), 1
                ):
                    if most is None and numbers is not None and not numbers.holds:
                        raise NotAsWritten
                    n += len(batch)
                    parsed = min(stream.consumed, blocks * block)  # some is read in advance
                    expected = int(n * size / max(parsed, 1) * 1.02)
                    for name in wanted:
                        buffers[name].add(batch.column(name), max(expected, n))
                    bar.update(stream.consumed - bar.n)
                    if most is not None and n >= most:
                        break
            except pa.ArrowInvalid as error:
                self._refuse(error)
                raise
            if most is None and numbers is not None:
                numbers.add(b"")
                if not numbers.holds:
                    raise NotAsWritten
            doubtful = most is None and stream.quotes % 2 == 1
        if doubtful and ends_inside_quotes(source, dialect):
            what = "a quote is opened and never closed; close it or double it"
            raise DataError([Problem(source, what)])
        table = pa.table({name: buffer.finish() for name, buffer in buffers.items()})
        table = table.slice(0, most)
        return RawRows(table, uneven.numbers(table.num_rows), uneven.refused(dialect))

    def _parser(
        self,
        stream: Characters,
        wanted: list[str],
        kinds: dict[str, pa.DataType],
        uneven: _Uneven,
        block: int,
    ) -> Any:
        names = [name or f"(unnamed {place})" for place, name in enumerate(self.header)]
        return pa_csv.open_csv(
            pa.PythonFile(stream, mode="r"),
            # One thread: then every row that does not fit is given with its number.
            pa_csv.ReadOptions(
                use_threads=False,
                block_size=block,
                skip_rows=self.dialect.lines_before,
                column_names=names,
                skip_rows_after_names=1,
            ),
            pa_csv.ParseOptions(
                delimiter=self.dialect.one_character,
                quote_char=self.dialect.quote or False,
                newlines_in_values=self.dialect.quote is not None,
                ignore_empty_lines=False,
                invalid_row_handler=uneven,
            ),
            pa_csv.ConvertOptions(
                column_types=kinds,
                include_columns=wanted,
                strings_can_be_null=True,
                null_values=[*NO_TEXT, *self.reading.missing_in()],
                true_values=[],
                false_values=[],
            ),
        )

    def _refuse(self, error: Exception) -> None:
        """Raise the DataError that a parser's complaint amounts to, if it is no wrong value."""
        said = str(error)
        if "invalid UTF8" in said:
            raise DataError([other_encoding(self.source, self.dialect)]) from error
        if "conversion error to int" in said:
            raise NotAsWritten from error
        if "conversion error" in said:
            return
        if "straddling" in said and Path(self.source).stat().st_size < _SAMPLE_BLOCK:
            raise DataError([Problem(self.source, _NO_ROWS)]) from error  # nor a line's end
        if "straddling" in said or "block" in said:
            said = f"a row is longer than {_BLOCK >> 20} MB; is a quote never closed?"
        raise DataError(
            [Problem(self.source, f"cannot be read ({said}); mend the file")]
        ) from error


def open_delimited(source: str, reading: Reading) -> TextTable:
    """Read the header of a text file; raises DataError where it cannot be used."""
    dialect, header, guess = find_dialect(source, reading)
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        what = "two columns have this name; rename one"
        raise DataError([Problem(source, what, name) for name in twice])
    return TextTable(source, header, dialect, reading, guess)


class _Uneven:
    """Takes the rows whose number of fields is not the header's, as the parser comes upon them."""

    def __init__(self, width: int, lines_before: int) -> None:
        self._width = width
        self._first = 2 + lines_before
        self._rows: list[tuple[int, int, str]] = []

    def __call__(self, row: Any) -> str:
        self._rows.append((row.number, row.actual_columns, row.text))
        return "skip"

    def numbers(self, n: int) -> range | NDArray[np.int64]:
        """Return the numbers of the `n` rows that were kept."""
        if not self._rows:
            return range(self._first, self._first + n)
        left_out = np.array([number for number, _, _ in self._rows])
        every = np.arange(self._first, self._first + n + len(left_out))
        return np.setdiff1d(every, left_out, assume_unique=True)[:n]

    def refused(self, dialect: Dialect) -> tuple[Refused, ...]:
        """Return the long rows and the short ones, each with the mend."""
        mark = f"the separator {dialect.separator!r}"
        found = []
        for short, mend in (
            (False, f"put text that holds {mark} in quotes"),
            (True, f"write {mark} for an empty field too"),
        ):
            rows = [row for row in self._rows if (row[1] < self._width) == short]
            if any('\\"' in text for _, _, text in rows) and not short:
                mend = 'write a quote inside quotes as "", not \\"'
            if rows:
                what = f"has {rows[0][1]} fields where the header has {self._width}; {mend}"
                texts = [text.replace(STAND_IN, dialect.separator) for _, _, text in rows]
                found.append(Refused(what, np.array([number for number, _, _ in rows]), texts))
        return tuple(found)


def _without_blank(raw: RawRows, table: TextTable | None = None) -> RawRows:
    """Leave out rows without any value; with `table`, look whether its other columns have one."""
    empty = _empty_rows(raw.table)
    if not empty.any():
        return raw
    if table is not None:
        names = list(table.columns)
        empty = _empty_rows(table._rows(names, dict.fromkeys(names, _TEXT)).table)
    kept = np.flatnonzero(~empty)
    return replace(raw, table=raw.table.take(pa.array(kept)), rows=raw.numbers(kept))


def _empty_rows(table: pa.Table) -> NDArray[np.bool_]:
    if not all(column.null_count for column in table.columns):
        return np.zeros(table.num_rows, dtype=np.bool_)
    empty = np.ones(table.num_rows, dtype=np.bool_)
    for column in table.columns:
        empty &= column.is_null().to_numpy()
    return empty


def _typed(column: pa.ChunkedArray, reading: Reading) -> pa.ChunkedArray:
    """Return a column of text as numbers where all of it can be read so."""
    if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
        return column
    encoded = encode(column)
    parsed = parse_numbers(encoded.values, reading)
    if not len(encoded.values) or (np.isnan(parsed.values) & ~parsed.missing).any():
        return column
    return pa.chunked_array([pa.array(encoded.per_value(parsed.values, np.nan), from_pandas=True)])


def _all_whole(values: pa.ChunkedArray, digits: int) -> bool:
    """Tell whether there are values, all of them whole numbers from 0 on of so many digits."""
    plain = rf"^(0|[1-9][0-9]{{0,{digits - 1}}})$"
    return pc.all(pc.match_substring_regex(values, plain), min_count=1).as_py() or False


def _restored(column: pa.ChunkedArray, separator: str) -> pa.ChunkedArray:
    """Put a separator that stood in quotes back as it was written."""
    parts = [
        pa.DictionaryArray.from_arrays(
            part.indices, pc.replace_substring(part.dictionary, STAND_IN, separator)
        )
        for part in column.chunks
    ]
    return pa.chunked_array(parts, column.type)
