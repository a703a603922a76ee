"""The caller's tables of what is new, read as the data were that they are added to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import pandas as pd

from ingest.dataset.schema import Columns, Dataset, Kind, Side
from ingest.errors import AskerError, DataError, Problem
from ingest.growth.merging import conformed
from ingest.home.tables import find_ids, label_range, read_about, read_empty
from ingest.intake.frames import Tables, load_tables
from ingest.intake.in_memory import open_frame
from ingest.intake.roles import Roles
from ingest.loaders import Opening, Request, load, open_tables
from ingest.progress import Notice
from ingest.sources.opening import Opened, called, open_table
from ingest.sources.raw import Reading

Source = Opened | Any
"""A file, folder or database by name, or a frame of pandas, polars or Arrow."""
_SHOWN = 3
_SIDES: tuple[Side, Side] = ("user", "item")


def origin_of(request: Request) -> dict[str, Any]:
    """Return what is to be remembered of a request, so that what is added later is read alike.

    Places of tables are not part of it, hence no password of a database either.
    """
    if request.knows_itself:
        return {}
    opening = open_tables(request, lambda text: None)
    tables = {"user": opening.tables.users, "item": opening.tables.items}
    return {
        "roles": asdict(opening.roles),
        "reading": asdict(opening.reading),
        "beside": [side for side, table in tables.items() if table is not None],
    }


def read_addition(
    folder: Path,
    source: Source,
    users: Source | None,
    items: Source | None,
    told: Mapping[str, Any],
    notice: Notice,
) -> Dataset:
    """Read what is to be added to the data in `folder` as a data set with the same fields.

    Args:
        folder: where the data are.
        source: new interactions: a file, folder or database, or a frame.
        users: features of new users, or newer ones of known users.
        items: the same of items.
        told: roles and ways of reading that differ from those the data were read with, by the names
            of `Roles` and `Reading`.
        notice: is given what was guessed, left out or has to be known, a sentence each.

    Raises:
        AskerError: a file is not there, or the options do not fit the data.
        DataError: everything that is wrong with the tables.
    """
    origin, like = _Origin.of(read_about(folder).get("origin") or {}, told), read_empty(folder)
    if isinstance(source, str) and Request(source).knows_itself:
        more = load(Request(source), notice)
    else:
        opening = _opened(source, users, items, origin, notice)
        roles = _roles(opening, like, origin.beside)
        more = load_tables(opening.tables, roles, opening.reading, like.noun, None, notice)
    name = called(_in_memory(source, origin.reading, "the frame") or "the frame")
    _check_columns(name, more, like, notice)
    _tell_alike(name, folder, more, notice)
    _tell_labels(name, folder, more, notice)
    return conformed(more, like)


@dataclass(frozen=True)
class _Origin:
    """How the data were read, with what was told of the addition."""

    roles: Roles
    reading: Reading
    beside: tuple[Side, ...]
    """Sides whose features came from a table of their own."""

    @classmethod
    def of(cls, kept: Mapping[str, Any], told: Mapping[str, Any]) -> _Origin:
        said = {**kept.get("roles", {}), **kept.get("reading", {}), **told}
        if said.get("layout") == "merged":  # the sides of its columns are known by now
            said["layout"] = "table"
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in said.items()
        }
        return cls(
            Roles(**{f.name: values[f.name] for f in fields(Roles) if f.name in values}),
            Reading(**{f.name: values[f.name] for f in fields(Reading) if f.name in values}),
            tuple(kept.get("beside", ())),
        )


def _opened(
    source: Source, users: Source | None, items: Source | None, origin: _Origin, notice: Notice
) -> Opening:
    """Open the tables far enough to know their columns."""
    reading = origin.reading
    beside_users = _in_memory(users, reading, "the frame of users")
    beside_items = _in_memory(items, reading, "the frame of items")
    main = _in_memory(source, reading, "the frame")
    opening = (
        open_tables(
            Request(main, origin.roles, reading, users=beside_users, items=beside_items), notice
        )
        if isinstance(main, str)
        else Opening(Tables(main or "", beside_users, beside_items), origin.roles, reading)
    )
    tables = opening.tables
    return replace(
        opening,
        tables=replace(
            tables,
            interactions=open_table(tables.interactions, opening.reading),
            users=None if tables.users is None else open_table(tables.users, opening.reading),
            items=None if tables.items is None else open_table(tables.items, opening.reading),
            partial=True,
        ),
    )


def _in_memory(source: Source | None, reading: Reading, name: str) -> Opened | None:
    is_frame = isinstance(source, pd.DataFrame) or hasattr(source, "__arrow_c_stream__")
    return open_frame(source, reading, name) if is_frame else source


def _roles(opening: Opening, like: Dataset, beside: tuple[Side, ...]) -> Roles:
    """Return the roles of the columns that are there; features are of the kinds the data have.

    A column that was told for the data but is not here is guessed by its usual names.
    """
    told, tables = opening.roles, opening.tables
    joined = told.joined()
    main: Any = tables.interactions
    own: dict[Side, Any] = {"user": tables.users, "item": tables.items}
    columns: dict[Side, list[str]] = {"user": [], "item": []}
    kinds: dict[Kind, list[str]] = {"sparse": [], "dense": [], "multi": []}
    for side in _SIDES:
        table = own[side] or (None if side in beside else main)
        present = () if table is None else table.columns
        for field in like.fields_of(side):
            parts = joined.get(field.name, (field.name,))
            if all(part in present for part in parts):
                columns[side] += parts
                kinds[field.kind].append(
                    field.name if parts == (field.name,) else f"{field.name}={'+'.join(parts)}"
                )
        if own[side] is not None and not columns[side]:
            _check_useful(own[side], side, like)
    there = {name for one in (main, *own.values()) if one is not None for name in one.columns}

    def found(name: str | None) -> str | None:
        return name if name in there else None

    return Roles(
        user=found(told.user),
        item=found(told.item),
        label=found(told.label),
        time=found(told.time),
        title=found(told.title),
        user_columns=tuple(columns["user"]),
        item_columns=tuple(columns["item"]),
        sparse=tuple(kinds["sparse"]),
        dense=tuple(kinds["dense"]),
        multi=tuple(kinds["multi"]),
    )


def _check_useful(table: Any, side: Side, like: Dataset) -> None:
    """Refuse a table of features that has none of those the data have."""
    titled = side == "item" and Columns.TITLE in like.items
    names = [field.name for field in like.fields_of(side)]
    if titled:
        return
    if not names:
        raise AskerError(
            f"the data have no features of {side}s, so {table.source} cannot add any; run "
            "`whyrec ingest` with all tables"
        )
    what = f"holds none of the features that {side}s have here: {', '.join(names)}"
    raise DataError([Problem(table.source, f"{what}; rename its columns, or leave the table out")])


def _check_columns(name: str, more: Dataset, like: Dataset, notice: Notice) -> None:
    """Refuse an addition without labels or times where the data have them."""
    problems = []
    for role, has, had in (
        ("label", more.has_labels, like.has_labels),
        ("time", more.has_times, like.has_times),
    ):
        if had and not has:
            what = f"there is no column of {role}s, which the data have; name it with --{role}"
            problems.append(Problem(name, what))
        elif has and not had:
            notice(f"{name}: the column of {role}s is not used, since the data have none")
    if problems:
        raise DataError(problems)


def _tell_alike(name: str, folder: Path, more: Dataset, notice: Notice) -> None:
    """Tell of new ids that are known ones but for spaces and case."""
    for side in _SIDES:
        external = (more.user_ids if side == "user" else more.item_ids).external
        new = external[find_ids(folder, external, side) < 0]
        alike = new[find_ids(folder, new, side, folded=True) >= 0]
        if len(alike):
            shown = ", ".join(map(repr, alike[:_SHOWN]))
            more_of = f" and {len(alike) - _SHOWN} more" if len(alike) > _SHOWN else ""
            notice(
                f"{name}: new as {side}s, but like known ones except for spaces or case: {shown}"
                f"{more_of}; if they are the same, mend them and add the table again"
            )


def _tell_labels(name: str, folder: Path, more: Dataset, notice: Notice) -> None:
    """Tell of labels beyond those the data had."""
    known = label_range(folder)
    label = more.interactions.label
    if known is None or not more.has_labels or not len(label):
        return
    low, high = float(label.min()), float(label.max())
    if low < known[0] or high > known[1]:
        notice(
            f"{name}: labels from {low:g} to {high:g}, where the data had {known[0]:g} to "
            f"{known[1]:g}"
        )
