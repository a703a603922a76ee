"""A file of questions → what to ask, row by row; a row that cannot be read is a row, too."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.errors import AskerError

_QUESTION = ("query", "question", "text")
_USER = ("user_id", "user")


@dataclass(frozen=True)
class Asked:
    """One row of a file: a question with its asker, or the reason why it is none."""

    row: int
    """As a person counts: the line in the file, of which a CSV's header is the first."""
    query: str = ""
    user_id: str | None = None
    problem: str | None = None


def read_questions(path: Path) -> Iterator[Asked]:
    """Yield the questions of a .txt (one a line), .csv or .jsonl file; blank lines are left out.

    A CSV file has a column `query` (or `question`), and may have `user_id` (or `user`); the same
    names are the keys in JSONL, where a line may also be a plain JSON string.

    Raises:
        AskerError: the file cannot be read, is of another kind, or has no column of questions.
    """
    reader = {".txt": _lines, ".csv": _table, ".jsonl": _documents}.get(path.suffix.lower())
    if reader is None:
        raise AskerError(
            f"the name of a file of questions ends in .txt, .csv or .jsonl, not {path}"
        )
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from reader(file, path)
    except OSError as error:
        raise AskerError(f"the file {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise AskerError(f"{path} is not UTF-8 text; save it as UTF-8") from error
    except csv.Error as error:
        raise AskerError(f"{path} is no CSV file: {error}") from error


def _lines(file: Any, path: Path) -> Iterator[Asked]:
    for row, line in enumerate(file, start=1):
        if line.strip():
            yield Asked(row, line.strip())


def _table(file: Any, path: Path) -> Iterator[Asked]:
    table = csv.DictReader(file)
    columns = list(table.fieldnames or ())
    query = next((name for name in _QUESTION if name in columns), None)
    user = next((name for name in _USER if name in columns), None)
    if query is None:
        found = ", ".join(columns) or "none"
        raise AskerError(f"{path} has no column query (or question); its columns are {found}")
    for cells in table:
        text, user_id = cells[query] or "", cells[user] if user else None
        yield Asked(table.line_num, text.strip(), (user_id or "").strip() or None)


def _documents(file: Any, path: Path) -> Iterator[Asked]:
    for row, line in enumerate(file, start=1):
        if line.strip():
            yield _document(row, line)


def _document(row: int, line: str) -> Asked:
    try:
        found = json.loads(line)
    except (json.JSONDecodeError, RecursionError):
        return Asked(row, problem="it is not JSON")
    if isinstance(found, str):
        return Asked(row, found.strip())
    entry = found if isinstance(found, dict) else {}
    query = next((entry[name] for name in _QUESTION if isinstance(entry.get(name), str)), None)
    if query is None:
        return Asked(row, problem='it is neither a text nor an object such as {"query": "…"}')
    user_id = next((entry[name] for name in _USER if entry.get(name) is not None), None)
    return Asked(row, query.strip(), None if user_id is None else str(user_id))
