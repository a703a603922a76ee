"""What ingest would make of a source: roles, types, ranges, counts and problems; nothing is kept.

The tables go through the very reading that ingest does; each is watched, so that what is told here
is what was read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from ingest.dataset.schema import Dataset
from ingest.errors import DataError, Problem
from ingest.intake.frames import load_tables
from ingest.intake.roles import Findings, Taken
from ingest.loaders import Opening, Request, load, open_tables
from ingest.sources.opening import Opened, called, open_table
from ingest.sources.raw import RawRows, RawTable, Reading
from ingest.survey.summary import summary

EXAMPLES = 3
_LONGEST = 40


@dataclass
class _Watched:
    """A table that remembers what was read of it."""

    table: RawTable
    rows: RawRows | None = field(default=None, repr=False)

    @property
    def source(self) -> str:
        return self.table.source

    @property
    def columns(self) -> tuple[str, ...]:
        return self.table.columns

    def read(self, columns: Collection[str], text: Collection[str]) -> RawRows:
        """Return `columns` as `ingest.sources.raw.RawTable.read` says."""
        self.rows = self.table.read(columns, text)
        return self.rows


def understand(request: Request) -> dict[str, Any]:
    """Return what a request is understood to mean, as JSON types.

    `tables` has a row per column: its role and whether it was told or guessed, its type, range or
    examples; `problems` what stands against it, and `data` what would be ingested if nothing does;
    `guessed` the keys of a schema file that were found out. Cost: that of reading.

    Raises:
        AskerError: there is no such source, or the options do not fit it.
        OperationError: the source cannot be had.
    """
    notices: list[str] = []
    if request.knows_itself:
        return _told([], [], notices, load(request, notices.append), {})
    findings = Findings(notices.append)
    try:
        opening = open_tables(request, notices.append)
        watched = _watch(opening, findings)
    except DataError as error:
        return _told([], error.problems, notices, None, {})
    strict = replace(opening.reading, on_bad_rows="error")
    problems: Iterable[Problem] = ()
    dataset: Dataset | None = None
    try:
        tables = replace(opening.tables, **watched)  # type: ignore[arg-type]
        dataset = load_tables(
            tables,
            opening.roles,
            strict,
            request.noun_for(),
            request.liked_from,
            notices.append,
            findings,
        )
    except DataError as error:
        problems = error.problems
    described = [
        _table(part, table, findings.taken, opening.reading)
        for part, table in watched.items()
        if isinstance(table, _Watched)
    ]
    return _told(described, problems, notices, dataset, _guessed(findings.taken, opening))


def _watch(opening: Opening, findings: Findings) -> dict[str, Opened | None]:
    """Open every table; one that cannot be is left for the reading to refuse, with the others."""
    parts: dict[str, Opened | None] = {}
    for part in ("interactions", "users", "items"):
        source = getattr(opening.tables, part)
        try:
            opened = None if source is None else _Watched(open_table(source, opening.reading))
            parts[part] = opened
        except DataError:
            parts[part] = source
    return parts


def _told(
    tables: list[dict[str, Any]],
    problems: Iterable[Problem],
    notices: list[str],
    dataset: Dataset | None,
    guessed: dict[str, Any],
) -> dict[str, Any]:
    return {
        "tables": tables,
        "problems": [asdict(problem) | {"sentence": str(problem)} for problem in problems],
        "notices": notices,
        "data": None if dataset is None else summary(dataset),
        "guessed": guessed,
    }


def _table(part: str, table: _Watched, taken: Iterable[Taken], reading: Reading) -> dict[str, Any]:
    roles = {one.column: one for one in taken if one.source == table.source}
    rows = table.rows
    columns = []
    for name in table.columns:
        one = roles.get(name)
        held = rows is not None and name in rows.table.column_names
        columns.append(
            {
                "name": name,
                "role": one.role if one else None,
                "told": one.told if one else None,
                "kind": one.kind if one else None,
                "feature": one.feature if one else None,
                **(_holds(rows.table.column(name)) if rows is not None and held else {}),
            }
        )
    return {
        "part": part,
        "source": table.source,
        "rows": None if rows is None else rows.table.num_rows,
        "unreadable_rows": 0 if rows is None else sum(len(one.rows) for one in rows.refused),
        "columns": columns,
    }


def _holds(column: pa.ChunkedArray) -> dict[str, Any]:
    """Return the type of a column as people say it, and its range or some of its values."""
    kind = column.type
    found: dict[str, Any] = {"missing": column.null_count}
    if pa.types.is_dictionary(kind) or pa.types.is_string(kind):
        distinct = pc.unique(column.cast(pa.string())).drop_null()
        examples = [text[:_LONGEST] for text in distinct[:EXAMPLES].to_pylist()]
        return {"type": "text", **found, "distinct": len(distinct), "examples": examples}
    bounds = pc.min_max(column).as_py()
    found["distinct"] = pc.count_distinct(column).as_py()
    if pa.types.is_boolean(kind):
        return {"type": "true or false", **found}
    if pa.types.is_temporal(kind):
        least, greatest = (None if one is None else str(one) for one in bounds.values())
        return {"type": "moment", **found, "least": least, "greatest": greatest}
    return {"type": "number", **found, "least": bounds["min"], "greatest": bounds["max"]}


def _guessed(taken: Iterable[Taken], opening: Opening) -> dict[str, Any]:
    """Return, by the keys of a schema file, what was found out and what was told, put together."""
    guessed: dict[str, Any] = {}
    joined = opening.roles.joined()
    main = called(opening.tables.interactions)
    for one in sorted(taken, key=lambda one: one.source != main):
        if one.kind is None:
            guessed.setdefault(one.role, one.column)
            continue
        feature = one.feature or one.column
        if feature in joined and joined[feature] != (feature,):
            feature = f"{feature}={'+'.join(joined[feature])}"
        for key, value in (
            (f"{one.role.partition(' ')[0]}_col", one.column),
            (f"{one.kind}_col", feature),
        ):
            if value not in guessed.setdefault(key, []):
                guessed[key].append(value)
    return guessed
