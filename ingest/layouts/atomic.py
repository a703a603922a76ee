"""RecBole's atomic files, `.inter` with `.user` and `.item` beside it, whose headers name types.

    user_id:token  item_id:token  rating:float  timestamp:float

token is one category, token_seq several with spaces between, float a number; float_seq, a vector,
has no place in a Dataset and is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ingest.errors import DataError, Problem
from ingest.intake.roles import Roles
from ingest.sources.delimited import open_delimited
from ingest.sources.raw import RawRows, RawTable, Reading

INTERACTIONS = "inter"
SUFFIXES = (f".{INTERACTIONS}", ".user", ".item")
_SEVERAL = " "
_KINDS = ("token", "token_seq", "float", "float_seq")


@dataclass(frozen=True)
class AtomicTable:
    """An atomic file, its columns called without their types."""

    table: RawTable
    types: Mapping[str, str]
    """By column, in order."""

    @property
    def source(self) -> str:
        return self.table.source

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(name for name, kind in self.types.items() if kind != "float_seq")

    def of_kind(self, kind: str) -> tuple[str, ...]:
        """Return the columns of one type."""
        return tuple(name for name, its in self.types.items() if its == kind)

    def read(self, columns: Collection[str], text: Collection[str]) -> RawRows:
        """Return `columns` as `ingest.sources.raw.RawTable.read` says."""
        typed = {f"{name}:{self.types[name]}": name for name in self.columns}
        wanted = [full for full, name in typed.items() if name in columns]
        rows = self.table.read(wanted, [full for full in wanted if typed[full] in text])
        plain = [typed[full] for full in rows.table.column_names]
        return replace(rows, table=rows.table.rename_columns(plain))


@dataclass(frozen=True)
class Atomic:
    """The atomic files of one data set, and what their headers say."""

    tables: Mapping[str, AtomicTable]
    """`inter`, and `user` and `item` where they are there."""
    roles: Roles
    reading: Reading


def find_atomic(source: str) -> Path | None:
    """Return the `.inter` file that `source` names or holds; raises DataError where it has two."""
    path = Path(source)
    if path.suffix == SUFFIXES[0]:
        return path
    found = sorted(path.glob(f"*{SUFFIXES[0]}")) if path.is_dir() else []
    if len(found) > 1:
        names = ", ".join(file.name for file in found[:5])
        raise DataError([Problem(source, f"holds several data sets ({names}); name one of them")])
    return found[0] if found else None


def open_atomic(inter: Path, reading: Reading) -> Atomic:
    """Open an `.inter` file with those beside it; raises DataError where a header has no types."""
    reading = replace(reading, multi_separator=_SEVERAL)
    files = {suffix[1:]: inter.with_suffix(suffix) for suffix in SUFFIXES}
    tables = {
        part: open_atomic_table(str(file), reading)
        for part, file in files.items()
        if part == INTERACTIONS or file.is_file()
    }
    tokens = tables[INTERACTIONS].of_kind("token")
    user = "user_id" if "user_id" in tokens or not tokens else tokens[0]
    others = [name for name in tokens if name != user]
    item = "item_id" if "item_id" in others or not others else others[0]
    beside = [table for part, table in tables.items() if part != INTERACTIONS]
    features = {
        kind: tuple(
            name for table in beside for name in table.of_kind(kind) if name not in (user, item)
        )
        for kind in _KINDS
    }
    title = next((name for name in features["token_seq"] if name.endswith("title")), None)
    roles = Roles(
        user=user,
        item=item,
        title=title,
        sparse=features["token"],
        dense=features["float"],
        multi=tuple(name for name in features["token_seq"] if name != title),
    )
    return Atomic(tables, roles, reading)


def open_atomic_table(source: str, reading: Reading) -> AtomicTable:
    """Open one atomic file; raises DataError where its header does not name types."""
    reading = replace(reading, separator="\t", quote=None)
    table = open_delimited(source, reading)
    types = {}
    problems = []
    for column in table.columns:
        name, _, kind = column.rpartition(":")
        types[name] = kind
        if not name or kind not in _KINDS:
            what = f"its type is none of {', '.join(_KINDS)}; write it as in user_id:token"
            problems.append(Problem(source, what, column))
    if problems:
        raise DataError(problems)
    return AtomicTable(table, types)
