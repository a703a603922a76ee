"""What a prompt shows a model as sentences passes the checks when the model says it again."""

import re
from pathlib import Path

import pytest

from assistant.checking.facts import facts_of
from assistant.checking.verify import Verifier, values_of
from assistant.home import OpenHome, open_home
from assistant.llms.prompting import sayings
from assistant.llms.templates import load_template
from assistant.settings import Settings
from assistant.wording import Voice, voice_over
from ingest.dataset.schema import Dataset, Noun
from tests.reasons_corpus import known_rows


def unshown(verifier: Verifier, toolbox: object, dataset: Dataset, users: list[str]) -> list[str]:
    """Return the sentences of prompts that would not be shown."""
    found = []
    for one in known_rows(toolbox, users, 5):  # type: ignore[arg-type]
        for addressed in (False, True):
            voice = voice_over(dataset, one.user, addressed)
            facts = facts_of(one.row, one.user)
            said = sayings(one.row, voice)
            assert said
            found += [text for text in said if verifier.verify(text, facts) != (text, [])]
    return found


def test_over_films_every_sentence_of_a_prompt_is_shown(
    films: Dataset, films_home: OpenHome
) -> None:
    assert unshown(Verifier.of(films), films_home.toolbox, films, list("123456")) == []


@pytest.mark.slow
def test_over_movielens_every_sentence_of_a_prompt_is_shown(ml100k_home: Path) -> None:
    home = open_home(Settings.read(home=ml100k_home, llm="none"))
    users = [str(user) for user in home.dataset.user_ids.external[::40]]
    assert unshown(home.verifier, home.toolbox, home.dataset, users) == []


def test_the_worked_example_of_a_prompt_is_shown_as_it_stands() -> None:
    system = load_template("example").messages[0].prompt.template  # type: ignore[union-attr]
    reason = re.search(r'\{\{"7": "(.*)"\}\}', system)
    assert reason is not None
    row = {
        "item_id": "7", "title": "Harbour Lights",
        "attributes": {"year": 1990, "genres": ["Drama"]},
        "score": 0.81, "percentile": 97.2, "n_unseen": 900, "n_users": 40, "rank": 1,
        "neighbours": [
            {"user_id": str(n), "jaccard": 0.2, "intersection": 9, "union": 45, "place": n}
            for n in (1, 2, 3)
        ],
        "n_neighbours": 10, "taste": [{"field": "genres", "value": "Drama", "count": 12, "of": 30}],
    }  # fmt: skip
    verifier = Verifier(values_of(["Drama"], {}), Noun("film", "films", "seen"), ("genres",))
    assert verifier.verify(reason[1], facts_of(row, "4")) == (reason[1], [])
    assert sayings(row, Voice(Noun("film", "films", "seen"), "4"))[-1] in system
