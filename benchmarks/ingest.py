"""From a CSV of ratings to a training matrix: ours beside the plain pandas pipeline.

    python -m benchmarks.ingest 1M 5M 20M --rounds 3

Both read the file, give users and items indices in the order of their ids, put each user's last
fifth by time aside, and build the user × item CSR of the rest. pandas: read_csv (C engine),
factorize, sort_values, groupby, scipy.sparse. Ours also checks every row (ids, numbers, times,
pairs that stand twice) and leaves a Dataset. Each runs in a process of its own with one thread, in
turn; CPU seconds and peak memory are the whole process's, imports included. The median of the
rounds is shown.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

TEST_RATIO = 0.2
ONE_THREAD = {
    name: "1"
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "ARROW_IO_THREADS")
}


def by_pandas(file: Path, *, ids_as_text: bool = False) -> dict[str, Any]:
    """Run the plain pipeline; `ids_as_text` reads ids as they are written, as ours does."""
    import pandas as pd
    from scipy import sparse

    kinds = {"userId": str, "movieId": str} if ids_as_text else None
    frame = pd.read_csv(file, dtype=kinds)
    user, users = pd.factorize(frame["userId"], sort=True)
    item, items = pd.factorize(frame["movieId"], sort=True)
    frame["user"], frame["item"] = user.astype(np.int32), item.astype(np.int32)
    frame = frame.sort_values(["user", "timestamp"], kind="stable")
    place = frame.groupby("user").cumcount()
    n_of = frame.groupby("user")["item"].transform("size")
    keep = np.maximum(np.rint((1 - TEST_RATIO) * n_of), 1).where(n_of > 3, n_of)
    train = frame[place < keep]
    ones = np.ones(len(train), dtype=np.float32)
    matrix = sparse.csr_array((ones, (train["user"], train["item"])), (len(users), len(items)))
    matrix.sort_indices()
    return {"matrix": matrix, "users": users.astype(str), "items": items.astype(str)}


def by_ours(file: Path) -> dict[str, Any]:
    """Run `ingest`'s pipeline."""
    from ingest.dataset.matrix import interaction_matrix
    from ingest.dataset.split import split_chronological
    from ingest.loaders import load_source

    data = load_source(str(file), notice=lambda text: None)
    train = split_chronological(data.interactions, TEST_RATIO).train
    matrix = interaction_matrix(data.interactions, data.n_users, data.n_items, train)
    return {"matrix": matrix, "users": data.user_ids.external, "items": data.item_ids.external}


WAYS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "ours": by_ours,
    "pandas": by_pandas,
    "pandas-text": partial(by_pandas, ids_as_text=True),
}


def run_here(way: str, file: Path) -> None:
    """Run one pipeline in this process and print what it cost as JSON."""
    matrix = WAYS[way](file)["matrix"]
    used = resource.getrusage(resource.RUSAGE_SELF)
    cost = {"cpu": used.ru_utime + used.ru_stime, "gb": used.ru_maxrss / 1e6, "n": matrix.nnz}
    print(json.dumps(cost))


def measure(size: str, folder: Path, rounds: int, ways: list[str]) -> None:
    """Run all pipelines in turn on a table of one size and print a row for each."""
    from benchmarks.generate import SHAPES, write_ratings

    file = folder / f"{size}.csv"
    if not file.exists():
        write_ratings(file, SHAPES[size])
    costs: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way in ways:
            command = [sys.executable, "-m", "benchmarks.ingest", "--one", way, str(file)]
            told = subprocess.run(
                command, check=True, capture_output=True, env=os.environ | ONE_THREAD
            )
            costs[way].append(json.loads(told.stdout))
    if len({cost["n"] for runs in costs.values() for cost in runs}) != 1:
        raise SystemExit(f"{size}: the pipelines give matrices of different sizes")
    mine = _medians(costs["ours"])
    for way in ways:
        cpu, gb = _medians(costs[way])
        ratios = "" if way == "ours" else f"{cpu / mine[0]:.1f} | {mine[1] / gb:.0%}"
        print(f"| {size} | {way} | {cpu:.2f} | {gb:.2f} | {ratios or ' | '} |", flush=True)


def _medians(runs: list[dict[str, float]]) -> tuple[float, float]:
    cpu, gb = (statistics.median(run[key] for run in runs) for key in ("cpu", "gb"))
    return cpu, gb


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("sizes", nargs="*", default=["1M", "5M", "20M"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where generated tables are kept")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=["ours", "pandas"])
    parser.add_argument("--one", choices=WAYS, help="run one pipeline on a file, in this process")
    asked = parser.parse_args()
    if asked.one:
        run_here(asked.one, Path(asked.sizes[0]))
        return
    print("| | | CPU-s | peak GB | times the CPU of ours | our memory |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as kept:
        for size in asked.sizes:
            measure(size, asked.folder or Path(kept), asked.rounds, asked.ways)


if __name__ == "__main__":
    main()
