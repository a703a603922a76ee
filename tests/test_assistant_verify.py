"""Reasons a model might write, true and false, held against the facts of one item."""

import random
import re
from pathlib import Path
from typing import Any

import pytest

from assistant.checking.facts import facts_of
from assistant.checking.text import sentences
from assistant.checking.verify import Verifier, values_of
from assistant.wording import Voice, prediction, reason, support
from ingest.dataset.schema import Noun

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
VERIFIER = Verifier(
    values_of(GENRES, {"funny": "comedy"}), Noun("film", "films", "seen"), ("genres",)
)
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
    "No Drama is better than this one.": "no sentence that is checked is built so",
    "You are sure to enjoy this one.": "'sure' promises what nobody computed",
    "<b>Drama</b> for you.": "it holds markup or a link",
    "A Drama, see http://example.org now.": "it holds markup or a link",
    "Its score is ٠٫٩١ or 0.91.": "other than plain digits",
    "It ranks 1 in the list.": "1 is no rank",
    "1994.": "it is a bare number",
    "(0.91).": "it is a bare number",
    "Drama stands in 14 of the 25 films they liked…": "it breaks off",
}


@pytest.mark.parametrize("sentence", TRUE)
def test_a_true_sentence_is_kept(sentence: str) -> None:
    assert VERIFIER.verify(sentence, FACTS) == (sentence, [])


@pytest.mark.parametrize(("sentence", "why"), FALSE.items())
def test_a_false_sentence_is_dropped_and_the_reason_given(sentence: str, why: str) -> None:
    kept, rejected = VERIFIER.verify(sentence, FACTS)
    assert kept in ("", "A Drama.")
    assert why in rejected[0].why


def test_only_the_false_sentence_of_a_reason_is_dropped() -> None:
    kept, rejected = VERIFIER.verify(
        "DeepFM gives it 0.91. It won seven awards. It is a Drama.", FACTS
    )
    assert kept == "DeepFM gives it 0.91. It is a Drama."
    assert [claim.text for claim in rejected] == ["It won seven awards."]


@pytest.mark.parametrize(
    ("reason", "kept", "cut"),
    [
        ("It has a score of 0.91 and stars Tim Robbins.", "It has a score of 0.91.",
         "and stars Tim Robbins."),
        ("With its great cast, it has a score of 0.91.", "It has a score of 0.91.",
         "With its great cast"),
        ("It is a Drama, and you will love it.", "It is a Drama.", "and you will love it."),
        ("It has a score of 0.91 because it is a Drama.", "",
         "It has a score of 0.91 because it is a Drama."),
        ("While it is a Drama, it won an Oscar.", "", "While it is a Drama, it won an Oscar."),
    ],
)  # fmt: skip
def test_of_a_sentence_the_clauses_that_hold_are_kept(reason: str, kept: str, cut: str) -> None:
    shown, rejected = VERIFIER.verify(reason, FACTS)
    assert (shown, rejected[0].text) == (kept, cut)


@pytest.mark.parametrize("bare", ["Jaccard 0.31, 24 films in common out of 77.", "0.31 Jaccard."])
def test_numbers_in_common_name_a_user_or_follow_one(bare: str) -> None:
    assert VERIFIER.objection(bare, FACTS) == "it names no user"
    assert VERIFIER.verify(f"User 215 has seen it. {bare}", FACTS)[1] == []
    assert VERIFIER.verify(f"User 49 has seen it. {bare}", FACTS)[1] != []


def test_a_sentence_said_twice_is_shown_once() -> None:
    assert VERIFIER.verify("It is a Drama. It is a Drama.", FACTS) == ("It is a Drama.", [])


def test_a_megabyte_of_true_text_is_cut_at_a_sentence() -> None:
    text = " ".join(f"It is a {'very ' * n}good Drama, and it ranks 2." for n in range(200))
    kept, rejected = VERIFIER.verify(text, FACTS)
    assert len(kept) <= 600
    assert "longer than 600 characters" in rejected[0].why


def test_full_width_digits_are_read_as_digits() -> None:
    assert VERIFIER.verify("Its score is ０.９１.", FACTS) == ("Its score is 0.91.", [])


@pytest.mark.parametrize("addressed", [False, True])
def test_what_code_words_passes_its_own_verification(addressed: bool) -> None:
    voice = Voice(Noun("film", "films"), "78", addressed)
    assert VERIFIER.verify(reason(ROW, voice), FACTS)[1] == []


@pytest.mark.parametrize("done", ["bought", "interacted with", "listened to", "cooked"])
@pytest.mark.parametrize("graded", [False, True])
def test_what_was_done_with_items_is_said_as_the_data_say_it(done: str, graded: bool) -> None:
    noun = Noun("thing", "things", done)
    verifier = Verifier(VERIFIER.values, noun, (), graded)
    text = reason(ROW, Voice(noun, "78", graded=graded))
    assert f"user 78 has not {done}" in text
    assert verifier.verify(text, FACTS) == (text, [])
    assert ("liked" in text) == graded
    n = len(ROW["neighbours"])
    assert verifier.objection(f"{n} of the 10 users most like them have {done} it.", FACTS) is None
    assert verifier.objection(f"{n + 1} of the 10 users most like them have {done} it.", FACTS)


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


@pytest.mark.parametrize(
    ("reason", "kept"),
    [
        ("It won an Oscar. It is also a Drama.", "It is a Drama."),
        ("It won an Oscar. Also, it is a Drama.", "It is a Drama."),
        ("It won an Oscar. Moreover, DeepFM gives it 0.91.", "DeepFM gives it 0.91."),
        ("It won an Oscar. It is a Drama, too.", "It is a Drama."),
        ("User 9 saw it. They share 24 films.", ""),
        ("User 9 saw it. Their Jaccard is 0.31.", ""),
        ("It stars Tim Robbins. That is a score of 0.91.", ""),
        ("It stars Tim Robbins. This film is a Drama.", "This film is a Drama."),
        ("It is a Drama. It is also from 1994.", "It is a Drama. It is also from 1994."),
        (
            "User 215 has seen it. They share 24 films.",
            "User 215 has seen it. They share 24 films.",
        ),
        ("User 49 has seen it. They share 24 films.", "User 49 has seen it."),
    ],
)
def test_what_remains_reads_as_one_text(reason: str, kept: str) -> None:
    assert VERIFIER.verify(reason, FACTS)[0] == kept


@pytest.mark.parametrize(
    "sentence",
    [
        "Because you liked Star Wars, it is suggested.",
        "You rated Star Wars 5.",
        "200 users have seen both this and Star Wars.",
        "The nearest of them is user 215.",
        "User 215 is closer to you than user 49.",
        "Your nearest neighbour, user 215, has seen it.",
    ],
)
def test_what_the_user_liked_and_who_is_nearest_are_facts(sentence: str) -> None:
    assert VERIFIER.objection(sentence, FACTS) is None


@pytest.mark.parametrize(
    "sentence",
    [
        "Because you liked Heat, it is suggested.",
        "You rated Star Wars 4.",
        "Star Wars is a Drama.",
        "Star Wars has a score of 0.91.",
        "User 49 is your second nearest neighbour.",
        "User 49 is closer to you than user 215.",
        "Half of the 10 nearest users have seen it.",
        "Its score is twice the average.",
        "User 215 liked it.",
        "You have seen it.",
        "The score is 0.91 because you liked Star Wars.",
        "9 of the 10 users most like user 215 have seen it.",
        "DeepFM gives it 0.91 for user 215.",
        "Its score is between 0.90 and 0.95.",
        "Its score is -0.91.",
        "Its score is 0.91 %0.",
        "“The greatest film of all” scores 0.91.",
        "It has a score of 0.91, and Morgan Freeman.",
        "Le film a un score de 0.91.",
        "User 215 is the one who has the highest score, 0.91.",
        "It is number 2 of the films user 215 has not seen.",
        "2 of the 10 users nearest to user 49 have seen it.",
        "All the users most like you have seen it.",
        "It is a Drama, and so are all films you liked.",
        "Each of the 25 films you liked is a Drama.",
        "14 of the 25 films user 215 liked are Drama.",
        "You liked 25 of the 1,642 films.",
        "User 215 and you have both seen it.",
        "Both users 215 and 78 have seen it.",
        "DeepFM says 0.31.",
        "The model gives it 24.",
        "The Jaccard of the film is 0.91.",
        "It overlaps with user 215 in 77 films.",
        "The union with user 215 is 24 films.",
        "The similarity is 91%.",
        "A chance of 31%.",
        "It was released in 1994 by user 215.",
        "At least 300 users have seen it.",
        "Up to 200 users have seen it.",
        "Nearly 300 users have seen it.",
        "Over 283 users have seen it.",
        "It ranks above 1,642 films.",
        "It is better than all the films you liked.",
        "It is above all the films you liked.",
        "It has a higher score than all unseen films.",
        "Three users have seen it.",
        "The third nearest user is user 49.",
        "Your nearest neighbour is user 49.",
        "The nearest of them is user 49.",
        "Most users have seen it.",
        "Many users have seen it.",
        "Some of the nearest users are 215 and 49.",
        "User 215 has the most films in common with you, 24.",
        "Users who liked Star Wars have seen it, 200 of them.",
        "200 of the 500 users who liked Star Wars have seen it.",
        "Star Wars is in the top 1% of unseen films.",
        "You rated it 5 and Star Wars 5.",
        "Star Wars, a Drama, is similar.",
        "You have seen Star Wars 5 times.",
        "Its year is 1994, as is that of Star Wars.",
        "Star Wars is from 1994.",
        "User 215, a Drama viewer, has seen it.",
        "User 215's 24 films are all Drama.",
        "The 24 films in common with user 215 are Drama.",
        "It is a film of user 215.",
        "The list of user 215 has it at place 2.",
        "It is listed for user 215 at rank 2.",
        "You and user 215 have 24 films in common and user 49 has 24.",
        "It is suggested to 283 users.",
        "It is suggested to user 215.",
        "User 215 suggests it.",
        "User 215 gives it 0.91.",
        "User 215 predicts 0.91.",
        "It comes from user 215.",
        "Half of users have seen it.",
        "It makes 14 users of 25.",
        "The data set has 283 users.",
        "The data set has 10 users.",
        "You have 10 neighbours.",
        "You have 283 neighbours.",
        "There are 1,642 films in the data.",
        "The nearest users are users 215 and 49.",
        "All users have seen it.",
        "Every user has seen it.",
        "Most of the films are Drama.",
        "Drama is your favourite genre.",
        "It has more viewers than Star Wars.",
        "It has a higher score than Star Wars.",
        "User 215 shares Drama with you.",
        "User 215 has seen Star Wars.",
        "Star Wars was liked by user 215.",
        "It was liked by 283 users.",
        "It was liked by users 215 and 49.",
        "2 of the 10 users who have seen it are neighbours.",
        "It is a 1994 Drama that you have liked.",
        "It is a film you liked, a Drama.",
        "User 215 has seen the same films.",
        "User 215 is a neighbour of user 49.",
        "It came out before 1994.",
        "It came out after 1994.",
        "It ranks 2 among the unseen films.",
        "More than 0.5 of the nearest users have seen it.",
        "99.8% of the films are Drama.",
        "The percentile of user 215 is 99.8.",
        "User 215 ranks 2.",
        "User 215 has a score of 0.91.",
        "Drama is more frequent than others.",
        "It is the only Drama.",
        "It is the first Drama you have seen.",
        "User 215 and user 49 share 24 films.",
        "You share 36 films with users 215 and 49.",
        "The average score is 0.91.",
        "Users like user 215 have seen it, 2 of 10.",
        "283 neighbours have seen it.",
        "25 users liked it.",
        "You liked 14 films.",
        "The 10 nearest users have seen it.",
        "10 neighbours have seen it.",
        "Its audience is 1,642 users.",
        "User 215 knows it is a Drama.",
        "Show film 64 and film 65.",
        "The score of user 215 is 0.91.",
        "It has Drama, 24 films and 0.91.",
        "At 99.8 it is high.",
        "It is more Drama than Star Wars.",
        "Star Wars is similar to user 215.",
        "User 49 has 24 films in common out of 77 with user 215.",
        "Drama stands in 25 of the 14 films they liked.",
        "It is in the top 0.1% of unseen films.",
        "It stands above user 215.",
        "User 215 gave it 2 stars.",
        "It is number 1.",
        "It is a Drama from the 1980s.",
        "Neither user 215 nor user 49 has seen it.",
        "Without user 215 it has a score of 0.91.",
        "User 215's neighbours have seen it, 2 of 10.",
        "You gave it 5.",
    ],
)
def test_what_no_fact_carries_is_dropped(sentence: str) -> None:
    assert VERIFIER.objection(sentence, FACTS) is not None


def test_a_title_with_a_full_stop_is_one_name() -> None:
    row = ROW | {"title": "Dr. Strangelove", "rank": 1}
    text = "Dr. Strangelove is a Drama. It ranks 1 in the list."
    assert VERIFIER.verify(text, facts_of(row, "78")) == (text, [])


def test_a_number_in_a_title_is_part_of_the_title() -> None:
    row = ROW | {"title": "12 Monkeys"}
    assert VERIFIER.objection("12 Monkeys is a Drama.", facts_of(row, "78")) is None
    assert VERIFIER.objection("12 Monkeys of them are a Drama, 13.", facts_of(row, "78"))


@pytest.mark.parametrize("title", ["You", "42", "Not", "It", "Seven", "2 of 3"])
def test_a_title_made_of_plain_words_hides_no_claim(title: str) -> None:
    facts = facts_of(ROW | {"title": title}, "78")
    assert VERIFIER.objection("You have seen it, with a score of 0.91.", facts) is not None
    assert VERIFIER.objection("42 users have seen it.", facts) is not None
    assert VERIFIER.objection("It is Not a Drama.", facts) is not None
    assert VERIFIER.objection("Seven of the 10 nearest users have seen it.", facts) is not None
    assert VERIFIER.objection("2 of 3 of the nearest users have seen it.", facts) is not None
    assert VERIFIER.objection(f"{title} (1994) is a Drama.", facts) is None
    assert VERIFIER.objection(f"“{title}” is a Drama.", facts) is None


def test_a_user_id_that_is_a_word_is_one_only_after_the_word_user() -> None:
    near = [ROW["neighbours"][0] | {"user_id": "a"}]
    facts = facts_of(ROW | {"neighbours": near}, "bob")
    assert VERIFIER.objection("It is a Drama.", facts) is None
    assert VERIFIER.objection("User a has seen it, with a Jaccard of 0.31.", facts) is None
    assert VERIFIER.objection("User a has seen it, with a Jaccard of 0.32.", facts) is not None


def test_ids_need_not_be_numbers() -> None:
    near = [ROW["neighbours"][0] | {"user_id": "anna-7"}]
    facts = facts_of(ROW | {"neighbours": near}, "bob")
    true = "User anna-7 has seen it, with a Jaccard of 0.31 to user bob."
    assert VERIFIER.objection(true, facts) is None
    assert VERIFIER.objection("User carl-8 has seen it, a Drama.", facts) is not None


def test_a_measure_of_the_item_is_a_fact_under_its_name() -> None:
    row = ROW | {"attributes": {"price": 9.99, "genres": ["Drama"]}}
    facts = facts_of(row, "78")
    verifier = Verifier(VERIFIER.values, Noun("disc", "discs"), ("price", "genres"))
    assert verifier.objection("The price of this disc is 9.99.", facts) is None
    assert verifier.objection("The price of this disc is 8.99.", facts) is not None


def test_the_example_in_the_docs_is_what_happens() -> None:
    page = (Path(__file__).parent.parent / "docs" / "verification.md").read_text(encoding="utf-8")
    said = dict(re.findall(r"^    (a model|shown|rejected): +(.*)$", page, re.MULTILINE))
    kept, rejected = VERIFIER.verify(said["a model"], FACTS)
    assert kept == said["shown"]
    assert said["rejected"] == "".join(f"{claim.text} ({claim.why})" for claim in rejected)


def test_no_sentence_of_known_words_is_too_odd_to_be_read() -> None:
    rng = random.Random(0)
    words = [*VERIFIER.words.symbols, *VERIFIER.words.numbers, *VERIFIER.words.fractions]
    facts = (
        "215 49 78 0.91 24 77 99.8% 1994 14 25 10 2nd 1990s Drama Comedy % of / ( ) ; , “".split()
    )
    facts += ["Star Wars", "user 215", "users 215, 49", "user 78", "The Shawshank Redemption"]
    nobody = {"neighbours": [], "n_neighbours": 0, "taste": [], "liked": [], "attributes": {}}
    known = [FACTS, facts_of(ROW | nobody, "78")]
    for number in range(4_000):
        said = [rng.choice(rng.choice([words, facts])) for _ in range(rng.randrange(1, 14))]
        VERIFIER.verify(" ".join(said) + ".", known[number % 2])
