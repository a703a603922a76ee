"""CPU-milliseconds of one question in a running process, without a model, by kind of question.

    python -m benchmarks.questions [--home DIR] [--rounds 20]

The home must be built (`whyrec demo` builds MovieLens-100K). Every question of the suite `kinds` is
asked for users spread over the data. CPU time is that of the whole process, all threads.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import defaultdict

from assistant import RecommendationQA
from benchmarks.kinds import all_kinds, asked_of


def main() -> None:
    """Ask every question of many users and print the CPU time of one, by kind."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home")
    parser.add_argument("--rounds", type=int, default=20)
    given = parser.parse_args()
    started = time.process_time()
    qa = RecommendationQA.from_home(given.home, llm=None)
    print(f"opening the home: {time.process_time() - started:.2f} CPU-s")
    users = [str(user) for user in qa.home.dataset.user_ids.external]
    chosen = users[:: max(1, len(users) // given.rounds)][: given.rounds]
    spent: dict[str, list[float]] = defaultdict(list)
    parsing: list[float] = []
    for question in all_kinds():
        qa.invoke(asked_of(question, chosen, 0))  # what is made once is made here
        for place in range(len(chosen)):
            before = time.process_time()
            answer = qa.invoke(asked_of(question, chosen, place))
            spent[answer["question"]["kind"]].append(1000 * (time.process_time() - before))
            parsing.append(1000 * answer["seconds"]["question"])
    print(f"{'kind':<28}{'asked':>6}{'median':>9}{'worst':>9}   CPU-ms")
    for kind, times in sorted(spent.items()):
        print(f"{kind:<28}{len(times):>6}{statistics.median(times):>9.1f}{max(times):>9.1f}")
    every = [one for times in spent.values() for one in times]
    most = sorted(every)[int(0.95 * len(every))]
    print(f"{'all':<28}{len(every):>6}{statistics.median(every):>9.1f}{max(every):>9.1f}")
    print(f"mean {statistics.mean(every):.1f}, 95 of 100 within {most:.1f}; ", end="")
    print(f"parsing and planning, by the clock: median {statistics.median(parsing):.1f}")


if __name__ == "__main__":
    main()
