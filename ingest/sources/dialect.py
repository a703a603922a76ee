"""How a text file is written: its bytes as UTF-8 whatever it is packed in, header and separator."""

from __future__ import annotations

import bz2
import codecs
import csv
import gzip
import io
import itertools
import lzma
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import pyarrow as pa  # type: ignore[import-untyped]

from ingest.errors import AskerError, DataError, Problem
from ingest.sources.canonical import Canonical
from ingest.sources.raw import Reading
from ingest.sources.swelling import check_swelling

_PACKED: Mapping[bytes, Callable[[IO[bytes]], Any]] = {
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),
    b"BZh": lambda file: bz2.BZ2File(file),
    b"\xfd7zXZ": lambda file: lzma.LZMAFile(file),
    b"\x28\xb5\x2f\xfd": lambda file: pa.CompressedInputStream(file, "zstd"),
}
SEPARATORS = (",", ";", "\t", "|", "::")
STAND_IN = "\x1f"
"""The ASCII unit separator, read in place of a separator of several characters."""
_EXCEL = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
_SAMPLE_LINES = 20
_SHOWN = 40


@dataclass(frozen=True)
class Dialect:
    """How one file is written."""

    separator: str
    quote: str | None
    encoding: str
    lines_before: int = 0
    """Lines above the header: one where Excel wrote `sep=;` there."""

    @property
    def one_character(self) -> str:
        """The separator as a parser sees it."""
        return self.separator if len(self.separator) == 1 else STAND_IN


class Characters:
    """A text file as a stream of UTF-8 bytes: unpacked, decoded, with a separator of one character.

    `quotes` is how many went by; `numbers`, if any, looks at every block. Blocks of any size;
    memory is a block.
    """

    closed = False

    def __init__(self, source: str, dialect: Dialect, numbers: Canonical | None = None) -> None:
        decoder = None if _is_utf8(dialect.encoding) else codecs.getincrementaldecoder
        self._decoder = decoder(dialect.encoding)() if decoder else None
        self._source = source
        self._file = Path(source).open("rb", buffering=0)
        start = self._file.read(8)
        self._file.seek(0)
        unpack = next((fit for magic, fit in _PACKED.items() if start.startswith(magic)), None)
        self._bytes: Any = unpack(self._file) if unpack else self._file
        self._long = dialect.separator.encode() if len(dialect.separator) > 1 else b""
        self._quote = (dialect.quote or "").encode()
        self._ready = b""
        self._ended = False
        self._as_it_is = not (self._long or self._decoder or unpack)
        self._packed_size = Path(source).stat().st_size if unpack else None
        self._unpacked = 0
        self.quotes = 0
        self.numbers = numbers

    @property
    def consumed(self) -> int:
        """Bytes of the file on disk that have been read so far."""
        return 0 if self.closed else self._file.tell()

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, none at the end."""
        if self.closed:  # a parser that was left early may still read in advance
            return b""
        block = self._bytes.read(size) if self._as_it_is else self._read(size)
        if self._quote and self._quote in block:  # looking is ten times as fast as counting
            self.quotes += block.count(self._quote)
        if self.numbers is not None:
            self.numbers.add(block)
        return bytes(block)

    def _read(self, size: int) -> bytes:
        while len(self._ready) < size + len(self._long) and not self._ended:
            block = self._bytes.read(size)
            self._ended = not block
            self._unpacked += len(block)
            if self._packed_size:
                check_swelling(self._source, self._packed_size, self._unpacked)
            if self._decoder is not None:
                block = self._decoder.decode(block, final=self._ended).encode()
            self._ready += block
        if self._long:
            self._ready = self._ready.replace(self._long, STAND_IN.encode())
        end = size if self._ended or len(self._ready) > size + len(self._long) else len(self._ready)
        if self._long and not self._ended:  # half a separator may stand at the end
            end = min(end, len(self._ready) - len(self._long) + 1)
        block, self._ready = self._ready[:end], self._ready[end:]
        return block

    def close(self) -> None:
        """Close the file."""
        self.closed = True
        self._file.close()

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False


@contextmanager
def characters(
    source: str, dialect: Dialect, numbers: Canonical | None = None
) -> Iterator[Characters]:
    """Open `source` for reading, with `numbers` looking on.

    What cannot be unpacked or decoded becomes a DataError.

    Raises:
        AskerError: there is no such encoding.
        DataError: the file is damaged, or in another encoding.
    """
    try:
        stream = Characters(source, dialect, numbers)
    except LookupError as error:
        raise AskerError(f"there is no encoding called {dialect.encoding!r}") from error
    try:
        yield stream
    except UnicodeError as error:
        raise DataError([other_encoding(source, dialect)]) from error
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise DataError([Problem(source, f"cannot be read ({error})")]) from error
    finally:
        stream.close()


def find_dialect(source: str, reading: Reading) -> tuple[Dialect, tuple[str, ...], str | None]:
    """Return how the file is written, the names in its header, and what was guessed, for a notice.

    A separator that is not given is the one of SEPARATORS that splits the header and the lines
    after it into the same number of fields, most of them; a tab for .tsv.
    """
    told = reading.separator or ("\t" if ".tsv" in Path(source).suffixes else None)
    dialect = Dialect(told or ",", reading.quote, reading.encoding)
    text = _beginning(source, dialect)
    guess = None
    if marked := _EXCEL.match(text):
        text = text[marked.end() :]
        told = told or marked[1]
        dialect = replace(dialect, separator=told, lines_before=1)
    if told is None:
        dialect = replace(dialect, separator=_likeliest(text, reading.quote))
        if dialect.separator != ",":
            guess = f"{source}: took {dialect.separator!r} as the separator"
    if "\0" in text.partition("\n")[0]:
        raise DataError([other_encoding(source, dialect)])
    header = next(_rows(text, dialect.separator, dialect.quote), [])
    if not any(name.strip() for name in header):
        what = "the first row is blank; the columns' names must stand there"
        raise DataError([Problem(source, what)])
    other = _likeliest(text, reading.quote)
    if len(header) == 1 and told is None:
        _check_below(source, header, text, reading.quote)
    if len(header) == 1 and other != "," or (told and len(header) == 1 and other in header[0]):
        what = f"the fields are separated by {other!r}, not by {dialect.separator!r}; pass --sep "
        raise DataError([Problem(source, f"{what}{other!r}")])
    return dialect, tuple(header), guess


def _check_below(source: str, header: list[str], text: str, quote: str | None) -> None:
    """Refuse a first row of one field above rows of several: a comment or a heading."""
    below = text.partition("\n")[2]
    rows = list(itertools.islice(_rows(below, _likeliest(below, quote), quote), _SAMPLE_LINES))
    width = len(rows[0]) if rows else 1
    if width > 1 and len(rows) > 1 and all(len(row) == width for row in rows[1:-1]):
        what = (
            f"the first row is {header[0][:_SHOWN]!r} and those below have {width} fields; the "
            "first row must hold the columns' names"
        )
        raise DataError([Problem(source, what)])


def other_encoding(source: str, dialect: Dialect) -> Problem:
    """Say where the file stops being in its encoding, and which it is likely to be in."""
    row, likely = 0, "cp1252"
    raw = Dialect(",", None, "latin-1")  # every byte is a character there
    with characters(source, raw) as stream:
        lines = io.BufferedReader(_Raw(stream))
        for number, line in enumerate(lines, start=1):
            written = line.decode().encode("latin-1")
            if number == 1 and written.startswith((b"\xff\xfe", b"\xfe\xff")):
                return Problem(source, "is not UTF-8 but UTF-16; pass --encoding utf-16")
            if number == 1 and written.count(b"\0") > len(written) // 3:
                which = "le" if written.find(b"\0") % 2 else "be"
                what = f"is not UTF-8 but looks like UTF-16; pass --encoding utf-16-{which}"
                return Problem(source, what)
            if not row and not _decodes(written, dialect.encoding):
                row = number
            if not _decodes(written, "cp1252"):
                likely = "latin-1"
    what = f"is not in the encoding {dialect.encoding}; if it is {likely}, pass --encoding {likely}"
    return Problem(source, what, rows=(row,) if row else ())


def ends_inside_quotes(source: str, dialect: Dialect) -> bool:
    """Tell whether a quote is opened and never closed. Python per row: only for a file in doubt."""
    one = dialect.one_character
    with characters(source, dialect) as stream:
        lines = io.TextIOWrapper(io.BufferedReader(_Raw(stream)), encoding="utf-8", newline="")
        rows = csv.reader(lines, delimiter=one, quotechar=dialect.quote, strict=True)
        while True:
            try:
                next(rows)
            except StopIteration:
                return False
            except csv.Error as error:
                if "unexpected end" in str(error):
                    return True


class _Raw(io.RawIOBase):
    """A stream of characters for Python's own readers."""

    def __init__(self, stream: Characters) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self._stream.read(len(buffer))
        buffer[: len(block)] = block
        return len(block)


def _beginning(source: str, dialect: Dialect, size: int = 1 << 16) -> str:
    """Return the first lines as text, with several-character separators as they are written."""
    as_is = Dialect(",", dialect.quote, dialect.encoding)
    with characters(source, as_is) as stream:
        block = b""
        while len(block) < size and (more := stream.read(size)):
            block += more
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(block)
    if not text.strip():
        raise DataError([Problem(source, "the file is empty")])
    return text


def _likeliest(text: str, quote: str | None) -> str:
    """Return the separator that makes the most of the header, and the same of the next lines."""
    best, most = ",", (False, 1)
    for separator in SEPARATORS:
        rows = _rows(text, separator, quote)
        widths = [len(row) for row, _ in zip(rows, range(_SAMPLE_LINES), strict=False) if row]
        even = len(widths) < 2 or widths[0] == widths[1]
        if widths and widths[0] > 1 and (even, widths[0]) > most:
            best, most = separator, (even, widths[0])
    return best


def _rows(text: str, separator: str, quote: str | None) -> Iterator[list[str]]:
    if len(separator) > 1:
        text, separator = text.replace(separator, STAND_IN), STAND_IN
    lines = io.StringIO(text, newline="")
    try:
        yield from csv.reader(
            lines, delimiter=separator, quotechar=quote, quoting=0 if quote else 3
        )
    except csv.Error:  # a field that is longer than any should be; the rows before it count
        return


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeError:
        return False
    return True


def _is_utf8(encoding: str) -> bool:
    return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")
