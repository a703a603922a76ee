"""`whyrec ingest` and `whyrec data`, as they are called."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.cli import run
from ingest.dataset.schema import Dataset
from ingest.home.tables import load_dataset
from ingest.home.workspace import Home

MERGED = """\
user,item,label,time,sex,age,genre1,genre2
4617,296,2,964138229,F,25,crime,missing
1298,208,4,974849526,M,35,action,adventure
"""


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("merged.csv").write_text(MERGED)


def test_the_seeds_columns_are_options(capsys: pytest.CaptureFixture[str]) -> None:
    code = run(
        ["ingest", "merged.csv", "--user-col", "sex,age", "--item-col", "genre1,genre2"]
        + ["--multi-col", "genres=genre1+genre2", "--missing", "missing", "--noun", "film,films"]
        + ["--liked-from", "4", "--json"]
    )
    out = capsys.readouterr().out
    assert code == 0
    assert json.loads(out) == {
        "name": "merged",
        "users": 2,
        "items": 2,
        "interactions": 2,
        "density": 0.5,
        "time_span": ["2000-07-21T00:10:29Z", "2000-11-21T23:32:06Z"],
        "labels": [2.0, 4.0],
        "liked_from": 4.0,
        "titles": False,
        "noun": {"one": "film", "many": "films"},
        "fields": [
            {"name": "sex", "kind": "sparse", "side": "user"},
            {"name": "age", "kind": "dense", "side": "user"},
            {"name": "genres", "kind": "multi", "side": "item"},
        ],
        "fingerprint": Home(".whyrec").require("data").data_fingerprint,
        "home": str(Path(".whyrec").absolute()),
    }
    data = load_dataset(Home(".whyrec").require("data").folder)
    assert data.items["genres"].tolist() == [("action", "adventure"), ("crime",)]


def test_people_get_a_few_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ingest", "dummy", "--home", "h"]) == 0
    out, err = capsys.readouterr()
    assert "dummy: 1,000 users, 20 articles, 7,845 interactions (density 39.23%)" in out
    assert "user      no features" in out
    assert err == ""


def test_one_of_a_kind_is_said_so_and_no_times_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    Path("one.csv").write_text("user,film\n1,a\n")
    assert run(["ingest", "one.csv", "--noun", "film,films", "--home", "h"]) == 0
    out = capsys.readouterr().out
    assert "one: 1 user, 1 film, 1 interaction (density 100.00%)" in out
    assert "times     none, so histories have no order" in out


def test_two_rows_that_share_nothing_are_too_little(capsys: pytest.CaptureFixture[str]) -> None:
    Path("two.csv").write_text("user,item\n1,a\n2,b\n")
    assert run(["build", "two.csv", "--home", "h"]) == 2
    assert "two has too little to learn from: no user has two items" in capsys.readouterr().err
    assert Home("h").parts() == {}


def test_nobody_is_asked_whether_to_forget_an_unknown_user(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["ingest", "merged.csv", "--home", "h"]) == 0
    assert run(["forget", "nobody", "--home", "h"]) == 2
    assert "speaks of user nobody; check the id" in capsys.readouterr().err
    assert run(["forget", "4617", "--yes", "--home", "h"]) == 0
    assert "Removed user 4617: 1 interaction." in capsys.readouterr().out


def test_movielens_goes_into_the_home(ml100k: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ingest", "ml-100k", "--home", "h", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["fingerprint"] == ml100k.fingerprint
    assert load_dataset(Home("h").require("data").folder).fingerprint == ml100k.fingerprint


def test_ingesting_the_same_again_gives_the_same_bits() -> None:
    for _ in range(2):
        assert run(["ingest", "dummy", "--home", "h"]) == 0
    one, two = Home("h").folders("data")
    for path in one.iterdir():
        assert path.read_bytes() == (two / path.name).read_bytes()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["ingest", "nosuch.csv"], "whyrec: there is no file or data set called nosuch.csv"),
        (["ingest", "merged.csv", "--label", "labl"], "did you mean 'label'?"),
        (["ingest", "merged.csv", "--noun", "film"], "--noun takes one and many"),
        (["ingest", "merged.csv", "--duplicates", "all"], "'all' is not one of"),
        (["ingest", "ml-100k", "--user", "x"], "ml-100k knows its own columns"),
        (["ingest"], "say what to read: a SOURCE, or a schema file with --schema"),
        (["data", "fetch", "ml-1b"], "no data set called ml-1b; known are ml-100k, ml-1m"),
    ],
)
def test_what_the_caller_must_mend_exits_2_with_a_sentence_and_changes_nothing(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*arguments]) == 2
    out, err = capsys.readouterr()
    assert sentence in err
    assert out == ""
    assert not Path(".whyrec").exists()


@pytest.mark.parametrize("time", ["964138229", "yesterday"])
def test_building_shows_what_ingesting_would_and_writes_nothing(
    time: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("merged.csv").write_text(MERGED.replace("964138229", time))
    told = []
    for command in ("ingest", "build"):
        code = run([command, "merged.csv", "--user-col", "sex,age", "--dry-run"])
        assert code == (0 if time.isdecimal() else 2)
        told.append(capsys.readouterr())
    assert told[0] == told[1]
    assert f"problems: {'none' if time.isdecimal() else '1'}" in told[1].out
    assert not Path(".whyrec").exists()


def test_a_broken_table_leaves_the_data_that_were_there() -> None:
    assert run(["ingest", "merged.csv"]) == 0
    before = Home(".whyrec").require("data")
    Path("merged.csv").write_text(MERGED.replace("964138229", "yesterday"))
    assert run(["ingest", "merged.csv"]) == 2
    assert Home(".whyrec").require("data") == before


def test_data_list_names_them_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows] == [
        *("ml-100k", "ml-1m", "ml-20m", "ml-25m", "ml-32m", "ml-latest-small", "ml-latest"),
        "dummy",
    ]


def test_data_fetch_says_where_the_file_is(
    ml100k: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["data", "fetch", "ml-100k", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert Path(document["file"]).is_file()
    assert len(document["sha256"]) == 64


def test_a_data_set_that_cannot_be_had_exits_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("cache").write_text("not a folder")
    monkeypatch.setenv("WHYREC_CACHE", "cache")
    assert run(["data", "fetch", "ml-1m"]) == 1
    assert "set WHYREC_CACHE to a folder that can be written" in capsys.readouterr().err


def test_help_and_errors_do_not_even_import_pandas() -> None:
    program = (
        "import sys; from assistant.cli import run; code = run(['ingest', '--help']); "
        "bad = run(['ingest']); "
        "heavy = {'pandas', 'pyarrow', 'torch', 'numpy'} & set(sys.modules); "
        "sys.exit(f'{code} {bad} {sorted(heavy)}')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.stderr.splitlines()[-1] == "0 2 []"
