"""Checks on the columns of the caller's tables; all that is wrong is collected as Problems.

Every function takes a frame indexed by row numbers as a person counts them.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ingest.errors import SHOWN, Problem
from ingest.roles import Findings

FARTHEST = 100_000_000_000
"""Seconds from 1970 to the year 5138; beyond it a time is taken to be in another unit."""

Mask = NDArray[np.bool_]


def problem(
    source: str, frame: pd.DataFrame | pd.Series, bad: Mask, what: str, column: str | None = None
) -> Problem:
    """Return the Problem of the rows in the mask `bad`."""
    places = np.flatnonzero(bad)
    rows = tuple(int(row) for row in frame.index[places[:SHOWN]])
    return Problem(source, what, column, rows, len(places))


def check_ids(source: str, column: pd.Series, findings: Findings, *, unique: bool = False) -> None:
    """Report missing ids and, in a feature table, ids that stand in more than one row."""
    name = str(column.name)
    missing = column.isna().to_numpy()
    if missing.any():
        findings.add(problem(source, column, missing, "the id is missing; fill it in", name))
    if unique:
        again = column.duplicated(keep=False).to_numpy() & ~missing
        if again.any():
            what = f"the id {_example(column, again)} has more than one row; keep one of them"
            findings.add(problem(source, column, again, what, name))


def read_numbers(
    source: str, column: pd.Series, findings: Findings, *, required: bool
) -> NDArray[np.float64]:
    """Return a column as numbers, NaN where missing, and report what is not a finite number."""
    name = str(column.name)
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    missing = column.isna().to_numpy()
    wrong = np.isnan(numbers) & ~missing
    if wrong.any():
        what = f"{_example(column, wrong)} is not a number; mend it"
        if not required:
            what += f", or pass --sparse-col {name}"
        findings.add(problem(source, column, wrong, what, name))
    infinite = np.isinf(numbers)
    if infinite.any():
        what = "the number is infinite; give a finite one"
        findings.add(problem(source, column, infinite, what, name))
    if required and missing.any():
        what = "the number is missing; fill it in or leave the row out"
        findings.add(problem(source, column, missing, what, name))
    return numbers


def read_times(source: str, column: pd.Series, findings: Findings) -> NDArray[np.int64]:
    """Return a column of seconds since 1970, or of ISO 8601 dates, as whole seconds (UTC)."""
    name = str(column.name)
    missing = column.isna().to_numpy()
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        seconds = _seconds(column)
    else:
        numbers = pd.to_numeric(column, errors="coerce").astype(np.float64)
        dates = column[numbers.isna() & column.notna()].astype(str)
        parsed = pd.to_datetime(dates, format="ISO8601", utc=True, errors="coerce")
        numbers.loc[dates.index] = _seconds(parsed)
        seconds = np.asarray(numbers, dtype=np.float64)
    wrong = ~np.isfinite(seconds) & ~missing
    far = np.abs(seconds) > FARTHEST
    for bad, what in (
        (missing, "the time is missing; fill it in or leave the row out"),
        (wrong, "{} is neither seconds since 1970 nor a date like 2024-05-31T18:30:00"),
        (far & ~wrong, "{} is too far for seconds since 1970; divide milliseconds by 1,000"),
    ):
        if bad.any():
            what = what.format(_example(column, bad))
            findings.add(problem(source, column, bad, what, name))
    good = np.isfinite(seconds) & ~far
    return np.where(good, np.floor(seconds), 0).astype(np.int64)


def _seconds(moments: pd.Series) -> NDArray[np.float64]:
    if moments.dt.tz is not None:
        moments = moments.dt.tz_convert("UTC").dt.tz_localize(None)
    whole = moments.to_numpy("datetime64[s]")
    return np.where(np.isnat(whole), np.nan, whole.astype(np.int64).astype(np.float64))


def kept_pairs(
    source: str,
    pairs: pd.DataFrame,
    time: NDArray[np.int64] | None,
    keep: Literal["error", "first", "last"],
    findings: Findings,
) -> Mask:
    """Return which rows to keep so that no (user, item) pair, `pairs`' two columns, stands twice.

    first and last go by time, then by row. `error` keeps all rows and reports the repeated ones.
    """
    codes = [pd.factorize(pairs[name])[0].astype(np.int64) for name in pairs.columns]
    pair = pd.Series(codes[0] * (codes[1].max(initial=0) + 1) + codes[1])
    present = pairs.notna().all(axis=1).to_numpy()
    if keep == "error":
        again = pair.duplicated(keep=False).to_numpy() & present
        if again.any():
            user, item = pairs.iloc[int(np.flatnonzero(again)[0])]
            what = (
                f"user {user!r} and item {item!r} stand together more than once; keep one row, or "
                "pass --duplicates last (or first)"
            )
            findings.add(problem(source, pairs, again, what))
        return np.ones(len(pairs), dtype=np.bool_)
    order = np.arange(len(pairs)) if time is None else np.argsort(time, kind="stable")
    kept = np.empty(len(pairs), dtype=np.bool_)
    kept[order] = ~pair.iloc[order].duplicated(keep=keep).to_numpy()
    if not kept.all():
        dropped = int((~kept).sum())
        findings.notice(f"{source}: left out {dropped:,} rows that repeat a user and an item")
    return kept


def check_covered(
    source: str, ids: pd.Series, table: str, known: pd.Index, role: str, findings: Findings
) -> None:
    """Report interacted ids that the feature table `table` has no row for."""
    lacking = ~ids.isin(known).to_numpy() & ids.notna().to_numpy()
    if lacking.any():
        n = ids[lacking].nunique()
        what = (
            f"{table} has no row for {n} of the {role}s here, {_example(ids, lacking)} for one; "
            f"add {'it' if n == 1 else 'them'} there"
        )
        findings.add(problem(source, ids, lacking, what, str(ids.name)))


def first_values(
    source: str, ids: pd.Series, column: pd.Series, role: str, findings: Findings
) -> pd.Series:
    """Return each id's value of an attribute that is written again on every row, indexed by id.

    It is the first that is not missing; another value of the same id is reported.
    """
    codes, distinct = pd.factorize(ids)
    filled = np.flatnonzero(column.notna().to_numpy() & (codes >= 0))
    first = np.full(len(distinct), -1, dtype=np.int64)
    first[codes[filled[::-1]]] = filled[::-1]  # the last assignment, the first row, stays
    values, _ = pd.factorize(column)
    differs = np.zeros(len(column), dtype=np.bool_)
    differs[filled] = values[filled] != values[first[codes[filled]]]
    if differs.any():
        row = int(np.flatnonzero(differs)[0])
        before = int(first[codes[row]])
        what = (
            f"{role} {ids.iloc[row]!r} has {_plain(column.iloc[row])} here but "
            f"{_plain(column.iloc[before])} in row {column.index[before]}; give one {role} one "
            "value in all rows"
        )
        findings.add(problem(source, column, differs, what, str(column.name)))
    taken = column.iloc[np.maximum(first, 0)].mask(first < 0)
    taken.index = pd.Index(distinct, dtype=object)
    return taken


def _example(column: pd.Series, bad: Mask) -> str:
    return _plain(column.iloc[int(np.flatnonzero(bad)[0])])


def _plain(value: object) -> str:
    value = value.item() if isinstance(value, np.generic) else value
    return f"{value:g}" if isinstance(value, float) else repr(value)
