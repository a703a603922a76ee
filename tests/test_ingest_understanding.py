"""The dry run: what a source is understood to mean, before anything is kept."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from assistant.cli import run
from ingest.intake.schema_file import read_schema, request_of
from ingest.loaders import load

RATINGS = "userId,movieId,rating,date,foo\n007,1,4,2024-01-01,x\n7,2,3.5,2024-01-02,y\n7,1,,,z\n"
FILMS = "id,name,genres,year,code\n1,Heat,Crime|Drama,1995,6\n2,Alien,Horror,1979,7\n"
BAD = """\
user,item,label,time,sex,age,genre
1,10,5,100,F,25,crime
1,10,4,200,F,25,crime

2,,3,300,M,30,action
2,20,good,2024-13-45,M,31,drama
3,20,inf,99999999999999,M,33,comedy
"""


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("ratings.csv").write_text(RATINGS.replace("7,1,,,z\n", ""))
    Path("films.csv").write_text(FILMS)


def dry(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, Any]:
    before = sorted(Path().rglob("*"))
    assert run(["ingest", *arguments, "--dry-run", "--json"]) == code
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert sorted(Path().rglob("*")) == before
    return found


def columns(table: dict[str, Any]) -> dict[str, Any]:
    return {column["name"]: column for column in table["columns"]}


def test_roles_types_ranges_and_counts_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    found = dry(capsys, "ratings.csv", "--items", "films.csv", "--sparse-col", "code")
    ratings, films = found["tables"]
    assert (ratings["part"], ratings["source"], ratings["rows"]) == (
        *("interactions", "ratings.csv"),
        2,
    )
    assert columns(ratings)["userId"] == {
        **{"name": "userId", "role": "user", "told": False, "kind": None, "feature": None},
        **{"type": "text", "missing": 0, "distinct": 2, "examples": ["007", "7"]},
    }
    assert columns(ratings)["rating"]["type"] == "number"
    assert columns(ratings)["rating"]["least"] == 3.5
    assert columns(ratings)["foo"] == {
        **{"name": "foo", "role": None, "told": None, "kind": None, "feature": None}
    }
    assert [(one["role"], one["kind"], one["told"]) for one in films["columns"]] == [
        *(("item", None, False), ("title", None, False), ("item feature", "multi", False)),
        *(("item feature", "dense", False), ("item feature", "sparse", True)),
    ]
    assert found["problems"] == []
    assert found["data"]["interactions"] == 2


def test_the_schema_it_prints_says_the_same_to_the_bit(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["ratings.csv", "--items", "films.csv", "--sparse-col", "code", "--liked-from", "4"]
    found = dry(capsys, *options)
    Path("schema.toml").write_text(found["schema"])
    again = load(request_of(read_schema("schema.toml")), lambda text: None)
    assert again.fingerprint == found["data"]["fingerprint"]
    assert run(["ingest", "--schema", "schema.toml", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["fingerprint"] == again.fingerprint
    assert 'user = "userId"  # guessed' in found["schema"]
    assert 'item = "movieId"  # guessed' in found["schema"]
    assert 'sparse_col = ["code"]\n' in found["schema"]


def test_options_win_over_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    Path("schema.toml").write_text('source = "nosuch.csv"\nlabel = "foo"\nliked_from = 9\n')
    found = dry(
        capsys,
        "ratings.csv",
        "--schema",
        "schema.toml",
        "--label",
        "rating",
        "--noun",
        "film,films",
    )
    assert (columns(found["tables"][0])["rating"]["role"], found["data"]["liked_from"]) == (
        *("label",),
        9.0,
    )


def test_all_problems_stand_beside_what_was_understood(capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.csv").write_text(BAD)
    found = dry(capsys, "bad.csv", "--user-col", "sex,age", "--item-col", "genre", code=2)
    assert len(found["problems"]) == 8
    assert found["problems"][0]["sentence"] == (
        "bad.csv, column 'item', row 5: the id is missing; fill it in"
    )
    assert found["data"] is None
    assert columns(found["tables"][0])["age"]["kind"] == "dense"


def test_rows_to_be_reported_are_only_told(capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.csv").write_text(BAD)
    assert dry(capsys, "bad.csv", "--on-bad-rows", "report", code=2)["problems"]


def test_people_read_it_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ingest", "ratings.csv", "--items", "films.csv", "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert "  userId   user (guessed)   text, 2 different: '007', '7'\n" in out
    assert "  foo      not used\n" in out
    assert "  year    item feature, dense (guessed)  number, 1979 to 1995, 2 different\n" in out
    assert "problems: none" in out
    assert "would be ingested: 2 users, 2 items, 2 interactions" in out


def test_a_data_set_known_by_name_is_summed_up(capsys: pytest.CaptureFixture[str]) -> None:
    found = dry(capsys, "dummy:3")
    assert (found["tables"], found["data"]["users"]) == ([], 1000)
    assert found["schema"] == 'source = "dummy:3"\n'


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nosuch.csv"], "there is no file or data set called nosuch.csv"),
        (["ratings.csv", "--schema", "nosuch.toml"], "nosuch.toml cannot be read"),
        (["ratings.csv", "--table", "x"], "--table and --query need a SOURCE that is the URL"),
        (["https://user:sesame@host/a.csv"], "a URL of a file is not read; download the table"),
        (["ratings.csv", "--label-range", "5"], "--label-range takes two numbers, as in 1,5"),
        ([], "say what to read: a SOURCE, or a schema file with --schema"),
    ],
)
def test_what_cannot_be_asked_is_a_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["ingest", *arguments, "--dry-run"]) == 2
    out, err = capsys.readouterr()
    assert sentence in err
    assert (out, "sesame" in err) == ("", False)


def test_a_database_gives_all_three_tables(capsys: pytest.CaptureFixture[str]) -> None:
    connection = sqlite3.connect("shop.db")
    connection.executescript(
        "CREATE TABLE ratings (user TEXT, item TEXT, label REAL, time INTEGER);"
        "INSERT INTO ratings VALUES ('007', 'a', 4, 1), ('7', 'b', 5, 2);"
        "CREATE TABLE people (id TEXT, town TEXT);"
        "INSERT INTO people VALUES ('007', 'x'), ('7', 'y');"
        "CREATE TABLE films (id TEXT, title TEXT); INSERT INTO films VALUES ('a', 'A'), ('b', 'B');"
    )
    connection.close()
    source = ["sqlite:///shop.db", "--table", "ratings", "--users", "#people"]
    found = dry(capsys, *source, "--items", "sqlite:///shop.db#films")
    assert [table["source"] for table in found["tables"]] == [
        f"sqlite:///shop.db#{table}" for table in ("ratings", "people", "films")
    ]
    Path("schema.toml").write_text(found["schema"])
    assert run(["ingest", "--schema", "schema.toml", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["fingerprint"] == found["data"]["fingerprint"]
    assert document["name"] == "ratings"


def test_no_password_leaves_the_program(
    postgres: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.fixtures_postgres import PASSWORD, QUOTED

    options = ["--table", "ratings", "--items", "#stock.films", "--home", "h"]
    found = dry(capsys, f"{postgres}?sslmode=disable", *options)
    assert run(["ingest", postgres, *options]) == 0
    said = "".join(capsys.readouterr()) + json.dumps(found)
    assert "${DB_PASSWORD}" in found["schema"]
    assert "sslmode=disable" in found["schema"]
    kept = b"".join(path.read_bytes() for path in Path("h").rglob("*") if path.is_file())
    for secret in (PASSWORD, QUOTED):
        assert secret not in said
        assert secret.encode() not in kept
    Path("schema.toml").write_text(found["schema"])
    monkeypatch.setenv("DB_PASSWORD", QUOTED)
    again = load(request_of(read_schema("schema.toml")), lambda text: None)
    assert again.fingerprint == found["data"]["fingerprint"]
