"""One door to the kinds of files and other sources that hold the caller's rows."""

from __future__ import annotations

from pathlib import Path

from ingest.delimited import open_delimited
from ingest.errors import AskerError, DataError, Problem
from ingest.parquet import is_parquet, open_parquet
from ingest.raw import RawTable, Reading


def open_table(source: str, reading: Reading) -> RawTable:
    """Open `source` far enough to know its columns.

    Raises:
        AskerError: there is no such file.
        DataError: it is a folder, unreadable, empty, or not the kind of file its name says.
    """
    start = first_bytes(source)
    if is_parquet(source, start):
        return open_parquet(source, reading)
    if start.startswith(b"PK"):
        raise DataError([Problem(source, "is a zip or Excel file; export the table as CSV")])
    return open_delimited(source, start, reading)


def first_bytes(source: str) -> bytes:
    """Return the first bytes of a file, by which its kind is known; raises as `open_table`."""
    path = Path(source)
    try:
        if path.is_dir():
            raise DataError([Problem(source, "is a folder; name the file in it")])
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
