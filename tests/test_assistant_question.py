"""What questions are understood as; the films are those of conftest.py."""

from typing import Any

import pytest

from assistant.asking.catalogue import Catalogue
from assistant.asking.parser import MAX_CHARACTERS, QuestionParser
from assistant.lexicon import load_lexicon
from ingest.dataset.schema import Dataset
from ingest.errors import AskerError

SEED_NEIGHBOURS = (
    "Suggest 2 articles to user-id 4 using given data which it has not seen."
    "Follow this approach 1: Find similar Users and 2: sugest new articles from similar users."
    "Also give a reason for suggestion"
)
SEED_PLAIN = "Suggest 2 articles to user-id 4 using given data which it has not seen."


@pytest.fixture(scope="module")
def parser(films: Dataset) -> QuestionParser:
    lexicon = load_lexicon()
    return QuestionParser(films, lexicon, Catalogue(films, lexicon))


@pytest.mark.parametrize(
    ("text", "kind", "users", "n"),
    [
        (SEED_NEIGHBOURS, "recommend_from_neighbours", ["4"], 2),
        (SEED_PLAIN, "recommend", ["4"], 2),
        ("Suggest 2 films to user 4", "recommend", ["4"], 2),
        ("recommend three movies for customer 4 please", "recommend", ["4"], 3),
        ("Give client #4 a couple of films", "recommend", ["4"], 2),
        ("I'm user 4, what should I watch tonight?", "recommend", ["4"], 5),
        ("top 10 for account 4", "recommend", ["4"], 10),
        ("recommend a film to user 4", "recommend", ["4"], 1),
        ("what would user 4 like?", "recommend", ["4"], 5),
        ("0 films for user 4", "recommend", ["4"], 0),
        ("give user 4 500 films", "recommend", ["4"], 500),
        ("anything good?", "recommend", [], 5),
        ("suggest films to user 99999", "recommend", ["99999"], 5),
        (
            "Find users like user 4 and suggest 3 films they saw",
            "recommend_from_neighbours",
            ["4"],
            3,
        ),
        ("suggest films to user 4 both ways", "recommend_both_ways", ["4"], 5),
        ("Suggest 4 films to user 4; where do both lists agree?", "recommend_both_ways", ["4"], 4),
        ("who is most like user 4?", "similar_users", ["4"], 10),
        ("which 3 users are most similar to 4", "similar_users", ["4"], 3),
        ("find 5 users like user 4", "similar_users", ["4"], 5),
        ("Show the nearest neighbours of member 4", "similar_users", ["4"], 10),
        ("how similar are users 4 and 5?", "user_similarity", ["4", "5"], 5),
        (
            "What is the Jaccard similarity between user 4 and user 5",
            "user_similarity",
            ["4", "5"],
            5,
        ),
        ("how similar are 4 and 5?", "user_similarity", ["4", "5"], 5),
        ("I'm user 4, two comedies from the 50s", "recommend", ["4"], 2),
        ("How alike are customers 4, 5", "user_similarity", ["4", "5"], 5),
        ("what is the weather", "unclear", [], 5),
    ],
)
def test_kind_users_and_count(
    parser: QuestionParser, text: str, kind: str, users: list[str], n: int
) -> None:
    read = parser.parse(text).to_json()
    assert (read["kind"], read["user_ids"], read["n"]) == (kind, users, n)


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("Will user 4 like item 101, and why?", ["101"]),
        ("will 4 like 101 and why", ["101"]),
        ("Would user 4 enjoy Blade Runner?", ["103"]),
        ('How likely is it that user 4 likes "Alien"', ["101"]),
        ("predict the score of film 106 for user 4", ["106"]),
        ("will user 4 like amelie?", ["102"]),
        ("will user 4 like Casablnca", ["104"]),
        ("will user 4 like Sabrina (1995)?", ["108"]),
    ],
)
def test_predictions_resolve_ids_and_titles(
    parser: QuestionParser, text: str, items: list[str]
) -> None:
    read = parser.parse(text).to_json()
    assert (read["kind"], read["user_ids"], read["item_ids"]) == ("predict", ["4"], items)


def test_a_title_of_two_films_keeps_both(parser: QuestionParser) -> None:
    assert parser.parse("will user 4 like Sabrina?").item_choices == (("107", "108"),)


def test_a_name_that_is_no_title_is_kept_as_unknown(parser: QuestionParser) -> None:
    read = parser.parse("will user 4 like Solaris?")
    assert (read.kind, read.item_choices, read.unknown_names) == ("predict", (), ("solaris",))


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        ("two comedies for user 4", [{"field": "genres", "is": "Comedy"}]),
        ("science fiction for user 4, suggest 2", [{"field": "genres", "is": "Sci-Fi"}]),
        (
            "suggest comedies for user 4 but no romance",
            [{"field": "genres", "is": "Comedy"}, {"not": {"field": "genres", "is": "Romance"}}],
        ),
        ("films from the 80s for user 4", [{"field": "year", "from": 1980, "to": 1989}]),
        ("films after 1980 for user 4", [{"field": "year", "from": 1981, "to": None}]),
        ("films before 1980 for user 4", [{"field": "year", "from": None, "to": 1979}]),
        ("films since 1980 for user 4", [{"field": "year", "from": 1980, "to": None}]),
        (
            "films between 1950 and 1980 for user 4",
            [{"field": "year", "from": 1950, "to": 1980}],
        ),
    ],
)
def test_attributes_of_the_data_become_conditions(
    parser: QuestionParser, text: str, conditions: list[dict[str, Any]]
) -> None:
    assert parser.parse(text).to_json()["filters"] == {"all": conditions}


def test_a_count_before_a_genre_is_the_count(parser: QuestionParser) -> None:
    assert parser.parse("two dramas for user 4 after 1940").n == 2


def test_the_asker_is_addressed_as_the_user(parser: QuestionParser) -> None:
    assert parser.parse("I am user 4, suggest a film").addressed_as_user
    assert not parser.parse("suggest a film to user 4").addressed_as_user
    named = parser.parse("suggest a film", user_id="4")
    assert named.addressed_as_user
    assert named.user_ids == ("4",)


def test_the_user_in_the_text_wins_over_the_option(parser: QuestionParser) -> None:
    assert parser.parse("suggest a film to user 5", user_id="4").user_ids == ("5",)


def test_a_topic_is_what_stands_after_about(parser: QuestionParser) -> None:
    assert parser.parse("Suggest 2 films about lonely robots for user 4").topic == "lonely robots"


@pytest.mark.parametrize("text", ["", "   \n"])
def test_an_empty_question_is_refused(parser: QuestionParser, text: str) -> None:
    with pytest.raises(AskerError, match="the question is empty"):
        parser.parse(text)


def test_a_question_of_ten_thousand_characters_is_refused(parser: QuestionParser) -> None:
    with pytest.raises(AskerError, match=f"10,000 characters and at most {MAX_CHARACTERS:,}"):
        parser.parse("a" * 10_000)


def test_ids_that_are_words_are_users_when_the_data_have_them(films: Dataset) -> None:
    from dataclasses import replace

    from ingest.dataset.ids import IdMap

    names = ["ann", "Bob", "C-3", "dora", "eve", "u.6", "zoe"]
    renamed = replace(films, user_ids=IdMap(names))
    lexicon = load_lexicon()
    parser = QuestionParser(renamed, lexicon, Catalogue(renamed, lexicon))
    assert parser.parse("suggest 2 films to user bob").user_ids == ("Bob",)
    assert parser.parse("suggest 2 films to user that is new").user_ids == ()


@pytest.mark.parametrize(
    ("text", "users"),
    [
        ("suggest a film to users 1-3", ("1", "2", "3")),
        ("user3 films please", ("3",)),
        ("what 3 should watch", ("3",)),
        ("Suggest films for userid=3!", ("3",)),
        ("will 3 like 104 if 3 has not seen it", ("3",)),
    ],
)
def test_users_are_found_however_they_are_written(
    parser: QuestionParser, text: str, users: tuple[str, ...]
) -> None:
    assert parser.parse(text).user_ids == users


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("films not seen by more than 20 users for user 3", "at most 20 users"),
        ("films with fewer than 20 viewers for user 3", "at most 19 users"),
        ("films seen by over 20 users for user 3", "at least 21 users"),
        ("films with at least 20 ratings for user 3", "at least 20 users"),
        ("little known films for user 3", "at most 49 users"),
        ("films from the 50s or the 80s for user 3", "year 1950 to 1959 or year 1980 to 1989"),
        ("comedies or dramas but no romance for user 3", "(Comedy or Drama) and not Romance"),
        ("neither horror nor crime for user 3", "not Horror and not Crime"),
        ("romantic comedies or horror for user 3", "(Romance and Comedy) or Horror"),
        ("films for user 3 excluding anything with horror in it", "not Horror"),
        ("nothing from Blade please, films for user 3", "not “blade”"),
        ("films for user 3 but not Heat or Alien", "not “Heat” and not “Alien”"),
        ("suggest Blade Runner films to user 3", "“Blade Runner”"),
        ("science fiction but not from the 70s for user 3", "Sci-Fi and not year 1970 to 1979"),
    ],
)
def test_wishes_become_a_boolean_expression(parser: QuestionParser, text: str, words: str) -> None:
    assert parser.parse(text).filters.words() == words


@pytest.mark.parametrize("word", ["anime", "amazing", "nordic", "sixtyish", "kafkaesque"])
def test_a_word_for_items_that_is_no_attribute_is_kept_to_be_said(
    parser: QuestionParser, word: str
) -> None:
    assert parser.parse(f"suggest 2 {word} films to user 3").absent == (f"“{word}”",)
    assert parser.parse("suggest 2 good films to user 3").absent == ()


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("a couple of films for user 3", 2),
        ("half a dozen films for user 3", 6),
        ("-5 films for user 3", 0),
        ("100000 films for user 3", 1000),
        ("suggest a comedy to user 3", 1),
        ("films for user 3", 5),
        ("films 6 to 10 for user 3", 5),
        ("ten little known films for user 3", 10),
    ],
)
def test_counts_in_words_and_digits(parser: QuestionParser, text: str, n: int) -> None:
    assert parser.parse(text).n == n


def test_parsing_takes_three_milliseconds_at_most(ml100k: Dataset) -> None:
    import statistics
    import time

    lexicon = load_lexicon()
    parser = QuestionParser(ml100k, lexicon, Catalogue(ml100k, lexicon))
    texts = [
        "Suggest 3 comedies or dramas from the 90s to user 78, but no romance",
        "why not Titanic for user 78?",
        "compare 78 and 672, then give each one item the other liked",
        "Would user 78 enjoy Nutty Profesor?",
    ]
    spent = []
    for _ in range(5):
        for text in texts:
            before = time.process_time()
            parser.parse(text)
            spent.append(1000 * (time.process_time() - before))
    assert statistics.median(spent) <= 3
