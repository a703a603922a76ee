"""What the index costs, what its proposals are worth, and that a killed build goes on.

    python -m benchmarks.index 100k 1M 20M
    python -m benchmarks.index 20M --kill-at 0.6

Generated users (`benchmarks.generate`), who have no taste: their nearest neighbours are near by
chance, which is the hardest case for a projection. One process builds; its CPU-seconds, peak memory
and disk are measured, then the share of the exact 10 nearest by Jaccard that are among the first
50, 200 and 500 proposals. With --kill-at the build is killed after that share of its records and
begun again: the second build's cost and its proposals stand in the table too.
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

from benchmarks.generate import SHAPES, power_law_matrix
from ingest.ids import IdMap
from ingest.schema import Dataset, Interactions

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
    from ingest import indexing

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


def proposals(shape: str, folder: Path) -> dict[str, Any]:
    """Measure recall and CPU-ms a question of the index in `folder`."""
    from ingest.matrix import interaction_matrix
    from ingest.recall import candidate_recall
    from ingest.store import open_index

    dataset = dataset_of(shape)
    matrix = interaction_matrix(dataset.interactions, dataset.n_users, dataset.n_items)
    with open_index(folder, dataset) as index:
        recall = [
            candidate_recall(
                index.users, matrix, np.random.default_rng(0), sample=200, n_candidates=n
            ).mean
            for n in CANDIDATES
        ]
        cpu = time.process_time()
        for row in range(100):
            index.users.nearest(matrix[[row]].indices, 50)
        return {"recall": recall, "ms": (time.process_time() - cpu) * 10}


def _in_a_process(*arguments: str) -> dict[str, Any] | None:
    """Run one step in a process of its own; None where it was killed."""
    command = [sys.executable, "-m", "benchmarks.index", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == -signal.SIGKILL:
        return None
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def measure(shape: str, kill_at: float | None) -> str:
    """Return the row of a build, or of the second build after a kill."""
    with tempfile.TemporaryDirectory(prefix="whyrec-index-") as folder:
        name = shape
        if kill_at is not None:
            assert _in_a_process("--build", shape, folder, "--kill-at", str(kill_at)) is None
            name = f"{shape}, killed at {kill_at:.0%}, then"
        cost = _in_a_process("--build", shape, folder)
        found = _in_a_process("--ask", shape, folder)
    assert cost is not None and found is not None
    shares = " | ".join(f"{share:.3f}" for share in found["recall"])
    return (
        f"| {name} | {SHAPES[shape][0]:,} | {cost['cpu_seconds']:.0f} | {cost['peak_mb']:,} "
        f"({cost['data_mb']:,}) | {cost['disk_mb']:.0f} | {shares} | {found['ms']:.1f} |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("shapes", nargs="*", metavar="SHAPE")
    parser.add_argument("--kill-at", type=float)
    parser.add_argument("--build", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--ask", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.build:
        print(json.dumps(build(asked.build[0], Path(asked.build[1]), asked.kill_at)))
    elif asked.ask:
        print(json.dumps(proposals(asked.ask[0], Path(asked.ask[1]))))
    else:
        print("| | users | CPU-s | peak MB (the data alone) | disk MB | 50 | 200 | 500 | ms |")
        print("|---|---|---|---|---|---|---|---|---|")
        for shape in asked.shapes:
            print(measure(shape, asked.kill_at), flush=True)


if __name__ == "__main__":
    main()
