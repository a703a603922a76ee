import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from assistant.cli import run
from ingest.dataset.schema import Dataset
from ingest.home.tables import save_dataset
from ingest.home.workspace import Home


@pytest.fixture
def home(films: Dataset, tmp_path: Path) -> Home:
    """A home with the data of `films`, without item texts, and no index yet."""
    dataset = replace(
        films, items=pd.DataFrame(index=range(films.n_items)), fields=films.fields_of("user")
    )
    home = Home(tmp_path / "home")
    with home.writing() as edition:
        folder = edition.new_folder("data")
        save_dataset(dataset, folder)
        edition.add("data", folder, dataset.fingerprint)
    return home


def test_index_publishes_and_says_what_it_measured(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["index", "--home", str(home.path)]) == 0
    out = capsys.readouterr().out.splitlines()
    folder = home.require("index").folder
    assert out[0] == f"Indexed 7 users and 8 films in {folder}."
    assert out[1].startswith("1 of the users has no films: ")
    assert out[2] == "The films have no titles or attributes: no search by meaning."
    assert "first 50 candidates for 100.0% of 6 sampled users" in out[3]
    assert len(out) == 4


def test_index_as_json_is_one_document(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["index", "--home", str(home.path), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["users"] == 7 and report["users_without_items"] == 1
    assert report["recall"] == {
        "users": 6, "neighbours": 10, "candidates": 50, "complete": 1.0, "mean": 1.0
    }  # fmt: skip
    assert report["data_fingerprint"] == home.require("index").data_fingerprint


def test_a_home_without_data_is_told_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["index", "--home", str(tmp_path / "none")]) == 2
    assert "there is no data in" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_a_server_that_is_down_leaves_the_home_as_it_was(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["index", "--home", str(home.path)]) == 0
    before = home.require("index")
    monkeypatch.setenv("WHYREC_CHROMA", "http://127.0.0.1:9")
    assert run(["index", "--home", str(home.path)]) == 1
    assert "cannot be reached" in capsys.readouterr().err
    assert home.require("index") == before
    monkeypatch.setenv("WHYREC_CHROMA", "nonsense")
    assert run(["index", "--home", str(home.path)]) == 2
