"""Past answers with their evidence, in one SQLite file of the home: kept, listed, replayed."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from assistant.mentioned import speaks_of
from ingest.errors import AskerError, HomeError

LEDGER_FILE = "ledger.sqlite"
KEPT_DAYS = 90
"""Answers older than this are removed when a new one is written."""
_DAY = 86_400
_SCHEMA = """
create table if not exists answers (
    answer_id text primary key,
    asked_at real not null,
    query text not null,
    status text not null,
    written_by text not null,
    document text not null
);
create index if not exists answers_by_time on answers (asked_at);
"""
_NOT_KEPT = ("source_documents",)
"""Profiles of people are not copied into the ledger; they can be read again from the index."""


class Ledger:
    """The ledger at `path`; made when the first answer is written."""

    def __init__(self, path: Path, kept_days: float = KEPT_DAYS) -> None:
        self.path = path
        self.kept_days = kept_days

    def write(self, answer: Mapping[str, Any]) -> None:
        """Keep `answer`, a document as `RecommendationQA.invoke` returns it.

        Raises:
            HomeError: the file cannot be written.
        """
        kept = {key: value for key, value in answer.items() if key not in _NOT_KEPT}
        now = time.time()
        row = [answer[key] for key in ("answer_id", "query", "status", "written_by")]
        with self._open() as connection:
            connection.executescript(_SCHEMA)
            connection.execute(
                "insert into answers (answer_id, query, status, written_by, asked_at, document) "
                "values (?, ?, ?, ?, ?, ?)",
                [*row, now, json.dumps(kept, ensure_ascii=False)],
            )
            oldest = now - self.kept_days * _DAY
            connection.execute("delete from answers where asked_at < ?", [oldest])

    def read(self, answer_id: str) -> dict[str, Any]:
        """Return a past answer, number for number.

        Raises:
            AskerError: no answer has this id, or several ids begin so.
        """
        with self._open() as connection:
            rows = self._select(
                connection,
                "select document from answers where substr(answer_id, 1, ?) = ? limit 2",
                [len(answer_id), answer_id],
            )
        if len(rows) != 1 or not answer_id:
            which = "more than one answer begins" if rows else "there is no answer"
            raise AskerError(f"{which} with {answer_id!r}; `whyrec logs` lists those kept")
        document: dict[str, Any] = json.loads(rows[0][0])
        return document

    def latest(self, n: int) -> list[dict[str, Any]]:
        """Return the last `n` answers, the newest first: id, time, question, status, writer."""
        with self._open() as connection:
            rows = self._select(
                connection,
                "select answer_id, asked_at, query, status, written_by from answers "
                "order by asked_at desc, answer_id limit ?",
                [n],
            )
        names = ("answer_id", "asked_at", "query", "status", "written_by")
        return [dict(zip(names, row, strict=True)) for row in rows]

    def newest_first(self, most: int = 50) -> Iterator[dict[str, Any]]:
        """Yield up to `most` past answers, each with the `day` it was given, the newest first."""
        if not self.path.exists():
            return
        query = "select asked_at, document from answers order by asked_at desc limit ?"
        with self._open() as connection:
            for asked_at, document in connection.execute(query, [most]):
                day = time.strftime("%Y-%m-%d", time.gmtime(asked_at))
                yield {**json.loads(document), "day": day}

    def forget(self, user_id: str) -> int:
        """Remove every answer that speaks of a user, from the file's free pages too.

        An answer speaks of them where their id stands in its evidence or lists, or in the text of
        its question. Returns how many there were.

        Raises:
            HomeError: the file cannot be written.
        """
        if not self.path.exists():
            return 0
        with self._open() as connection:
            connection.execute("pragma secure_delete = on")
            gone = self._speaking_of(connection, user_id)
            connection.executemany(
                "delete from answers where answer_id = ?", [[answer_id] for answer_id in gone]
            )
        with self._open() as connection:
            connection.isolation_level = None  # outside a transaction, as vacuum must be
            connection.execute("vacuum")
        return len(gone)

    def mentions(self, user_id: str) -> bool:
        """Return whether any answer speaks of a user."""
        if not self.path.exists():
            return False
        with self._open() as connection:
            return bool(self._speaking_of(connection, user_id))

    def _speaking_of(self, connection: sqlite3.Connection, user_id: str) -> list[str]:
        rows = self._select(connection, "select answer_id, document from answers", [])
        return [one for one, document in rows if speaks_of(json.loads(document), user_id)]

    def _select(
        self, connection: sqlite3.Connection, query: str, values: Sequence[Any]
    ) -> list[tuple[Any, ...]]:
        connection.executescript(_SCHEMA)
        return connection.execute(query, values).fetchall()

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection whose work is kept when the block ends well."""
        try:
            with closing(sqlite3.connect(self.path, timeout=10)) as connection, connection:
                yield connection
        except sqlite3.Error as error:
            raise HomeError(
                f"the ledger {self.path} cannot be used ({error}); move it away, "
                "or ask with --no-log"
            ) from error
