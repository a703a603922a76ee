"""Opening a Parquet file as a table of raw rows; its first row is row 1."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from ingest.errors import DataError, Problem
from ingest.raw import NO_TEXT, RawRows, Reading

MAGIC = b"PAR1"
SUFFIXES = (".parquet", ".pq")
_UNNAMED = re.compile(r"|__index_level_\d+__")
"""An index that pandas wrote along is no column: its name is blank, or this in Parquet."""


@dataclass(frozen=True)
class ParquetFile:
    """A Parquet file whose schema could be read."""

    source: str
    schema: pa.Schema
    reading: Reading

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that have one."""
        return tuple(name for name in self.schema.names if not _UNNAMED.fullmatch(name))

    def read(self, columns: Collection[str], text: Collection[str]) -> RawRows:
        """Return `columns` as `ingest.raw.RawTable.read` says."""
        wanted = [name for name in self.columns if name in columns]
        table = _sure(self.source, lambda: pq.read_table(self.source, columns=wanted))
        return plain_rows(self.source, table, text, self.reading)


def open_parquet(source: str, reading: Reading) -> ParquetFile:
    """Read the schema; raises DataError where the file is no Parquet file."""
    schema = _sure(source, lambda: pq.read_schema(source))
    twice = sorted({name for name in schema.names if schema.names.count(name) > 1})
    if twice:
        what = "two columns have this name; rename one"
        raise DataError([Problem(source, what, name) for name in twice])
    return ParquetFile(source, schema, reading)


def is_parquet(source: str, start: bytes) -> bool:
    """Tell by its first bytes or its name whether `source` should be a Parquet file."""
    return start.startswith(MAGIC) or Path(source).suffix in SUFFIXES


def plain_rows(source: str, table: pa.Table, text: Collection[str], reading: Reading) -> RawRows:
    """Return a typed Arrow table as raw rows, numbered from 1.

    Raises:
        DataError: the table has no rows, or a column's type is of no use.
    """
    if table.num_rows == 0:
        raise DataError([Problem(source, "there are column names but no rows below them")])
    problems: list[Problem] = []
    columns: dict[str, pa.ChunkedArray] = {}
    for name in table.column_names:
        column = table.column(name)
        try:
            columns[name] = _plain(column, name in text, reading)
        except pa.ArrowException:
            what = f"holds {column.type}, which cannot be used here; write it as text or numbers"
            problems.append(Problem(source, what, name))
    if problems:
        raise DataError(problems)
    return RawRows(pa.table(columns), range(1, table.num_rows + 1))


def _sure(source: str, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        what = f"is not a Parquet file, or is damaged ({first}); write it again"
        raise DataError([Problem(source, what)]) from error


def _plain(column: pa.ChunkedArray, as_text: bool, reading: Reading) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type) and not pa.types.is_string(column.type.value_type):
        column = column.cast(column.type.value_type)
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        texts = column.cast(pa.list_(pa.string()))
        column = pc.binary_join(texts, reading.multi_separator)
    if pa.types.is_decimal(column.type):
        column = column.cast(pa.float64())
    if as_text and pa.types.is_floating(column.type):
        whole = pc.all(pc.equal(column, pc.floor(column))).as_py()  # 7.0 is the id 7 with gaps
        column = column.cast(pa.int64()) if whole else column
    if (as_text and not pa.types.is_dictionary(column.type)) or _is_textual(column.type):
        column = column.cast(pa.string())
    if pa.types.is_string(column.type):
        missing = pc.is_in(column, pa.array([*NO_TEXT, *reading.missing], pa.string()))
        column = pc.if_else(missing, pa.scalar(None, pa.string()), column)
    return column


def _is_textual(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_nested(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_string_view(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_null(kind)
    )
