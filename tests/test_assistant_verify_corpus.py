"""The verifier measured: thousands of true and false reasons over real evidence, in five parts.

Of `held out` nobody looks at single cases; `benchmarks/verify.py` prints all figures.
"""

import random
import re
import time
from pathlib import Path

import pytest

from assistant.checking.facts import facts_of
from assistant.checking.verify import Verifier
from assistant.home import OpenHome, open_home
from assistant.settings import Settings
from assistant.toolbox import Toolbox
from assistant.wording import Voice, reason
from benchmarks.verify import OF_GENRES, PARTS, cpu_ms_for_ten, measure
from ingest.dataset.schema import Dataset
from recsys.lists.ranking import BlendConfig, Recommender
from tests.reasons_corpus import Known, cases, known_rows
from tests.reasons_written import without_all_but_genres

KEPT = {
    "tuned": 0.85,
    "held out": 0.9,
    "written": 0.8,
    "unseen": 0.8,
    "round five": 0.55,
    "voices": 0.55,
    "other voices": 0.25,
    "blind": 0.6,
    "second blind": 0.55,
}
"""Share of the true reasons that has to be shown whole, of each part that has a floor."""
parts = pytest.mark.parametrize("part", KEPT)


@pytest.fixture(scope="module")
def known_films(films_home: OpenHome) -> list[Known]:
    return known_rows(films_home.toolbox, list("123456"), 8)


@pytest.fixture(scope="module")
def ml100k_opened(ml100k_home: Path) -> OpenHome:
    return open_home(Settings.read(home=ml100k_home, llm="none"))


@pytest.fixture(scope="module")
def known_ml100k(ml100k_opened: OpenHome) -> list[Known]:
    users = [str(user) for user in ml100k_opened.dataset.user_ids.external[::20]]
    return known_rows(ml100k_opened.toolbox, users, 5)


@pytest.mark.parametrize("part", ["tuned", "held out"])
def test_over_films_false_reasons_are_dropped_and_true_ones_kept(
    films: Dataset, known_films: list[Known], part: str
) -> None:
    found = measure(Verifier.of(films), known_films, part, each=14)
    assert found.recall >= 0.99, [case.text for case in found.missed]
    assert found.precision >= 0.97
    if part == "tuned":  # of the others not every sentence is made to be shown
        assert found.kept >= 0.85


@pytest.mark.slow
@parts
def test_over_movielens_false_reasons_are_dropped_and_true_ones_kept(
    ml100k_opened: OpenHome, known_ml100k: list[Known], part: str
) -> None:
    found = measure(ml100k_opened.verifier, known_ml100k, part, each=12)
    assert min(found.n_true, found.n_false) >= 300
    assert found.recall >= 0.99
    assert found.precision >= 0.97
    assert found.kept >= KEPT[part]


@pytest.mark.slow
@pytest.mark.parametrize("part", OF_GENRES)
def test_over_ids_and_genres_alone_false_reasons_are_dropped_and_true_ones_kept(
    ml100k_opened: OpenHome, part: str
) -> None:
    bare = without_all_but_genres(ml100k_opened.dataset)
    recommender = Recommender(bare, ml100k_opened.recommender.scorer, BlendConfig())
    users = [str(user) for user in bare.user_ids.external[::20]]
    known = known_rows(Toolbox(bare, recommender, ml100k_opened.index), users, 5)
    found = measure(Verifier.of(bare), known, part, each=12)
    assert min(found.n_true, found.n_false) >= 300
    assert found.recall >= 0.99, [case.text for case in found.missed]
    assert found.precision >= 0.97
    assert found.kept >= KEPT[part] - 0.05


@pytest.mark.slow
def test_every_text_by_another_hand_can_be_said_of_some_row(ml100k_opened: OpenHome) -> None:
    users = [str(user) for user in ml100k_opened.dataset.user_ids.external[::20]]
    known = known_rows(ml100k_opened.toolbox, users, 5)
    part = PARTS["round five"]
    true = cases(known, part.TRUE, 12)
    assert len({case.kind for case in true}) == len(part.TRUE) >= 45
    assert len(true) >= 160
    false = [template for kind in part.FALSE.values() for template in kind]
    said = [len(cases(known, [template], 12)) for template in false]
    assert len(false) >= 70
    assert min(said) > 0
    assert sum(said) >= 250


@pytest.mark.slow
def test_a_true_reason_with_one_digit_changed_is_no_longer_shown(
    ml100k_opened: OpenHome, known_ml100k: list[Known]
) -> None:
    rng, verifier = random.Random(0), ml100k_opened.verifier
    tried, shown = 0, []
    for case in cases(known_ml100k, PARTS["tuned"].TRUE, 6):
        if re.search("more than|fewer than|over|at most|top|user", case.text, re.IGNORECASE):
            continue  # another number may hold too, and another user may have the same numbers
        for digit in re.finditer("[0-9]", case.text):
            other = str((int(digit[0]) + rng.randrange(1, 10)) % 10)
            text = case.text[: digit.start()] + other + case.text[digit.end() :]
            facts = facts_of(case.known.row, case.known.user)
            tried += 1
            if verifier.verify(text, facts)[0] == text:
                shown.append((case.text, text))
    assert tried > 500
    assert shown == []


@pytest.mark.slow
@pytest.mark.parametrize("addressed", [False, True])
def test_what_code_words_passes_its_own_verification_for_many_users(
    ml100k_opened: OpenHome, known_ml100k: list[Known], addressed: bool
) -> None:
    for one in known_ml100k:
        text = reason(one.row, Voice(ml100k_opened.dataset.noun, one.user, addressed))
        facts = facts_of(one.row, one.user)
        assert ml100k_opened.verifier.verify(text, facts) == (text, [])


def test_over_films_what_code_words_passes_its_own_verification(
    films: Dataset, known_films: list[Known]
) -> None:
    for one in known_films:
        text = reason(one.row, Voice(films.noun, one.user))
        assert Verifier.of(films).verify(text, facts_of(one.row, one.user)) == (text, [])


def test_ten_reasons_are_verified_in_a_few_milliseconds(
    films: Dataset, known_films: list[Known]
) -> None:
    assert cpu_ms_for_ten(Verifier.of(films), known_films)[0] < 20  # 5 on a quiet machine


def test_a_megabyte_costs_no_more_than_what_is_read_of_it(
    films: Dataset, known_films: list[Known]
) -> None:
    verifier, facts = Verifier.of(films), facts_of(known_films[0].row, known_films[0].user)
    title = min(facts.titles, key=len)
    for text in (
        f"{title} " * 150_000,
        f"{title}. " * 150_000,
        "It is 1. " * 100_000,
        "1 of 2 " * 150_000,
        "user 1, " * 120_000,
        "(" * 10**6,
        "a, " * 300_000,
        "“" * 10**6,
    ):
        before = time.process_time()
        kept, rejected = verifier.verify(text + ".", facts)
        assert (kept, time.process_time() - before < 0.3) == ("", True)
        assert rejected[-1].why == "it is too long to be read"
