"""An index build that is stopped goes on where it stopped."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from ingest.dataset.schema import Dataset
from ingest.home.workspace import UNFINISHED, Home
from ingest.index import indexing
from ingest.index.indexing import build_index
from ingest.index.store import open_index
from ingest.index.vectors import VectorConfig, fit_vectors
from tests.test_ingest_store import from_matrix, matrix_of

N_USERS = 2_600
PROJECTED = VectorConfig(raw_up_to=10, rank=8)


def random_sets() -> Dataset:
    rng = np.random.default_rng(3)
    return from_matrix(sparse.csr_array((rng.random((N_USERS, 40)) < 0.3).astype(np.float32)))


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return random_sets()


@pytest.fixture(scope="module")
def undisturbed(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index, built in one go."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patched:
        in_small_steps(patched)
        built(dataset, folder)
    return folder


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    in_small_steps(monkeypatch)


def in_small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copy Chroma's files after every 1,000 users, in batches of 500."""
    monkeypatch.setattr(indexing, "CHECKPOINT_EVERY", 1_000)
    monkeypatch.setattr(
        "ingest.index.chroma.Chroma.batches",
        lambda self, n: [slice(a, min(a + 500, n)) for a in range(0, n, 500)],
    )


def built(dataset: Dataset, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    build_index(dataset, folder, config=PROJECTED)


def assert_alike(dataset: Dataset, one: Path, other: Path) -> None:
    """Check that two indexes hold the same and propose the same.

    Chroma's graph differs a little from build to build, so the last of 30 proposals may.
    """
    matrix = matrix_of(dataset)[:100]
    everyone = [str(user) for user in dataset.user_ids.external]
    with open_index(one, dataset) as first, open_index(other, dataset) as second:
        assert first.users.documents(everyone) == second.users.documents(everyone)
        found = [index.users.nearest_each(matrix, 30) for index in (first, second)]
    shared = [len(set(a) & set(b)) / 30 for a, b in zip(*found, strict=True)]
    assert np.mean(shared) > 0.98


class Stopped(BaseException):
    """What a build is stopped with in this process; a real kill is tried once, in another."""


def stopped_build(dataset: Dataset, folder: Path, at: int) -> None:
    """Build, and stop before the batch that begins at user `at`."""
    folder.mkdir()
    add = indexing._add

    def stopping(chroma: Any, collection: Any, records: Any, rows: slice, *rest: Any) -> int:
        if rows.start >= at:
            raise Stopped
        return add(chroma, collection, records, rows, *rest)

    with pytest.MonkeyPatch.context() as patched, pytest.raises(Stopped):
        patched.setattr(indexing, "_add", stopping)
        build_index(dataset, folder, config=PROJECTED)


KILLED = """
import os, signal, sys
from pathlib import Path
from ingest.index import indexing
from tests import test_ingest_indexing as here
with here.pytest.MonkeyPatch.context() as patched:
    here.in_small_steps(patched)
    add = indexing._add
    def dying(chroma, collection, records, rows, *rest):
        if rows.start >= 1_500:
            os.kill(os.getpid(), signal.SIGKILL)
        return add(chroma, collection, records, rows, *rest)
    indexing._add = dying
    here.built(here.random_sets(), Path(sys.argv[1]))
"""


class Counting:
    """Stands before `_add` and `fit_vectors` and counts what they do."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.added = self.fitted = 0
        add, fit = indexing._add, fit_vectors

        def counted(*arguments: Any) -> int:
            n = add(*arguments)
            self.added += n
            return n

        def fitted(*arguments: Any) -> Any:
            self.fitted += 1
            return fit(*arguments)

        monkeypatch.setattr(indexing, "_add", counted)
        monkeypatch.setattr(indexing, "fit_vectors", fitted)


@pytest.mark.parametrize(("at", "rest"), [(500, 2_600), (1_500, 1_600), (2_500, 600)])
def test_a_stopped_build_goes_on_from_its_last_copy(
    dataset: Dataset,
    undisturbed: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    at: int,
    rest: int,
) -> None:
    stopped_build(dataset, tmp_path / "stopped", at)
    assert (tmp_path / "stopped" / UNFINISHED).is_file()
    counting = Counting(monkeypatch)
    built(dataset, tmp_path / "stopped")
    assert_alike(dataset, undisturbed, tmp_path / "stopped")
    assert counting.added == rest and counting.fitted == 0
    for folder in (undisturbed, tmp_path / "stopped"):
        left = [path.name for path in folder.iterdir()]
        assert UNFINISHED not in left and not [n for n in left if n.startswith("checkpoint")]


def test_a_build_that_is_killed_goes_on_the_same_way(
    dataset: Dataset, undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert done.returncode == -signal.SIGKILL
    counting = Counting(monkeypatch)
    built(dataset, tmp_path)
    assert_alike(dataset, undisturbed, tmp_path)
    assert counting.added == 1_600 and counting.fitted == 0


def test_a_stopped_build_of_other_data_is_not_gone_on_with(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped_build(dataset, tmp_path / "stopped", 1_500)
    other = replace(dataset, interactions=dataset.interactions.take(np.arange(20_000)))
    counting = Counting(monkeypatch)
    built(other, tmp_path / "stopped")
    assert counting.fitted == 1 and counting.added == other.n_users
    with open_index(tmp_path / "stopped", other) as index:
        assert len(index.users.documents(["0", "7"])) == 2


def test_half_a_copy_is_not_gone_on_with(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped_build(dataset, tmp_path / "stopped", 1_500)
    (tmp_path / "stopped" / "checkpoint-0001" / "whole").unlink()
    counting = Counting(monkeypatch)
    built(dataset, tmp_path / "stopped")
    assert counting.added == N_USERS and counting.fitted == 0


def test_the_next_writer_finds_a_stopped_part_and_the_one_after_does_not(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with home.writing() as edition:
        edition.add("data", edition.new_folder("data"), "0" * 64)
    with pytest.raises(KeyboardInterrupt), home.writing() as edition:
        folder = edition.new_folder("index")
        (folder / UNFINISHED).write_text("{}")
        edition.new_folder("model")
        raise KeyboardInterrupt
    with home.writing() as edition:
        assert edition.stopped_folder("index") == folder
        assert edition.stopped_folder("model") is None
        assert not home.folders("model")
    assert not home.folders("index")
