"""One door to the kinds of files and other sources that hold the caller's rows."""

from __future__ import annotations

from pathlib import Path

from ingest.errors import AskerError, DataError, Problem
from ingest.sources.delimited import open_delimited
from ingest.sources.jsonl import is_json_lines, open_json_lines
from ingest.sources.parquet import is_parquet, open_parquet, open_parquet_folder, parquet_files
from ingest.sources.raw import RawTable, Reading

Opened = str | RawTable
"""The name of a source, or one that was opened already."""


def open_table(source: Opened, reading: Reading) -> RawTable:
    """Open `source` far enough to know its columns.

    Raises:
        AskerError: there is no such file.
        DataError: it is unreadable, empty, or not the kind of file its name says.
    """
    if not isinstance(source, str):
        return source
    if Path(source).is_dir():
        return _open_folder(source, reading)
    start = first_bytes(source)
    if is_parquet(source, start):
        return open_parquet(source, reading)
    if start.startswith(b"PK"):
        raise DataError([Problem(source, "is a zip or Excel file; export the table as CSV")])
    if is_json_lines(source, start):
        return open_json_lines(source, reading)
    return open_delimited(source, reading)


def called(source: Opened) -> str:
    """Return how messages name a source."""
    return source if isinstance(source, str) else source.source


def _open_folder(source: str, reading: Reading) -> RawTable:
    if not parquet_files(Path(source)):
        raise DataError([Problem(source, "is a folder without Parquet files; name the file in it")])
    return open_parquet_folder(source, reading)


def first_bytes(source: str) -> bytes:
    """Return the first bytes of a file, by which its kind is known; raises as `open_table`."""
    path = Path(source)
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except FileNotFoundError as error:
        raise AskerError(f"there is no file {source}") from error
    except OSError as error:
        why = f"cannot be opened ({error.strerror}); see to it that you may read it"
        raise DataError([Problem(source, why)]) from error
    if not start:
        raise DataError([Problem(source, "the file is empty")])
    return start
