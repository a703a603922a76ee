"""Ten thousand questions of all kinds in one process: does its memory stay as it is?

    python -m benchmarks.soak [--home DIR] [--questions 10000] [--no-log]

Prints, by thousand, the resident memory and the CPU time of a question. The home must be built; its
ledger takes the answers unless `--no-log` is given.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import Counter
from itertools import islice
from pathlib import Path

from assistant import RecommendationQA
from benchmarks.kinds import without_end


def resident_mb() -> float:
    """Return the resident memory of this process in MB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    """Ask, and print a line for every thousand questions."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home")
    parser.add_argument("--questions", type=int, default=10_000)
    parser.add_argument("--no-log", action="store_true")
    given = parser.parse_args()
    qa = RecommendationQA.from_home(given.home, llm=None, log=not given.no_log)
    users = [str(user) for user in qa.home.dataset.user_ids.external]
    print(f"opened: {resident_mb():.0f} MB")
    kinds: Counter[str] = Counter()
    before = time.process_time()
    for number, question in enumerate(islice(without_end(users), given.questions), start=1):
        kinds[qa.invoke(question)["question"]["kind"]] += 1
        if number % 1000 == 0:
            spent = time.process_time() - before
            print(f"{number:>7,}: {resident_mb():.0f} MB, {spent:.1f} CPU-ms each", flush=True)
            before = time.process_time()
    print(f"{len(kinds)} kinds of question")


if __name__ == "__main__":
    main()
