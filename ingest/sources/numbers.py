"""Numbers and times as people write them → arrays; each distinct text is looked at once."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from numpy.typing import NDArray

from ingest.sources.raw import NO_NUMBER, Reading

_NUMBER = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_INFINITE = r"^[+-]?(?i:inf|infinity)$"


@dataclass(frozen=True)
class Parsed:
    """What a column of distinct texts says, equal in length to it."""

    values: NDArray[np.float64]
    """NaN where there is none."""
    missing: NDArray[np.bool_]
    """Where the text means: no value."""


def parse_numbers(texts: pa.Array, reading: Reading) -> Parsed:
    """Read numbers with the caller's decimal mark and thousands separator.

    "1,234.5" needs `thousands=","`; groups must be of three digits, so that "1,5" is not 15.
    A text that is no number is NaN and not missing. Infinity is read as such.
    """
    plain = pc.utf8_trim_whitespace(texts)
    missing = pc.is_in(plain, pa.array([*NO_NUMBER, *reading.missing_in()], pa.string()))
    if reading.thousands is not None:
        mark, point = re.escape(reading.thousands), re.escape(reading.decimal)
        grouped = rf"^[+-]?[0-9]{{1,3}}({mark}[0-9]{{3}})+({point}[0-9]*)?$"
        without = pc.replace_substring(plain, reading.thousands, "")
        plain = pc.if_else(pc.match_substring_regex(plain, grouped), without, plain)
    if reading.decimal != ".":
        with_point = pc.replace_substring(plain, reading.decimal, ".")
        written = pc.and_(
            pc.invert(pc.match_substring(plain, ".")),
            pc.equal(pc.count_substring(plain, reading.decimal), 1),
        )
        whole = pc.match_substring_regex(plain, "^[+-]?[0-9]+$")
        plain = pc.if_else(
            written, with_point, pc.if_else(whole, plain, pa.scalar(None, pa.string()))
        )
    good = pc.or_(
        pc.match_substring_regex(plain, _NUMBER), pc.match_substring_regex(plain, _INFINITE)
    )
    good = pc.and_(pc.fill_null(good, False), pc.invert(missing))
    values = pc.if_else(good, plain, pa.scalar(None, pa.string())).cast(pa.float64())
    return Parsed(
        values.to_numpy(zero_copy_only=False).astype(np.float64, copy=False),
        missing.to_numpy(zero_copy_only=False),
    )


def parse_truths(texts: pa.Array) -> NDArray[np.float64]:
    """Read true as 1 and false as 0, in small letters or capitals; NaN elsewhere."""
    plain = pc.utf8_lower(pc.utf8_trim_whitespace(texts))
    places = pc.index_in(plain, pa.array(["false", "true"])).cast(pa.float64())
    found: NDArray[np.float64] = places.to_numpy(zero_copy_only=False)
    return found


def parse_moments(texts: pa.Array, written_as: str | None = None) -> NDArray[np.float64]:
    """Read dates as whole seconds since 1970, UTC where they do not say; NaN elsewhere.

    They are ISO 8601, or as `written_as` says in the codes of C's strptime.
    """
    import pandas as pd

    moments = pd.to_datetime(
        texts.to_pandas(), format=written_as or "ISO8601", utc=True, errors="coerce"
    )
    whole = moments.dt.tz_localize(None).to_numpy("datetime64[s]")
    return np.where(np.isnat(whole), np.nan, whole.astype(np.int64).astype(np.float64))


def days_as_numbers(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return numbers like 20240531 as seconds since 1970; NaN where one is no such day.

    As seconds these would all be nights of August 1970.
    """
    with np.errstate(invalid="ignore"):
        whole = (numbers >= 1900_01_01) & (numbers <= 2100_12_31) & (numbers % 1 == 0)
        days = np.where(whole, numbers, np.nan)
    if np.isnan(days).all():
        return days
    distinct, places = np.unique(days, return_inverse=True)
    texts = pa.array([None if np.isnan(one) else f"{one:.0f}" for one in distinct], pa.string())
    found: NDArray[np.float64] = parse_moments(texts, "%Y%m%d")[places]
    return found


def moment_hint(text: str) -> str:
    """Return how dates that look like `text` can be read, as the end of a sentence."""
    if re.fullmatch(r"\d{1,2}\.\d{1,2}\.\d{4}", text):
        return "; if it is one, pass --time-format %d.%m.%Y"
    if re.fullmatch(r"\d{1,2}/\d{1,2}/\d{4}", text):
        order = "%d/%m/%Y" if int(text.partition("/")[0]) > 12 else "%m/%d/%Y (or %d/%m/%Y)"
        return f"; if it is one, pass --time-format {order}"
    return "; mend it, or pass --time-format"


def number_hint(text: str, reading: Reading) -> str:
    """Return what may have to be asked for so that `text` is a number, as the end of a sentence."""
    hints = []
    if reading.thousands is None and re.fullmatch(r"[+-]?\d{1,3}([,.' ]\d{3})+([,.]\d+)?", text):
        mark = re.sub(r"\d", "", text.lstrip("+-"))[0]
        hints.append(f"--thousands {mark!r}" if mark in " '" else f"--thousands {mark}")
    if reading.decimal != "," and re.fullmatch(r"[+-]?[\d.' ]*\d,\d+", text):
        hints.append("--decimal ,")
    return f", or pass {' or '.join(hints)}" if hints else ""
