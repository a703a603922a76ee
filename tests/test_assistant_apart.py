"""The process that indexes without a forgotten person."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from assistant.apart import index_apart
from ingest.dataset.schema import Dataset
from ingest.errors import OperationError
from ingest.home.tables import save_dataset
from ingest.home.workspace import Home
from ingest.intake.in_memory import from_frames


@pytest.fixture
def dataset() -> Dataset:
    frame = pd.DataFrame({"user": ["1", "2"], "item": ["a", "b"], "rating": 4.0, "time": [1, 2]})
    return from_frames(frame, notice=lambda text: None)


def test_it_ends_with_whoever_started_it(dataset: Dataset, tmp_path: Path) -> None:
    data, index = tmp_path / "data", tmp_path / "index"
    for folder in (data, index):
        folder.mkdir()
    save_dataset(dataset, data)
    done = subprocess.run(
        [sys.executable, "-m", "assistant.apart", str(data), str(index)],
        stdin=subprocess.DEVNULL,  # at its end at once, as when the caller was killed
        capture_output=True,
        check=False,
        cwd=Path(__file__).parent.parent,
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"")
    assert not (index / "index.json").exists()


def test_why_it_failed_is_one_sentence_and_nothing_stays(dataset: Dataset, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with (
        pytest.raises(OperationError, match=r"without the person \(the Chroma server at .* cannot"),
        home.writing() as edition,
    ):
        index_apart(edition, dataset, "http://127.0.0.1:9")
    assert {path.name for path in home.path.iterdir()} == {"lock"}
