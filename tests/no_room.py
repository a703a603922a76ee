"""Change a home on a disk that is full at every size of file, and as one who may only read it.

    python -m tests.no_room

A limit on the size of a file (RLIMIT_FSIZE) fails a write in its middle, as a full disk does. The
change must end in a sentence and leave the home as it was, or be done. Whoever may only read a home
is answered, or told so in a sentence.
"""

from __future__ import annotations

import functools
import os
import resource
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.kills import (
    ANNA,
    Change,
    ChangeFailed,
    build,
    changes,
    command,
    forked,
    preload,
    say,
    state_of,
)

LIMITS = (100, 5_000, 60_000, 200_000, 300_000)
"""Bytes; the largest files of the home are Chroma's, of some 300 kB."""
NOBODY = 65_534


def told(work: Callable[[], Any]) -> str:
    """Do it; return `done`, or that it was refused with a sentence."""
    from ingest.errors import WhyrecError

    try:
        work()
    except WhyrecError as error:
        return f"refused: {error}"
    except ChangeFailed as error:
        return f"refused: {error}"
    return "done"


def strict_changes(scratch: Path) -> dict[str, Change]:
    """Return the changes; here whoever is to be forgotten is known."""
    return changes(scratch) | {"forget": command("forget", ANNA, "--yes")}


def limited(change: Change, home: Path, size: int) -> Callable[[], str]:
    def work() -> str:
        silent = os.open(os.devnull, os.O_WRONLY)  # what it prints goes to no file of limited size
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        return told(lambda: change(home))

    return work


def full_disks(start: Path, scratch: Path) -> list[str]:
    """Return what was wrong of every change under every limit."""
    wrong: list[str] = []
    old = forked(lambda: state_of(start)).result
    for name, change in strict_changes(scratch).items():
        found: Counter[str] = Counter()
        for size in LIMITS:
            home = scratch / "home"
            shutil.rmtree(home, ignore_errors=True)
            shutil.copytree(start, home)
            ended = forked(limited(change, home, size))
            after = forked(functools.partial(state_of, home))
            found[str(ended.result).partition(":")[0]] += 1
            where = f"{name} with {size:,} bytes a file: {ended.result}"
            if ended.failed or ended.killed:
                wrong.append(where)
            elif after.failed or (ended.result != "done" and after.result != old):
                wrong.append(f"{where}; then the home has changed: {str(after.result)[:300]}")
        say(f"full disk, {name:8} " + ", ".join(f"{n} {kind}" for kind, n in found.items()))
    return wrong


def reader_only(start: Path, scratch: Path) -> list[str]:
    """Return what was wrong where a home is asked, and changed, by one who may only read it."""
    home = scratch / "read-only"
    shutil.copytree(start, home)
    for path in (home, *home.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)

    def as_nobody(work: Callable[[], Any]) -> Callable[[], str]:
        def done() -> str:
            if os.geteuid() == 0:
                os.setuid(NOBODY)
            return told(work)

        return done

    works: dict[str, Callable[[], Any]] = {"ask": lambda: state_of(home)}
    works |= {
        name: functools.partial(change, home) for name, change in strict_changes(scratch).items()
    }
    wrong = []
    for name, work in works.items():
        ended = forked(as_nobody(work))
        say(f"read-only, {name:8} {str(ended.result)[:200]}")
        if ended.failed or ended.killed or "damaged" in ended.result:
            wrong.append(f"read-only, {name}: {ended.result}")
    for path in (home, *home.rglob("*")):
        path.chmod(0o755)
    if forked(lambda: state_of(home)).result != forked(lambda: state_of(start)).result:
        wrong.append("read-only: the home has changed")
    return wrong


def main() -> int:
    """Try both, and print what was found."""
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", WHYREC_LLM="none")
    preload()
    with tempfile.TemporaryDirectory(prefix="whyrec-room-") as folder:
        scratch = Path(folder)
        scratch.chmod(0o755)
        start = scratch / "start"
        if (made := forked(functools.partial(build(1), start))).failed:
            raise AssertionError(made.result)
        wrong = full_disks(start, scratch) + reader_only(start, scratch)
    for line in wrong:
        say(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
