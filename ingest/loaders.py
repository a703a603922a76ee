"""One door to every source: a data set known by name, or the caller's own tables."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass, replace
from pathlib import Path

from ingest.dataset.schema import Dataset, Noun
from ingest.errors import AskerError
from ingest.intake.frames import Tables, load_tables
from ingest.intake.roles import Roles
from ingest.layouts.dummy import load_dummy
from ingest.layouts.finding import find_layout, is_movielens, load_movielens
from ingest.layouts.merged import merged_roles
from ingest.layouts.named import SOURCES, load_named
from ingest.progress import Notice, say
from ingest.sources.opening import Opened, open_table
from ingest.sources.raw import Reading
from ingest.sources.sql import is_sql, open_sql, without_table

DUMMY = "dummy"
NAMES = (*SOURCES, DUMMY)


@dataclass(frozen=True)
class Request:
    """What to read, and the caller's word on what it means; what is None or empty is found out."""

    source: str
    """The name of a data set (`dummy:SEED` too), a file, a folder, or a SQLAlchemy URL."""
    roles: Roles = Roles()
    reading: Reading = Reading()
    table: str | None = None
    """A table or view, where the source is a database."""
    query: str | None = None
    """A single SELECT, where the source is a database."""
    users: Opened | None = None
    """A table with a row per user; `#NAME` is a table of the source's database."""
    items: Opened | None = None
    """A table with a row per item."""
    noun: Noun | None = None
    """What an item is called, instead of the data set's own word."""
    liked_from: float | None = None
    """Labels at or above this count as liked, instead of the data set's own bound."""
    verb: str | None = None
    """What users have done with an item, as a past participle, instead of the noun's usual verb."""

    def __post_init__(self) -> None:
        if self.liked_from is not None and not math.isfinite(self.liked_from):
            raise AskerError(f"--liked-from must be a number, not {self.liked_from}")
        if (self.table or self.query) and not is_sql(self.source):
            raise AskerError("--table and --query need a SOURCE that is the URL of a database")

    def noun_for(self, own: Noun | None = None) -> Noun:
        """Return what items are called, where the data set's `own` word is known."""
        noun = self.noun or own or Noun()
        return replace(noun, verb=self.verb) if self.verb else noun

    @property
    def knows_itself(self) -> bool:
        """Whether it is a data set whose columns are known, so that nothing can be said of them."""
        name = self.source.partition(":")[0]
        return self.source in SOURCES or name == DUMMY or is_movielens(self.source)


@dataclass(frozen=True)
class Opening:
    """The caller's own tables, and all that is known of them before their rows are read."""

    tables: Tables
    roles: Roles
    reading: Reading


def load_source(
    source: str,
    roles: Roles | None = None,
    reading: Reading | None = None,
    *,
    table: str | None = None,
    query: str | None = None,
    users: Opened | None = None,
    items: Opened | None = None,
    noun: Noun | None = None,
    liked_from: float | None = None,
    verb: str | None = None,
    notice: Notice = say,
) -> Dataset:
    """Read `source` into a Dataset; the arguments are the fields of a `Request`.

    `notice` is given what was guessed, left out, or has to be known (a sentence each).

    Raises:
        WhyrecError: as `load`.
    """
    request = Request(
        source,
        roles or Roles(),
        reading or Reading(),
        table=table,
        query=query,
        users=users,
        items=items,
        noun=noun,
        liked_from=liked_from,
        verb=verb,
    )
    return load(request, notice)


def load(request: Request, notice: Notice = say) -> Dataset:
    """Read what is requested into a Dataset.

    Raises:
        AskerError: there is no such data set, file or table, or the options do not fit it.
        DataError: the caller's tables have problems; all of them.
        OperationError: a named data set could not be had, or a database does not answer.
    """
    if not request.knows_itself:
        opening = open_tables(request, notice)
        return load_tables(
            opening.tables,
            opening.roles,
            opening.reading,
            request.noun_for(),
            request.liked_from,
            notice,
        )
    _check_untold(request)
    dataset = _load_known(request.source, notice)
    if request.liked_from is not None and not dataset.has_labels:
        raise AskerError(f"{request.source} has no labels, so --liked-from does not fit it")
    return replace(
        dataset,
        noun=request.noun_for(dataset.noun),
        liked_from=dataset.liked_from if request.liked_from is None else request.liked_from,
    )


def open_tables(request: Request, notice: Notice) -> Opening:
    """Open the tables of a request for a source that does not know itself; raises as `load`."""
    _check_known(request.source)
    roles, reading = request.roles, request.reading
    layout = None if is_sql(request.source) else find_layout(request.source, roles, reading)
    if layout is not None:
        tables = Tables(
            layout.tables.interactions,
            request.users or layout.tables.users,
            request.items or layout.tables.items,
            layout.tables.name,
        )
        return Opening(tables, layout.roles, layout.reading)
    interactions: Opened = request.source
    name = None
    if is_sql(request.source):
        interactions = open_sql(request.source, reading, request.table, request.query)
        name = request.table or interactions.source.rpartition("#")[2]
    if reading.layout == "merged":
        interactions = open_table(interactions, reading)
        roles = merged_roles(interactions, roles, notice)
    users, items = (_beside(request, given) for given in (request.users, request.items))
    return Opening(Tables(interactions, users, items, name), roles, reading)


def _beside(request: Request, given: Opened | None) -> Opened | None:
    """Return a users or items table, opened where it is in a database."""
    if not isinstance(given, str):
        return given
    if given.startswith("#") and is_sql(request.source):
        return open_sql(without_table(request.source) + given, request.reading)
    return open_sql(given, request.reading) if is_sql(given) else given


def _load_known(source: str, notice: Notice) -> Dataset:
    if source in SOURCES:
        return load_named(source, notice)
    name, _, seed = source.partition(":")
    return load_dummy(_seed(source, seed)) if name == DUMMY else load_movielens(source)


def _check_known(source: str) -> None:
    """Refuse what is neither a file, a folder, a database nor the name of a data set."""
    if is_sql(source):
        return
    if "://" in source:
        raise AskerError("a URL of a file is not read; download the table and name the file")
    if not Path(source).exists():
        close = difflib.get_close_matches(source.lower(), NAMES, n=1, cutoff=0.7)
        meant = f"did you mean {close[0]}?" if close else f"the data sets are {', '.join(NAMES)}"
        raise AskerError(f"there is no file or data set called {source}; {meant}")


def _check_untold(request: Request) -> None:
    told = (request.roles, request.reading, request.users, request.items)
    if told != (Roles(), Reading(), None, None):
        raise AskerError(
            f"{request.source} knows its own columns; the options about columns and files are for "
            "your own tables"
        )


def _seed(source: str, text: str) -> int:
    if text and not text.isdecimal():
        raise AskerError(f"the seed in {source!r} must be a whole number, as in dummy:7")
    return int(text or 0)
