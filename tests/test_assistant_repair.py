"""`whyrec doctor --repair`: what can be derived is made again, what cannot is said."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from assistant.cli import run
from assistant.ledger import LEDGER_FILE, Ledger
from tests.kills import State, build, state_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small home with an answer in its ledger."""
    path = tmp_path_factory.mktemp("whole") / "home"
    build(1)(path)
    Ledger(path / LEDGER_FILE).write(answer("first"))
    return path


@pytest.fixture(scope="module")
def state(whole: Path) -> State:
    return state_of(whole)


@pytest.fixture
def home(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "home"))


def answer(name: str) -> dict[str, Any]:
    return {"answer_id": name, "query": "?", "status": "answered", "written_by": "code"}


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def repaired(
    home: Path, capsys: pytest.CaptureFixture[str], *options: str
) -> tuple[int, dict[str, dict[str, str]]]:
    """Run doctor --repair and return its exit code and what it says of each part."""
    capsys.readouterr()
    code = run(["doctor", "--repair", *options, "--home", str(home), "--json"])
    return code, {row["check"]: row for row in json.loads(capsys.readouterr().out)}


def test_a_whole_home_needs_no_repair(
    home: Path, state: State, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = repaired(home, capsys)
    assert code == 0 and list(said) == ["repair"]
    assert state_of(home) == state


@pytest.mark.parametrize("name", ["chroma.sqlite3", "vectors.json", "index.json"])
def test_a_damaged_index_is_made_anew_and_answers_as_before(
    home: Path, state: State, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    cut(home / "index-0001" / name)
    code, said = repaired(home, capsys)
    assert code == 0 and "made anew" in said["index"]["detail"]
    assert state_of(home) == state


@pytest.mark.parametrize("damage", ["removed", "cut"])
def test_home_json_is_put_back(
    home: Path, state: State, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    cut(home / "home.json") if damage == "cut" else (home / "home.json").unlink()
    code, said = repaired(home, capsys)
    assert code == 0 and "put back from its copy: data-0001" in said["home.json"]["detail"]
    assert state_of(home) == state


def test_without_a_copy_home_json_cannot_be_put_back_and_nothing_is_removed(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "home.json").unlink()
    (home / "home.copy.json").unlink()
    code, said = repaired(home, capsys)
    assert code == 1 and "whyrec build" in said["home.json"]["mend"]
    assert (home / "data-0001" / "interactions.parquet").is_file()


def test_a_damaged_ledger_is_kept_under_another_name(
    home: Path, state: State, capsys: pytest.CaptureFixture[str]
) -> None:
    path = home / LEDGER_FILE
    path.write_bytes(b"no database" * 1000)
    before = path.read_bytes()
    code, said = repaired(home, capsys)
    assert code == 0
    (aside,) = home.glob(f"{LEDGER_FILE}.damaged-*")
    assert aside.read_bytes() == before and aside.name in said["ledger"]["detail"]
    Ledger(path).write(answer("second"))
    assert Ledger(path).read("second")["answer_id"] == "second"


def test_a_damaged_model_is_trained_anew_only_when_asked(
    home: Path, state: State, capsys: pytest.CaptureFixture[str]
) -> None:
    cut(home / "model-0001" / "model.safetensors")
    code, said = repaired(home, capsys)
    assert code == 1 and said["model"]["mend"] == "whyrec doctor --repair --retrain"
    code, said = repaired(home, capsys, "--retrain")
    assert code == 0 and "trained anew with its own settings" in said["model"]["detail"]
    assert state_of(home) == state  # same data, same settings, same seed


def test_damaged_data_cannot_be_derived(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cut(home / "data-0001" / "interactions.parquet")
    code, said = repaired(home, capsys)
    assert code == 1
    assert "whyrec ingest" in said["data"]["mend"] and "generated-1" in said["data"]["mend"]


def test_what_a_killed_writer_left_is_named_and_removed(
    home: Path, state: State, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "model-0002").mkdir()
    holder = {"pid": 2**22 + 1, "command": "whyrec train", "host": os.uname().nodename, "since": 0}
    (home / "lock.holder").write_text(json.dumps(holder))
    code, said = repaired(home, capsys)
    assert code == 0 and "whyrec train" in said["writer"]["detail"]
    assert not (home / "model-0002").exists() and not (home / "lock.holder").exists()
    assert state_of(home) == state


def test_retrain_alone_is_refused(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--retrain", "--home", str(home)]) == 2
    assert "whyrec train" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = repaired(tmp_path / "none", capsys)
    assert code == 1 and "no folder" in said["home"]["detail"]
