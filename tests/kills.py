"""Kill -9 at random moments of everything that writes a home, and look at what is left.

    python -m tests.kills --kills 100 --seed 0

Each trial copies a home, forks a process that changes it, and kills that process: half of the times
at a random moment, half at a random one of its own steps in the file system (a file opened to be
written, a folder made, a rename, a removal). Then another process opens the home and asks it: all
parts and all answers must be the old ones, or all the new ones. At last the change is made again,
undisturbed, and must end in the new state with nothing left over.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

State = dict[str, Any]
"""What a home is: fingerprints, counts and answers."""
Change = Callable[[Path], None]

ANNA = "anna.smith@example.org"
"""The user who is forgotten: an id that nothing else looks like."""
_LAST_WORDS = 2_000
"""Characters of what a failed process printed that are told."""
_REMOVALS = {"os.remove", "os.rmdir"}
_STEPS = {"open", "os.mkdir", "os.rename", "os.link", "os.truncate"} | _REMOVALS
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
QUESTIONS = (
    "Suggest 3 items to user 7 from similar users",
    "who are the 5 users most like user 11?",
    "Suggest 4 items to user 23",
    "How similar are users 3 and 8?",
)


class ChangeFailed(Exception):
    """A command told an error and exited."""


@dataclass(frozen=True)
class Ended:
    """How a forked process ended."""

    killed: bool
    seconds: float
    result: Any
    """What it returned; its error as text where it raised one."""
    failed: bool = False


def forked(
    work: Callable[[], Any],
    after: float | None = None,
    step: int | None = None,
    home: Path = Path("/"),
) -> Ended:
    """Run `work` in a process of its own; kill it `after` so many seconds or at file `step`."""
    reader, writer = os.pipe()
    started = time.monotonic()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        _be_the_child(work, writer, step, home)
    os.close(writer)
    timer = threading.Timer(after or 0.0, os.kill, (pid, signal.SIGKILL))
    if after is not None:
        timer.start()
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    status = os.waitid(
        os.P_PID, pid, os.WEXITED | os.WNOWAIT
    )  # keeps the pid until no timer needs it
    timer.cancel()
    timer.join() if timer.is_alive() else None
    os.waitpid(pid, 0)
    killed = status is not None and status.si_code == os.CLD_KILLED
    said = json.loads(text) if text and not killed else {}
    return Ended(killed, time.monotonic() - started, said.get("result"), "error" in said)


def _be_the_child(work: Callable[[], Any], writer: int, step: int | None, home: Path) -> None:
    output = tempfile.TemporaryFile()  # noqa: SIM115  (it ends with the process)
    os.dup2(output.fileno(), 1)
    os.dup2(output.fileno(), 2)
    if step is not None:
        at_each_step(home, functools.partial(_die_at, step))
    try:
        said = {"result": work()}
    except BaseException as error:
        output.seek(0)
        told = output.read().decode(errors="replace")[-_LAST_WORDS:]
        said = {"error": True, "result": f"{type(error).__name__}: {error}\n{told}"}
    with os.fdopen(writer, "w") as pipe:
        json.dump(said, pipe)
    os._exit(0)


def at_each_step(home: Path, do: Callable[[int], None]) -> None:
    """Call `do` with a number from 1 on before each step of this process that changes files.

    Steps outside of `home` are not counted, where they can be told apart.
    """
    steps, busy = 0, False

    def step() -> None:
        nonlocal steps, busy
        if not busy:
            busy, steps = True, steps + 1
            do(steps)
            busy = False

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in _STEPS or (event == "open" and not arguments[2] & _WRITES):
            return
        if event in _REMOVALS or str(arguments[0]).startswith(str(home)):  # by name in a folder
            step()

    def fsync(handle: int) -> None:  # nobody is told of it
        step()
        flush(handle)

    flush = os.fsync
    vars(os)["fsync"] = fsync
    sys.addaudithook(hook)


def _die_at(last: int, step: int) -> None:
    if step == last:
        os.kill(os.getpid(), signal.SIGKILL)


def state_of(home: Path) -> State:
    """Open the home at `home` as an asker does, and return all that can be told from it."""
    import numpy as np

    from assistant.chain import RecommendationQA
    from ingest.home.workspace import Home

    parts = {name: part.data_fingerprint for name, part in Home(home).parts().items()}
    qa = RecommendationQA.from_home(str(home), llm=None, log=False)
    with qa.home.index:
        dataset, users = qa.home.dataset, qa.home.index.users
        everyone = [str(user) for user in dataset.user_ids.external]
        return {
            "parts": parts,
            "data": dataset.fingerprint,
            "model": qa.home.model_fingerprint,
            "counts": [dataset.n_users, dataset.n_items, len(dataset.interactions)],
            "profiles": [document.text for document in users.documents(everyone)],
            "near": users.nearest(np.arange(9, dtype=np.int32), 20),
            "answers": [answered(qa.invoke(question)) for question in QUESTIONS],
        }


def answered(answer: dict[str, Any]) -> dict[str, Any]:
    """Return what two answers from the same home have in common."""
    return {key: value for key, value in answer.items() if key not in ("answer_id", "seconds")}


@dataclass(frozen=True)
class Subject:
    """A change, the home it starts from and the two states it may leave behind."""

    name: str
    change: Change
    start: Path
    old: State
    new: State
    seconds: float
    n_steps: int


def prepared(name: str, change: Change, start: Path, scratch: Path) -> Subject:
    """Make the change once undisturbed, to learn its end, its duration and its steps."""
    copy = scratch / f"{name}-whole"
    shutil.copytree(start, copy)

    def counted() -> int:
        steps: list[int] = []
        at_each_step(copy, steps.append)
        change(copy)
        return len(steps)

    made = _whole(forked(counted), name)
    old = _whole(forked(lambda: state_of(start)), name)
    new = _whole(forked(lambda: state_of(copy)), name)
    return Subject(name, change, start, old.result, new.result, made.seconds, made.result)


def _whole(ended: Ended, name: str) -> Ended:
    if ended.killed or ended.failed:
        raise AssertionError(f"{name} cannot be done even undisturbed: {ended.result}")
    return ended


def trial(subject: Subject, scratch: Path, rng: random.Random, by_step: bool) -> str:
    """Kill the change once; return `old`, `new` or `done`, or raise with what is wrong."""
    home = scratch / "trial"
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(subject.start, home)
    after = None if by_step else rng.uniform(0, 1.1 * subject.seconds)
    step = rng.randint(1, subject.n_steps) if by_step else None
    moment = f"{subject.name}, killed at " + (f"step {step}" if by_step else f"{after:.3f} s")
    ended = forked(lambda: subject.change(home), after, step, home)
    if ended.failed:
        raise AssertionError(f"{moment}: {ended.result}")
    left = forked(lambda: state_of(home))
    if left.failed or left.killed:
        raise AssertionError(f"{moment}: the home does not answer: {left.result}")
    if left.result not in (subject.old, subject.new):
        raise AssertionError(f"{moment}: neither old nor new: {differences(left.result, subject)}")
    found = "new" if left.result == subject.new != subject.old else "old"
    again = forked(lambda: subject.change(home))
    if again.failed or again.killed:
        raise AssertionError(f"{moment}: cannot be done again: {again.result}")
    after_all, expected = forked(lambda: state_of(home)).result, subject.new
    if found == "new":  # an addition made twice has another fingerprint, and the same content
        after_all, expected = content(after_all), content(expected)
    if after_all != expected:
        raise AssertionError(f"{moment}: done again, it differs: {differences(after_all, subject)}")
    if stray := leftovers(home):
        raise AssertionError(f"{moment}: done again, it leaves {stray}")
    return found if ended.killed else "done"


def content(state: State) -> State:
    """Return what of a state can be told without the data's fingerprint."""
    answers = [{k: v for k, v in a.items() if k != "data_fingerprint"} for a in state["answers"]]
    return {k: v for k, v in state.items() if k not in ("parts", "data")} | {"answers": answers}


def differences(state: Any, subject: Subject) -> str:
    """Name what of `state` is of neither side, or of which."""
    if not isinstance(state, dict):
        return str(state)
    sides = {
        key: "both" if subject.old[key] == subject.new[key] == value
        else "old" if value == subject.old[key]
        else "new" if value == subject.new[key]
        else "neither"
        for key, value in state.items()
    }  # fmt: skip
    return ", ".join(f"{key} {side}" for key, side in sides.items())


STRAY = ("*.new", "apart-*", "lock.holder", "forgetting.json")


def leftovers(home: Path) -> list[str]:
    """Return what is in the home beside its parts and one earlier generation of each."""
    from ingest.home.workspace import Home

    opened = Home(home)
    stray = [path.name for name in STRAY for path in home.glob(name)]
    if ANNA not in opened.dataset().user_ids:
        files = (path for path in home.rglob("*") if path.is_file())
        stray += [f"{ANNA} in {path.name}" for path in files if ANNA.encode() in path.read_bytes()]
    for name, part in opened.parts().items():
        older = [folder for folder in opened.folders(name) if folder != part.folder]
        stray += [folder.name for folder in older[:-1]]
    return stray


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


# The changes.


def generated(seed: int, n_users: int = 120) -> Any:
    """Return `n_users` users, 80 items and 20 interactions a user, drawn from `seed`."""
    import numpy as np
    import pandas as pd

    from benchmarks.generate import power_law_matrix
    from ingest.dataset.ids import IdMap
    from ingest.dataset.schema import Dataset, Field, Interactions

    n_items = 80
    rng = np.random.default_rng(seed)
    matrix = power_law_matrix(n_users, n_items, 20 * n_users, rng)
    user = np.repeat(np.arange(n_users, dtype=np.int32), np.diff(matrix.indptr))
    return Dataset(
        name=f"generated-{seed}",
        user_ids=IdMap(ANNA if number == 57 else str(number) for number in range(n_users)),
        item_ids=IdMap(str(number) for number in range(n_items)),
        interactions=Interactions(
            user,
            matrix.indices.astype(np.int32),
            rng.integers(1, 6, len(user)).astype(np.float32),
            1_000_000_000 + rng.integers(0, 10**6, len(user)),
        ),
        users=pd.DataFrame({"age": rng.integers(18, 70, n_users).astype(np.float64)}),
        items=pd.DataFrame(index=range(n_items)),
        fields=(Field("age", "dense", "user"),),
        liked_from=4.0,
    )


def build(seed: int, n_users: int = 120, server: str | None = None) -> Change:
    """Return the change that builds a whole home from generated data."""

    def change(path: Path) -> None:
        from dataclasses import replace

        from assistant.building import build_home
        from ingest.home.workspace import Home
        from recsys import presets

        config, training = presets.ranking()
        quick = presets.Preset(replace(config, embed_size=8), replace(training, n_epochs=2))
        build_home(Home(path), generated(seed, n_users), quick, server=server)

    return change


def command(*arguments: str, unless: int = 0) -> Change:
    """Return the change that a `whyrec` command makes; it may exit with `unless` where it is made.

    Whoever is forgotten already is unknown the second time.
    """

    def change(path: Path) -> None:
        from assistant.cli import run

        status = run([*arguments, "--home", str(path)])
        if status not in (0, unless):
            raise ChangeFailed(f"whyrec {' '.join(arguments)} exits with {status}")

    return change


def changes(scratch: Path) -> dict[str, Change]:
    """Return what is killed, by name."""
    return {
        "build": build(2),
        "index": command("index"),
        "train": command("train", "--epochs", "2", "--embed-size", "8", "--seed", "3"),
        "add": command("add", str(more_interactions(scratch))),
        "forget": command("forget", ANNA, "--yes", unless=2),
    }


def more_interactions(folder: Path) -> Path:
    """Write a table of new interactions of known users and items and of new ones."""
    rng = random.Random(5)
    users = [str(rng.randrange(120)) for _ in range(40)] + ["500", "501"] * 5
    rows = {(user, str(rng.randrange(83))): rng.randint(1, 5) for user in users}
    path = folder / "more.csv"
    lines = [f"{user},{item},{label},{2 * 10**9}" for (user, item), label in rows.items()]
    path.write_text("\n".join(["user_id,item_id,rating,timestamp", *lines]) + "\n")
    return path


def preload() -> None:
    """Import what the changes and the questions need, so that a fork has it at once."""
    import encodings.utf_8_sig  # noqa: F401

    import chromadb  # noqa: F401
    import matplotlib.backends.backend_agg  # noqa: F401
    import matplotlib.figure  # noqa: F401
    import torch._dynamo  # noqa: F401  (an optimiser imports it when it is made)

    import assistant.building  # noqa: F401
    import assistant.chain  # noqa: F401
    import assistant.cli  # noqa: F401
    import benchmarks.generate  # noqa: F401
    import ingest.index.recall  # noqa: F401
    import ingest.index.store  # noqa: F401
    import recsys.scoring.scorer  # noqa: F401
    import recsys.training.story  # noqa: F401
    import recsys.training.train  # noqa: F401


def main(arguments: list[str] | None = None) -> int:
    """Run the trials and print a table of what was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=100, help="of every change together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", action="append", help="a change; may be given again")
    asked = parser.parse_args(arguments)
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", WHYREC_LLM="none")
    preload()
    with tempfile.TemporaryDirectory(prefix="whyrec-kills-") as folder:
        scratch = Path(folder)
        start = scratch / "start"
        for seed in (3, 1):  # so there is an older generation, which is removed after a change
            _whole(forked(functools.partial(build(seed), start)), "the first build")
        chosen = {
            name: change
            for name, change in changes(scratch).items()
            if not asked.only or name in asked.only
        }
        subjects = [prepared(name, change, start, scratch) for name, change in chosen.items()]
        return _run(subjects, scratch, asked.kills, random.Random(asked.seed))


def _run(subjects: list[Subject], scratch: Path, n_kills: int, rng: random.Random) -> int:
    found: dict[str, Counter[str]] = {subject.name: Counter() for subject in subjects}
    wrong: list[str] = []
    n_done = 0
    while n_done < n_kills:
        subject = subjects[n_done % len(subjects)]
        by_step = n_done // len(subjects) % 2 == 1
        try:
            ended = trial(subject, scratch, rng, by_step)
        except AssertionError as error:
            wrong.append(str(error))
            ended = "wrong"
        found[subject.name][ended] += 1
        n_done += ended != "done"  # it ended before it was killed: not counted
    for subject in subjects:
        counts = found[subject.name]
        say(
            f"{subject.name:8} {subject.seconds:5.2f} s, {subject.n_steps:4} steps:  "
            f"{counts['old'] + counts['new'] + counts['wrong']:3} kills, then "
            f"{counts['old']} old, {counts['new']} new, {counts['wrong']} wrong"
        )
    for line in wrong:
        say(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
