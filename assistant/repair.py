"""What is damaged in a home, found by reading all of it, and made again where that can be done.

home.json    put back from its copy
index        made anew from the data
model        trained anew from the data, only where that is asked for
ledger       set aside under another name, and a new one begun
data         cannot be derived: the message says where they came from
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.doctor import Finding
from assistant.ledger import LEDGER_FILE
from assistant.settings import Settings
from ingest.errors import HomeError, WhyrecError
from ingest.home.lock import is_locked, read_holder
from ingest.home.workspace import Home

if TYPE_CHECKING:
    from recsys.presets import Preset

_SQLITE_FILES = ("", "-journal", "-wal", "-shm")


def damage(settings: Settings) -> dict[str, str]:
    """Return what is wrong with each part of a home that cannot be read whole, by name.

    Reads everything: data and additions, model, every profile of the index, the ledger.
    """
    home = Home(settings.home)
    checks: dict[str, Callable[[], object]] = {
        "home.json": home.contents,
        "data": home.dataset,
        "model": lambda: _read_model(home),
        "index": lambda: _read_index(home, settings.chroma),
        "ledger": lambda: _read_ledger(home.path / LEDGER_FILE),
    }
    found = {}
    for name, check in checks.items():
        try:
            check()
        except WhyrecError as error:
            found[name] = str(error)
        if name == "home.json" and (found or not home.parts()):
            break  # the rest is named by it
    return found


def repair(settings: Settings, retrain: bool = False) -> list[Finding]:
    """Make again what of a home can be made, and say what was done.

    Args:
        settings: which home, and where its collections are.
        retrain: train a damaged or missing model anew.

    Raises:
        HomeError: another process is writing, or the home cannot be written to.
    """
    return list(_steps(Home(settings.home), settings, retrain))


def _steps(home: Home, settings: Settings, retrain: bool) -> Iterator[Finding]:
    if not home.path.is_dir():
        yield Finding("home", "failed", f"there is no folder {home.path}", "whyrec build SOURCE")
        return
    yield from _writer(home)
    yield from _manifest(home)
    if not _readable(home.contents):
        return
    wrong = damage(settings)
    if "ledger" in wrong:
        aside = _set_aside(home.path / LEDGER_FILE)
        yield Finding("ledger", "warning", f"{wrong['ledger']}: it is kept as {aside.name}")
    if "data" in wrong:
        yield Finding("data", "failed", wrong["data"], _origin(home))
        return
    if "model" in wrong:
        yield from _model(home, wrong["model"], retrain)
    if "index" in wrong:
        yield from _index(home, settings.chroma, wrong["index"])
    if not wrong:
        yield Finding("repair", "ok", "everything in the home can be read")
    with home.writing():
        pass  # removes what a killed writer left


def _readable(check: Callable[[], object]) -> bool:
    try:
        check()
    except WhyrecError:
        return False
    return True


def _writer(home: Home) -> Iterator[Finding]:
    holder = read_holder(home.path)
    if holder is not None and not is_locked(home.path):
        detail = f"{holder} ended before it was done; what it left is removed"
        yield Finding("writer", "warning", detail)


def _manifest(home: Home) -> Iterator[Finding]:
    """Put home.json back where it is damaged, or missing though parts are there."""
    fault = f"{home.manifest_path} was missing"
    try:
        if home.parts() or not home.folders("data"):
            return
    except HomeError as error:
        if "another version" in str(error):
            yield Finding("home.json", "failed", str(error))
            return
        fault = str(error)
    try:
        contents = home.restore()
    except HomeError as error:
        mend = f"move {home.path} away and run `whyrec build`"
        yield Finding("home.json", "failed", f"{fault}; {error}", mend)
        return
    names = ", ".join(part.folder.name for part in contents.parts.values())
    yield Finding("home.json", "warning", f"{fault}: put back from its copy: {names}")


def _read_model(home: Home) -> None:
    from recsys.scoring.scorer import load_scorer

    part = home.require("model")
    load_scorer(part.folder, home.dataset(), part.data_fingerprint)


def _read_index(home: Home, server: str | None) -> None:
    from ingest.growth.growing import open_data
    from ingest.growth.overlay import with_changes
    from ingest.index.store import open_index

    contents = home.contents()
    part = contents.require("index")
    grown = open_data(contents)
    step = contents.step_of(part.data_fingerprint) or 0
    with open_index(part.folder, grown.dataset, server, part.data_fingerprint) as index:
        users = with_changes(index, grown, step).users
        users.documents([str(user) for user in grown.dataset.user_ids.external])


def _read_ledger(path: Path) -> None:
    """Read every answer of the ledger.

    Raises:
        HomeError: it is damaged.
    """
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as connection:
            (said,) = connection.execute("pragma integrity_check").fetchone()
            if said != "ok":
                raise HomeError(f"the ledger {path} is damaged ({said})")
            for (document,) in connection.execute("select document from answers"):
                json.loads(document)
    except (sqlite3.Error, ValueError) as error:
        raise HomeError(f"the ledger {path} is damaged ({error})") from error


def _set_aside(path: Path) -> Path:
    """Give the ledger's files another name, and return it."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    for ending in _SQLITE_FILES:
        with suppress(FileNotFoundError):
            path.with_name(path.name + ending).rename(
                path.with_name(f"{path.name}.damaged-{stamp}{ending}")
            )
    return path.with_name(f"{path.name}.damaged-{stamp}")


def _origin(home: Home) -> str:
    """Say how to have data again that nothing else can tell."""
    from ingest.home.tables import read_about

    again = "run `whyrec ingest` again, and `whyrec add` what came later"
    try:
        return f"{again} (the data set was {read_about(home.require('data').folder)['name']})"
    except (HomeError, KeyError):
        return again


def _model(home: Home, fault: str, retrain: bool) -> Iterator[Finding]:
    if not retrain:
        yield Finding("model", "failed", fault, "whyrec doctor --repair --retrain")
        return
    from assistant.building import train_part

    with home.writing() as edition:
        settings, how = _settings_of(home)
        train_part(edition, home.dataset(), settings)
    yield Finding("model", "warning", f"{fault}: trained anew with {how}")


def _settings_of(home: Home) -> tuple[Preset | None, str]:
    """Return what the damaged model was trained with, where its JSON can still be read."""
    from recsys.checkpoint import ABOUT
    from recsys.config import DeepFMConfig, TrainingConfig
    from recsys.presets import Preset

    try:
        about = json.loads((home.parts()["model"].folder / ABOUT).read_text(encoding="utf-8"))
        config = DeepFMConfig.from_json(about["config"])
        return Preset(config, TrainingConfig(**about["training"])), "its own settings"
    except (OSError, ValueError, KeyError, TypeError, AttributeError, WhyrecError):
        return None, "the recipe's settings"


def _index(home: Home, server: str | None, fault: str) -> Iterator[Finding]:
    from assistant.building import index_part

    with home.writing() as edition:
        report = index_part(edition, home.dataset(), server)
    yield Finding("index", "warning", f"{fault}: made anew in {report['seconds']} s")
