"""Arrow columns of whatever type a source has → the columns that a RawTable promises."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from ingest.errors import DataError, Problem
from ingest.sources.raw import NO_TEXT, RawRows, Reading

_EXACT = float(2**53)
"""Whole numbers up to here are themselves as float64."""


def plain_rows(source: str, table: pa.Table, text: Collection[str], reading: Reading) -> RawRows:
    """Return a typed Arrow table as raw rows, numbered from 1.

    Each column becomes a number, boolean, moment or text, missing values null; a list becomes text
    joined by the multi separator, and a column named in `text` becomes text.

    Raises:
        DataError: the table has no rows, or columns are of types that cannot be used; all of them.
    """
    if table.num_rows == 0:
        raise DataError([Problem(source, "there are column names but no rows below them")])
    columns: dict[str, pa.ChunkedArray] = {}
    problems = []
    for name in table.column_names:
        column = table.column(name)
        try:
            plain = _plain(column, name in text, reading)
            plain.validate(full=True)  # Arrow takes text from files on trust
            words = (*NO_TEXT, *reading.missing_in(), *reading.missing_in(name))
            columns[name] = without(plain, words)
        except _Ambiguous as error:
            problems.append(Problem(source, str(error), name))
        except pa.ArrowException:
            held, mend = _worded(column.type), "write it as text or numbers"
            if _is_text(column.type):
                held, mend = "text that is not UTF-8", "write it as UTF-8"
            problems.append(
                Problem(source, f"holds {held}, which cannot be used here; {mend}", name)
            )
    if problems:
        raise DataError(problems)
    return RawRows(pa.table(columns), range(1, table.num_rows + 1))


def unified(tables: Sequence[pa.Table], wanted: Sequence[str]) -> pa.Table:
    """Put blocks one below the other: a column that some lack is null there, mixed types are text.

    Returns:
        A table of the columns `wanted`.
    """
    columns = {}
    for name in wanted:
        parts = [
            table.column(name)
            if name in table.column_names
            else pa.chunked_array([pa.nulls(table.num_rows)])
            for table in tables
        ]
        kind = _common({part.type for part in parts if not pa.types.is_null(part.type)})
        parts = [_cast(part, kind) for part in parts]
        columns[name] = pa.chunked_array([chunk for part in parts for chunk in part.chunks], kind)
    return pa.table(columns)


def _common(kinds: set[pa.DataType]) -> pa.DataType:
    if len(kinds) < 2:
        return next(iter(kinds), pa.string())
    if any(pa.types.is_list(kind) for kind in kinds):
        return pa.list_(pa.string())
    return pa.float64() if all(map(_is_number, kinds)) else pa.string()


def _cast(part: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if pa.types.is_null(part.type):
        return pa.chunked_array([pa.nulls(len(part), kind)])
    if pa.types.is_list(kind) and not pa.types.is_list(part.type):
        rows = [None if value is None else [str(value)] for value in part.to_pylist()]
        return pa.chunked_array([pa.array(rows, kind)])
    return part.cast(kind)


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )


class _Ambiguous(Exception):
    """A list that cannot be joined and split again."""


def _plain(column: pa.ChunkedArray, as_text: bool, reading: Reading) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _decoded(column, as_text, reading)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _joined(column, reading.multi_separator)
    if pa.types.is_null(kind):
        return column.cast(pa.string())
    if pa.types.is_decimal(kind) and not as_text:
        return column.cast(pa.float64())
    if pa.types.is_date(kind) and not as_text:
        return column.cast(pa.timestamp("s"))
    if as_text and pa.types.is_floating(kind):
        column = _whole_where_it_is(column)
    if as_text or pa.types.is_nested(kind) or _is_bytes(kind) or _is_text(kind):
        return column.cast(pa.string())
    return column


def _decoded(column: pa.ChunkedArray, as_text: bool, reading: Reading) -> pa.ChunkedArray:
    """Return a dictionary of texts as one, of others its values."""
    if pa.types.is_string(column.type.value_type):
        return column.cast(pa.dictionary(pa.int32(), pa.string()))
    return _plain(column.cast(column.type.value_type), as_text, reading)


def _joined(column: pa.ChunkedArray, separator: str) -> pa.ChunkedArray:
    column = column.cast(pa.list_(pa.string()))
    values = pc.list_flatten(column)
    if pc.any(pc.match_substring(values, separator)).as_py():
        raise _Ambiguous(
            f"a value in a list holds {separator!r}, which also stands between values; pass "
            "another --multi-sep"
        )
    if values.null_count:  # one missing value would make the whole list missing
        column = pa.array([_filled(values) for values in column.to_pylist()], pa.list_(pa.string()))
    return pa.chunked_array(pc.binary_join(column, separator))


def _filled(values: list[str | None] | None) -> list[str] | None:
    return None if values is None else [value for value in values if value is not None]


def _whole_where_it_is(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return floats as integers where all are whole: 7.0 is the id 7 in a column with gaps."""
    column = _without_nan(column)
    bounded = pc.and_(pc.equal(column, pc.floor(column)), pc.less(pc.abs(column), _EXACT))
    return column.cast(pa.int64()) if pc.all(bounded).as_py() is not False else column


def _without_nan(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)


def without(column: pa.ChunkedArray, words: Collection[str]) -> pa.ChunkedArray:
    """Return the column with null for each value that is one of `words`: a number by its value."""
    known = pa.array(words, pa.string())
    if pa.types.is_floating(column.type):
        column = _without_nan(column)
    if pa.types.is_dictionary(column.type):
        held = [pc.any(pc.is_in(chunk.dictionary, known)).as_py() for chunk in column.chunks]
        return without(column.cast(pa.string()), words) if any(held) else column
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        numbers = pa.array(_numbers(words), pa.float64())
        absent = pc.is_in(column.cast(pa.float64(), safe=False), numbers)
    elif _is_text(column.type):
        absent = pc.is_in(column, known)
    else:
        return column
    return pc.if_else(absent, pa.scalar(None, column.type), column)


def _numbers(words: Collection[str]) -> list[float]:
    """Return the words that are numbers, as in `--missing -1`."""
    found = []
    for word in words:
        try:
            found.append(float(word))
        except ValueError:
            continue
    return found


def _is_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def _worded(kind: pa.DataType) -> str:
    if pa.types.is_struct(kind) or pa.types.is_map(kind):
        return "objects"
    if pa.types.is_list(kind):
        return f"lists of {_worded(kind.value_type)}"
    return "bytes" if _is_bytes(kind) else str(kind)


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))
