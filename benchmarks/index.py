"""What the index costs, what its proposals are worth, and that a killed build goes on.

    python -m benchmarks.index 100k 1M 20M
    python -m benchmarks.index 20M --kill-at 0.6
    python -m benchmarks.index 20M --scan --ef 400 1000

Generated users (`benchmarks.generate`), who have no taste: their nearest neighbours are near by
chance, which is the hardest case for a projection. One process builds; its CPU-seconds, peak memory
and disk are measured, then the share of the exact 10 nearest by Jaccard that are among the first
50, 200 and 500 proposals. With --kill-at the build is killed after that share of its records and
begun again: the second build's cost and its proposals stand in the table too. --scan adds what an
exact scan of the same vectors finds, and --ef what Chroma finds with another `ef_search`: the
first tells what the vectors lose, the second what the search in the graph loses.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from benchmarks.generate import SHAPES, power_law_matrix
from ingest.dataset.ids import IdMap
from ingest.dataset.schema import Dataset, Interactions

CANDIDATES = (50, 200, 500)


def dataset_of(shape: str, seed: int = 0) -> Dataset:
    """Return a generated data set of ids only."""
    matrix = power_law_matrix(*SHAPES[shape], np.random.default_rng(seed))
    n_users, n_items = matrix.shape
    user = np.repeat(np.arange(n_users, dtype=np.int32), np.diff(matrix.indptr))
    return Dataset(
        name=f"generated-{shape}",
        user_ids=IdMap(str(number) for number in range(n_users)),
        item_ids=IdMap(str(number) for number in range(n_items)),
        interactions=Interactions(
            user,
            matrix.indices.astype(np.int32),
            np.ones(len(user), dtype=np.float32),
            np.arange(len(user), dtype=np.int64),
        ),
        users=pd.DataFrame(index=range(n_users)),
        items=pd.DataFrame(index=range(n_items)),
        has_labels=False,
        has_times=False,
    )


def build(shape: str, folder: Path, kill_at: float | None) -> dict[str, Any]:
    """Build the index in this process, which dies after the share `kill_at` of its users."""
    from ingest.index import indexing

    dataset = dataset_of(shape)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if kill_at is not None:
        _die_at(indexing, int(kill_at * dataset.n_users))
    cpu, wall = time.process_time(), time.perf_counter()
    indexing.build_index(dataset, folder)
    return {
        "cpu_seconds": time.process_time() - cpu,
        "seconds": time.perf_counter() - wall,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "data_mb": before // 1024,
        "disk_mb": sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) / 1e6,
    }


def _die_at(indexing: Any, place: int) -> None:
    add = indexing._add

    def dying(chroma: Any, collection: Any, records: Any, rows: slice, some_there: bool) -> int:
        if rows.stop > place:
            os.kill(os.getpid(), signal.SIGKILL)
        return int(add(chroma, collection, records, rows, some_there))

    indexing._add = dying


def proposals(shape: str, folder: Path, scan: bool, widths: list[int]) -> list[dict[str, Any]]:
    """Measure recall and CPU-ms a question of the index in `folder`, and what else is asked."""
    from ingest.dataset.matrix import interaction_matrix
    from ingest.index.store import open_index

    dataset = dataset_of(shape)
    matrix = interaction_matrix(dataset.interactions, dataset.n_users, dataset.n_items)
    found = []
    for width in (None, *widths):
        if width is not None:
            _widen(folder, dataset, width)
        with open_index(folder, dataset) as index:
            index.users.nearest(matrix[[0]].indices, 50)  # reads the graph
            name = "" if width is None else f", ef_search {width:,}"
            found.append(_measured(name, index.users, matrix))
            if scan and width is None:
                exact = ExactScan(dataset, matrix, index.users.vectors)
                found.append(_measured(", exact scan", exact, matrix))
    return found


def _measured(name: str, users: Any, matrix: sparse.csr_array) -> dict[str, Any]:
    from ingest.index.recall import candidate_recall

    recall = [
        candidate_recall(users, matrix, np.random.default_rng(0), sample=200, n_candidates=n).mean
        for n in CANDIDATES
    ]
    cpu = time.process_time()
    users.nearest_each(matrix[:100], 50)
    return {"name": name, "recall": recall, "ms": (time.process_time() - cpu) * 10}


def _widen(folder: Path, dataset: Dataset, width: int) -> None:
    """Have the users of the index in `folder` be searched with another `ef_search`."""
    from ingest.index.store import open_index

    with open_index(folder, dataset) as index:
        collection = index.users._collections[0]
        collection.modify(configuration={"hnsw": {"ef_search": width}})


class ExactScan:
    """Proposals from the same vectors, each compared with each."""

    def __init__(self, dataset: Dataset, matrix: sparse.csr_array, vectors: Any) -> None:
        self.dataset = dataset
        self._vectors = vectors
        place = np.arange(len(dataset.user_ids)) / dataset.n_users
        blocks = range(0, dataset.n_users, 2000)
        self._stored = np.vstack(
            [vectors.stored(matrix[a : a + 2000], place[a : a + 2000]) for a in blocks]
        )
        self._lengths = np.square(self._stored).sum(axis=1)

    def nearest_each(self, matrix: sparse.csr_array, n: int) -> list[list[str]]:
        """Return the ids of the `n` nearest to each row, the nearest first."""
        distance = self._lengths - 2 * self._vectors.asked(matrix) @ self._stored.T
        nearest = np.argpartition(distance, n, axis=1)[:, :n]
        order = np.argsort(np.take_along_axis(distance, nearest, axis=1), axis=1)
        rows = np.take_along_axis(nearest, order, axis=1)
        return [list(self.dataset.user_ids.external[row]) for row in rows]


def _in_a_process(*arguments: str) -> Any:
    """Run one step in a process of its own; None where it was killed."""
    command = [sys.executable, "-m", "benchmarks.index", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == -signal.SIGKILL:
        return None
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)


def measure(shape: str, kill_at: float | None, also: list[str]) -> str:
    """Return the rows of a build, or of the second build after a kill, and what is asked `also`."""
    with tempfile.TemporaryDirectory(prefix="whyrec-index-") as folder:
        name = shape
        if kill_at is not None:
            assert _in_a_process("--build", shape, folder, "--kill-at", str(kill_at)) is None
            name = f"{shape}, killed at {kill_at:.0%}, then"
        cost = _in_a_process("--build", shape, folder)
        found = _in_a_process("--ask", shape, folder, *also)
    assert cost is not None and found is not None
    return _rows(name, shape, cost, found)


def _rows(name: str, shape: str, cost: dict[str, Any], found: list[dict[str, Any]]) -> str:
    costs = (
        f"{cost['cpu_seconds']:.0f} | {cost['peak_mb']:,} ({cost['data_mb']:,}) | "
        f"{cost['disk_mb']:.0f}"
    )
    rows = []
    for one in found:
        shares = " | ".join(f"{share:.3f}" for share in one["recall"])
        what = costs if not one["name"] else "| |"
        rows.append(
            f"| {name}{one['name']} | {SHAPES[shape][0]:,} | {what} | {shares} | {one['ms']:.1f} |"
        )
    return "\n".join(rows)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("shapes", nargs="*", metavar="SHAPE")
    parser.add_argument("--kill-at", type=float)
    parser.add_argument("--scan", action="store_true")
    parser.add_argument("--ef", type=int, nargs="+", default=[])
    parser.add_argument("--build", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--ask", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.build:
        print(json.dumps(build(asked.build[0], Path(asked.build[1]), asked.kill_at)))
    elif asked.ask:
        print(json.dumps(proposals(asked.ask[0], Path(asked.ask[1]), asked.scan, asked.ef)))
    else:
        also = ["--scan"] * asked.scan
        also += ["--ef", *map(str, asked.ef)] if asked.ef else []
        print("| | users | CPU-s | peak MB (the data alone) | disk MB | 50 | 200 | 500 | ms |")
        print("|---|---|---|---|---|---|---|---|---|")
        for shape in asked.shapes:
            print(measure(shape, asked.kill_at, also), flush=True)


if __name__ == "__main__":
    main()
