"""How well sentences are held against evidence: recall on false reasons, precision on true ones.

    python -m benchmarks.verify [--home DIR] [--users 40] [--show tuned]

The reasons are made by templates over real evidence of a built home, `tests/reasons_tuned.py` and
`tests/reasons_held_out.py`; the second half was never used to tune the verifier.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.checking.facts import facts_of
from assistant.checking.verify import Verifier
from assistant.home import open_home
from assistant.settings import Settings
from tests import reasons_held_out, reasons_tuned
from tests.reasons_corpus import Case, Known, cases, false_cases, known_rows

HALVES = {"tuned": reasons_tuned, "held out": reasons_held_out}


@dataclass(frozen=True)
class Measured:
    """What became of a corpus: how many were made, and which of them went wrong."""

    n_true: int
    n_false: int
    lost: Sequence[Case]
    """True reasons of which a sentence was dropped."""
    missed: Sequence[Case]
    """False reasons whose false sentence was kept."""

    @property
    def kept(self) -> float:
        """Share of the true reasons that are shown whole."""
        return 1 - len(self.lost) / self.n_true

    @property
    def recall(self) -> float:
        """Share of the false reasons whose false sentence is dropped."""
        return 1 - len(self.missed) / self.n_false

    @property
    def precision(self) -> float:
        """Share of true ones among the reasons that are shown whole."""
        kept = self.n_true - len(self.lost)
        return kept / (kept + len(self.missed))


def measure(verifier: Verifier, known: Sequence[Known], half: str, each: int = 12) -> Measured:
    """Hold every reason of one half against its row."""
    true = cases(known, HALVES[half].TRUE, each)
    false = false_cases(known, HALVES[half].FALSE, each)
    lost = [case for case in true if _shown(verifier, case) != case.text]
    missed = [case for case in false if (case.claim or "") in _shown(verifier, case)]
    return Measured(len(true), len(false), lost, missed)


def _shown(verifier: Verifier, case: Case) -> str:
    return verifier.verify(case.text, facts_of(case.known.row, case.known.user))[0]


def cpu_ms_for_ten(verifier: Verifier, known: Sequence[Known]) -> tuple[float, float]:
    """Return the median and the worst CPU-ms of verifying ten reasons of three sentences."""
    texts = [
        f"DeepFM gives it a score of {one.score:.2f}. {len(one.near)} of the {one.n_neighbours} "
        f"users most like you have seen it. It is a {' and '.join(one.mine)}."
        for one in known
    ]
    spent = []
    for start in range(0, len(known) - 10, 10):
        before = time.process_time()
        for one, text in zip(known[start : start + 10], texts[start : start + 10], strict=True):
            verifier.verify(text, facts_of(one.row, one.user))
        spent.append(1000 * (time.process_time() - before))
    return statistics.median(spent), max(spent)


def main() -> None:
    """Print recall and precision of both halves, and what ten reasons cost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home")
    parser.add_argument("--users", type=int, default=40)
    parser.add_argument("--show", choices=HALVES, help="print what went wrong in one half")
    given = parser.parse_args()
    home = open_home(Settings.read(home=given.home, llm="none"))
    users = home.dataset.user_ids.external
    chosen = [str(user) for user in users[:: max(1, len(users) // given.users)][: given.users]]
    known = known_rows(home.toolbox, chosen, 5)
    print(f"{'half':<10}{'true':>7}{'kept':>9}{'precision':>11}{'false':>8}{'recall':>9}")
    for half in HALVES:
        found = measure(home.verifier, known, half)
        print(
            f"{half:<10}{found.n_true:>7}{found.kept:>9.4f}{found.precision:>11.4f}"
            f"{found.n_false:>8}{found.recall:>9.4f}"
        )
        if given.show == half:
            for case in found.lost:
                _, rejected = home.verifier.verify(
                    case.text, facts_of(case.known.row, case.known.user)
                )
                print(f"  lost: {case.text!r}: {rejected[0].why if rejected else 'changed'}")
            for case in found.missed:
                print(f"  missed ({case.kind}): {case.text!r}")
    median, worst = cpu_ms_for_ten(home.verifier, known)
    print(f"ten reasons: median {median:.2f} CPU-ms, worst {worst:.2f}")


if __name__ == "__main__":
    main()
