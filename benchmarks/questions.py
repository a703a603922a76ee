"""CPU-milliseconds of one question in a running process, without a model, by kind of question.

    python benchmarks/questions.py [--home DIR] [--rounds 50]

The home must be built (`whyrec demo` builds MovieLens-100K). Every kind is asked for users spread
over the data. CPU time is that of the whole process, all threads.
"""

from __future__ import annotations

import argparse
import statistics
import time

from assistant import RecommendationQA

QUESTIONS = {
    "suggest 2": "Suggest 2 films to user {user}",
    "from neighbours": "Find users similar to user {user} and suggest 2 films they have seen",
    "both ways": "Suggest 2 films to user {user} both ways: where do they agree?",
    "filtered": "Suggest 2 comedies from the 90s to user {user}, but no horror",
    "who is similar": "Who are the 10 users most like user {user}?",
    "how similar": "How similar are users {user} and 672?",
    "will he like": "Will user {user} like film 50, and why?",
    "stranger": "Suggest 2 films to user 99{user}99",
}


def main() -> None:
    """Ask every question of many users and print the CPU time of one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home")
    parser.add_argument("--rounds", type=int, default=50)
    given = parser.parse_args()
    started = time.process_time()
    qa = RecommendationQA.from_home(given.home, llm=None)
    print(f"opening the home: {time.process_time() - started:.2f} CPU-s")
    users = qa.home.dataset.user_ids.external
    chosen = users[:: max(1, len(users) // given.rounds)][: given.rounds]
    print(f"{'question':<18}{'median':>9}{'worst':>9}   CPU-ms, {len(chosen)} users each")
    everything = []
    for name, text in QUESTIONS.items():
        qa.invoke(text.format(user=chosen[0]))  # what is made once is made here
        spent = []
        for user in chosen:
            before = time.process_time()
            qa.invoke(text.format(user=user))
            spent.append(1000 * (time.process_time() - before))
        everything += spent
        print(f"{name:<18}{statistics.median(spent):>9.1f}{max(spent):>9.1f}")
    print(f"{'all':<18}{statistics.median(everything):>9.1f}{max(everything):>9.1f}")


if __name__ == "__main__":
    main()
