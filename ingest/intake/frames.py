"""The caller's own tables → Dataset: one merged table, or interactions with users and items beside.

All tables are opened and checked before any is refused, so that all problems come at once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]

from ingest.dataset.schema import Columns, Dataset, Noun, Side
from ingest.errors import AskerError, DataError, Problem
from ingest.intake.assemble import Features, Seen, assemble
from ingest.intake.attributes import (
    Wanted,
    check_stated_kinds,
    finished_features,
    read_features,
    wanted_features,
)
from ingest.intake.id_checks import check_covered, check_ids, check_unique, kept_pairs
from ingest.intake.lists import bad_lists, explode_lists, looks_like_lists, n_entries
from ingest.intake.roles import (
    Findings,
    Roles,
    Taken,
    check_distinct,
    find_column,
    find_id,
    hints,
    listed,
    require_columns,
)
from ingest.intake.sieve import Sieve
from ingest.intake.validation import read_labels, read_times
from ingest.progress import Notice, progress_bar
from ingest.sources.encoding import Encoded, encode
from ingest.sources.opening import Opened, called, open_table
from ingest.sources.raw import MOST_ROWS, RawTable, Reading


@dataclass(frozen=True)
class Tables:
    """The tables of one data set, by name or opened already."""

    interactions: Opened
    users: Opened | None = None
    items: Opened | None = None
    name: str | None = None
    """What to call the data set; None takes it from the interactions' file."""
    partial: bool = False
    """Whether they add to data that may know the ids which the users and items tables lack."""


def load_tables(
    tables: Tables,
    roles: Roles,
    reading: Reading,
    noun: Noun | None,
    liked_from: float | None,
    notice: Notice,
    findings: Findings | None = None,
) -> Dataset:
    """Read, check and freeze the caller's tables; what was found out stands in `findings` too.

    Raises:
        AskerError: a file is not there, or options contradict one another.
        DataError: everything that is wrong with the tables.
    """
    called_one = None if noun is None or noun == Noun() else noun.one
    findings = findings or Findings(notice)
    intake = _Intake(roles, reading, findings, tables.partial, called_one)
    intake.read_beside("user", tables.users)
    intake.read_beside("item", tables.items)
    seen = intake.read_interactions(tables.interactions)
    check_stated_kinds(called(tables.interactions), intake.feature_columns, roles, intake.findings)
    intake.check_missing()
    if intake.findings.problems or seen is None:
        raise DataError(intake.findings.problems)
    if liked_from is not None and seen.label is None:
        raise AskerError("--liked-from needs a column of labels; name it with --label")
    name = tables.name or Path(called(tables.interactions)).name.partition(".")[0]
    users, items = (intake.features.get(side, Features()) for side in ("user", "item"))
    return assemble(name, seen, users, items, noun, liked_from)


@dataclass
class _Intake:
    """The reading of one data set: what it was told, and what it has found so far."""

    roles: Roles
    reading: Reading
    findings: Findings
    partial: bool = False
    noun: str | None = None
    """What one item is called, where that was said."""
    features: dict[str, Features] = field(default_factory=dict)
    """By side; from a table of its own, else from the merged table."""
    beside: dict[str, str] = field(default_factory=dict)
    """By side, the file that was given for its features."""
    feature_columns: list[str] = field(default_factory=list)
    columns: dict[str, list[str]] = field(default_factory=dict)
    """By table that could be opened, its columns' names."""

    def read_beside(self, side: Side, source: Opened | None) -> None:
        """Read a users or items table: a row per id, its other columns features unless named."""
        if source is None:
            return
        path = self.beside[side] = called(source)
        table = self._open(source)
        if table is None:
            return
        told = self.roles.user if side == "user" else self.roles.item
        id_column = find_id(side, told, table.columns, path, self.findings, beside=True)
        title = self._title(table, beside=True) if side == "item" else None
        requested = self._requested(side)
        require_columns(requested, table.columns, path, self.findings)
        others = [name for name in requested or table.columns if name not in (id_column, title)]
        wanted = self._wanted(table, others, title)
        read = self._read(table, [id_column], wanted, title)
        if id_column is None or read is None:
            return
        columns, sieve = read
        ids = check_ids(sieve, id_column, encode(columns[id_column]))
        check_unique(sieve, id_column, ids)
        found = read_features(sieve, columns, wanted, title)
        self.features[side] = finished_features(sieve, found, ids, side, merged=False)
        sieve.settle()

    def read_interactions(self, source: Opened) -> Seen | None:
        """Read the interaction table, and from it the features of a side without its own table."""
        path = called(source)
        table = self._open(source)
        if table is None:
            return None
        user = find_id("user", self.roles.user, table.columns, path, self.findings)
        told = self.roles.item
        item = find_id("item", told, table.columns, path, self.findings, noun=self.noun)
        label = self._found(Columns.LABEL, self.roles.label, table)
        time = self._found(Columns.TIME, self.roles.time, table)
        title = None if "item" in self.beside else self._title(table)
        roles = {"user": user, "item": item, "label": label, "time": time, "title": title}
        check_distinct(path, roles, self.findings)
        wanted: dict[Side, list[Wanted]] = {
            "user": self._merged_wanted(table, "user", title),
            "item": self._merged_wanted(table, "item", title),
        }
        both = wanted["user"] + wanted["item"]
        read = self._read(table, [user, item], both, title, [label, time])
        if user is None or item is None or user == item or read is None:
            return None
        columns, sieve = read
        ids: dict[Side, tuple[str, Encoded]] = {
            "user": (user, encode(columns.pop(user))),
            "item": (item, encode(columns.pop(item))),
        }
        if self._holds_lists(ids["item"][1], label):
            if (n := n_entries(ids["item"][1])) > MOST_ROWS:
                self._refuse_size(sieve.source, n, "entries in its lists")
                return None
            return self._lists(sieve, *ids["user"], *ids["item"])
        self._tell_unused(table, [user, item, *columns], time, label)
        with progress_bar(4, f"checking {path}", " steps") as bar:
            ids = {side: (name, check_ids(sieve, name, one)) for side, (name, one) in ids.items()}
            bar.update(1)
            labels = None if label is None else read_labels(sieve, label, columns.pop(label))
            times = None if time is None else read_times(sieve, time, columns.pop(time))
            bar.update(1)
            self._sides(sieve, columns, ids, wanted, title)
            bar.update(1)
            kept = kept_pairs(sieve, ids["user"][1], ids["item"][1], times)
            bar.update(1)
        if sieve.standing is not None:
            kept = sieve.standing if kept is None else kept & sieve.standing
        sieve.settle()
        seen = Seen(ids["user"][1], ids["item"][1], labels, times)
        return self._timed(seen if kept is None else seen.take(kept), path, time)

    def _timed(self, seen: Seen, path: str, time: str | None) -> Seen:
        """Return what was seen without its times where all are equal: they order nothing.

        A table that is added to others may well be of one moment.
        """
        if seen.time is None or self.partial or len(seen.time) < 2 or np.ptp(seen.time):
            return seen
        moment = np.datetime64(int(seen.time[0]), "s")
        self.findings.notice(
            f"{path}: column {time!r}: all times are {moment}, so they order nothing and are left "
            "out; name another with --time"
        )
        return replace(seen, time=None)

    def _sides(
        self,
        sieve: Sieve,
        columns: dict[str, pa.ChunkedArray],
        ids: Mapping[Side, tuple[str, Encoded]],
        wanted: Mapping[Side, list[Wanted]],
        title: str | None,
    ) -> None:
        """Check that each side's own table covers its ids, or else make one from the columns."""
        found = {}
        for side, (name, column) in ids.items():
            if side not in self.beside:
                named = title if side == "item" else None
                found[side] = read_features(sieve, columns, wanted[side], named)
            elif side in self.features and not self.partial:
                known = encode(self.features[side].table.index.tolist())
                check_covered(sieve, name, column, self.beside[side], known, side)
        for side, features in found.items():
            self.features[side] = finished_features(
                sieve, features, ids[side][1], side, merged=True
            )

    def _holds_lists(self, items: Encoded, label: str | None) -> bool:
        if self.reading.layout == "auto":
            return label is None and looks_like_lists(items)
        return self.reading.layout == "lists"

    def _lists(self, sieve: Sieve, user: str, users: Encoded, item: str, lists: Encoded) -> Seen:
        """Read the layout of one user per row with a padded list of items."""
        users = check_ids(sieve, user, users)
        what = "this is no list in square brackets, like [0, 2, 0, 4]; mend it"
        bad = bad_lists(lists)
        sieve.refuse(bad, what, item)
        self.findings.notice(f"{sieve.source}: read padded lists of items; 0 is padding, left out")
        if sieve.standing is not None:
            users, lists = users.take(sieve.standing), lists.take(sieve.standing)
        seen = explode_lists(users, lists)
        if len(seen.user) == 0 and not bad.any():
            what = "no list holds an item, only padding; is this the right column?"
            self.findings.add(Problem(sieve.source, what, item))
        sieve.settle()
        everyone = pd.DataFrame(index=pd.Index(users.texts(), dtype=object))
        self.features.setdefault("user", Features(everyone))
        return seen

    def _open(self, source: Opened) -> RawTable | None:
        try:
            table = open_table(source, self.reading)
            self.columns[table.source] = list(table.columns)
            return table
        except DataError as error:
            self.findings.problems.extend(error.problems)
            return None

    def check_missing(self) -> None:
        """Report columns that only --missing names."""
        every = [name for names in self.columns.values() for name in names]
        for name in self.reading.named_in_missing():
            if name not in every:
                what = f"--missing names it, but the columns are {listed(every)}"
                self.findings.add(Problem(next(iter(self.columns), "--missing"), what, name))

    def _read(
        self,
        table: RawTable,
        ids: list[str | None],
        wanted: list[Wanted],
        title: str | None,
        numbers: list[str | None] | None = None,
    ) -> tuple[dict[str, pa.ChunkedArray], Sieve] | None:
        text = [part for feature in wanted if feature.is_text for part in feature.parts]
        text += [name for name in [*ids, title] if name]
        others = [part for feature in wanted if not feature.is_text for part in feature.parts]
        others += [name for name in numbers or [] if name]
        try:
            raw = table.read([*text, *others], text)
        except DataError as error:
            self.findings.problems.extend(error.problems)
            return None
        if raw.table.num_rows > MOST_ROWS:
            self._refuse_size(table.source, raw.table.num_rows, "rows")
            return None
        sieve = Sieve(table, raw, self.reading, self.findings)
        return dict(zip(raw.table.column_names, raw.table.columns, strict=True)), sieve

    def _refuse_size(self, source: str, n: int, of: str) -> None:
        what = f"has {n:,} {of}; at most {MOST_ROWS:,} can be used; leave some out"
        self.findings.add(Problem(source, what))

    def _requested(self, side: str) -> tuple[str, ...]:
        return self.roles.user_columns if side == "user" else self.roles.item_columns

    def _merged_wanted(self, table: RawTable, side: str, title: str | None) -> list[Wanted]:
        if side in self.beside:
            return []
        requested = self._requested(side)
        require_columns(requested, table.columns, table.source, self.findings)
        return self._wanted(table, list(requested), title if side == "item" else None)

    def _wanted(self, table: RawTable, columns: list[str], title: str | None) -> list[Wanted]:
        present = [name for name in dict.fromkeys(columns) if name in table.columns]
        if title is not None and Columns.TITLE in present:
            what = f"the title is taken from {title!r}; rename this column or leave it out"
            self.findings.add(Problem(table.source, what, Columns.TITLE))
            present.remove(Columns.TITLE)
        self.feature_columns += present
        return wanted_features(present, self.roles)

    def _found(self, role: str, told: str | None, table: RawTable) -> str | None:
        return find_column(role, told, table.columns, table.source, self.findings)

    def _title(self, table: RawTable, *, beside: bool = False) -> str | None:
        """Return the title's column; in an items table it may also be called `name`."""
        found = self._found(Columns.TITLE, self.roles.title, table)
        if found is None and beside:
            found = next((name for name in table.columns if name.lower() == "name"), None)
            if found is not None:
                self.findings.notice(f"{table.source}: took column {found!r} as the title")
                self.findings.taken.append(Taken(table.source, found, Columns.TITLE, told=False))
        return found

    def _tell_unused(
        self, table: RawTable, used: Collection[str], time: str | None, label: str | None
    ) -> None:
        unused = [name for name in table.columns if name not in used]
        if unused:
            further = "".join(f"; {hint}" for hint in hints(unused, time, label))
            self.findings.notice(
                f"{table.source}: not used: {listed(unused)}; --user-col or --item-col makes a "
                f"column a feature{further}"
            )
