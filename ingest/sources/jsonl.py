"""Opening JSON Lines, one object per line, as a table of raw rows; a row's number is its line's."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ingest.errors import SHOWN, DataError, Problem
from ingest.progress import progress_bar
from ingest.sources.cells import plain_rows, unified
from ingest.sources.json_rows import BOM, Parsed, is_exact, merged, parse_lines
from ingest.sources.raw import RawRows, Reading, Refused
from ingest.sources.swelling import check_swelling

SUFFIXES = (".jsonl", ".ndjson", ".json")
_OPENERS: dict[bytes, Callable[[Any], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
}
_BLOCK = 1 << 25
_KEPT = 1 << 28
"""Bytes of parsed columns that are kept from learning their names until they are read."""
_LONGEST = 1 << 28
"""Bytes of the longest line that is taken for one."""


@dataclass(frozen=True)
class JsonLines:
    """A file of JSON Lines whose columns are known."""

    source: str
    columns: tuple[str, ...]
    reading: Reading
    _kept: list[Parsed] = field(default_factory=list, repr=False)
    """All blocks as they were parsed to learn the names, for the first reading; none if large."""

    def read(self, columns: Collection[str], text: Collection[str]) -> RawRows:
        """Return `columns` as `ingest.sources.raw.RawTable.read` says."""
        wanted = [name for name in self.columns if name in columns]
        kept, parsed = list(self._kept), []
        self._kept.clear()
        exact = kept and all(is_exact(one.table, text) for one in kept)
        for one in kept if exact else _parsed_blocks(self.source, text):
            held = [name for name in wanted if name in one.table.column_names]
            parsed.append(Parsed(one.table.select(held), one.lines, one.refused))
        table = unified([one.table for one in parsed], wanted)
        rows = plain_rows(self.source, table, text, self.reading)
        lines = np.concatenate([one.lines for one in parsed])
        refused = [refused for one in parsed for refused in one.refused]
        return RawRows(rows.table, lines, merged(refused))


def open_json_lines(source: str, reading: Reading) -> JsonLines:
    """Learn the names of all columns, which takes a pass over the file.

    What it parses is kept for reading, so that a file of ordinary size is parsed once.

    Raises:
        DataError: the file is damaged, or no line holds an object.
    """
    names: dict[str, None] = {}
    refused: list[Refused] = []
    kept: list[Parsed] = []
    n_bytes = 0
    for parsed in _parsed_blocks(source):
        names.update(dict.fromkeys(parsed.table.column_names))
        refused += parsed.refused
        n_bytes += parsed.table.nbytes
        kept = [*kept, parsed] if n_bytes <= _KEPT else []
    if not names:
        raise DataError(_why_empty(source, refused))
    return JsonLines(source, tuple(names), reading, kept)


def _why_empty(source: str, refused: list[Refused]) -> list[Problem]:
    if any(line.lstrip().startswith("[") for one in refused[:1] for line in one.texts[:1]):
        what = "is one JSON list, not one object per line; write it with `jq -c '.[]'`"
        return [Problem(source, what)]
    if not refused:
        return [Problem(source, "holds no object with names and values")]
    return [
        Problem(source, one.what, None, tuple(one.rows[:SHOWN].tolist()), len(one.rows))
        for one in merged(refused)
    ]


def is_json_lines(source: str, start: bytes) -> bool:
    """Tell by its name or its first bytes whether `source` should be a file of JSON Lines."""
    named = any(suffix.lower() in SUFFIXES for suffix in Path(source).suffixes[-2:])
    return named or start.removeprefix(BOM).startswith((b'{"', b'{ "', b"{}"))


def _parsed_blocks(source: str, text: Collection[str] = ()) -> Iterator[Parsed]:
    first = 1
    with progress_bar(Path(source).stat().st_size, f"reading {Path(source).name}", "B") as bar:
        for block, n_bytes in _blocks(source):
            yield parse_lines(block, first, text)
            first += block.count(b"\n")
            bar.update(n_bytes)


def _blocks(source: str) -> Iterator[tuple[bytes, int]]:
    """Yield whole lines, about _BLOCK bytes at a time, and how many bytes of the file they were."""
    with Path(source).open("rb") as file:
        start = file.read(8)
        file.seek(0)
        packed = next((magic for magic in _OPENERS if start.startswith(magic)), None)
        opened: Any = file if packed is None else _OPENERS[packed](file)
        rest, before, unpacked = b"", 0, 0
        try:
            while piece := opened.read(_BLOCK):
                unpacked += len(piece)
                if packed is not None:
                    check_swelling(source, Path(source).stat().st_size, unpacked)
                whole, newline, rest = (rest + piece).rpartition(b"\n")
                if len(rest) > _LONGEST:
                    what = "a line is longer than 256 MB; is this one JSON object per line?"
                    raise DataError([Problem(source, what)])
                if newline:
                    yield whole + newline, file.tell() - before
                    before = file.tell()
            if rest:
                yield rest, file.tell() - before
        except (OSError, EOFError, lzma.LZMAError) as error:
            what = f"is damaged ({error}); bring it here again"
            raise DataError([Problem(source, what)]) from error
