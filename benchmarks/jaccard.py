"""Exact Jaccard neighbours against scipy and Python sets, in CPU time, in one process, in turn.

    python -m benchmarks.jaccard            # 100k and 1M interactions, under a minute
    python -m benchmarks.jaccard 20M        # ML-20M's size, some two minutes and 2 GB

scipy gets `X[u] @ X.T` with the transpose made beforehand, and nothing else: no Jaccard, no top 50.
Ours are whole questions: from the user's set to his 50 nearest with their intersections and unions.
As many lists as the plain way makes in ten seconds, at 100k and 1M everybody's, are compared with
ours, and the run fails where one differs.
One thread everywhere (scipy's sparse product has no more), except in the last line.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from scipy import sparse

from benchmarks.generate import SHAPES, power_law_matrix
from ingest.dataset.ids import IntArray
from recsys.neighbours.audience import Audience
from recsys.neighbours.bit_columns import BitColumns

K = 50
ROUNDS = 5
BLOCK = 64
"""Users in one of scipy's blocked products: 64 dense rows at 20M fill 110 MB."""
BUDGET = 0.5
"""CPU seconds that one way may take in one round; it decides how many users are asked."""
CHECKING = 10_000
"""CPU milliseconds of the plain way that are spent on lists to compare with."""


class Ways:
    """The ways to be compared, over one matrix: each answers for an array of users."""

    def __init__(self, matrix: sparse.csr_array) -> None:
        self.matrix = matrix
        self.transposed = sparse.csr_array(matrix.T)
        self.plain = Audience(matrix, patience=10**18)
        started = time.process_time()
        self.fast = Audience(matrix, patience=0)
        self.fast.nearest_all(np.zeros(1, dtype=np.int32), K)
        self.ready_s = time.process_time() - started
        self.sets: list[set[int]] = []

    def own(self, user: int) -> IntArray:
        return self.matrix.indices[self.matrix.indptr[user] : self.matrix.indptr[user + 1]]

    def scipy_one(self, users: IntArray) -> None:
        for user in users:
            self.matrix[[user]] @ self.transposed

    def scipy_blocks(self, users: IntArray) -> None:
        for start in range(0, len(users), BLOCK):
            self.matrix[users[start : start + BLOCK]] @ self.transposed

    def plain_one(self, users: IntArray) -> None:
        for user in users:
            self.plain.nearest(self.own(user), K, exclude=int(user))

    def ours_one(self, users: IntArray) -> None:
        for user in users:
            self.fast.nearest(self.own(user), K, exclude=int(user))

    def ours_many(self, users: IntArray) -> None:
        self.fast.nearest_all(users, K)

    def python_sets(self, users: IntArray) -> None:
        if not self.sets:
            rows = range(self.matrix.shape[0])
            self.sets = [set(self.own(user).tolist()) for user in rows]
        for user in users:
            mine = self.sets[user]
            sorted(
                (-len(mine & other) / len(mine | other), v)
                for v, other in enumerate(self.sets)
                if v != user
            )[:K]


def main() -> None:
    """Measure the sizes asked for and print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("sizes", nargs="*", help=f"of {', '.join(SHAPES)}; default 100k 1M")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="write the numbers to this file, too")
    asked = parser.parse_args()
    if unknown := set(asked.sizes) - set(SHAPES):
        parser.error(f"no such size: {', '.join(sorted(unknown))}; there are {', '.join(SHAPES)}")
    measured = [measure(size, asked.seed) for size in asked.sizes or ["100k", "1M"]]
    if asked.json:
        asked.json.write_text(json.dumps(measured, indent=1) + "\n")


def measure(size: str, seed: int) -> dict[str, object]:
    """Time every way at one size; print and return milliseconds of CPU a user."""
    rng = np.random.default_rng(seed)
    matrix = power_law_matrix(*SHAPES[size], rng)
    ways = Ways(matrix)
    users = rng.permutation(matrix.shape[0]).astype(np.int32)
    timed: dict[str, Callable[[IntArray], None]] = {
        "scipy, X[u] @ X.T": ways.scipy_one,
        "scipy, blocks of 64 users": ways.scipy_blocks,
        "plain, one question": ways.plain_one,
        "bit columns, one question": ways.ours_one,
        "bit columns, many users": ways.ours_many,
    }
    if matrix.nnz <= 1_000_000:
        timed["Python sets"] = ways.python_sets
    ms = in_turn(timed, users)
    lists = check(ways, users[: int(CHECKING / ms["plain, one question"])])
    everybody = np.arange(matrix.shape[0], dtype=np.int32)
    all_s, _ = clock(lambda: ways.fast.nearest_all(everybody, K))
    two_cpu, two_wall = clock(lambda: ways.fast.nearest_all(everybody, K, threads=2))
    print_size(size, matrix, ms)
    ms["bit columns, all users"] = 1e3 * all_s / len(everybody)
    ratio = ms["scipy, blocks of 64 users"] / ms["bit columns, all users"]
    print(f"all {len(everybody):,} users: {all_s:.1f} CPU-s, {ratio:.0f}x scipy's blocks; ", end="")
    print(f"on two threads {two_cpu:.1f} CPU-s in {two_wall:.1f} s")
    size_mb = {"X": nbytes(matrix), "bit columns": BitColumns(matrix).nbytes / 1e6}
    print(", ".join(f"{name} {mb:.0f} MB" for name, mb in size_mb.items()), end="; ")
    print(f"ready in {ways.ready_s:.1f} CPU-s; {lists} lists compared, all equal\n", flush=True)
    return {"size": size, "shape": SHAPES[size], "ms": ms, "mb": size_mb, "ready_s": ways.ready_s}


def in_turn(timed: dict[str, Callable[[IntArray], None]], users: IntArray) -> dict[str, float]:
    """Return each way's median ms a user, all ways taking turns over `ROUNDS` rounds."""
    count = {}
    for name, way in timed.items():
        way(users[:2])
        once, _ = clock(lambda way=way: way(users[:2]))  # type: ignore[misc]
        count[name] = int(np.clip(BUDGET / max(once / 2, 1e-6), BLOCK, 1000))
        if name == "Python sets":
            count[name] = 10
    seconds: dict[str, list[float]] = {name: [] for name in timed}
    for number in range(ROUNDS):
        for name, way in timed.items():
            some = np.roll(users, -number * count[name])[: count[name]]
            once, _ = clock(lambda way=way, some=some: way(some))  # type: ignore[misc]
            seconds[name].append(once / len(some))
    return {name: 1e3 * statistics.median(values) for name, values in seconds.items()}


def check(ways: Ways, users: IntArray) -> int:
    """Compare the lists of `users` with the plain way's, bit for bit; return how many."""
    expected = ways.plain.nearest_all(users, K)
    found = ways.fast.nearest_all(users, K)
    for name in ("user", "intersection", "union", "length"):
        if not np.array_equal(getattr(found, name), getattr(expected, name)):
            raise SystemExit(f"the {name} of some list differs from the plain way's")
    return len(users)


def print_size(size: str, matrix: sparse.csr_array, ms: dict[str, float]) -> None:
    """Print what every way takes, and how many times faster than scipy it is."""
    n_users, n_items = matrix.shape
    print(f"{size}: {n_users:,} users, {n_items:,} items, {matrix.nnz:,} interactions, k = {K}")
    for name, value in ms.items():
        many = name.endswith("users")
        base = ms["scipy, blocks of 64 users" if many else "scipy, X[u] @ X.T"]
        print(f"  {name:26} {value:9.3f} CPU ms a user   {base / value:6.2f}x")


def clock(work: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds of CPU and of wall clock that `work` takes."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall


def nbytes(matrix: sparse.csr_array) -> float:
    """Return the megabytes of the three arrays of a matrix."""
    return float(matrix.data.nbytes + matrix.indices.nbytes + matrix.indptr.nbytes) / 1e6


if __name__ == "__main__":
    main()
