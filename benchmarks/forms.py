"""Write `lexicon/sentences.toml`: how the true reasons of the corpus are built, as symbols.

    python -m benchmarks.forms [--home DIR] > assistant/lexicon/sentences.toml

Of sentences that are built alike one stands for all. Only reasons of which nothing is rejected for
another cause are used.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace

from assistant.checking.facts import facts_of
from assistant.checking.forms import Feature, features_of
from assistant.checking.verify import Verifier
from assistant.home import open_home
from assistant.settings import Settings
from assistant.toolbox import Toolbox
from assistant.wording import Voice, reason
from benchmarks.verify import PARTS
from ingest.dataset.schema import Noun
from recsys.lists.ranking import BlendConfig, Recommender
from tests.reasons_corpus import Known, cases, known_rows
from tests.reasons_written import without_all_but_genres

BARE = ("written", "unseen")
"""The parts that need neither titles nor marks."""
FULL = ("tuned", "held out", *BARE)
"""The parts by which the verifier was mended; of later ones it must know nothing."""


def main() -> None:
    """Print the sentences that add something, one a line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home")
    given = parser.parse_args()
    home = open_home(Settings.read(home=given.home, llm="none"))
    users = [str(user) for user in home.dataset.user_ids.external[::20]]
    bare = without_all_but_genres(home.dataset)
    recommender = Recommender(bare, home.recommender.scorer, BlendConfig())
    sets = (
        (home.toolbox, home.verifier, home.dataset.noun),
        (Toolbox(bare, recommender, home.index), Verifier.of(bare), bare.noun),
    )
    print("# How sentences are built that may be shown, as symbols; made by benchmarks/forms.py.")
    print("built = [")
    known: set[Feature] = set()
    for toolbox, verifier, noun in sets:
        for line in _lines(verifier, known_rows(toolbox, users, 5), noun):
            if not known.issuperset(features_of(line)):
                known.update(features_of(line))
                print(f"  {json.dumps(line, ensure_ascii=False)},")
    print("]")


def _lines(verifier: Verifier, known: list[Known], noun: Noun) -> Iterator[str]:
    """Yield how what code words is built, and every true reason of which nothing is rejected."""
    for one in known:
        for addressed in (False, True):
            voice = Voice(noun, one.user, addressed)
            yield from verifier.forms(reason(one.row, voice), facts_of(one.row, one.user))
    plain = replace(verifier, formed=False)
    for name in BARE if noun.one == "item" else FULL:
        for case in cases(known, PARTS[name].TRUE, 12):
            facts = facts_of(case.known.row, case.known.user)
            if not plain.verify(case.text, facts)[1]:
                yield from verifier.forms(case.text, facts)


if __name__ == "__main__":
    main()
