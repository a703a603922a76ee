"""A long evaluation without a model: cases per CPU-second, memory as it goes, and resuming.

    python -m benchmarks.evaluation [--home DIR] [--cases 10000]

The home must be built (`whyrec demo` builds MovieLens-100K). Fifteen kinds of question are asked of
users in turn. CPU time is that of the whole process, all threads; memory is what is resident.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from assistant import evaluate
from assistant.evaluation.suite_files import load_suite
from assistant.settings import Settings
from ingest.home.tables import load_dataset
from ingest.home.workspace import Home

MEGABYTE = 1024 * 1024


def main() -> None:
    """Run the cases, print the table, stop the run in the middle and take it up again."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home")
    parser.add_argument("--cases", type=int, default=10_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        suite = _suite(Path(folder), given.home, given.cases)
        out = Path(folder) / "run"
        print(f"{'cases':>8}{'CPU-s':>9}{'resident MB':>13}")
        watch = _Watch(out / "rows.jsonl", max(1, given.cases // 10))
        watch.start()
        run = evaluate(str(suite), home=given.home, models=["none"], out=out)
        watch.done.set()
        watch.join()
        spent = time.process_time() - watch.first_cpu
        print(f"{'reports':>8}{spent:>9.1f}{_resident():>13.0f}")
        print(
            f"peak {watch.peak:.0f} MB; {given.cases / spent:.0f} cases per CPU-second, all in all"
        )
        print(run.results["verdict"][0])
        for file in ("rows.jsonl", "details.jsonl", "results.json", "report.html"):
            print(f"  {file:<15}{(out / file).stat().st_size / MEGABYTE:>8.1f} MB")
        _resume(suite, given.home, out)


def _suite(folder: Path, home: str | None, n: int) -> Path:
    """Write `n` cases: the kinds of the shipped suite `sampled`, of users in turn."""
    kinds = load_suite("sampled").suite.generate
    users = load_dataset(Home(Settings.read(home=home).home).require("data").folder).user_ids
    cases: list[dict[str, Any]] = []
    for at in range(n):
        kind, user = kinds[at % len(kinds)], users.external[(at // len(kinds)) % len(users)]
        cases.append({"id": f"c{at}", "question": kind.question, "user": str(user)})
    path = folder / "long.json"
    path.write_text(json.dumps({"name": "long", "cases": cases}), encoding="utf-8")
    return path


class _Watch(threading.Thread):
    """Prints a line whenever another tenth of the rows is written."""

    def __init__(self, rows: Path, step: int) -> None:
        super().__init__(daemon=True)
        self.rows = rows
        self.step = step
        self.done = threading.Event()
        self.first_cpu = time.process_time()
        self.peak = 0.0

    def run(self) -> None:
        n, at = 0, 0
        while not self.done.wait(0.2):
            self.peak = max(self.peak, _resident())
            if not self.rows.exists():
                continue
            with self.rows.open("rb") as file:
                file.seek(at)
                new = file.read()
            at += len(new)
            before, n = n, n + new.count(b"\n")
            if n // self.step > before // self.step:
                cpu = time.process_time() - self.first_cpu
                print(f"{n:>8,}{cpu:>9.1f}{_resident():>13.0f}", flush=True)


def _resume(suite: Path, home: str | None, out: Path) -> None:
    """Cut the last row off, as a kill would, and go on."""
    lines = (out / "rows.jsonl").read_bytes().splitlines(keepends=True)
    (out / "rows.jsonl").write_bytes(b"".join(lines[:-1]))
    before = (out / "results.json").read_bytes()
    cpu, wall = time.process_time(), time.perf_counter()
    evaluate(str(suite), home=home, models=["none"], out=out, resume=True)
    spent, took = time.process_time() - cpu, time.perf_counter() - wall
    same = (out / "results.json").read_bytes() == before
    print(
        f"taken up again for one case, with all reports: {spent:.1f} CPU-s, {took:.1f} s;", end=" "
    )
    print("the same results" if same else "OTHER RESULTS")


def _resident() -> float:
    """Return the memory that is resident now, in MB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MEGABYTE


if __name__ == "__main__":
    main()
