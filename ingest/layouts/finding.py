"""Folders and files whose layout says what their columns mean: MovieLens's and RecBole's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ingest.dataset.schema import Dataset
from ingest.errors import DataError, Problem
from ingest.intake.frames import Tables
from ingest.intake.roles import Roles
from ingest.layouts import movielens, movielens_csv
from ingest.layouts.atomic import INTERACTIONS, Atomic, find_atomic, open_atomic
from ingest.sources.raw import Reading

_MOVIELENS: dict[tuple[str, ...], Callable[[Path], Dataset]] = {
    ("u.data", "u.user", "u.item"): movielens.read_100k,
    ("ratings.dat", "users.dat", "movies.dat"): movielens.read_1m,
    movielens_csv.FILES: movielens_csv.read_folder,
}
"""By the files that a folder of the layout holds."""


@dataclass(frozen=True)
class Layout:
    """Tables that say themselves what their columns mean."""

    tables: Tables
    roles: Roles
    reading: Reading


def is_movielens(source: str) -> bool:
    """Tell whether `source` is a folder that holds an unpacked MovieLens data set."""
    return any(_holds(Path(source), files) for files in _MOVIELENS)


def load_movielens(source: str) -> Dataset:
    """Read an unpacked MovieLens data set; raises DataError where it was changed."""
    folder = Path(source)
    read = next(read for files, read in _MOVIELENS.items() if _holds(folder, files))
    try:
        return read(folder)
    except (OSError, ValueError, KeyError) as error:
        what = f"is not as MovieLens publishes it ({error}); unpack the zip again"
        raise DataError([Problem(source, what)]) from error


def find_layout(source: str, roles: Roles, reading: Reading) -> Layout | None:
    """Return RecBole's atomic files in, or beside, `source`; None where there are none.

    What `roles` and `reading` say wins over what the files say.

    Raises:
        DataError: there are several data sets, or a header does not name types.
    """
    found = find_atomic(source)
    if found is None:
        return None
    atomic = open_atomic(found, reading)
    tables = Tables(
        atomic.tables[INTERACTIONS],
        atomic.tables.get("user"),
        atomic.tables.get("item"),
        name=found.stem,
    )
    return Layout(tables, _told_over(roles, atomic), atomic.reading)


def _told_over(told: Roles, atomic: Atomic) -> Roles:
    """Return the roles that were told, completed by the files' for what was not spoken of."""
    known = atomic.roles
    stated = {*told.sparse, *told.dense, *told.joined()}
    asked = {"user": told.user_columns, "item": told.item_columns}
    left_out = {
        name
        for side, table in atomic.tables.items()
        for name in table.columns
        if asked.get(side) and name not in asked[side]
    }

    def completed(kind: str) -> tuple[str, ...]:
        further = [name for name in getattr(known, kind) if name not in stated | left_out]
        return (*getattr(told, kind), *further)

    return replace(
        told,
        user=told.user or known.user,
        item=told.item or known.item,
        title=told.title or known.title,
        sparse=completed("sparse"),
        dense=completed("dense"),
        multi=completed("multi"),
    )


def _holds(folder: Path, files: tuple[str, ...]) -> bool:
    return all(folder.joinpath(name).is_file() for name in files)
