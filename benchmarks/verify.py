"""How well sentences are held against evidence: recall on false reasons, precision on true ones.

    python -m benchmarks.verify [--home DIR] [--users 40] [--show written]

The reasons are made by templates over real evidence of a built home, and again over the same
interactions with ids and genres only. By the parts `tuned`, `written`, `unseen`, `round five` and
`voices` the verifier was mended; `held out`, `other voices`, `blind` and `second blind` show what
to expect of words that nobody has tried. docs/verification.md tells how, with the first figures.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from assistant.checking.facts import facts_of
from assistant.checking.verify import Rejected, Verifier
from assistant.home import open_home
from assistant.settings import Settings
from assistant.toolbox import Toolbox
from recsys.lists.ranking import BlendConfig, Recommender
from tests import reasons_held_out, reasons_tuned
from tests.reasons_corpus import Case, Known, Template, cases, false_cases, known_rows
from tests.reasons_round_five import ROUND_FIVE
from tests.reasons_voices import BLIND, OTHER_VOICES, SECOND_BLIND, VOICES
from tests.reasons_written import UNSEEN, WRITTEN, without_all_but_genres


class Part(Protocol):
    """A part of the corpus."""

    @property
    def TRUE(self) -> Sequence[Template]:  # noqa: N802
        """Templates of true reasons."""

    @property
    def FALSE(self) -> Mapping[str, Sequence[Template]]:  # noqa: N802
        """Templates of false reasons by kind."""


PARTS: dict[str, Part] = {
    "tuned": reasons_tuned,
    "held out": reasons_held_out,
    "written": WRITTEN,
    "unseen": UNSEEN,
    "round five": ROUND_FIVE,
    "voices": VOICES,
    "other voices": OTHER_VOICES,
    "blind": BLIND,
    "second blind": SECOND_BLIND,
}
OF_GENRES = [part for part in PARTS if part not in ("tuned", "held out")]
"""The parts that can be said over ids and genres alone."""


@dataclass(frozen=True)
class Measured:
    """What became of a corpus: how many were made, and which of them went wrong."""

    n_true: int
    n_false: int
    n_silent: int
    """True reasons of which nothing is shown."""
    lost: Sequence[Case]
    """True reasons of which a sentence was dropped."""
    missed: Sequence[Case]
    """False reasons whose false sentence was kept."""

    @property
    def kept(self) -> float:
        """Share of the true reasons that are shown whole."""
        return 1 - len(self.lost) / self.n_true

    @property
    def heard(self) -> float:
        """Share of the true reasons of which at least a clause is shown."""
        return 1 - self.n_silent / self.n_true

    @property
    def recall(self) -> float:
        """Share of the false reasons whose false sentence is dropped."""
        return 1 - len(self.missed) / self.n_false

    @property
    def precision(self) -> float:
        """Share of true ones among the reasons that are shown whole."""
        kept = self.n_true - len(self.lost)
        return kept / (kept + len(self.missed))


def measure(verifier: Verifier, known: Sequence[Known], part: str, each: int = 12) -> Measured:
    """Hold every reason of one part against its row.

    A true reason is shown whole when nothing of it is rejected: bullets and bold print are laid
    out as sentences. A false one is missed when nothing is rejected or its false sentence stays.
    """
    true = cases(known, PARTS[part].TRUE, each)
    false = false_cases(known, PARTS[part].FALSE, each)
    found = [(case, *_rejected(verifier, case)) for case in true]
    lost = [case for case, _, rejected in found if rejected]
    n_silent = sum(not shown for _, shown, _ in found)
    missed = []
    for case in false:
        shown, rejected = _rejected(verifier, case)
        if not rejected or (case.claim or "") in shown:
            missed.append(case)
    return Measured(len(true), len(false), n_silent, lost, missed)


def _rejected(verifier: Verifier, case: Case) -> tuple[str, list[Rejected]]:
    return verifier.verify(case.text, facts_of(case.known.row, case.known.user))


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
    """Print recall and precision of every part over both data sets, and what ten reasons cost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home")
    parser.add_argument("--users", type=int, default=40)
    parser.add_argument("--show", choices=PARTS, help="print what went wrong in one part")
    given = parser.parse_args()
    home = open_home(Settings.read(home=given.home, llm="none"))
    users = home.dataset.user_ids.external
    chosen = [str(user) for user in users[:: max(1, len(users) // given.users)][: given.users]]
    bare = without_all_but_genres(home.dataset)
    recommender = Recommender(bare, home.recommender.scorer, BlendConfig())
    sets = {
        home.dataset.name: (home.toolbox, home.verifier),
        bare.name: (Toolbox(bare, recommender, home.index), Verifier.of(bare)),
    }
    print(f"{'data set':<16}{'part':<14}   true    kept   heard  precision   false   recall")
    for name, (toolbox, verifier) in sets.items():
        known = known_rows(toolbox, chosen, 5)
        for part in PARTS if toolbox is home.toolbox else OF_GENRES:
            found = measure(verifier, known, part)
            print(
                f"{name:<16}{part:<14}{found.n_true:>7}{found.kept:>8.3f}"
                f"{found.heard:>8.3f}{found.precision:>11.4f}{found.n_false:>8}{found.recall:>9.4f}"
            )
            if given.show == part:
                _show(verifier, found)
    median, worst = cpu_ms_for_ten(home.verifier, known_rows(home.toolbox, chosen, 5))
    print(f"ten reasons: median {median:.2f} CPU-ms, worst {worst:.2f}")


def _show(verifier: Verifier, found: Measured) -> None:
    for case in found.lost:
        print(f"  lost: {case.text!r}: {_rejected(verifier, case)[1][0].why}")
    for case in found.missed:
        print(f"  missed ({case.kind}): {case.text!r}")


if __name__ == "__main__":
    main()
