"""Kill -9 at every step of a writer in turn: the home is the old one or the new one, whole.

    python -m tests.steps

A step is a file opened to be written, a folder made, a rename, a removal or a flush. One run of
each change copies the home at every step: that is what a kill there leaves on the disk. Each copy
must open and answer as the old home or the new one. At some steps a process kills
itself, and the change is made again, which must end in the new state with nothing left over.
Nothing here depends on time; `tests.kills` kills at random moments too.
"""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.kills import (
    Change,
    Subject,
    at_each_step,
    build,
    changes,
    forked,
    leftovers,
    preload,
    prepared,
    say,
    state_of,
)

N_USERS = 60
"""So few that a change takes a moment; user 57 is among them."""
AGAIN = 24
"""At every so many steps the process is really killed, and the change made again."""


def signature(home: Path) -> str:
    """Return what tells one published state from another: home.json and all files it names."""
    from ingest.home.workspace import Home

    digest = hashlib.sha256()
    for part in Home(home).parts().values():
        for path in sorted(path for path in part.folder.rglob("*") if path.is_file()):
            digest.update(f"{path.relative_to(home)} {path.stat().st_size} ".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def every_step(subject: Subject, scratch: Path) -> tuple[Counter[str], list[str]]:
    """Copy the home at each step of a run; return how many were old and new, and what is wrong."""
    home, copy = scratch / "home", scratch / "copy"
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(subject.start, home)
    notes = scratch / "signatures"
    shutil.rmtree(notes, ignore_errors=True)
    notes.mkdir()

    def copied(step: int) -> None:
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(home, copy)
        name = notes / signature(copy)
        if not name.exists():
            copy.rename(name)
        with name.with_suffix(".steps").open("a") as file:
            file.write(f"{step}\n")

    def work() -> None:
        at_each_step(home, copied)
        subject.change(home)

    if (ended := forked(work)).failed or ended.killed:
        return Counter(), [f"{subject.name} cannot be done: {ended.result}"]
    found: Counter[str] = Counter()
    wrong = []
    for state in sorted(path for path in notes.iterdir() if path.is_dir()):
        steps = state.with_suffix(".steps").read_text().split()
        told = forked(functools.partial(state_of, state))
        side = "old" if told.result == subject.old else "new" if told.result == subject.new else ""
        found[side or "wrong"] += len(steps)
        if not side:
            wrong.append(f"{subject.name}, at steps {', '.join(steps)}: {told.result}")
    return found, wrong


def killed(subject: Subject, scratch: Path, step: int) -> str | None:
    """Kill the change at `step` and make it again; return what is wrong."""
    home = scratch / "home"
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(subject.start, home)
    if not forked(lambda: subject.change(home), step=step, home=home).killed:
        return f"{subject.name} has no step {step}"
    again = forked(lambda: subject.change(home))
    if again.failed or again.killed:
        return f"{subject.name}, killed at step {step}, cannot be made again: {again.result}"
    if stray := leftovers(home):
        return f"{subject.name}, killed at step {step} and made again, leaves {stray}"
    told = forked(functools.partial(state_of, home)).result
    same = told["profiles"] == subject.new["profiles"] and told["counts"] == subject.new["counts"]
    return None if same else f"{subject.name}, killed at step {step}: made again, it differs"


def _index_here() -> None:
    """Have `forget` index in its own process: another one takes seconds to start."""
    import assistant.forgetting
    from ingest.index.indexing import build_index

    def here(edition: object, dataset: object, server: str | None) -> Path:
        folder: Path = edition.new_folder("index")  # type: ignore[attr-defined]
        build_index(dataset, folder, server)  # type: ignore[arg-type]
        return folder

    vars(assistant.forgetting)["index_apart"] = here


def main() -> int:
    """Try every step of every change, and print what was found."""
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", WHYREC_LLM="none")
    preload()
    _index_here()
    wrong: list[str] = []
    with tempfile.TemporaryDirectory(prefix="whyrec-steps-") as folder:
        scratch = Path(folder)
        start = scratch / "start"
        for seed in (3, 1):
            if (made := forked(functools.partial(build(seed, N_USERS), start))).failed:
                raise AssertionError(made.result)
        works: dict[str, Change] = changes(scratch) | {"build": build(2, N_USERS)}
        for name in ("build", "index", "add", "forget"):
            subject = prepared(name, works[name], start, scratch)
            found, faults = every_step(subject, scratch)
            kills = range(AGAIN // 2, subject.n_steps, AGAIN)
            faults += [fault for step in kills if (fault := killed(subject, scratch, step))]
            say(
                f"{name:8} {subject.n_steps:3} steps: {found['old']} old, {found['new']} new; "
                f"{len(kills)} kills, each made again; {len(faults)} wrong"
            )
            wrong += faults
    for line in wrong:
        say(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
