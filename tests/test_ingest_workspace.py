"""The home folder."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.errors import HomeError
from ingest.home.manifest import State
from ingest.home.workspace import Home, home_path


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Return a home in which data "one" are published."""
    home = Home(tmp_path / "home")
    publish(home, "data", "one")
    return home


def publish(home: Home, name: str, fingerprint: str) -> Path:
    with home.writing() as edition:
        folder = edition.new_folder(name)
        (folder / "content").write_text(fingerprint)
        edition.add(name, folder, fingerprint)
    return folder


OTHER_PROCESS = """
import sys, time
from ingest.home.workspace import Home
with Home(sys.argv[1]).writing() as edition:
    folder = edition.new_folder("data")
    (folder / "content").write_text("half")
    edition.add("data", folder, "half")
    print("ready", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other_process(home: Home) -> Iterator[subprocess.Popen[str]]:
    """Start a process that has written half a build into the home and holds its lock."""
    command = [sys.executable, "-c", OTHER_PROCESS, str(home.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def test_the_option_goes_before_the_variable_and_that_before_the_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert home_path() == tmp_path / ".whyrec"
    monkeypatch.setenv("WHYREC_HOME", "elsewhere")
    assert home_path() == tmp_path / "elsewhere"
    assert home_path("here") == tmp_path / "here"


def test_a_published_part_can_be_required(home: Home) -> None:
    part = home.require("data")
    assert (part.folder / "content").read_text() == "one"
    assert part.data_fingerprint == "one"


def test_a_home_without_data_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(HomeError, match="there is no data in .*whyrec demo"):
        Home(tmp_path).require("data")


def test_a_missing_part_names_the_command(home: Home) -> None:
    with pytest.raises(HomeError, match="no model yet; run `whyrec train`"):
        home.require("model")


def test_a_model_from_other_data_is_refused_by_name(home: Home) -> None:
    publish(home, "model", "one")
    assert home.require("model").data_fingerprint == "one"
    publish(home, "data", "two")
    with pytest.raises(HomeError, match=r"made from other data \(one, the data now are two\)"):
        home.require("model")


def test_a_part_whose_folder_is_gone_is_refused(home: Home) -> None:
    folder = home.require("data").folder
    folder.rename(folder.with_name("moved"))
    with pytest.raises(HomeError, match="is gone"):
        home.require("data")


def test_an_error_while_writing_publishes_nothing(home: Home) -> None:
    with pytest.raises(ZeroDivisionError), home.writing() as edition:
        edition.add("data", edition.new_folder("data"), "two")
        _ = 1 / 0
    assert home.require("data").data_fingerprint == "one"


def test_a_killed_build_leaves_the_home_as_it_was(
    home: Home, other_process: subprocess.Popen[str]
) -> None:
    assert home.require("data").data_fingerprint == "one"
    other_process.send_signal(signal.SIGKILL)
    other_process.wait()
    assert home.require("data").data_fingerprint == "one"
    assert len(home.folders("data")) == 2
    publish(home, "data", "two")  # the lock of the dead is no obstacle, and its leftover goes
    assert home.require("data").data_fingerprint == "two"
    assert {(folder / "content").read_text() for folder in home.folders("data")} == {"one", "two"}


def test_a_second_writer_is_told_who_writes(
    home: Home, other_process: subprocess.Popen[str]
) -> None:
    with pytest.raises(HomeError, match=rf"being written by process {other_process.pid} .*wait"):
        publish(home, "data", "two")
    assert home.require("data").data_fingerprint == "one"


def test_the_generation_before_stays_for_its_readers_and_older_ones_go(home: Home) -> None:
    for fingerprint in ("two", "three", "four"):
        publish(home, "data", fingerprint)
    kept = [(folder / "content").read_text() for folder in home.folders("data")]
    assert kept == ["three", "four"]


def test_generations_are_ordered_by_number(home: Home) -> None:
    (home.path / "data-10000").mkdir()
    (home.path / "data-x").mkdir()
    assert [folder.name for folder in home.folders("data")] == ["data-0001", "data-10000"]


def test_nothing_written_changes_nothing(home: Home) -> None:
    before = home.manifest_path.read_text()
    with home.writing():
        pass
    assert home.manifest_path.read_text() == before


@pytest.mark.parametrize("manifest", [{"format": 99, "parts": {}}, {}, [], "text"])
def test_a_home_of_another_version_is_refused(home: Home, manifest: object) -> None:
    home.manifest_path.write_text(json.dumps(manifest))
    with pytest.raises(HomeError, match="another version"):
        home.require("data")
    with pytest.raises(HomeError, match="another version"):
        publish(home, "data", "two")
    assert (home.path / "data-0001" / "content").read_text() == "one"


@pytest.mark.parametrize("text", ['{"format": 1', '{"format": 1}', '{"format": 1, "parts": [1]}'])
def test_a_damaged_manifest_is_refused(home: Home, text: str) -> None:
    home.manifest_path.write_text(text)
    with pytest.raises(HomeError, match="move .* away and run `whyrec build` again"):
        home.parts()


def test_a_home_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeError, match="cannot write to .*--home"):
        publish(Home(tmp_path / "file" / "home"), "data", "one")


def test_a_full_disk_is_a_sentence_and_changes_nothing(home: Home) -> None:
    with pytest.raises(HomeError, match="No space left.*unchanged"), home.writing() as edition:
        edition.add("data", edition.new_folder("data"), "two")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert home.require("data").data_fingerprint == "one"


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES, errno.EROFS, errno.EFBIG])
def test_whatever_the_file_system_refuses_is_a_sentence(home: Home, number: int) -> None:
    told = f"cannot write to .*{os.strerror(number)}.*unchanged"
    with pytest.raises(HomeError, match=told), home.writing():
        raise OSError(number, os.strerror(number))


def test_a_home_of_the_first_format_is_read_and_gets_a_lineage(home: Home) -> None:
    publish(home, "model", "one")
    manifest = json.loads(home.manifest_path.read_text())
    first = {"format": 1, "parts": manifest["parts"]}
    home.manifest_path.write_text(json.dumps(first))
    assert home.require("model").data_fingerprint == "one"
    publish(home, "model", "one")
    again = json.loads(home.manifest_path.read_text())
    assert again["format"] == 2
    assert [state["fingerprint"] for state in again["lineage"]] == ["one"]


def test_a_part_outside_the_home_is_refused(home: Home) -> None:
    manifest = json.loads(home.manifest_path.read_text())
    manifest["parts"]["data"]["folder"] = "../elsewhere"
    home.manifest_path.write_text(json.dumps(manifest))
    with pytest.raises(HomeError, match="is damaged"):
        home.require("data")


def test_a_part_made_before_an_addition_is_usable_and_says_what_it_lacks(home: Home) -> None:
    publish(home, "model", "one")
    with home.writing() as edition:
        edition.add("added", edition.new_folder("added"), "two")
        edition.lineage = (State("one", 90, 9, 5), State("two", 100, 10, 5, corrected=5))
    contents = home.contents()
    behind = contents.behind(contents.require("model"))
    assert (behind.interactions, behind.users, behind.items, behind.corrected) == (10, 1, 0, 5)
    assert behind.share == 0.15
    assert str(behind) == (
        "10 interactions and 1 user added, 5 interactions corrected since, 15.00% of the "
        "interactions"
    )
    publish(home, "data", "three")  # other data: what was added to the old ones is gone
    assert home.contents().parts.keys() == {"data", "model"}
    with pytest.raises(HomeError, match="made from other data"):
        home.require("model")
