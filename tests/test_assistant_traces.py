"""The search that shows that a person is gone: not blind, nor alarmed by what is another's."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from assistant.traces import find_traces
from ingest.home.tables import save_dataset
from ingest.home.workspace import Home
from ingest.intake.in_memory import from_frames

PEOPLE = ["u-10001", "u-100017", "Zoë-1", "12345678", "1234567", "anna", "twin-77", "Eve@home"]
ITEMS = ["film u-10001", "twin-77", "a", "b", "c", "d", "e", "f"]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home of data alone, of everybody but u-10001, Zoë-1, 12345678, anna and twin-77."""
    stay = [user for user in PEOPLE if user in ("u-100017", "1234567", "Eve@home")]
    frame = pd.DataFrame(
        {
            "user": stay * len(ITEMS),
            "item": [item for item in ITEMS for _ in stay],
            "rating": 4.0,
            "time": range(len(stay) * len(ITEMS)),
        }
    )
    dataset = from_frames(frame, notice=lambda text: None)
    home = Home(tmp_path / "home")
    with home.writing() as edition:
        folder = edition.new_folder("data")
        save_dataset(dataset, folder)
        edition.add("data", folder, dataset.fingerprint)
    return home


def found(home: Home, user_id: str, file: str, content: str | bytes) -> list[str]:
    """Put a file into the home, and return where the user is found."""
    path = home.path / file
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    traces = find_traces(home, user_id)
    path.unlink()
    return traces.found


@pytest.mark.parametrize(
    "content",
    [
        "u-10001",
        "seen by u-10001.",
        b"\x00\x07u-10001u-100017",
        b"xxu-100012001-09-09",  # as SQLite puts values: without anything between
        b"film u-1000x film u-10001 u-10001",
        b" " * 5_000_000 + b"u-10001",
    ],
)
def test_an_id_is_found_wherever_its_bytes_are_its_own(home: Home, content: str | bytes) -> None:
    assert found(home, "u-10001", "rest.bin", content) == ["rest.bin"]


@pytest.mark.parametrize("content", ["u-100017", '"film u-10001"', b"\x00film u-10001\x01u-100017"])
def test_an_id_inside_another_id_or_a_title_is_no_trace(home: Home, content: str | bytes) -> None:
    assert found(home, "u-10001", "rest.bin", content) == []


def test_digits_of_a_fraction_are_no_trace_and_the_number_itself_is_one(home: Home) -> None:
    assert found(home, "12345678", "a.json", '{"score": 0.9912345678123}') == []
    assert found(home, "12345678", "a.json", '{"user": 12345678}') == ["a.json"]
    assert found(home, "12345678", "a.bin", b"9b7f12345678\x01") == ["a.bin"]


def test_an_id_is_found_as_json_may_write_it(home: Home) -> None:
    assert json.dumps("Zoë-1") == '"Zo\\u00eb-1"'
    assert found(home, "Zoë-1", "a.json", json.dumps({"who": "Zoë-1"})) == ["a.json"]
    assert found(home, "Zoë-1", "b.json", "Zoë-1") == ["b.json"]


@pytest.mark.parametrize("user_id", ["1234567", "anna", "data", "twin-77", "u-10"])
def test_what_stands_for_other_things_too_is_not_looked_for_as_bytes(
    home: Home, user_id: str
) -> None:
    (home.path / "rest.bin").write_bytes(user_id.encode())
    traces = find_traces(home, user_id)
    assert not traces.as_bytes and "rest.bin" not in traces.found


def test_every_generation_of_the_data_is_looked_into(home: Home) -> None:
    assert find_traces(home, "Eve@home").found[0] == "data-0001"
    assert find_traces(home, "1234567").found == ["data-0001"]  # packed, and no bytes tell
    shutil.copytree(home.path / "data-0001", home.path / "data-0007")
    assert find_traces(home, "1234567").found == ["data-0001", "data-0007"]


def test_free_pages_of_a_database_are_looked_into(home: Home) -> None:
    path = home.path / "some.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("pragma secure_delete = off")
        connection.execute("create table t (who text, more text)")
        connection.executemany("insert into t values (?, ?)", [("u-10001", "2001 " * 9)] * 500)
        connection.execute("delete from t")
    assert find_traces(home, "u-10001").found == ["some.sqlite"]
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("vacuum")
    assert find_traces(home, "u-10001").found == []
