"""What is left of a person in a home: their id in every part, and its bytes in every file.

Bytes tell most, and least: an id may stand inside another one (u-4711 in u-47110), in a title, or
in the digits of a score. Such a place is no trace of the person. An id so short, or so much a word,
that it stands anywhere is looked for where it stands for a user only.
"""

from __future__ import annotations

import json
import mmap
import re
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.ledger import LEDGER_FILE, Ledger
from ingest.errors import HomeError, OperationError
from ingest.home.workspace import Home

if TYPE_CHECKING:
    import pandas as pd

    from ingest.dataset.schema import Dataset

_FEWEST_DIGITS, _FEWEST_LETTERS, _FEWEST_MIXED = 8, 16, 6
"""Shorter ids of digits, of letters and of both are found anywhere by chance, or as words."""
_FRACTION = re.compile(rb"\d\.\d*\Z")
_LONGEST_NUMBER = 24


@dataclass(frozen=True)
class Traces:
    """Where an id was looked for, and where it was found."""

    files: int
    bytes: int
    as_bytes: bool
    """Whether the id's bytes were looked for; else only its places in tables and answers."""
    found: list[str]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON types."""
        return asdict(self)


def find_traces(home: Home, user_id: str) -> Traces:
    """Look for a user: as an id in every generation of every part, and as bytes in every file."""
    found = list(dict.fromkeys(_named_in(home, user_id)))
    others = _longer_strings(home, user_id)
    wanted = _Bytes.of(user_id, others) if tells(user_id) and user_id not in others else None
    files = [path for path in sorted(home.path.rglob("*")) if path.is_file()]
    n_bytes = 0
    for path in files:
        with suppress(FileNotFoundError):  # a journal that came and went
            n_bytes += path.stat().st_size
            if wanted is not None and wanted.stand_in(path):
                found.append(str(path.relative_to(home.path)))
    return Traces(len(files), n_bytes, wanted is not None, found)


def tells(user_id: str) -> bool:
    """Return whether an id's bytes are found where it stands, and hardly elsewhere."""
    if user_id.isdecimal():
        return len(user_id) >= _FEWEST_DIGITS
    fewest = _FEWEST_LETTERS if user_id.isalpha() and user_id.isascii() else _FEWEST_MIXED
    return len(user_id.encode()) >= fewest


@dataclass(frozen=True)
class _Bytes:
    """An id as it is written in files, and the longer strings in which it is somebody else's."""

    forms: tuple[bytes, ...]
    longer: frozenset[bytes]
    places: frozenset[tuple[int, int]]
    """Where the id stands in one of `longer`, and how long that is."""
    is_number: bool

    @classmethod
    def of(cls, user_id: str, others: Iterable[str]) -> _Bytes:
        forms = _written(user_id)
        longer = {form for text in others for form in _written(text)}
        places = {
            (found.start(), len(text))
            for text in longer
            for form in forms
            for found in re.finditer(re.escape(form), text)
        }
        return cls(forms, frozenset(longer), frozenset(places), user_id.isdecimal())

    def stand_in(self, path: Path) -> bool:
        """Return whether a file has the id at a place that is nobody else's."""
        with path.open("rb") as file:
            if not path.stat().st_size:
                return False
            with closing(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)) as content:
                return any(
                    not self._is_elses(content, found.start())
                    for form in self.forms
                    for found in re.finditer(re.escape(form), content)
                )

    def _is_elses(self, content: mmap.mmap, start: int) -> bool:
        if self.is_number and _FRACTION.search(content[max(0, start - _LONGEST_NUMBER) : start]):
            return True
        return any(
            start >= before and content[start - before : start - before + length] in self.longer
            for before, length in self.places
        )


def _written(text: str) -> tuple[bytes, ...]:
    """Return a text's bytes, as they are and as JSON may write them."""
    plain, escaped = text.encode("utf-8", "surrogatepass"), json.dumps(text)[1:-1].encode()
    return (plain,) if plain == escaped else (plain, escaped)


def _longer_strings(home: Home, user_id: str) -> set[str]:
    """Return what the data hold of others that has the id in it: ids, titles, features."""
    with suppress(HomeError):
        return {text for text in _strings(home.dataset(), user_id) if user_id in text}
    return set()


def _strings(dataset: Dataset, user_id: str) -> Iterator[str]:
    yield dataset.name
    yield from (one for one in dataset.user_ids.external if one != user_id)
    yield from dataset.item_ids.external
    for table in (dataset.users, dataset.items):
        for name in table.columns:
            yield str(name)
            yield from _texts(table[name])


def _texts(column: pd.Series) -> Iterator[str]:
    if column.dtype != object:
        return
    for value in column.dropna().unique():
        yield from (str(one) for one in (value if isinstance(value, tuple) else (value,)))


def _named_in(home: Home, user_id: str) -> Iterator[str]:
    """Yield what has the user among its ids; what cannot be read is skipped.

    Folders that home.json does not name are looked into as well: an earlier generation, or what a
    killed writer left.
    """
    looks = {"data": _in_data, "added": _in_data, "model": _in_model, "index": _in_index}
    for name, look in looks.items():
        for folder in home.folders(name):
            with suppress(HomeError, OperationError):
                if look(folder, user_id):
                    yield folder.name
    if Ledger(home.path / LEDGER_FILE).mentions(user_id):
        yield LEDGER_FILE


def _in_data(folder: Path, user_id: str) -> bool:
    import numpy as np

    from ingest.home.tables import find_ids

    return bool(find_ids(folder, np.array([user_id], dtype=object), "user")[0] >= 0)


def _in_model(folder: Path, user_id: str) -> bool:
    from recsys.checkpoint import load_model

    fields = load_model(folder).space.of("user")
    return any(user_id in field.vocabulary for field in fields if field.kind == "id")


def _in_index(folder: Path, user_id: str) -> bool:
    """Tell whether an index has a record of the user, wherever its collections are."""
    from ingest.index.chroma import connect

    document = index_document(folder)
    if not document:
        return False
    chroma = connect(folder, document.get("server"))
    try:
        for kind in ("users", "newcomers"):
            if entry := document["collections"].get(kind):
                collection = chroma.get(entry["name"])
                with chroma.guarded():
                    if collection.get(ids=[user_id], include=[])["ids"]:
                        return True
    finally:
        chroma.close()
    return False


def index_document(folder: Path) -> dict[str, Any]:
    """Return index.json of an index; empty where it cannot be read."""
    try:
        document = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}
