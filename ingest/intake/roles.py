"""What each column of the caller's tables means: as told, else guessed from usual names."""

from __future__ import annotations

import difflib
import re
import shlex
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ingest.dataset.schema import Columns, Kind
from ingest.errors import Problem
from ingest.progress import Notice

USUAL_NAMES = {
    Columns.USER: "user userid uid customer customerid client clientid member memberid reader "
    "readerid visitor visitorid",
    Columns.ITEM: "item itemid iid movie movieid film filmid article articleid product productid "
    "book bookid isbn song songid track trackid sku asin",
    Columns.LABEL: "label rating ratings score stars grade bookrating userrating",
    Columns.TIME: "time timestamp ts date datetime unixtime createdat eventtime eventtimestamp "
    "ratedat boughtat purchasedat orderedat watchedat viewedat playedat listenedat readat "
    "clickedat visitedat usedat reviewedat orderdate purchasedate reviewdate eventdate datum fecha",
    Columns.TITLE: "title itemtitle movietitle filmtitle booktitle producttitle articletitle "
    "itemname moviename filmname productname headline titel titre titolo titulo",
}
"""Names a column of a role usually has, most telling first.

Case, accents and punctuation do not count.
"""
_MOMENT = re.compile(r"(^|_)(at|on|ts|when|day|since|date|time)$|date|time|moment|zeit|datum|fecha")
"""In the names of columns that may hold times; `time_spent` among them, hence no guess."""
_COUNT = re.compile(
    r"(^|_)(n|num|plays?|counts?|qty|quantity|clicks|views|visits|listens|hours|minutes)(_|$)"
    r"|(play|view|click|listen)_?counts?"
)
"""In the names of columns that count how much of an item a user had."""


@dataclass(frozen=True)
class Roles:
    """The caller's word on the columns; what is None is guessed, and the guess is said."""

    user: str | None = None
    item: str | None = None
    label: str | None = None
    time: str | None = None
    title: str | None = None
    user_columns: tuple[str, ...] = ()
    """Features of the user; with a users table, () means all of its columns."""
    item_columns: tuple[str, ...] = ()
    """Features of the item; with an items table, () means all of its columns."""
    sparse: tuple[str, ...] = ()
    """Features that are categories, even where they are written as numbers."""
    dense: tuple[str, ...] = ()
    """Features that are quantities."""
    multi: tuple[str, ...] = ()
    """Features with several values: `genres`, or `genres=genre1+genre2` to join columns."""

    def kind_of(self, name: str) -> Kind | None:
        """Return the kind that was stated for a feature, None when none was."""
        if name in self.sparse:
            return "sparse"
        if name in self.dense:
            return "dense"
        return "multi" if name in self.joined() else None

    def joined(self) -> dict[str, tuple[str, ...]]:
        """Return for each multi feature the columns it is made of."""
        pairs = (spec.partition("=") for spec in self.multi)
        return {name: tuple((parts or name).split("+")) for name, _, parts in pairs}


@dataclass(frozen=True)
class Taken:
    """A column that was taken for something."""

    source: str
    column: str
    role: str
    """`user`, `item`, `label`, `time`, `title`, or `user feature`, `item feature`."""
    told: bool
    """Whether the caller said so; of a feature, whether its kind was said."""
    feature: str | None = None
    """The feature it makes, where several columns may make one."""
    kind: Kind | None = None


@dataclass
class Findings:
    """What reading found out on its way: problems, collected to be raised together, and notices."""

    notice: Notice
    problems: list[Problem] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)

    def add(self, problem: Problem) -> None:
        """Remember a problem."""
        self.problems.append(problem)


def find_column(
    role: str,
    told: str | None,
    columns: Sequence[str],
    source: str,
    findings: Findings,
    further: Sequence[str] = (),
) -> str | None:
    """Return the column of a role: the one told, else the one with the most usual name, else None.

    `further` are names that are as usual here, after the others.
    A told column that is not there becomes a problem.
    """
    if told is not None:
        require_columns([told], columns, source, findings)
        if told not in columns:
            return None
        findings.taken.append(Taken(source, told, role, told=True))
        return told
    plain = {_plain(name): name for name in reversed(columns)}
    for usual in (*USUAL_NAMES[role].split(), *further):
        if usual in plain:
            if plain[usual] != role:
                findings.notice(f"{source}: took column {plain[usual]!r} as the {role}")
            findings.taken.append(Taken(source, plain[usual], role, told=False))
            return plain[usual]
    return None


def find_id(
    role: str,
    told: str | None,
    columns: Sequence[str],
    source: str,
    findings: Findings,
    *,
    beside: bool = False,
    noun: str | None = None,
) -> str | None:
    """Return the column of the user's or item's id; that there is none becomes a problem.

    In a users or items table (`beside`) the id may have another name than in the interactions,
    the plain `id` among them. `noun` is what one item is called: of apps, `app` or `app_id` is the
    id.
    """
    plain_id = next((name for name in columns if name.lower() == "id"), None)
    if beside and told not in columns:
        told = None
    further = () if noun is None or beside else (_plain(noun), _plain(noun) + "id")
    found = find_column(role, told, columns, source, findings, further)
    if found is None and beside and plain_id is not None:
        found = plain_id
        findings.taken.append(Taken(source, plain_id, role, told=False))
    if found is None and told is None:
        hint = f"name it with --{role}"
        if all(re.fullmatch(r"[\d.,:\- ]*", name) for name in columns):
            hint = "the first row must hold the columns' names"
        what = f"no column looks like the {role}'s id among {listed(columns)}; {hint}"
        findings.add(Problem(source, what))
    return found


def hints(unused: Sequence[str], time: str | None, label: str | None) -> Iterator[str]:
    """Yield which columns that nothing was made of may be the times or the labels missing here."""
    names = {
        name: re.sub(r"(?<=[a-z])(?=[A-Z])|[^a-zA-Z0-9]+", "_", name).lower() for name in unused
    }
    moment = next((name for name in unused if _MOMENT.search(names[name])), None)
    if time is None and moment is not None:
        yield (
            f"--time {shlex.quote(moment)} if that is when it happened: without times histories "
            "have no order, and the lists are worse"
        )
    count = next((name for name in unused if _COUNT.search(names[name])), None)
    if label is None and count is not None:
        yield f"--label {shlex.quote(count)} if more of it means liked more"


def _plain(name: str) -> str:
    """Return a name without case, accents and punctuation."""
    return re.sub(r"[^a-z0-9]", "", unicodedata.normalize("NFKD", name).lower())


def check_distinct(source: str, taken: Mapping[str, str | None], findings: Findings) -> None:
    """Report a column that was taken for two roles; `taken` maps each role to its column."""
    for role, column in taken.items():
        others = [other for other, name in taken.items() if name == column and other != role]
        if column is not None and others and list(taken).index(role) < list(taken).index(others[0]):
            what = f"is taken as the {role} and as the {others[0]}; name another with --{others[0]}"
            findings.add(Problem(source, what, column))


def require_columns(
    names: Collection[str], columns: Sequence[str], source: str, findings: Findings
) -> None:
    """Report every one of `names` that is not among `columns`, with what may have been meant."""
    for name in names:
        if name not in columns:
            close = difflib.get_close_matches(name, columns, n=2, cutoff=0.6)
            meant = f"did you mean {' or '.join(map(repr, close))}? " if close else ""
            what = f"there is no such column; {meant}the columns are {listed(columns)}"
            findings.add(Problem(source, what, name))


def listed(columns: Sequence[str], most: int = 20) -> str:
    """Return columns' names as a message shows them, the first of many."""
    more = f" and {len(columns) - most} more" if len(columns) > most else ""
    return ", ".join(map(repr, columns[:most])) + more
