"""docs/data.md shows what happens: each session and each sentence in it is run here."""

from __future__ import annotations

import re
import sqlite3
import textwrap
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest

from assistant.cli import run

PAGE = Path(__file__).parents[1].joinpath("docs", "data.md").read_text(encoding="utf-8")
SITUATIONS = [
    "a broken line: whyrec ingest events.jsonl",
    "one JSON list: whyrec ingest list.json",
    "objects in a list: whyrec ingest nested.jsonl --item-col tags",
    "no such table: whyrec ingest sqlite:///shop.db --table rating",
    "no such column: whyrec ingest sqlite:///shop.db --query 'select labl from ratings'",
    "a query that writes: whyrec ingest sqlite:///shop.db --query 'delete from ratings'",
    "no such database: whyrec ingest sqlite:///shup.db --table ratings",
    "no server: whyrec ingest postgresql://ann:secret@127.0.0.1:1/shop --table ratings",
    "types that differ: whyrec ingest parts/",
    "a header without types: whyrec ingest old.inter",
    "an unknown key: whyrec ingest --schema schema.toml",
]


@pytest.fixture(autouse=True)
def a_folder_of_broken_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("events.jsonl").write_text('{"user": 1, "item": 2}\n{"user": 1, "item":\n')
    Path("list.json").write_text('[{"user": 1, "item": 2}]')
    Path("nested.jsonl").write_text('{"user": 1, "item": 2, "tags": [{"name": "spy"}]}\n')
    with sqlite3.connect("shop.db") as connection:
        connection.execute("CREATE TABLE ratings (user TEXT, item TEXT)")
        connection.execute("CREATE TABLE people (id TEXT)")
    connection.close()
    Path("parts").mkdir()
    pq.write_table(pa.table({"user": ["1"], "item": [1]}), "parts/a.parquet")
    pq.write_table(pa.table({"user": [1], "item": [1]}), "parts/b.parquet")
    Path("old.inter").write_text("user_id\titem_id:token\n1\t2\n")
    Path("schema.toml").write_text('source = "shop.db"\nusr = "who"\n')


def session(situation: str) -> str:
    """Return the lines that a situation's command, and what it says, take on the page."""
    about, _, command = situation.partition(": ")
    arguments = re.findall(r"'[^']*'|\S+", command)[1:]
    assert run([argument.strip("'") for argument in arguments]) in (1, 2)
    return f"# {about}\n$ {command}"


def printed(start: str, end: str) -> list[str]:
    """Return what each command prints that the page shows from `start` to `end`."""
    part = PAGE[PAGE.index(f"    {start}") : PAGE.index(end)]
    shown = [line for line in part.splitlines(keepends=True) if re.match("    |$", line)]
    return re.split(r"^\$ .*\n", textwrap.dedent("".join(shown)), flags=re.MULTILINE)[1:]


@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_source_speaks_as_the_page_says(
    situation: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("psycopg")
    written = session(situation)
    said = capsys.readouterr().err.rstrip()
    assert "secret" not in said
    assert not Path(".whyrec").exists()
    assert textwrap.indent(f"{written}\n{said}\n", "    ") in PAGE


def test_the_broken_table_gives_the_sentences_of_the_page(
    capsys: pytest.CaptureFixture[str],
) -> None:
    table, said, dry_run, profile = printed("$ cat bad.csv", "The other sources")
    Path("bad.csv").write_text(table)
    columns = ["--user-col", "sex,age", "--item-col", "genre"]
    assert run(["ingest", "bad.csv", *columns]) == 2
    assert capsys.readouterr().err.strip() == said.strip()
    assert run(["ingest", "bad.csv", *columns, "--dry-run"]) == 2
    assert capsys.readouterr().out.strip() == dry_run.strip()
    assert run(["data", "profile", "bad.csv", *columns, "--on-bad-rows", "skip"]) == 0
    assert capsys.readouterr().out.strip() == profile.strip()


@pytest.mark.usefixtures("ml100k")
def test_what_is_understood_of_movielens_is_what_the_page_shows(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for command in (["ingest", "ml-100k", "--dry-run"], ["data", "profile", "ml-100k"]):
        assert run([*command]) == 0
        told = capsys.readouterr().out.rstrip()
        assert textwrap.indent(told, "    ", lambda line: bool(line.strip())) in PAGE


def test_the_dry_run_prints_what_the_page_shows(capsys: pytest.CaptureFixture[str]) -> None:
    ratings, films, said, _ = printed("$ cat ratings.csv", "## What the data look like")
    Path("ratings.csv").write_text(ratings)
    Path("films.csv").write_text(films)
    options = ["--items", "films.csv", "--noun", "film,films"]
    assert run(["ingest", "ratings.csv", *options, "--dry-run"]) == 0
    assert capsys.readouterr().out.strip() == said.strip()


def test_every_key_and_every_data_set_stands_on_the_page() -> None:
    from ingest.intake.schema_file import KEYS
    from ingest.loaders import NAMES

    assert [name for name in (*NAMES, *KEYS) if f"`{name}`" not in PAGE] == []
