"""Checks on labels, times and attributes; every finding goes to the table's sieve."""

from __future__ import annotations

import time as clock
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from numpy.typing import NDArray

from ingest.intake.sieve import Mask, Sieve
from ingest.sources.encoding import Encoded, encode
from ingest.sources.numbers import (
    days_as_numbers,
    moment_hint,
    number_hint,
    parse_moments,
    parse_numbers,
    parse_truths,
)
from ingest.sources.raw import Reading

_BLOCK = 1 << 16

T = TypeVar("T", np.float32, np.int64)

FARTHEST = 100_000_000_000
"""Seconds from 1970 to the year 5138; beyond it a time is taken to be in another unit."""
EARLIEST = -30_610_224_000
"""The year 1000, in seconds from 1970; before it a date is taken to stand for: no time."""
NEAREST = 10_000_000
"""Seconds from 1970 to April of that year; a time in a finer unit that is less may be seconds."""
LARGEST = float(np.finfo(np.float32).max)

_PER_SECOND: Mapping[str, int] = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_UNITS = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}


@dataclass(frozen=True, eq=False)
class Attribute:
    """A feature column, row for row: codes of texts, or numbers."""

    cells: NDArray[np.int32] | NDArray[np.float64]
    texts: Encoded | None = None

    @property
    def missing(self) -> Mask:
        """Mask of the rows without a value."""
        found: Mask = np.isnan(self.cells) if self.texts is None else self.texts.missing
        return found

    def worded(self, row: int) -> str:
        """Return a row's value as a message shows it."""
        return _worded(self.cells[row]) if self.texts is None else repr(self.texts.text(row))


def read_numbers(
    sieve: Sieve, name: str, column: pa.ChunkedArray, *, required: bool
) -> NDArray[np.float64]:
    """Return a column as numbers, NaN where missing, and report what is not a finite number."""
    numbers, missing, texts = _numbers(column, sieve.reading)
    wrong = np.isnan(numbers) & ~missing
    if wrong.any():
        example = _example(texts, column, wrong)
        hint = number_hint(example.strip("'"), sieve.reading)
        what = f"{example} is not a number; mend it{hint}"
        if not required:
            what += f", or pass --sparse-col {name}"
        sieve.refuse(wrong, what, name, example)
    what = "the number is infinite; give a finite one"
    sieve.refuse(np.isinf(numbers), what, name, "inf")
    if required:
        what = "the number is missing; fill it in or leave the row out"
        sieve.refuse(missing, what, name)
    return numbers


def read_labels(sieve: Sieve, name: str, column: pa.ChunkedArray) -> NDArray[np.float32]:
    """Return labels, and report those that are missing, no numbers or out of range."""
    low, high = sieve.reading.label_range or (-LARGEST, LARGEST)
    plain = _all_within(column, low, high, np.float32)
    if plain is not None:
        return plain
    labels = read_numbers(sieve, name, _truths_as_numbers(column), required=True)
    large = np.isfinite(labels) & (np.abs(labels) > LARGEST)
    if large.any():
        example = _worded(labels[large][0])
        sieve.refuse(large, f"{example} is too large for a label; scale it", name, example)
        labels = np.where(large, 0.0, labels)
    if sieve.reading.label_range is not None:
        outside = (labels < low) | (labels > high)
        if outside.any():
            example = _worded(labels[outside][0])
            what = f"{example} lies outside {low:g} to {high:g}; mend it or widen --label-range"
            sieve.refuse(outside, what, name, example)
    return labels.astype(np.float32)


def _truths_as_numbers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column of true and false in words as 1 and 0, as it is where it holds others."""
    if not (pa.types.is_dictionary(column.type) or pa.types.is_string(column.type)):
        return column
    texts = encode(column)
    truths = parse_truths(texts.values)
    if np.isnan(truths).any() or not len(truths):
        return column
    return pa.chunked_array([pa.array(texts.per_value(truths, np.nan), from_pandas=True)])


def read_times(sieve: Sieve, name: str, column: pa.ChunkedArray) -> NDArray[np.int64]:
    """Return a column of numbers since 1970, or of dates, as whole seconds (UTC)."""
    if sieve.reading.time_unit == "s" and sieve.reading.time_format is None:
        plain = _all_within(column, EARLIEST, FARTHEST, np.int64)
        if plain is not None and not _may_be_days(plain):
            _tell_future(sieve, name, plain)
            return plain
    texts: Encoded | None = None
    if pa.types.is_temporal(column.type):
        seconds, missing = _typed_moments(column)
    else:
        seconds, missing, texts = _written_moments(sieve, name, column)
    sieve.refuse(missing, "the time is missing; fill it in or leave the row out", name)
    wrong = ~np.isfinite(seconds) & ~missing
    if wrong.any():
        example = _example(texts, column, wrong)
        what = f"{example} is neither seconds since 1970 nor a date like 2024-05-31T18:30:00"
        what += moment_hint(example.strip("'"))
        if sieve.reading.time_format is not None:
            what = f"{example} is not written as {sieve.reading.time_format}; mend it"
        sieve.refuse(wrong, what, name, example)
    good = _check_unit(sieve, name, column, texts, seconds)
    found = np.zeros(len(seconds), dtype=np.int64)
    np.floor(seconds, out=found, where=good, casting="unsafe")
    _tell_future(sieve, name, found)
    return found


def _written_moments(
    sieve: Sieve, name: str, column: pa.ChunkedArray
) -> tuple[NDArray[np.float64], Mask, Encoded | None]:
    """Return seconds since 1970 (NaN where there are none), where they are missing, and texts."""
    reading = sieve.reading
    if reading.time_format is not None:
        texts = encode(column)
        absent = parse_numbers(texts.values, reading).missing
        moments = parse_moments(texts.values, reading.time_format)
        return texts.per_value(moments, np.nan), texts.per_value(absent, True), texts
    numbers, missing, found = _numbers(column, reading)
    seconds = numbers / _PER_SECOND[reading.time_unit]
    if reading.time_unit == "s" and _may_be_days(numbers[~np.isnan(numbers)]):
        seconds = _days(sieve, name, numbers)
    if found is not None and (np.isnan(numbers) & ~missing).any():
        moments = found.per_value(parse_moments(found.values), np.nan)
        missing &= np.isnan(moments)
        seconds = np.where(np.isnan(numbers), moments, seconds)
    return seconds, missing, found


def _days(sieve: Sieve, name: str, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return numbers that are days like 20240531 as seconds; others as they are, if most are."""
    days = days_as_numbers(numbers)
    wrong = np.isnan(days) & ~np.isnan(numbers)
    n_days = len(days) - int(np.isnan(days).sum())
    if n_days <= wrong.sum():
        return numbers
    example = _worded(numbers[np.flatnonzero(~np.isnan(days))[0]])
    sieve.findings.notice(
        f"{sieve.source}: column {name!r}: took {example} and the like as days, not as seconds"
    )
    if wrong.any():
        odd = _worded(numbers[np.flatnonzero(wrong)[0]])
        sieve.refuse(wrong, f"{odd} is no day, unlike {example}; mend it", name, odd)
    return np.where(wrong, 0.0, days)


def _may_be_days(numbers: NDArray[np.int64] | NDArray[np.float64]) -> bool:
    """Tell whether all numbers lie between 19000101 and 21001231."""
    return bool(len(numbers) and numbers.max() <= 2100_12_31 and numbers.min() >= 1900_01_01)


def _check_unit(
    sieve: Sieve,
    name: str,
    column: pa.ChunkedArray,
    texts: Encoded | None,
    seconds: NDArray[np.float64],
) -> Mask:
    """Report times that are in another unit than the column's; return which can be used."""
    unit = sieve.reading.time_unit
    present = np.isfinite(seconds)
    far = present & (np.abs(seconds) > FARTHEST)
    if far.any():
        example = _example(texts, column, far)
        size = float(np.abs(seconds[far][0])) * _PER_SECOND[unit]
        finer = next(u for u, n in _PER_SECOND.items() if size <= FARTHEST * n or u == "ns")
        what = f"{example} is too far for {_UNITS[unit]} since 1970; "
        if far.sum() < present.sum():
            what += f"write it in {_UNITS[unit]} like the others"
        else:
            what += f"if these are {_UNITS[finer]}, pass --time-unit {finer}"
        sieve.refuse(far, what, name, example)
    early = present & ~far & (seconds < EARLIEST)
    if early.any():
        example = _example(texts, column, early)
        what = (
            f"{example} lies before the year 1000; mend it, or leave the row out if it stands for "
        )
        sieve.refuse(early, what + "no time", name, example)
    if unit != "s" and (close := present & (np.abs(seconds) < NEAREST)).any():
        if close.sum() < present.sum():
            example = _example(texts, column, close)
            what = f"{example} is in 1970 for {_UNITS[unit]}, unlike the others; write it in "
            sieve.refuse(close, what + _UNITS[unit], name, example)
    return present & ~far


def _tell_future(sieve: Sieve, name: str, seconds: NDArray[np.int64]) -> None:
    latest = int(seconds.max(initial=0))
    if latest > clock.time() + 86_400:
        day = np.datetime64(latest, "s").astype("datetime64[D]")
        sieve.findings.notice(
            f"{sieve.source}: column {name!r} goes into the future, up to {day}; is that right?"
        )


def _typed_moments(column: pa.ChunkedArray) -> tuple[NDArray[np.float64], Mask]:
    missing = column.is_null().to_numpy().astype(np.bool_)
    if not (pa.types.is_timestamp(column.type) or pa.types.is_date(column.type)):
        return np.full(len(column), np.nan), missing  # a time of day or a duration is no moment
    unit = column.type.unit if pa.types.is_timestamp(column.type) else "ms"
    ticks = column.cast(pa.timestamp(unit)).cast(pa.int64())
    whole = np.floor_divide(pc.fill_null(ticks, 0).to_numpy(), _PER_SECOND[unit])
    return np.where(missing, np.nan, whole.astype(np.float64)), missing


def first_rows(
    sieve: Sieve, name: str, ids: Encoded, attribute: Attribute, role: str | None
) -> NDArray[np.int64]:
    """Return the first row in which each id has a value, (len(ids.values),); −1 where none has.

    Where the attribute is written again on every row of an id, `role` is what an id stands for, and
    rows that differ from the first are reported.
    """
    known = ~attribute.missing & ~ids.missing
    if sieve.standing is not None:
        known &= sieve.standing
    rows = np.flatnonzero(known)
    who, held = ids.codes[rows], attribute.cells[rows]
    first = np.full(len(ids.values), -1, dtype=np.int64)
    first[who[::-1]] = rows[::-1]  # the last assignment, the first row, stays
    differs = held != attribute.cells[first[who]]
    if role is not None and differs.any():
        row = int(rows[np.flatnonzero(differs)[0]])
        before = int(first[ids.codes[row]])
        what = (
            f"{role} {ids.text(row)!r} has {attribute.worded(row)} here but "
            f"{attribute.worded(before)} in row {sieve.row(before)}; give one {role} one value in "
            "all rows"
        )
        bad = np.zeros(len(sieve), dtype=np.bool_)
        bad[rows[differs]] = True
        sieve.refuse(bad, what, name, attribute.worded(row))
    return first


def _numbers(
    column: pa.ChunkedArray, reading: Reading
) -> tuple[NDArray[np.float64], Mask, Encoded | None]:
    """Return numbers (NaN where there is none), where they are missing, and the texts if any."""
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind):
        column = column.cast(pa.float64(), safe=False)
        numbers = (pc.fill_null(column, np.nan) if column.null_count else column).to_numpy()
        return numbers, np.isnan(numbers), None
    texts = encode(column)
    parsed = parse_numbers(texts.values, reading)
    return texts.per_value(parsed.values, np.nan), texts.per_value(parsed.missing, True), texts


def _all_within(
    column: pa.ChunkedArray, low: float, high: float, kind: type[T]
) -> NDArray[T] | None:
    """Return a column of numbers, rounded down to `kind`; None where one is missing or outside.

    It goes block by block: what needs no closer look costs one array, or none.
    """
    if column.null_count or not (
        pa.types.is_floating(column.type) or pa.types.is_integer(column.type)
    ):
        return None
    numbers = column.to_numpy()
    same = numbers.dtype == kind
    found = numbers if same else np.empty(len(column), dtype=kind)
    for start in range(0, len(numbers), _BLOCK):
        block = numbers[start : start + _BLOCK]
        if not (low <= block.min() and block.max() <= high):
            return None  # NaN compares as outside
        if same:
            continue
        if np.issubdtype(kind, np.integer):
            np.floor(block, out=found[start : start + _BLOCK], casting="unsafe")
        else:
            found[start : start + _BLOCK] = block
    return found


def _example(texts: Encoded | None, column: pa.ChunkedArray, bad: Mask) -> str:
    row = int(np.flatnonzero(bad)[0])
    return repr(texts.text(row)) if texts is not None else _worded(column[row].as_py())


def _worded(value: object) -> str:
    if isinstance(value, float | np.floating):
        number = float(value)
        return str(int(number)) if number.is_integer() and abs(number) < 2**53 else f"{number:g}"
    return str(value)
