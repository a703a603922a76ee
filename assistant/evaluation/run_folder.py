"""The folder of a run: what was planned, and a row for every trial done, safe against a kill.

run.json       what runs: suite, variants, seeds, fingerprints
rows.jsonl     what was measured, a line a trial
details.jsonl  question, evidence, raw text and answer, a line a trial; written before its row
results.json   the summary with all rows, in plan order; the same bytes for the same seed
times.json     what differs between two runs: seconds, cache hits
report.html, report.md, results.csv, junit.xml
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ingest.errors import AskerError, HomeError, OperationError

FORMAT = 1
FOLDER = "evaluations"
"""Where a home keeps its runs, their cache, and homes without what is held out."""
Key = tuple[str, str, int]
_FREE = ("started",)
"""Parts of a manifest that may differ when a run goes on."""


class RunFolder:
    """A folder that trials are appended to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows_path = path / "rows.jsonl"
        self.details_path = path / "details.jsonl"
        self._rows = -1
        self._details = -1

    @property
    def manifest(self) -> dict[str, Any]:
        """What was planned.

        Raises:
            HomeError: the folder holds no run, or one of another version.
        """
        try:
            document = json.loads((self.path / "run.json").read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise HomeError(f"{self.path} holds no run; `whyrec eval SUITE` makes one") from error
        except (OSError, ValueError) as error:
            raise HomeError(f"{self.path / 'run.json'} cannot be read: {error}") from error
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise HomeError(f"{self.path} holds a run of another version; run the suite anew")
        return document

    def begin(self, manifest: Mapping[str, Any], resume: bool) -> set[Key]:
        """Open the folder for a run and return the trials that are already done.

        Raises:
            AskerError: it holds another suite's run, or this one's and `resume` was not asked.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            done = self._taken_up(manifest, resume)
            for path in (self.rows_path, self.details_path):
                _cut_torn_line(path)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            self._details = os.open(self.details_path, flags, 0o644)
            self._rows = os.open(self.rows_path, flags, 0o644)
        except OSError as error:
            raise _failed(error, self.path) from error
        return done

    def _taken_up(self, manifest: Mapping[str, Any], resume: bool) -> set[Key]:
        if (self.path / "run.json").exists():
            self._compare(self.manifest, manifest, resume)
            # Where the model failed, code answered: that measures no model, so it is asked again.
            return {_key(row) for row in self.last_rows() if not row.get("model_fault")}
        if any(self.path.iterdir()):
            raise AskerError(f"{self.path} holds other files; name an empty or a new folder")
        write_whole(self.path / "run.json", json.dumps(manifest, ensure_ascii=False, indent=2))
        return set()

    def _compare(self, old: Mapping[str, Any], new: Mapping[str, Any], resume: bool) -> None:
        if old["suite"] != new["suite"]:
            raise AskerError(
                f"{self.path} holds a run of the suite {old['suite']!r}; name another folder"
            )
        if not resume:
            raise AskerError(
                f"{self.path} holds a run of {old['suite']!r} already; go on with it by --resume, "
                "or name another folder"
            )
        changed = [name for name in new if name not in _FREE and old.get(name) != new[name]]
        if changed:
            raise AskerError(
                f"the run in {self.path} cannot go on: {', '.join(changed)} changed since it "
                "began; run anew in another folder"
            )

    def append(self, row: Mapping[str, Any], detail: Mapping[str, Any]) -> None:
        """Write a trial down, and have the disk confirm it.

        Raises:
            OperationError: the disk is full or fails; what was confirmed before is kept.
        """
        try:
            at = os.fstat(self._details).st_size
            _write_line(self._details, detail)
            placed = dict(row) | {"run": dict(row["run"]) | {"detail_at": at}}
            _write_line(self._rows, placed)
        except OSError as error:
            raise _failed(error, self.path) from error

    def close(self) -> None:
        """Close the files; a second time does nothing."""
        for descriptor in (self._rows, self._details):
            if descriptor >= 0:
                os.close(descriptor)
        self._rows = self._details = -1

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the rows in the order they were written; a torn last line is left out."""
        try:
            with self.rows_path.open("rb") as lines:
                for number, line in enumerate(lines, start=1):
                    if line.endswith(b"\n"):
                        yield _parsed(line, self.rows_path, number)
        except FileNotFoundError:
            return

    def last_rows(self) -> list[dict[str, Any]]:
        """Return the last row of each trial: one that was asked again stands twice in the file."""
        return list({_key(row): row for row in self.rows()}.values())

    def detail(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a row's answer was."""
        try:
            with self.details_path.open("rb") as lines:
                lines.seek(row["run"]["detail_at"])
                return _parsed(lines.readline(), self.details_path, 0)
        except OSError as error:
            raise HomeError(f"{self.details_path} cannot be read: {error.strerror}") from error


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it is there whole or not at all.

    Raises:
        OperationError: the disk is full or fails.
    """
    new = path.with_name(f".{path.name}.new")
    try:
        with new.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise _failed(error, path) from error


def _key(row: Mapping[str, Any]) -> Key:
    return (row["case"], row["variant"], row["repeat"])


def _parsed(line: bytes, path: Path, number: int) -> dict[str, Any]:
    try:
        document = json.loads(line)
        if isinstance(document, dict):
            return document
    except ValueError:
        pass
    place = f"{path}, line {number}" if number else str(path)
    raise HomeError(f"{place}: it is damaged; run the suite anew in another folder")


def _write_line(descriptor: int, document: Mapping[str, Any]) -> None:
    """Append one line and fsync; where that fails, nothing of the line stays."""
    line = (json.dumps(document, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")
    size = os.fstat(descriptor).st_size
    try:
        view = memoryview(line)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, size)
        raise


def _cut_torn_line(path: Path) -> None:
    """Remove what follows the last line end: a line that a kill tore."""
    if not path.exists():
        return
    with path.open("rb+") as file:
        end = file.seek(0, os.SEEK_END)
        position = end
        while position > 0:
            start = max(0, position - 65536)
            file.seek(start)
            at = file.read(position - start).rfind(b"\n")
            if at >= 0:
                position = start + at + 1
                break
            position = start
        if position < end:
            file.truncate(position)


def _failed(error: OSError, path: Path) -> OperationError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return OperationError(
            f"the disk of {path} is full; what was done is kept: free some space and go on with "
            "--resume"
        )
    return OperationError(f"{path} cannot be written: {error.strerror or error}")
