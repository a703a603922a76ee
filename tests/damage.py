"""Damage every file of a home in every way, and look at what its askers are told.

    python -m tests.damage --flips 20 --seed 0

Each file of a home is removed, emptied, cut in half, and has one bit turned over in some places.
Each time another process opens the home and asks it: it must give the answers of the whole home, or
refuse with a sentence that names what is wrong and what mends it.
"""

from __future__ import annotations

import argparse
import functools
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.kills import State, build, changes, forked, preload, say, state_of

Damage = Callable[[Path], None]
_NOT_OURS = {"lock"}


def remove(path: Path) -> None:
    path.unlink()


def empty(path: Path) -> None:
    os.truncate(path, 0)


def halve(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def flip(place: float) -> Damage:
    """Return the damage that turns over one bit at `place`, in [0, 1) of the file."""

    def damage(path: Path) -> None:
        content = bytearray(path.read_bytes())
        bit = int(place * len(content) * 8)
        content[bit // 8] ^= 1 << bit % 8
        path.write_bytes(content)

    return damage


def damages(rng: random.Random, n_flips: int) -> Iterator[tuple[str, Damage]]:
    """Yield the ways to damage a file, by name."""
    yield from (("removed", remove), ("emptied", empty), ("cut in half", halve))
    for _ in range(n_flips):
        place = rng.random()
        yield f"bit turned at {place:.4f}", flip(place)


def files_of(home: Path) -> list[Path]:
    """Return the files of a home, relative to it; those of Chroma's graphs among them."""
    found = sorted(path.relative_to(home) for path in home.rglob("*") if path.is_file())
    return [path for path in found if path.name not in _NOT_OURS]


def verdict(home: Path, whole: State) -> tuple[str, str]:
    """Return `same`, `refused`, or what is wrong: `crash`, `traceback`, `other answers`."""
    ended = forked(lambda: _told(home))
    if ended.killed:
        return "crash", "the process died of a signal"
    if ended.failed:
        return "traceback", str(ended.result)
    if isinstance(ended.result, str):
        return ("refused" if "`" in ended.result else "no mend"), ended.result
    if ended.result == whole:
        return "same", ""
    return "other answers", ", ".join(key for key in whole if ended.result[key] != whole[key])


def _told(home: Path) -> State | str:
    from ingest.errors import WhyrecError

    try:
        return state_of(home)
    except WhyrecError as error:
        return str(error)


def main(arguments: list[str] | None = None) -> int:
    """Damage all there is, and print what came of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--flips", type=int, default=20, help="of every file")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="files whose path holds this")
    parser.add_argument("--verbose", action="store_true")
    asked = parser.parse_args(arguments)
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", WHYREC_LLM="none")
    preload()
    rng = random.Random(asked.seed)
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="whyrec-damage-") as folder:
        start, home = Path(folder) / "start", Path(folder) / "home"
        for work in (build(1), changes(Path(folder))["add"]):  # added-0001 is among the files
            if (made := forked(functools.partial(work, start))).failed:
                raise AssertionError(made.result)
        whole = forked(lambda: state_of(start)).result
        for path in files_of(start):
            if asked.only not in str(path):
                continue
            found: Counter[str] = Counter()
            for name, damage in damages(
                rng, asked.flips if start.joinpath(path).stat().st_size else 0
            ):
                shutil.rmtree(home, ignore_errors=True)
                shutil.copytree(start, home)
                damage(home / path)
                kind, detail = verdict(home, whole)
                found[kind] += 1
                if kind not in ("same", "refused") or asked.verbose:
                    say(f"  {path} {name}: {kind}: {detail[:400]}")
                wrong += kind not in ("same", "refused")
            say(f"{path}: " + ", ".join(f"{n} {kind}" for kind, n in found.items()))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
