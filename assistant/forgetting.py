"""A person taken out of a home, everywhere, and the search that shows it."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.apart import index_apart
from assistant.evaluation.run_folder import FOLDER
from assistant.ledger import LEDGER_FILE, Ledger
from assistant.mentioned import mention_of
from assistant.traces import find_traces, index_document
from ingest.errors import AskerError, HomeError
from ingest.home.manifest import MEND
from ingest.home.workspace import Edition, Home

if TYPE_CHECKING:
    from ingest.growth.forgetting import Removed
    from ingest.home.manifest import Contents

BEGUN = "forgetting.json"
"""In the home while a user is being forgotten; stays where that was cut short."""
REMAINS = (
    "The weights that all users share were fitted with this person's interactions among all "
    "others; `whyrec train` makes a model that never saw them."
)


@dataclass
class Forgotten:
    """What was removed of one user, and where their id was looked for afterwards."""

    user_id: str
    interactions: int = 0
    user_fields: list[str] = field(default_factory=list)
    """Features of users that the person had a row of."""
    model_fields: list[str] = field(default_factory=list)
    """Fields of the model that lost the person's id, or a value nobody else has."""
    indexed_anew: bool = False
    collections: list[str] = field(default_factory=list)
    """Collections deleted from a Chroma server."""
    answers: int = 0
    evaluations: list[str] = field(default_factory=list)
    """Folders of evaluations that spoke of the person, and what was taken out of their cache."""
    remains: str | None = None
    searched: dict[str, Any] = field(default_factory=dict)
    """Files and bytes looked through, and where the id was found all the same."""

    @property
    def found_again(self) -> list[str]:
        found: list[str] = self.searched.get("found", [])
        return found

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON types."""
        return asdict(self)


def forget(home: Home, user_id: str, wait: float = 0.0) -> Forgotten:
    """Remove a user from the home: data, model, index, past answers, earlier generations.

    What is killed on its way is completed by the same call again.

    Args:
        home: with data.
        user_id: the person.
        wait: seconds to wait for another writer.

    Raises:
        AskerError: nothing in the home speaks of this user.
        HomeError: something cannot be read or written; nothing was published then.
    """
    done = Forgotten(user_id)
    begun = check_spoken_of(home, user_id)
    with home.writing(wait) as edition:
        edition.keep_older = False
        older = _folders(home)
        done.answers = Ledger(home.path / LEDGER_FILE).forget(user_id)
        done.evaluations = list(_forget_evaluations(home.path / FOLDER, user_id))
        stored = _collections(home) | (begun or set())
        _begin(home, user_id, stored)
        _forget_in_parts(edition, done)
    done.collections = list(_delete_collections(stored, _collections(home)))
    done.answers += Ledger(home.path / LEDGER_FILE).forget(user_id)  # given in the meantime
    stay = (older & _folders(home)) - {part.folder for part in home.parts().values()}
    if not stay:
        (home.path / BEGUN).unlink()
    searched = find_traces(home, user_id)
    left = [f"{folder.name}, which cannot be removed" for folder in sorted(stay)]
    done.searched = replace(searched, found=[*left, *searched.found]).to_json()
    return done


def check_spoken_of(home: Home, user_id: str) -> set[tuple[str, str]] | None:
    """Refuse a user of whom nothing in the home speaks; return what `_begun` does.

    Raises:
        AskerError: nothing in the home speaks of this user.
        HomeError: there are no data.
    """
    home.require("data")
    begun = _begun(home, user_id)
    if begun is None and not find_traces(home, user_id).found:
        raise AskerError(
            f"nothing in {home.path} speaks of user {user_id}; check the id, or whether --home "
            "names the right folder"
        )
    return begun


def _folders(home: Home) -> set[Path]:
    return {folder for name in MEND for folder in home.folders(name)}


def _begin(home: Home, user_id: str, stored: set[tuple[str, str]]) -> None:
    """Note that this user is being forgotten: what is published, then killed, has more to remove.

    Earlier generations and collections on a server still speak of them then.
    """
    note = {"user": _digest(user_id), "collections": sorted(stored)}
    (home.path / BEGUN).write_text(json.dumps(note), encoding="utf-8")


def _begun(home: Home, user_id: str) -> set[tuple[str, str]] | None:
    """Return the server's collections of a forgetting of this user that was cut short, if any."""
    try:
        note = json.loads((home.path / BEGUN).read_text(encoding="utf-8"))
        stored = {(str(server), str(name)) for server, name in note["collections"]}
        return stored if note["user"] == _digest(user_id) else None
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return set()  # half a note: of whom nobody can tell


def _digest(user_id: str) -> str:
    return hashlib.sha256(user_id.encode()).hexdigest()


def _forget_in_parts(edition: Edition, done: Forgotten) -> None:
    """Write data, model and index without the person."""
    from ingest.growth.forgetting import forget_in_data
    from ingest.growth.growing import settle

    contents = edition.home.contents()
    for name, part in contents.parts.items():  # made from other data, hence of no use
        if contents.step_of(part.data_fingerprint) is None:
            edition.dropped.add(name)
    removed = forget_in_data(edition, contents, done.user_id)
    if removed is None:
        return
    done.interactions, done.user_fields = removed.interactions, removed.fields
    if "model" in contents.parts and "model" not in edition.dropped:
        _forget_in_model(edition, contents, removed, done)
    if "index" in contents.parts and "index" not in edition.dropped:
        server = index_document(contents.parts["index"].folder).get("server")
        edition.add("index", index_apart(edition, removed.left, server), removed.left.fingerprint)
        settle(edition, removed.left)
        done.indexed_anew = True


def _forget_in_model(
    edition: Edition, contents: Contents, removed: Removed, done: Forgotten
) -> None:
    from recsys.checkpoint import load_model
    from recsys.training.forgetting import forget_in_model
    from recsys.training.story import write_model

    part = contents.parts["model"]
    state = removed.renamed[part.data_fingerprint]
    model, done.model_fields = forget_in_model(
        load_model(part.folder), done.user_id, removed.left, state
    )
    if removed.in_base or contents.step_of(part.data_fingerprint):  # it may have learnt of them
        done.remains = REMAINS
    folder = edition.new_folder("model")
    write_model(model, folder)
    edition.add("model", folder, state)


def _forget_evaluations(folder: Path, user_id: str) -> Iterator[str]:
    """Remove what evaluations keep: runs that name the person, cached answers, held-out homes."""
    mention = mention_of(user_id)
    if (cache := folder / "cache.sqlite").exists() and (n := _forget_cached(cache, mention)):
        yield f"{n} cached answers"
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.is_dir() and (path.name.startswith("held-out-") or _mentions(path, mention)):
            shutil.rmtree(path)
            yield path.name


def _forget_cached(path: Path, mention: re.Pattern[str]) -> int:
    """Remove cached answers that a pattern is found in, from the file's free pages too."""
    try:
        with closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as connection:
            connection.execute("pragma secure_delete = on")
            rows = connection.execute("select rowid, request, answer from answers").fetchall()
            gone = [[row] for row, *texts in rows if any(map(mention.search, texts))]
            connection.executemany("delete from answers where rowid = ?", gone)
            connection.execute("vacuum")
    except sqlite3.Error as error:
        raise HomeError(f"{path} cannot be used ({error}); remove it") from error
    return len(gone)


def _mentions(folder: Path, mention: re.Pattern[str]) -> bool:
    return any(
        mention.search(path.read_text(encoding="utf-8", errors="replace"))
        for path in folder.rglob("*")
        if path.is_file()
    )


def _collections(home: Home) -> set[tuple[str, str]]:
    """Return server and name of every collection that an index of the home has on a server."""
    found = set()
    for folder in home.folders("index"):
        document = index_document(folder)
        if server := document.get("server"):
            found |= {(server, entry["name"]) for entry in document["collections"].values()}
    return found


def _delete_collections(before: set[tuple[str, str]], now: set[tuple[str, str]]) -> Iterator[str]:
    """Delete from their servers the collections that no index names any more."""
    from ingest.index.chroma import connect

    for server, name in sorted(before - now):
        chroma = connect(Path(), server)
        try:
            with chroma.guarded():
                chroma.client.delete_collection(name)
        finally:
            chroma.close()
        yield name
