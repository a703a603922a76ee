"""One door to the kinds of files and other sources that hold the caller's rows."""

from __future__ import annotations

import zipfile
from pathlib import Path

from ingest.errors import AskerError, DataError, Problem
from ingest.sources.delimited import open_delimited
from ingest.sources.jsonl import is_json_lines, open_json_lines
from ingest.sources.parquet import is_parquet, open_parquet, open_parquet_folder, parquet_files
from ingest.sources.raw import RawTable, Reading

_WORKBOOK = "is an Excel or other office file; save the sheet as CSV UTF-8 and name that file"
_OTHER_KINDS = {
    b"\xd0\xcf\x11\xe0": _WORKBOOK,
    b"%PDF": "is a PDF; export the table as CSV",
    b"SQLite f": "is a SQLite file; write sqlite:///FILE and name its --table",
    b"ARROW1": "is an Arrow file; write it as Parquet",
    b"FEA1": "is a Feather file; write it as Parquet",
    b"ORC": "is an ORC file; write it as Parquet",
    b"Obj\x01": "is an Avro file; write it as Parquet",
    b"\x89HDF": "is an HDF5 file; write it as Parquet",
    b"\x93NUMPY": "is a NumPy file; write the table as CSV or Parquet",
    b"\x80\x04": "is a Python pickle, which is never read; write the table as Parquet",
    b"\x80\x05": "is a Python pickle, which is never read; write the table as Parquet",
    b"7z\xbc\xaf": "is a 7z archive; unpack it and name the file in it",
}
"""By how a file begins, what is said of it."""

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
    _check_kind(source, start)
    if is_json_lines(source, start):
        return open_json_lines(source, reading)
    return open_delimited(source, reading)


def _check_kind(source: str, start: bytes) -> None:
    """Refuse kinds of files that hold no table which can be read here, each with what mends it."""
    what = next((what for mark, what in _OTHER_KINDS.items() if start.startswith(mark)), None)
    if start.startswith(b"PK"):
        what = _packed(source)
    if what is not None:
        raise DataError([Problem(source, what)])


def _packed(source: str) -> str:
    """Return what mends a zip: office programs write their documents so too."""
    try:
        with zipfile.ZipFile(source) as opened:
            names = opened.namelist()
    except (zipfile.BadZipFile, OSError):
        return "is a damaged zip; bring it here again"
    if "mimetype" in names or any(name.startswith("xl/") for name in names):
        return _WORKBOOK
    return "is a zip; unpack it and name the file in it"


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
    if path.exists() and not path.is_file():  # opening a pipe would wait for who writes into it
        what = "is no regular file but a pipe or a device; write the table to a file and name that"
        raise DataError([Problem(source, what)])
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
