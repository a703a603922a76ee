"""Two processes ask a home while one builds it anew and one adds to it; every answer is checked.

    python -m tests.soak --seconds 120 --seed 0
    python -m tests.soak --seconds 120 --server      with the collections on a real `chroma run`

Every state that is published is copied at that moment, by the writer, under its lock. Afterwards
each copy is opened by a process of its own and asked everything: an answer given during the soak is
right when it equals, in everything but its id and its seconds, what one of these states answers.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.kills import answered, build, forked, more_interactions, preload, say

QUESTIONS = (
    *(f"Suggest 3 items to user {user} from similar users" for user in (3, 7, 11, 90)),
    *(f"who are the 5 users most like user {user}?" for user in (5, 23, 41)),
    "Suggest 4 items to user 23",
    "How similar are users 3 and 8?",
)


def ask_on_and_on(home: Path, out: Path, until: float, seed: int, anew: bool) -> int:
    """Ask until the time is up, and note every answer; open the home `anew` for each, or once."""
    from assistant.chain import RecommendationQA

    rng, n = random.Random(seed), 0
    qa = RecommendationQA.from_home(str(home), llm=None, log=True)
    with out.open("w", encoding="utf-8") as file:
        while time.time() < until:
            if anew:
                qa = RecommendationQA.from_home(str(home), llm=None, log=False)
            question = rng.choice(QUESTIONS)
            file.write(json.dumps([question, key_of(qa.invoke(question))]) + "\n")
            n += 1
    return n


def key_of(answer: dict[str, Any]) -> str:
    """Return everything of an answer that must agree, as text."""
    return json.dumps(answered(answer), sort_keys=True)


def write_on_and_on(change: Callable[[int], None], home: Path, copies: Path, until: float) -> int:
    """Change the home until the time is up; each state it publishes is copied."""
    from ingest.errors import HomeError
    from ingest.home.workspace import Home

    publish = Home._publish

    def published(self: Home, edition: Any) -> None:
        publish(self, edition)
        if edition.written:
            shutil.copytree(
                self.path,
                copies / f"{time.time_ns()}-{os.getpid()}",
                ignore=shutil.ignore_patterns("ledger*", "lock*", "evaluations", "*-journal"),
            )

    Home._publish = published  # type: ignore[method-assign]
    n = 0
    while time.time() < until:
        try:
            change(n)
            n += 1
        except HomeError as error:
            if "is being written" not in str(error):
                raise
        time.sleep(0.2)
    return n


def add(home: Path, table: Path, n: int) -> None:
    """Add the n-th of many small tables."""
    from ingest.home.workspace import Home

    lines = table.read_text().splitlines()
    part = table.with_name(f"part-{n % 9}.csv")
    part.write_text("\n".join([lines[0], *lines[1 + n % 9 :: 9]]) + "\n")
    Home(home).add(str(part), notice=lambda text: None)


def answers_of(copy: Path) -> dict[str, str]:
    """Return what the state in `copy` answers to every question."""
    from assistant.chain import RecommendationQA

    qa = RecommendationQA.from_home(str(copy), llm=None, log=False)
    return {question: key_of(qa.invoke(question)) for question in QUESTIONS}


@contextmanager
def chroma_server(folder: Path) -> Iterator[str]:
    """Run a real Chroma server on loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = Path(sys.executable).with_name("chroma")
    command = [str(program), "run", "--path", str(folder), "--host", "127.0.0.1"]
    with subprocess.Popen(
        [*command, "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            for _ in range(300):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v2/heartbeat").close()
                    break
                except OSError:
                    time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def soak(scratch: Path, seconds: float, seed: int, server: str | None) -> tuple[str, list[str]]:
    """Return what was done as a sentence, and what was wrong."""
    home, copies = scratch / "home", scratch / "copies"
    copies.mkdir()
    table = more_interactions(scratch)
    first = functools.partial(
        write_on_and_on, lambda n: build(1, server=server)(home), home, copies
    )
    if (made := forked(lambda: first(time.time() + 0.1))).failed:
        raise AssertionError(made.result)
    until = time.time() + seconds
    builds: Callable[[int], None] = lambda n: build(2 + n % 3, server=server)(home)  # noqa: E731
    works: dict[str, Callable[[], Any]] = {
        "asker": lambda: ask_on_and_on(home, scratch / "1.jsonl", until, seed, False),
        "opener": lambda: ask_on_and_on(home, scratch / "2.jsonl", until, seed + 1, True),
        "builder": lambda: write_on_and_on(builds, home, copies, until),
        "adder": lambda: write_on_and_on(lambda n: add(home, table, n), home, copies, until),
    }
    ended = at_once(works)
    wrong = [f"the {name}: {one.result}" for name, one in ended.items() if one.failed or one.killed]
    states = sorted(copies.iterdir())
    truths = [forked(functools.partial(answers_of, copy)) for copy in states]
    wrong += [f"a published state does not answer: {t.result}" for t in truths if t.failed]
    right = {(q, text) for t in truths if not t.failed for q, text in t.result.items()}
    told = [
        tuple(json.loads(line))
        for name in ("1.jsonl", "2.jsonl")
        for line in (scratch / name).read_text(encoding="utf-8").splitlines()
    ]
    false = Counter(question for question, text in told if (question, text) not in right)
    wrong += [f"{n} answers of no published state to {question!r}" for question, n in false.items()]
    return (
        f"{seconds:.0f} s: {len(told)} answers ({ended['asker'].result} and "
        f"{ended['opener'].result}) during {ended['builder'].result} builds and "
        f"{ended['adder'].result} additions; {len(set(told))} different ones, of {len(states)} "
        f"published states; {sum(false.values())} wrong"
    ), wrong


def at_once(works: dict[str, Callable[[], Any]]) -> dict[str, Any]:
    """Run each work in a process of its own, all at the same time."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(len(works)) as pool:
        running = {name: pool.submit(forked, work) for name, work in works.items()}
        return {name: one.result() for name, one in running.items()}


def main(arguments: list[str] | None = None) -> int:
    """Soak, and print what was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--server", action="store_true", help="collections on a Chroma server")
    asked = parser.parse_args(arguments)
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", WHYREC_LLM="none")
    preload()
    with tempfile.TemporaryDirectory(prefix="whyrec-soak-") as folder:
        scratch = Path(folder)
        if asked.server:
            with chroma_server(scratch / "chroma") as address:
                os.environ["WHYREC_CHROMA"] = address
                told, wrong = soak(scratch, asked.seconds, asked.seed, address)
        else:
            told, wrong = soak(scratch, asked.seconds, asked.seed, None)
    say(("Chroma server, " if asked.server else "") + told)
    for line in wrong:
        say(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
