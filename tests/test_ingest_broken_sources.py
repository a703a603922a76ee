"""Whatever is done to the bytes of a source: it is read, or refused in a sentence."""

from __future__ import annotations

import contextlib
import io
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.errors import AskerError, WhyrecError
from ingest.intake.roles import Roles
from ingest.intake.schema_file import read_schema, request_of
from ingest.intake.understanding import understand
from ingest.loaders import Request, load
from ingest.sources.raw import Reading
from ingest.sources.sql import _parsed, portable, shown

RECORDS = [
    {"user": {"id": n % 3}, "item": str(n), "label": n / 2, "time": "2024-01-05", "g": ["a", "b"]}
    for n in range(6)
]
PIECES = [
    *(b'"', b"{", b"}", b"[", b"]", b"\n", b"\0", b"\xff", b",", b":", b"\t", b"\\", b"-", b" "),
    *(b"null", b"NaN", b"1e999", b"\\ud800", b"true", b"9" * 25, b"=", b"#", b"'"),
]
Damage = list[tuple[int, int, bytes]]


def parquet() -> bytes:
    file = io.BytesIO()
    columns = {"user": ["1", "2", "1"], "item": ["a", "b", "c"], "g": [["x"], [], None]}
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


def sqlite() -> bytes:
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript("CREATE TABLE t (user, item); INSERT INTO t VALUES (1, 'x');")
        return connection.serialize()


def read(name: str) -> None:
    roles = Roles(item_columns=("g",)) if name.endswith("jsonl") else Roles()
    source = f"sqlite:///{name}#t" if name.endswith("db") else name
    kinds: tuple[Literal["skip", "error"], ...] = ("skip", "error")
    for bad_rows in kinds:
        request = Request(source, roles, Reading(on_bad_rows=bad_rows))
        if bad_rows == "skip":
            understand(request)
        load(request, lambda text: None)


SOURCES: dict[str, tuple[bytes, Callable[[str], object]]] = {
    "t.jsonl": ("\n".join(map(json.dumps, RECORDS)).encode(), read),
    "t.parquet": (parquet(), read),
    "t.inter": (b"user_id:token\titem_id:token\trating:float\n1\tx\t4\n2\ty\t5\n", read),
    "t.db": (sqlite(), read),
    "schema.toml": (
        b'source = "t.csv"\nuser = "a"\nmissing = ["x"]\nliked_from = 4\nlabel_range = [1, 5]\n',
        lambda name: request_of(read_schema(name)),
    ),
}
damages = st.lists(
    st.tuples(st.integers(0, 10_000), st.integers(0, 6), st.sampled_from([b"", *PIECES])),
    min_size=1,
    max_size=4,
)


def damaged(content: bytes, damage: Damage) -> bytes:
    """Cut some bytes out at some places, and put others in."""
    for place, cut, piece in damage:
        place %= len(content) + 1
        content = content[:place] + piece + content[place + cut :]
    return content


@pytest.mark.parametrize("name", SOURCES)
@settings(max_examples=60, deadline=None)
@given(damage=damages)
def test_a_damaged_source_is_read_or_refused_in_a_sentence(name: str, damage: Damage) -> None:
    content, use = SOURCES[name]
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(damaged(content, damage))
        try:
            use(str(path))
        except WhyrecError as error:
            assert str(error)
            assert "Traceback" not in str(error)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=12), st.text("/:@?#%&=[]a1", max_size=10), st.sampled_from(["", "#t"]))
def test_no_url_however_odd_is_shown_with_its_password(before: str, after: str, table: str) -> None:
    secret = "hushhush"
    url = f"postgresql://{before}:{secret}@127.0.0.1:1/{after}?password={secret}{table}"
    try:
        parsed, _ = _parsed(url)
        said = shown(parsed) + portable(url)
    except AskerError as error:
        said = str(error)
    assert secret not in said
