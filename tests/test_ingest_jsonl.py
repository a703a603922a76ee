"""JSON Lines: exact, line by line where Arrow is not, and every broken line named."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ingest.errors import DataError
from ingest.sources import jsonl
from ingest.sources.json_rows import parse_lines
from ingest.sources.jsonl import open_json_lines
from ingest.sources.opening import open_table
from ingest.sources.raw import RawRows, Reading


def read(path: Path, content: bytes, text: str = "", **reading: Any) -> RawRows:
    path.write_bytes(content)
    table = open_table(str(path), Reading(**reading))
    return table.read(table.columns, text.split())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "rows.jsonl"


def refusal(file: Path, content: bytes, text: str = "") -> str:
    with pytest.raises(DataError) as refused:
        read(file, content, text)
    return str(refused.value).replace(str(file), file.name)


def test_objects_become_rows_with_their_line_numbers(file: Path) -> None:
    rows = read(file, b'{"user": "007", "n": 1}\n\n{"n": 2.5, "user": "7"}\n{"user": null}')
    assert rows.table.to_pydict() == {"user": ["007", "7", None], "n": [1.0, 2.5, None]}
    assert list(rows.rows) == [1, 3, 4]
    assert rows.refused == ()


def test_numbers_wanted_as_text_are_exact(file: Path) -> None:
    rows = read(
        file,
        b'{"id": 18446744073709551615}\n{"id": 9007199254740993}\n{"id": 7.0}\n{"id": 7.5}\n'
        b'{"id": "007"}\n{"id": true}\n{"id": 1e3}\n',
        "id",
    )
    assert rows.table["id"].to_pylist() == [
        *("18446744073709551615", "9007199254740993", "7", "7.5", "007", "true", "1000")
    ]


def test_text_that_looks_like_a_moment_stays_as_it_is_written(file: Path) -> None:
    content = b'{"t": "2024-05-31T18:30:00", "o": {"d": "2024-05-31"}, "l": ["2024-05-31"]}\n'
    assert read(file, content).table.to_pylist() == [
        {"t": "2024-05-31T18:30:00", "o.d": "2024-05-31", "l": "2024-05-31"}
    ]


def test_mixed_types_in_a_column_come_as_text(file: Path) -> None:
    rows = read(file, b'{"label": 4}\n{"label": "good"}\n{"label": 3.5}\n')
    assert rows.table["label"].to_pylist() == ["4", "good", "3.5"]


def test_objects_in_objects_are_columns_with_a_dot(file: Path) -> None:
    rows = read(file, b'{"user": {"id": 1, "home": {"city": "Bonn"}}}\n{"user": {"id": 2}}\n')
    assert rows.table.to_pydict() == {"user.id": [1, 2], "user.home.city": ["Bonn", None]}


def test_lists_are_joined_by_the_multi_separator(file: Path) -> None:
    content = b'{"g": ["a", null, "b"]}\n{"g": [1, 2]}\n{"g": "c"}\n{"g": []}\n{}\n'
    rows = read(file, content, multi_separator=";")
    assert rows.table["g"].to_pylist() == ["a;b", "1;2", "c", None, None]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_compressed_files_are_read_by_their_first_bytes(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    rows = read(tmp_path / "rows.json.packed", pack(b'{"a": 1}\n{"a": 2}\n'))
    assert rows.table["a"].to_pylist() == [1, 2]


def test_a_byte_order_mark_and_windows_line_ends_are_no_matter(file: Path) -> None:
    rows = read(file, b'\xef\xbb\xbf{"a": 1}\r\n\r\n{"a": 2}\r\n')
    assert (rows.table["a"].to_pylist(), list(rows.rows)) == ([1, 2], [1, 3])


def test_words_for_missing_are_missing(file: Path) -> None:
    rows = read(file, b'{"a": "", "n": -1}\n{"a": "?", "n": 3}\n{"a": "NA"}\n', missing=("?", "-1"))
    assert rows.table.to_pydict() == {"a": [None, None, "NA"], "n": [None, 3, None]}


def test_lines_that_are_no_object_are_named_by_reason_and_the_others_read(file: Path) -> None:
    rows = read(
        file,
        b'{"a": 1}\n{"a":\n[2]\n{"a": 3, "a": 4}\n{"a": "\xff"}\nnull\n{"a": 5}\n{"a": "\\ud800"}',
    )
    assert rows.table["a"].to_pylist() == [1, 5]
    assert {refused.what.split(";")[0]: list(refused.rows) for refused in rows.refused} == {
        "is not one whole JSON object": [2],
        'is no object like {"user": 1, "item": 2}': [3, 6],
        "gives one name twice": [4],
        "is not UTF-8, as JSON has to be": [5],
        r"holds half of a pair like \ud83d\ude00, which is no character": [8],
    }
    assert rows.refused[0].texts == ['{"a":']


def test_blocks_give_the_same_rows_as_the_file_in_one_piece(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [b'{"a": 7}', b'{"a": "x", "b": 1}', b"", b"{", b'{"a": [1, 2]}', b"{", b'{"b": null}']
    content = b"\n".join(lines)
    whole = read(file, content, "a")
    monkeypatch.setattr(jsonl, "_BLOCK", 8)
    blocks = read(file, content, "a")
    assert blocks.table.to_pydict() == whole.table.to_pydict()
    assert list(blocks.rows) == list(whole.rows) == [1, 2, 5, 7]
    assert list(blocks.refused[0].rows) == list(whole.refused[0].rows) == [4, 6]


@pytest.mark.parametrize(
    ("line", "most", "passes"),
    [
        (b'{"a": 7, "b": 1.5}', 1 << 28, 1),
        (b'{"a": 7, "b": 1.5}', 0, 2),  # more than may be kept
        (b'{"a": 36893488147419103232.0, "b": 1.5}', 1 << 28, 2),  # a float: read again as written
    ],
)
def test_a_file_is_parsed_once_where_that_is_exact_and_fits(
    file: Path, monkeypatch: pytest.MonkeyPatch, line: bytes, most: int, passes: int
) -> None:
    parsed: list[bytes] = []

    def counted(block: bytes, *more: Any) -> Any:
        parsed.append(block)
        return parse_lines(block, *more)

    monkeypatch.setattr(jsonl, "parse_lines", counted)
    monkeypatch.setattr(jsonl, "_KEPT", most)
    file.write_bytes(line)
    table = open_json_lines(str(file), Reading())
    first = table.read(["a", "b"], ["a"])
    assert (len(parsed), first.table["b"].to_pylist()) == (passes, [1.5])
    assert table.read(["a", "b"], ["a"]).table == first.table


def test_a_column_that_only_the_last_line_has_is_a_column(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsonl, "_BLOCK", 8)
    assert read(file, b'{"a": 1}\n' * 50 + b'{"late": 2}\n').table["late"].to_pylist()[-1] == 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'[{"a": 1}, {"a": 2}]', "is one JSON list, not one object per line; write it with `jq"),
        (b"1\n2\n", "rows.jsonl, rows 1, 2: is no object like"),
        (b"\n\n", "holds no object with names and values"),
        (b"{}\n", "holds no object with names and values"),
        (b'{"a": [{"b": 1}]}\n', "column 'a': holds lists of objects, which cannot be used here"),
        (b'{"a": ["x|y"]}\n', "column 'a': a value in a list holds '|', which also stands between"),
        (b'{"a": ' + b"[" * 100_000, "row 1: nests too deeply"),
        (gzip.compress(b'{"a": 1}\n' * 9, mtime=0)[:-9], "is damaged (Compressed file ended"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(file: Path, content: bytes, sentence: str) -> None:
    assert sentence in refusal(file, content)


@pytest.mark.parametrize("line", [b"null", b" null", b'{"a": 2} null', b"null null", b"nullx"])
def test_a_null_in_place_of_an_object_is_named_and_crashes_nothing(file: Path, line: bytes) -> None:
    rows = read(file, b'{"a": 1, "b": null}\n' + line + b'\n{"a": 3}\n')
    assert rows.table["a"].to_pylist() == [1, 3]
    assert [list(refused.rows) for refused in rows.refused] == [[2]]


def test_a_line_without_an_end_is_no_trap(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "_LONGEST", 1_000)
    monkeypatch.setattr(jsonl, "_BLOCK", 500)
    assert "a line is longer than" in refusal(file, b'{"a": "' + b"x" * 5_000)
