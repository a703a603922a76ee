"""Rows that could not be used, written to a file with the reason, to be mended and added."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
import pyarrow.csv as pa_csv  # type: ignore[import-untyped]
from numpy.typing import NDArray

from ingest.errors import AskerError, Problem
from ingest.sources.raw import RawTable, Reading

FORMULA = r"^(\t|\r|\s*[=+\-@＝＋－＠])"
"""How a text begins that a spreadsheet may run; it reads full-width signs alike."""
_NUMBER = r"^[+-][0-9]*[.,]?[0-9]+([eE][+-]?[0-9]+)?$"


@dataclass(frozen=True, eq=False)
class Reason:
    """Why some rows of a table are not used."""

    problem: Problem
    rows: NDArray[np.int64]
    """Their numbers, as a person counts."""
    texts: Sequence[str] | None = None
    """The rows as they are written, where they could not be split into cells."""


def write_refused(table: RawTable, reasons: Sequence[Reason], reading: Reading) -> Path:
    """Write the rows that have a reason to a CSV file, and return its path.

    Its columns are the row's number, the column and the reason (several are joined by " / "), then
    all columns of the table as they are written; a row that could not be split stands whole in the
    last one. A text that a spreadsheet would run as a formula gets an apostrophe before it. The
    table is read a second time.

    Raises:
        AskerError: the file cannot be written.
    """
    rows, where, why = _merged_reasons(reasons)
    whole = table.read(table.columns, table.columns)
    places = np.flatnonzero(np.isin(whole.numbers(np.arange(whole.table.num_rows)), rows))
    place_of = np.full(len(rows), -1, dtype=np.int64)
    place_of[np.searchsorted(rows, whole.numbers(places))] = places
    indices = pa.array(place_of, mask=place_of < 0)
    cells = [whole.table.column(name).take(indices) for name in table.columns]
    written: dict[int, str] = {}
    for reason in reasons:
        written |= zip(reason.rows.tolist(), reason.texts or (), strict=False)
    columns = [pa.array(rows), pa.array(where), pa.array(why), *cells]
    columns.append(pa.array([written.get(row) for row in rows.tolist()], pa.string()))
    names = ["refused_row", "refused_column", "refused_reason", *table.columns, "refused_text"]
    safe = [_safe(column) for column in columns]
    return _write(pa.table(safe, _safe(pa.array(names)).to_pylist()), table.source, reading)


def _merged_reasons(
    reasons: Sequence[Reason],
) -> tuple[NDArray[np.int64], list[str], list[str]]:
    """Return the rows in ascending order, and for each its columns and its reasons."""
    rows = np.unique(np.concatenate([reason.rows for reason in reasons]))
    bits = np.zeros(len(rows), dtype=object if len(reasons) > 62 else np.int64)
    for place, reason in enumerate(reasons):
        bits[np.searchsorted(rows, reason.rows)] |= 1 << place
    sets, which = np.unique(bits, return_inverse=True)
    where, why = [], []
    for held in sets.tolist():
        problems = [reason.problem for place, reason in enumerate(reasons) if held >> place & 1]
        where.append(" / ".join(dict.fromkeys(problem.column or "" for problem in problems)))
        why.append(" / ".join(problem.what for problem in problems))
    return rows, [where[place] for place in which], [why[place] for place in which]


def _safe(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Return text that no spreadsheet takes for a formula."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(pa.string())
    if not pa.types.is_string(column.type):
        return column
    formula = pc.and_(
        pc.match_substring_regex(column, FORMULA),
        pc.invert(pc.match_substring_regex(column, _NUMBER)),
    )
    return pc.if_else(formula, pc.binary_join_element_wise("'", column, ""), column)


def _write(table: pa.Table, source: str, reading: Reading) -> Path:
    stem = re.sub(r"[^\w.-]+", "_", Path(source).name.partition(".")[0]).strip("._") or "table"
    path = Path(reading.refused_folder) / f"{stem}.refused.csv"
    beside = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        pa_csv.write_csv(table, beside)
        os.replace(beside, path)
    except OSError as error:
        raise AskerError(
            f"the refused rows cannot be written to {path} ({error.strerror or error}); give "
            "another folder with --refused-folder"
        ) from error
    return path
