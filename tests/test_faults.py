"""Faults that `make test-faults` tries by the hundred, each in its own process.

Every step of every writer is always among the tests; what depends on time runs when asked for.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
when_asked = pytest.mark.skipif(
    "WHYREC_TEST_FAULTS" not in os.environ, reason="part of `make test-faults`"
)


def run_module(*arguments: str) -> str:
    """Run a module of the tests and return what it printed; it exits with 0 where nothing broke."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
        cwd=Path(__file__).parent.parent,
        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_kill_at_any_step_of_a_writer_leaves_the_old_home_or_the_new_one() -> None:
    told = run_module("tests.steps").splitlines()
    assert [line.split()[0] for line in told] == ["build", "index", "add", "forget"]
    assert all(line.endswith(" each made again; 0 wrong") for line in told)
    assert [" 0 new;" in line for line in told] == [False, True, False, False]


@when_asked
def test_a_home_whose_writer_is_killed_is_old_or_new_and_the_change_can_be_made_again() -> None:
    for name in ("build", "index", "train", "add", "forget"):
        told = run_module("tests.kills", "--kills", "1", "--seed", "1", "--only", name)
        assert f"{name} " in told and told.count(" 0 wrong") == 1


@when_asked
def test_a_damaged_file_is_told_or_changes_no_answer() -> None:
    told = run_module("tests.damage", "--flips", "1", "--only", "json")
    assert all(f"{name}: " in told for name in ("home.json", "data-0001/dataset.json"))


@when_asked
@pytest.mark.parametrize("server", [[], ["--server"]])
def test_whoever_asks_while_others_write_gets_the_answers_of_a_published_state(
    server: list[str],
) -> None:
    told = run_module("tests.soak", "--seconds", "10", *server)
    assert "; 0 wrong" in told and "published states" in told
