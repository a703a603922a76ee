"""The writer's lock: who holds it, and what is left of one who was killed."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ingest.errors import HomeError
from ingest.home.lock import HOLDER, Holder, is_locked, read_holder, writer_lock

WRITER = """
import sys, time
from pathlib import Path
from ingest.home.lock import writer_lock
with writer_lock(Path(sys.argv[1])):
    print("ready", flush=True)
    time.sleep(60)
"""


def started(program: str, folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", program, str(folder), "build", "films.csv"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def test_a_second_writer_learns_process_command_and_since_when(tmp_path: Path) -> None:
    before = time.strftime("%Y-%m-%d")
    writer = started(WRITER, tmp_path)
    try:
        assert is_locked(tmp_path)
        with pytest.raises(HomeError) as told, writer_lock(tmp_path):
            pass
        assert f"process {writer.pid} (-c {tmp_path} build films.csv)"[:60] in str(told.value)
        assert f"since {before}" in str(told.value) and "wait until it is done" in str(told.value)
    finally:
        end(writer)


def test_who_writes_is_told_without_what_an_address_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = "postgresql://ann:se same@host/shop?password=sesame#ratings"
    monkeypatch.setattr(sys, "argv", ["/bin/whyrec", "build", address, f"--users={address}", "-v"])
    with writer_lock(tmp_path):
        assert Holder.me().command == "whyrec build postgresql://… --users=postgresql://… -v"
        assert "same" not in (tmp_path / HOLDER).read_text()


def test_the_lock_of_a_killed_writer_is_free_and_its_name_stays(tmp_path: Path) -> None:
    writer = started(WRITER, tmp_path)
    end(writer)
    assert not is_locked(tmp_path)
    left = read_holder(tmp_path)
    assert left is not None and left.pid == writer.pid and left.alive is False
    with writer_lock(tmp_path):
        now = read_holder(tmp_path)
        assert now is not None and now.pid == os.getpid() and now.alive
    assert read_holder(tmp_path) is None


def test_a_lock_held_for_a_writer_that_has_ended_is_told(tmp_path: Path) -> None:
    writer = started(WRITER, tmp_path)
    end(writer)
    with (tmp_path / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(HomeError, match=rf"locked for process {writer.pid} .* has ended"):
            with writer_lock(tmp_path):
                pass


def test_a_failing_writer_leaves_no_name(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), writer_lock(tmp_path):
        _ = 1 / 0
    assert read_holder(tmp_path) is None and not is_locked(tmp_path)


def test_a_process_of_another_machine_is_neither_alive_nor_dead() -> None:
    elsewhere = Holder(1, "whyrec build", "no-such-host", 0.0)
    assert elsewhere.alive is None and "process 1 on no-such-host" in str(elsewhere)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "x"}', "process 12 (whyrec)"])
def test_a_name_that_cannot_be_read_is_no_obstacle(tmp_path: Path, text: str) -> None:
    (tmp_path / HOLDER).write_text(text)
    assert read_holder(tmp_path) is None
    with writer_lock(tmp_path):
        assert json.loads((tmp_path / HOLDER).read_text())["pid"] == os.getpid()


def test_a_folder_without_a_writer_is_not_locked(tmp_path: Path) -> None:
    assert not is_locked(tmp_path) and not is_locked(tmp_path / "none")
