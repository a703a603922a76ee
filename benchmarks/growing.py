"""What growth costs: adding 100 interactions to a home, and the next answer's first look at them.

    OMP_NUM_THREADS=1 python -m benchmarks.growing 100k 1M 5M 20M

Every figure is CPU seconds of one thread: `write` the data whole, as ingest does; `open` them;
`add` 100 interactions, of 20 new users and 80 known ones; `see` what a running process does before
its next answer: put the additions into the data it holds, and make matrix, histories, neighbours
and votes anew. `MB` is the size of the data on disk, `added` that of all that the addition wrote.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from assistant.building import data_part
from benchmarks.generate import SHAPES, power_law_matrix
from ingest.dataset.ids import IdMap
from ingest.dataset.schema import Dataset, Interactions
from ingest.growth.growing import open_data
from ingest.home.workspace import Home
from recsys.config import DeepFMConfig
from recsys.examples.features import FeatureSpace
from recsys.examples.inputs import Inputs
from recsys.lists.votes import Voters, VotesConfig
from recsys.neighbours.audience import Audience
from recsys.presets import RECENT_HISTORY

N_ADDED = 100
T = TypeVar("T")


def power_law_table(shape: str, rng: np.random.Generator) -> Dataset:
    """Return interactions of one of the `SHAPES` in order of time, with labels."""
    n_users, n_items, n = SHAPES[shape]
    matrix = power_law_matrix(n_users, n_items, n, rng)
    user = np.repeat(np.arange(n_users, dtype=np.int32), np.diff(matrix.indptr))
    time_of = np.sort(rng.integers(800_000_000, 1_500_000_000, n))
    order = rng.permutation(n)
    return Dataset(
        name=shape,
        user_ids=IdMap(str(k) for k in range(1, n_users + 1)),
        item_ids=IdMap(str(k) for k in range(1, n_items + 1)),
        interactions=Interactions(
            user[order],
            matrix.indices.astype(np.int32)[order],
            rng.integers(1, 6, n).astype(np.float32),
            time_of,
        ),
        users=pd.DataFrame(index=range(n_users)),
        items=pd.DataFrame(index=range(n_items)),
        liked_from=4.0,
    )


def new_rows(shape: str, rng: np.random.Generator) -> pd.DataFrame:
    """Return 100 interactions to add, a fifth of them of users not seen before."""
    n_users, n_items, _ = SHAPES[shape]
    user = rng.integers(1, n_users + 1, N_ADDED)
    user[: N_ADDED // 5] += n_users
    return pd.DataFrame(
        {
            "user": [str(one) for one in user],
            "item": [str(one) for one in rng.permutation(n_items)[:N_ADDED] + 1],
            "rating": 5.0,
            "time": 1_500_000_001,
        }
    )


def measure(shape: str, home: Home, rng: np.random.Generator) -> dict[str, float]:
    """Return the figures of one shape."""
    seconds: dict[str, float] = {}

    def timed(name: str, work: Callable[[], T]) -> T:
        started = time.process_time()
        done = work()
        seconds[name] = time.process_time() - started
        return done

    dataset = power_law_table(shape, rng)
    config = DeepFMConfig(history=RECENT_HISTORY)
    space = FeatureSpace.from_dataset(dataset, config)
    timed("write", lambda: _write(home, dataset))
    opened = timed("open", lambda: open_data(home.contents()))
    home.add(new_rows(shape, rng), notice=lambda text: None)  # imports and compiled code are there
    _answerable(space, config, opened.dataset)
    rows = new_rows(shape, rng)
    timed("add", lambda: home.add(rows, notice=lambda text: None))

    def see() -> Any:
        return _answerable(space, config, open_data(home.contents(), opened).dataset)

    timed("see", see)
    return seconds | {
        "MB": _size(home.require("data").folder),
        "added": _size(home.contents().parts["added"].folder),
    }


def _write(home: Home, dataset: Dataset) -> None:
    with home.writing() as edition:
        data_part(edition, dataset)


def _answerable(space: FeatureSpace, config: DeepFMConfig, dataset: Dataset) -> Voters:
    """Make what a question needs of the data, but for the model's weights and the index."""
    inputs = Inputs(space, dataset, config.history)
    return Voters(inputs.matrix, Audience(inputs.matrix), inputs.histories, VotesConfig())


def _size(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.iterdir()) / 1e6


def main() -> None:
    """Print a row per shape."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shapes", nargs="*", default=["100k", "1M"], choices=[*SHAPES])
    print(f"{'shape':>6} {'write':>7} {'open':>7} {'add':>7} {'see':>7} {'MB':>7} {'added':>7}")  # noqa: T201
    for shape in parser.parse_args().shapes:
        with tempfile.TemporaryDirectory() as folder:
            row = measure(shape, Home(Path(folder) / "home"), np.random.default_rng(0))
        print(f"{shape:>6} " + " ".join(f"{value:7.2f}" for value in row.values()))  # noqa: T201


if __name__ == "__main__":
    main()
