"""Reasons a model might write, true and false, held against the facts of one item."""

from typing import Any

import pytest

from assistant.claims import sentences
from assistant.facts import facts_of
from assistant.verify import Verifier, values_of
from assistant.wording import Voice, prediction, reason, support
from ingest.schema import Noun

ROW: dict[str, Any] = {
    "item_id": "64",
    "title": "Shawshank Redemption, The",
    "attributes": {"year": 1994, "genres": ["Drama"]},
    "n_users": 283,
    "rank": 2,
    "score": 0.9149,
    "percentile": 99.8,
    "votes": 1.25,
    "n_unseen": 1642,
    "n_allowed": 1642,
    "neighbours": [
        {"user_id": "215", "jaccard": 24 / 77, "intersection": 24, "union": 77, "place": 1},
        {"user_id": "49", "jaccard": 12 / 60, "intersection": 12, "union": 60, "place": 4},
    ],
    "n_neighbours": 10,
    "taste": [{"field": "genres", "value": "Drama", "count": 14, "of": 25}],
    "liked": [
        {"item_id": "50", "title": "Star Wars", "label": 5.0}
        | {"jaccard": 0.4, "intersection": 200, "union": 500}
    ],
}
GENRES = ("Drama", "Comedy", "Horror", "Sci-Fi", "War")
VERIFIER = Verifier(values_of(GENRES, {"funny": "comedy"}))
FACTS = facts_of(ROW, "78")

TRUE = [
    "DeepFM gives it a score of 0.91.",
    "Its score of 0.915 is higher than 99.8% of the 1,642 films user 78 has not seen.",
    "It scores 91% with DeepFM.",
    "2 of the 10 users most like them have seen it.",
    "User 215 has seen it (Jaccard 0.31, 24 films in common out of 77).",
    "Users 215 and 49 have seen it.",
    "With user 49 they share 12 films.",
    "Drama stands in 14 of the 25 films they liked.",
    "The Shawshank Redemption (1994) is a Drama.",
    "It was seen by 283 users.",
    "It ranks 2 in the list.",
    "A similarity of 0.2 with user 49 speaks for it.",
]
FALSE = {
    "DeepFM gives it a score of 0.92.": "0.92 is no score",
    "Its score is 0.31.": "0.31 is no score",
    "User 215 has a Jaccard of 0.91.": "0.91 is no jaccard",
    "3 of the 10 users most like them have seen it.": "no fact says 3 of 10",
    "10 of the 2 users most like them have seen it.": "no fact says 10 of 2",
    "User 216 has seen it too.": "user 216 is no near user",
    "With user 49 they share 13 films.": "13 is no number in common",
    "It is a Comedy from 1994.": "'comedy' is no attribute",
    "It is a drama from 1995.": "1995 is no year",
    "A Drama starring Tim Robbins.": "'starring' is not something the data say",
    "A Drama that Morgan Freeman made great.": "'Morgan' is not something the data say",
    "The Godfather is a Drama too.": "'Godfather' is not something the data say",
    "It has the highest score of all.": "its score is not the highest",
    "No Drama is better than this one.": "no fact carries the negation 'no'",
    "You are sure to enjoy this one.": "'sure' promises what nobody computed",
    "<b>Drama</b> for you.": "it holds markup or a link",
    "A Drama, see http://example.org now.": "it holds markup or a link",
    "Its score is ٠٫٩١ or 0.91.": "other than plain digits",
    "It ranks 1 in the list.": "1 is no rank",
    "Drama stands in 14 of the 25 films": "it breaks off",
}


@pytest.mark.parametrize("sentence", TRUE)
def test_a_true_sentence_is_kept(sentence: str) -> None:
    assert VERIFIER.verify(sentence, FACTS) == (sentence, [])


@pytest.mark.parametrize(("sentence", "why"), FALSE.items())
def test_a_false_sentence_is_dropped_and_the_reason_given(sentence: str, why: str) -> None:
    kept, rejected = VERIFIER.verify(sentence, FACTS)
    assert kept == ""
    assert why in rejected[0].why


def test_only_the_false_sentence_of_a_reason_is_dropped() -> None:
    kept, rejected = VERIFIER.verify(
        "DeepFM gives it 0.91. It won seven awards. It is a Drama.", FACTS
    )
    assert kept == "DeepFM gives it 0.91. It is a Drama."
    assert [claim.text for claim in rejected] == ["It won seven awards."]


def test_a_sentence_said_twice_is_shown_once() -> None:
    assert VERIFIER.verify("It is a Drama. It is a Drama.", FACTS) == ("It is a Drama.", [])


def test_a_megabyte_of_true_text_is_cut_at_a_sentence() -> None:
    text = " ".join(f"It is a Drama of rank 2 and {'very ' * n}good." for n in range(200))
    kept, rejected = VERIFIER.verify(text, FACTS)
    assert len(kept) <= 600
    assert "longer than 600 characters" in rejected[0].why


def test_full_width_digits_are_read_as_digits() -> None:
    assert VERIFIER.verify("Its score is ０.９１.", FACTS) == ("Its score is 0.91.", [])


@pytest.mark.parametrize("addressed", [False, True])
def test_what_code_words_passes_its_own_verification(addressed: bool) -> None:
    voice = Voice(Noun("film", "films"), "78", addressed)
    assert VERIFIER.verify(reason(ROW, voice), FACTS)[1] == []


def test_what_supports_a_computed_prediction_passes() -> None:
    row = ROW | {"place": 4, "mean_score": 0.2, "seen": False, "label": None}
    voice = Voice(Noun("film", "films"), "78")
    assert VERIFIER.verify(support(row, voice), facts_of(row, "78")) == (support(row, voice), [])
    assert prediction(row, voice) == (
        "Very likely: DeepFM gives The Shawshank Redemption (1994) a score of 0.91, higher than "
        "99.8% of the 1,642 films user 78 has not seen; their average is 0.20."
    )


def test_sentences_end_where_people_end_them() -> None:
    text = "Its score is 0.91. Users 215 and 49 saw it!\nDrama it is"
    assert sentences(text) == ["Its score is 0.91.", "Users 215 and 49 saw it!", "Drama it is"]
