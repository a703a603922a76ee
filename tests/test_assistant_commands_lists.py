"""`whyrec score` and `recommend` as a person runs them: unknown ids, subsets, strangers."""

import json
from pathlib import Path
from typing import Any

import pytest

from assistant.cli import run
from ingest.dataset.schema import Dataset
from ingest.home.tables import save_dataset
from ingest.home.workspace import Home


@pytest.fixture(scope="module")
def home(films: Dataset, tmp_path_factory: pytest.TempPathFactory) -> str:
    home = Home(tmp_path_factory.mktemp("films") / "home")
    with home.writing() as edition:
        folder = edition.new_folder("data")
        save_dataset(films, folder)
        edition.add("data", folder, films.fingerprint)
    assert run(["train", "--home", str(home.path), "--epochs", "3", "-v", "0"]) == 0
    return str(home.path)


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    capsys.readouterr()
    assert run([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert run(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    return told.err


def test_a_score_says_how_sure_it_is(home: str, capsys: pytest.CaptureFixture[str]) -> None:
    rows = said(capsys, "score", "1", "105", "101", "--home", home)
    assert [(row["item_id"], row["by"], row["seen"]) for row in rows] == [
        ("105", "deepfm", False),
        ("101", "deepfm", True),
    ]
    assert {"low", "high", "observed", "least", "most", "n"} == set(
        next(row["how_sure"] for row in rows if row["how_sure"])
    )
    assert run(["score", "1", "105", "--home", home]) == 0
    assert "Heat" in capsys.readouterr().out


def test_unknown_ids_are_refused_by_name_or_scored_as_asked(
    home: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "user 99 is not in the data set films" in refused(
        capsys, "score", "99", "101", "--home", home
    )
    assert "film 9 is not in the data set films" in refused(
        capsys, "score", "1", "9", "--home", home
    )
    rows = said(capsys, "score", "99", "101", "9", "--unknown", "popular", "--home", home)
    assert [(row["score"], row["by"]) for row in rows] == [
        (pytest.approx(4 / 7), "popular"),
        (0, "popular"),
    ]
    lists = said(capsys, "recommend", "1", "99", "-n", "8", "--unknown", "average", "--home", home)
    assert [one.get("by", "both") for one in lists] == ["both", "average"]
    assert len({row["item_id"] for row in lists[1]["items"]}) == 8
    assert run(["recommend", "99", "--unknown", "popular", "--home", home]) == 0
    assert "user 99  (unknown: by popularity)" in capsys.readouterr().out


def test_subsets_and_conditions(home: str, capsys: pytest.CaptureFixture[str]) -> None:
    lists = said(
        capsys, "recommend", "1", "--where", "year=1950..1980", "--where", "genres=Horror",
        "--home", home,
    )  # fmt: skip
    assert [row["item_id"] for row in lists[0]["items"]] == ["106"]
    assert lists[0]["short"] == "4 films are unseen, and 1 of those may be chosen"
    lists = said(capsys, "recommend", "1", "--item", "107", "--item", "101", "--home", home)
    assert [row["item_id"] for row in lists[0]["items"]] == ["107"]
    open_end = said(capsys, "recommend", "1", "--where", "year=1990..", "--home", home)
    assert [row["item_id"] for row in open_end[0]["items"]] == ["108"]
    assert run(["recommend", "1", "--where", "year=1800", "--home", home]) == 0
    assert "0 of 10: 4 films are unseen, and 0 of those may be chosen" in capsys.readouterr().out


def test_somebody_described(home: str, capsys: pytest.CaptureFixture[str]) -> None:
    lists = said(
        capsys, "recommend", "--has", "101", "--has", "102", "--is", "age=20", "-n", "3",
        "--home", home,
    )  # fmt: skip
    assert lists[0]["user_id"] is None
    assert not {"101", "102"} & {row["item_id"] for row in lists[0]["items"]}
    assert run(["recommend", "--is", "gender=F", "--home", home]) == 0
    assert capsys.readouterr().out.startswith("somebody")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["1", "--where", "genre=Horror"], "films of films have no field 'genre'; their fields"),
        (["1", "--where", "year"], "--where 'year' has not the form FIELD=VALUE"),
        (["1", "--where", "year=old"], "year is a number, or two as 1990..1999, not 'old'"),
        (["1", "--has", "101"], "--has and --is describe somebody; leave out USER and --all"),
        (["--is", "shoe=42"], "users of films have no field 'shoe'"),
        (["--is", "age=old"], "age is a number"),
        (["--has", "9"], "film 9 is not in the data set films"),
        ([], "name at least one user, or use --all"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(
    home: str, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    told = refused(capsys, "recommend", *arguments, "--home", home)
    assert message in told
    assert told.count("\n") == 1


def test_verbose_two_tells_every_epoch_on_standard_error(
    home: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    options = ["--epochs", "2", "--loss", "bce", "--no-refit"]
    assert run(["train", "--home", home, *options, "-v", "2"]) == 0
    assert capsys.readouterr().err.count("choosing the best epoch: epoch ") == 2
    assert run(["train", "--home", home, *options]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("command", ["recommend", "similar"])
def test_the_length_of_a_list_goes_by_either_letter(
    home: str, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    by_n, by_k = (
        said(capsys, command, "1", letter, "2", "--home", home) for letter in ("-n", "-k")
    )
    assert by_n == by_k
    assert 2 in {len(value) for value in by_n[0].values() if isinstance(value, list)}


def test_similar_says_how_much_was_seen_in_the_words_of_the_data(
    home: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["similar", "6", "--home", home]) == 0
    assert capsys.readouterr().out.startswith("user 6, who has seen 1 film\n")


def test_an_unknown_user_is_refused_by_the_option_that_would_take_him(
    home: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = refused(capsys, "score", "nobody", "101", "--home", home)
    assert "or score unknown ones with --unknown average or popular" in told
    assert "--unknown" not in refused(capsys, "recommend", "1", "--item", "9", "--home", home)
