"""A block of JSON lines → its columns, and the lines that are no object.

Arrow parses the block. What it refuses (a broken line, a column of mixed types) or would read
inexactly (an id of over 64 bits) is parsed again line by line: slower, but exact, and every broken
line is told. What stands in objects in objects is called `outer.inner`.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
from numpy.typing import NDArray

from ingest.sources.raw import Refused

BOM = b"\xef\xbb\xbf"
_DEEPEST = 20
_SHOWN = 500
"""Bytes of a broken line that are kept."""
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
"""Half of a character beyond the first 65,536, as JSON escapes it."""
_BARE_NULL = re.compile(rb"(?:^|\})\s*null", re.MULTILINE)
"""A null where an object should stand: Arrow's parser crashes on it."""
_EXAMPLE = '{"user": 1, "item": 2}'


@dataclass(frozen=True)
class Parsed:
    """A block of lines: its rows with the numbers of their lines, and the lines that are none."""

    table: pa.Table
    lines: NDArray[np.int64]
    refused: tuple[Refused, ...] = ()


def parse_lines(block: bytes, first: int, text: Collection[str] = ()) -> Parsed:
    """Parse whole lines, the first of which has the number `first`.

    Columns in `text` are exact: a number in them is never a rounded one.
    """
    block = block.removeprefix(BOM) if first == 1 else block
    if b"null" in block and _BARE_NULL.search(block):
        return _by_line(block, first, text)
    try:
        block.decode("utf-8")  # Arrow does not check it
        table = _by_arrow(block)
    except (pa.ArrowException, UnicodeDecodeError):
        return _by_line(block, first, text)
    lines = _filled_lines(block, first)
    unclear = len(set(table.column_names)) < table.num_columns
    elsewhere = len(lines) != table.num_rows  # an object on two lines, or two on one
    if unclear or elsewhere or not is_exact(table, text):
        return _by_line(block, first, text)
    return Parsed(table, lines)


def merged(refused: Sequence[Refused]) -> tuple[Refused, ...]:
    """Put together what several blocks refused for the same reason."""
    by_reason: dict[str, list[Refused]] = {}
    for one in refused:
        by_reason.setdefault(one.what, []).append(one)
    return tuple(
        Refused(
            what,
            np.concatenate([one.rows for one in ones]),
            [text for one in ones for text in one.texts],
        )
        for what, ones in by_reason.items()
    )


def _by_arrow(block: bytes) -> pa.Table:
    import pyarrow.json as pj  # type: ignore[import-untyped]

    read = pj.ReadOptions(block_size=max(len(block), 1))
    table = pj.read_json(io.BytesIO(block), read)
    exact = pa.schema([_without_moments(field) for field in table.schema])
    if exact != table.schema:  # text that looks like a moment stays as it is written
        options = pj.ParseOptions(explicit_schema=exact)
        table = pj.read_json(io.BytesIO(block), read, options)
    for _ in range(_DEEPEST):
        if not any(pa.types.is_struct(kind) for kind in table.schema.types):
            break
        table = table.flatten()
    return table


def _without_moments(field: pa.Field) -> pa.Field:
    kind = field.type
    if pa.types.is_timestamp(kind):
        kind = pa.string()
    elif pa.types.is_struct(kind):
        kind = pa.struct([_without_moments(inner) for inner in kind])
    elif pa.types.is_list(kind):
        kind = pa.list_(_without_moments(kind.value_field))
    return pa.field(field.name, kind)


def is_exact(table: pa.Table, text: Collection[str]) -> bool:
    """Tell whether no column in `text` was read as floats, which may be rounded."""
    held = [name for name in text if name in table.column_names]
    return not any(pa.types.is_floating(table.schema.field(name).type) for name in held)


def _filled_lines(block: bytes, first: int) -> NDArray[np.int64]:
    """Return the numbers of the lines that are not blank."""
    codes = np.frombuffer(block, dtype=np.uint8)
    starts = np.concatenate([[0], np.flatnonzero(codes == ord("\n")) + 1])
    starts = starts[starts < len(codes)]
    filled = (codes > ord(" ")).astype(np.int8)
    return first + np.flatnonzero(np.maximum.reduceat(filled, starts) if len(starts) else filled)


def _by_line(block: bytes, first: int, text: Collection[str]) -> Parsed:
    records: list[dict[str, Any]] = []
    lines: list[int] = []
    refused: dict[str, list[tuple[int, str]]] = {}
    for number, line in enumerate(block.split(b"\n"), first):
        if not line.strip():
            continue
        try:
            records.append(_record(line))
            lines.append(number)
        except (ValueError, RecursionError) as error:
            written = line[:_SHOWN].decode("utf-8", "replace")
            refused.setdefault(_why(error), []).append((number, written))
    names = dict.fromkeys(name for record in records for name in record)
    columns = {
        name: _column([record.get(name) for record in records], name in text) for name in names
    }
    refusals = [
        Refused(what, np.array([row for row, _ in rows], np.int64), [line for _, line in rows])
        for what, rows in refused.items()
    ]
    return Parsed(pa.table(columns), np.array(lines, np.int64), tuple(refusals))


def _record(line: bytes) -> dict[str, Any]:
    """Return a line's object, flat; raises ValueError where it is none."""
    record = json.loads(line.decode("utf-8"), object_pairs_hook=_once)
    if not isinstance(record, dict):
        raise ValueError(f"is no object like {_EXAMPLE}; write one object per line")
    if _SURROGATE.search(line):
        json.dumps(record, ensure_ascii=False).encode("utf-8")
    flat: dict[str, Any] = {}
    _flatten(record, "", flat)
    return flat


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        raise ValueError("gives one name twice; keep one of them")
    return record


def _flatten(record: dict[str, Any], prefix: str, flat: dict[str, Any]) -> None:
    for name, value in record.items():
        if isinstance(value, dict):
            _flatten(value, f"{prefix}{name}.", flat)
        else:
            flat[prefix + name] = value


def _why(error: Exception) -> str:
    if isinstance(error, UnicodeEncodeError):
        return r"holds half of a pair like \ud83d\ude00, which is no character; mend it"
    if isinstance(error, UnicodeDecodeError):
        return "is not UTF-8, as JSON has to be; write the file as UTF-8"
    if isinstance(error, RecursionError):
        return "nests too deeply; write flat objects"
    if isinstance(error, json.JSONDecodeError):
        return "is not one whole JSON object; mend the line"
    return str(error)


def _column(values: list[Any], as_text: bool) -> pa.Array:
    kinds = {type(value) for value in values if value is not None}
    if list in kinds:
        return _lists([value if isinstance(value, list) else [value] for value in values])
    if not as_text and (kinds <= {int, float} or kinds <= {bool}):
        try:
            return pa.array(values, pa.float64() if float in kinds else None)
        except (OverflowError, pa.ArrowException):
            pass  # beyond 64 bits: stays as it is written
    return pa.array([_text(value) for value in values], pa.string())


def _lists(rows: list[list[Any]]) -> pa.Array:
    if any(isinstance(value, (dict, list)) for row in rows for value in row):
        return pa.array([[[]] for _ in rows], pa.list_(pa.list_(pa.string())))  # of no use
    return pa.array([[_text(value) for value in row] for row in rows], pa.list_(pa.string()))


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    whole = isinstance(value, float) and value.is_integer() and abs(value) < 2**53
    return str(int(value)) if whole else str(value)
