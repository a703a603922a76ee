"""Opening a table, view or query of a database, by any SQLAlchemy URL, as a table of raw rows.

The database is only read: the connection is read-only where it can be told so, a query must be a
single SELECT, and nothing is ever committed. A URL is never shown with its password or options.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa  # type: ignore[import-untyped]

from ingest.errors import AskerError, DataError, OperationError, Problem
from ingest.progress import progress_bar
from ingest.sources.cells import plain_rows, unified
from ingest.sources.raw import RawRows, Reading
from ingest.sources.sql_text import is_one_select

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Select, TextClause

_BLOCK = 50_000
_CONNECT_SECONDS = 10
_WORDS = 40
"""Words of a database's message that are shown."""
_EXACT: set[type] = {int, str, list, dict, bytes}
"""Types whose values Arrow turns into text as they are written."""
_ARROW: set[type] = {*_EXACT, bool, float, Decimal, datetime, date}
_SECRET = re.compile("pass|secret|token|key|cert", re.IGNORECASE)
_MENDS = {
    "password authentication": "check the user and the password",
    "access denied": "check the user and the password",
    "no password supplied": "put the password into the URL or, for PostgreSQL, into PGPASSWORD",
    "does not exist": "check the names of the database, the user and the tables",
    "refused": "see to it that the server runs at that address",
    "could not translate": "check the server's name",
    "name or service": "check the server's name",
    "timeout": "see to it that the server can be reached",
    "permission denied": "ask for the right to read it",
    "not a database": "name a SQLite file",
    "unable to open": "see to it that the file may be read",
}
"""What mends an error of the database, by what its message says."""


@dataclass(frozen=True)
class SqlTable:
    """A table or a query whose columns are known."""

    source: str
    columns: tuple[str, ...]
    reading: Reading
    _url: URL = field(repr=False)
    _statement: Select[Any] | TextClause = field(repr=False)

    def read(self, columns: Collection[str], text: Collection[str]) -> RawRows:
        """Return `columns` as `RawTable.read` says, streamed in blocks of rows."""
        wanted = [name for name in self.columns if name in columns]
        places, statement = self._narrowed(wanted)
        blocks = []
        with (
            _connected(self._url, self.source) as connection,
            progress_bar(0, f"reading {self.source.rpartition('/')[2]}", " rows") as bar,
        ):
            for rows in connection.execute(statement).partitions(_BLOCK):
                cells = list(zip(*rows, strict=True))
                held = zip(places, wanted, strict=True)
                read_columns = {name: _column(cells[place], name in text) for place, name in held}
                blocks.append(pa.table(read_columns))
                bar.update(len(rows))
        return plain_rows(self.source, unified(blocks, wanted), text, self.reading)

    def _narrowed(self, wanted: list[str]) -> tuple[list[int], Select[Any] | TextClause]:
        """Return a statement and the places of the wanted columns in its rows."""
        from sqlalchemy import Select

        if isinstance(self._statement, Select):
            selected = self._statement.selected_columns
            only = self._statement.with_only_columns(*(selected[name] for name in wanted))
            return list(range(len(wanted))), only
        return [self.columns.index(name) for name in wanted], self._statement


def is_sql(source: str) -> bool:
    """Tell whether `source` is a URL of a database and not of a file somewhere else."""
    scheme, found, _ = source.partition("://")
    return bool(found) and scheme.lower() not in ("http", "https", "ftp", "s3", "gs", "file")


def open_sql(
    source: str, reading: Reading, table: str | None = None, query: str | None = None
) -> SqlTable:
    """Learn the columns of a table or a query.

    Args:
        source: a SQLAlchemy URL, with `#TABLE` at its end where `table` and `query` are None.
        reading: which words mean: no value.
        table: the name of a table or view, with its schema or without.
        query: a single SELECT.

    Raises:
        AskerError: the URL, the table or the query cannot be used; the message holds no password.
        DataError: two columns have one name.
        OperationError: the database cannot be reached or refuses.
    """
    url, named = _parsed(source)
    table = table or named
    if (table is None) == (query is None):
        raise AskerError(
            f"say what to read from {shown(url)}: one of --table NAME or --query 'select …'"
        )
    if query is not None and not is_one_select(query):
        raise AskerError("--query must be a single SELECT that changes nothing")
    name = f"{shown(url)}#{table or 'query'}"
    with _connected(url, name) as connection:
        columns, statement = (
            _of_query(connection, query) if query else _of_table(connection, name, table or "")
        )
    twice = sorted({column for column in columns if columns.count(column) > 1})
    if twice:
        what = "two columns have this name; rename one with AS"
        raise DataError([Problem(name, what, column) for column in twice])
    return SqlTable(name, columns, reading, url, statement)


def without_table(source: str) -> str:
    """Return a URL without the `#TABLE` at its end."""
    named = _parsed(source)[1]
    return source if named is None else source.rpartition("#")[0]


def portable(source: str) -> str:
    """Return a URL that may be written down: for the password, the variable DB_PASSWORD."""
    url, table = _parsed(source)
    options = {
        key: value for key, value in url.query.items() if not _SECRET.search(f"{key}={value}")
    }
    plain = url.set(password="-" if url.password else None).set(query=options)
    text = plain.render_as_string(hide_password=False).replace(":-@", ":${DB_PASSWORD}@", 1)
    return text if table is None else f"{text}#{table}"


def shown(url: URL) -> str:
    """Return a URL as it may be shown: without password and options."""
    plain = type(url).create(url.drivername, url.username, None, url.host, url.port, url.database)
    return plain.render_as_string()


def _parsed(source: str) -> tuple[URL, str | None]:
    """Return the URL and the name of the table behind its last #."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    address, mark, table = source.rpartition("#")
    named = bool(mark) and not set("@/?&") & set(table)  # else the # is part of the URL
    try:
        url = make_url(address if named else source)
        if url.get_backend_name() != "sqlite" and "@" in f"{url.host}{url.database}{url.query}":
            raise ValueError("a password without %-codes was taken for something else")
    except (ArgumentError, ValueError):  # their messages may hold the password
        scheme = source.partition("://")[0]
        raise AskerError(
            f"the {scheme} URL cannot be read; write {scheme}://user:password@host/database, with "
            "%-codes for special characters in the password (@ is %40, # is %23)"
        ) from None
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    return url, table if named else None


@contextmanager
def _connected(url: URL, name: str) -> Iterator[Connection]:
    """Connect for reading; what goes wrong, in here or in the caller's block, is one sentence."""
    from sqlalchemy import create_engine, event, exc

    _check_file(url, name)
    options: dict[str, Any] = {"stream_results": True, "max_row_buffer": _BLOCK}
    patience = {}
    if url.get_backend_name() == "postgresql":
        options["postgresql_readonly"] = True
        patience = {"connect_timeout": _CONNECT_SECONDS}
    try:
        engine = create_engine(
            url, connect_args=patience, execution_options=options, hide_parameters=True
        )
    except (ImportError, exc.SQLAlchemyError):
        raise AskerError(
            f"there is no driver for {url.drivername} here; install it, for PostgreSQL with "
            "`pip install 'psycopg[binary]'`"
        ) from None
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _only_read)
    try:
        with engine.connect() as connection:
            yield connection
    except (exc.SQLAlchemyError, ValueError, OSError) as error:
        raise OperationError(_worded(error, url, name)) from None
    finally:
        engine.dispose()


def _check_file(url: URL, name: str) -> None:
    """Refuse a SQLite file that is not there: connecting would make an empty one."""
    if url.get_backend_name() == "sqlite" and not (url.database and Path(url.database).is_file()):
        raise AskerError(f"there is no SQLite file for {name}; check the path after sqlite:///")


def _only_read(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA query_only = ON")


def _worded(error: Exception, url: URL, name: str) -> str:
    """Return one line of what the database said, without the password, and a mend."""
    said = _said(error)
    for secret in (url.password, *url.query.values()):
        said = said.replace(str(secret), "***") if secret else said
    mend = next((mend for text, mend in _MENDS.items() if text in said.lower()), None)
    return f"{name} cannot be read ({said}); {mend or 'mend the URL or the database'}"


def _said(error: Exception) -> str:
    said = str(getattr(error, "orig", None) or error) or type(error).__name__
    return " ".join(said.split()[:_WORDS])


def _of_query(connection: Connection, query: str) -> tuple[tuple[str, ...], TextClause]:
    from sqlalchemy import exc, text

    statement = text(query.strip().rstrip(";").replace(":", r"\:"))
    try:
        result = connection.execute(statement)
    except exc.DBAPIError as error:
        raise AskerError(f"--query cannot be run ({_said(error)}); mend it") from None
    columns = tuple(result.keys())
    result.close()
    return columns, statement


def _of_table(connection: Connection, name: str, table: str) -> tuple[tuple[str, ...], Select[Any]]:
    """Return the SELECT of all columns, in the order of the primary key where there is one."""
    from sqlalchemy import column, inspect, quoted_name, select
    from sqlalchemy import table as table_of

    inspector = inspect(connection)
    schema, _, bare = table.rpartition(".")
    known = inspector.get_table_names(schema or None) + inspector.get_view_names(schema or None)
    if inspector.dialect.name in ("postgresql", "oracle"):  # others have none that can be listed
        known += inspector.get_materialized_view_names(schema or None)
    if bare not in known:
        close = difflib.get_close_matches(bare, known, n=2, cutoff=0.5)
        meant = " or ".join(close) if close else ", ".join(sorted(known)[:20]) or "none"
        hint = f"did you mean {meant}?" if close else f"there are: {meant}"
        raise AskerError(f"{name.rpartition('#')[0]} has no table or view {table!r}; {hint}")
    names = [found["name"] for found in inspector.get_columns(bare, schema or None)]
    key = inspector.get_pk_constraint(bare, schema or None)["constrained_columns"]
    columns: dict[str, Any] = {found: column(quoted_name(found, quote=True)) for found in names}
    source = table_of(quoted_name(bare, quote=True), *columns.values(), schema=schema or None)
    ordered = (columns[one] for one in key)
    return tuple(names), select(*columns.values()).select_from(source).order_by(*ordered)


def _column(values: tuple[Any, ...], as_text: bool) -> pa.Array:
    """Return the values of a block; what Arrow has no one type for becomes text."""
    kinds = {type(value) for value in values if value is not None}
    try:
        if len(kinds) < 2 and kinds <= (_EXACT if as_text else _ARROW):
            return pa.array(values)
        if kinds <= {int, float} and not as_text:
            return pa.array(values, pa.float64())
    except (pa.ArrowException, OverflowError):
        pass  # beyond 64 bits
    return pa.array([None if value is None else _text(value) for value in values], pa.string())


def _text(value: Any) -> str:
    whole = isinstance(value, float) and value.is_integer() and abs(value) < 2**53
    return str(int(value)) if whole else str(value)
