"""The home folder: which generation of each part is current, one writer, published by one rename.

    HOME/home.json     {"format": 2, "parts": {"data": {"folder": "data-0001", …}, "model": …},
                        "lineage": […]}; see ingest/home/manifest.py
    HOME/data-0001/    a part, written under its final name and never changed once published
    HOME/added-0003/   what was added to the data since they were ingested
    HOME/lock          held by the one process that writes; see ingest/home/lock.py

A reader follows home.json; a build that is killed leaves folders that no home.json names, and the
next writer removes them. The generation before the current one is kept, for readers that still
have it open.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.errors import HomeError
from ingest.home.lock import writer_lock
from ingest.home.manifest import MEND, Contents, Part, State, read_contents

if TYPE_CHECKING:
    from ingest.dataset.schema import Dataset
    from ingest.growth.adding import Addition
    from ingest.growth.additions import Source
    from ingest.progress import Notice

DEFAULT_HOME = ".whyrec"
COPY = "home.copy.json"
"""What home.json said when it was last written, for `Home.restore`."""
_TRIES, _PAUSE = 20, 0.1  # of removing what must go, and seconds between two
APART = "apart-"
"""How the folder of a helping process is called that works on what may become a part."""
UNFINISHED = "unfinished.json"
"""Its writer puts this file into the folder of a part that can be gone on with after a kill."""


def home_path(option: str | None = None) -> Path:
    """Return the home folder's path: the option, else WHYREC_HOME, else ./.whyrec."""
    return Path(option or os.environ.get("WHYREC_HOME") or DEFAULT_HOME).expanduser().absolute()


def _generation(folder: Path) -> int:
    """Return the number at the end of a part's folder name, 0 when there is none."""
    number = folder.name.rpartition("-")[2]
    return int(number) if number.isdecimal() else 0


def _flush(folder: Path) -> None:
    """Have everything in `folder` reach the disk: a power cut must not empty what is published."""
    for path in (*folder.rglob("*"), folder):
        _flush_entry(path)


def _flush_entry(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return  # Windows has no handle for it
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove(folder: Path, tries: int) -> None:
    """Remove a folder, in which Chroma may make a file for a reader at that very moment."""
    for again in range(tries):
        time.sleep(_PAUSE if again else 0)
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return


@dataclass
class Edition:
    """Parts being written; they become current together when the block of `Home.writing` ends."""

    home: Home
    written: dict[str, Part] = field(default_factory=dict)
    lineage: tuple[State, ...] | None = None
    """The data's states from now on; None leaves them, or begins with the data written."""
    dropped: set[str] = field(default_factory=set)
    """Parts that are to be no longer there."""
    keep_older: bool = True
    """Whether the generation before the current one stays on the disk."""

    def stopped_folder(self, name: str) -> Path | None:
        """Return the newest folder of part `name` whose writing was stopped and can go on."""
        stopped = [path for path in self.home.folders(name) if (path / UNFINISHED).is_file()]
        return stopped[-1] if stopped else None

    def new_folder(self, name: str) -> Path:
        """Create the empty folder that part `name` is to be written into."""
        numbers = [_generation(path) for path in self.home.folders(name)]
        folder = self.home.path / f"{name}-{max(numbers, default=0) + 1:04d}"
        folder.mkdir()
        return folder

    def add(self, name: str, folder: Path, data_fingerprint: str) -> None:
        """Declare part `name` complete in `folder`."""
        self.written[name] = Part(name, folder, data_fingerprint)

    def outlook(self) -> Contents:
        """Return what the home holds once this is published."""
        before = self.home.contents()
        parts, lineage = dict(before.parts), self.lineage
        if "data" in self.written:  # what was added to other data does not go with these
            parts.pop("added", None)
            lineage = lineage or (State(self.written["data"].data_fingerprint),)
        parts = {name: part for name, part in parts.items() if name not in self.dropped}
        return Contents(self.home.path, parts | self.written, lineage or before.lineage)


class Home:
    """The home folder at `path`, which need not exist yet."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.manifest_path = self.path / "home.json"

    def contents(self) -> Contents:
        """Return what the home holds now; without parts when nothing was published yet.

        Raises:
            HomeError: home.json is unreadable or was written by another version.
        """
        try:
            manifest = json.loads(self.manifest_path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return Contents(self.path, {})
        except (OSError, ValueError) as error:
            raise HomeError(
                f"{self.manifest_path} cannot be read ({error}); move {self.path} away and run "
                "`whyrec build` again"
            ) from error
        return read_contents(self.path, manifest)

    def parts(self) -> dict[str, Part]:
        """Return the current parts by name; empty when nothing was published yet."""
        return dict(self.contents().parts)

    def require(self, name: str) -> Part:
        """Return part `name`, made from the current data or from what they grew from.

        Raises:
            HomeError: the part is missing, or was made from other data.
        """
        return self.contents().require(name)

    def dataset(self) -> Dataset:
        """Return the data as they are, additions and all.

        Raises:
            HomeError: there are none, or their files are damaged.
        """
        from ingest.growth.growing import open_data

        return open_data(self.contents()).dataset

    def add(
        self,
        interactions: Source,
        users: Source | None = None,
        items: Source | None = None,
        *,
        wait: float = 60.0,
        notice: Notice | None = None,
        **told: Any,
    ) -> Addition:
        """Append new interactions, and features of newcomers, to the data; they count at once.

        Args:
            interactions: a frame, or the name of a file, folder or database, read as the data were.
            users: a row of features for each of some users, new or known.
            items: the same of items.
            wait: seconds to wait for another writer.
            notice: is given what was guessed or left out, a sentence each; None writes it to
                standard error.
            **told: what is different from the data's own tables, by the names of
                `ingest.intake.roles.Roles` and `ingest.sources.raw.Reading`: `user="who"`,
                `separator=";"`.

        Raises:
            WhyrecError: there are no data, the tables have problems, or another process is writing.
        """
        from ingest.growth.adding import add_tables
        from ingest.progress import say

        return add_tables(self, interactions, users, items, told, wait, notice or say)

    def folders(self, name: str) -> list[Path]:
        """Return every folder of part `name`, published or not, oldest first."""
        found = [path for path in self.path.glob(f"{name}-*") if path.is_dir()]
        return sorted((path for path in found if _generation(path) > 0), key=_generation)

    @contextmanager
    def writing(self, wait: float = 0.0) -> Iterator[Edition]:
        """Hold the home's lock and yield an Edition; publish it when the block ends well.

        Args:
            wait: seconds to wait for another writer.

        Raises:
            HomeError: another process is writing, or the folder cannot be written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with writer_lock(self.path, wait):
                self._remove_leftovers(keep_stopped=True)
                edition = Edition(self)
                yield edition
                self._publish(edition)
                self._remove_leftovers(edition.keep_older)
        except OSError as error:
            if error.errno is None:  # not of the file system
                raise
            raise HomeError(
                f"cannot write to {self.path} ({error.strerror}); what was there before is "
                "unchanged: make room, or choose another folder with --home"
            ) from error

    def _publish(self, edition: Edition) -> None:
        if not edition.written and not edition.dropped:
            return
        for part in edition.written.values():
            _flush(part.folder)
        self._name(edition.outlook())

    def restore(self) -> Contents:
        """Put home.json back from its copy, where it was lost or damaged.

        Raises:
            HomeError: there is no copy, it is damaged too, or it names folders that are gone.
        """
        copy = Home(self.path)
        copy.manifest_path = self.path / COPY
        contents = copy.contents()
        if gone := [part.folder for part in contents.parts.values() if not part.folder.is_dir()]:
            raise HomeError(f"{copy.manifest_path} names {gone[0]}, which is gone")
        if not contents.parts:
            raise HomeError(f"there is no {copy.manifest_path}")
        with writer_lock(self.path):
            self._name(contents)
        return contents

    def _name(self, contents: Contents) -> None:
        text = json.dumps(contents.to_json(), indent=2)
        for path in (self.path / "home.json", self.path / COPY):
            beside = path.with_name(path.name + ".new")
            with beside.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, path)
        _flush_entry(self.path)

    def _remove_leftovers(self, keep_older: bool = True, keep_stopped: bool = False) -> None:
        """Remove unpublished folders and all but the last generation before the current one.

        Where home.json is lost nobody can tell which they are: nothing is removed.
        """
        for path in self.path.glob(f"{APART}*"):
            _remove(path, _TRIES)
        if not self.manifest_path.exists():
            return
        current = {part.name: part.folder for part in self.parts().values()}
        for name in MEND:
            older = [path for path in self.folders(name) if path != current.get(name)]
            published = current.get(name)
            before = [
                path for path in older if published and _generation(path) < _generation(published)
            ]
            for path in older:
                if keep_stopped and (path / UNFINISHED).is_file():
                    continue
                if path not in before[-1:] or not keep_older:
                    _remove(path, tries=1 if keep_older else _TRIES)
