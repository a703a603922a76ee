"""Ids with spaces, slashes and signs, ids that are plain words, titles that open with the noun."""

import pandas as pd
import pytest

from assistant.asking.catalogue import Catalogue
from assistant.asking.parser import QuestionParser
from assistant.asking.plan import Plan, Planner
from assistant.asking.question import Question
from assistant.lexicon import load_lexicon
from ingest.dataset.schema import Dataset, Noun
from ingest.intake.in_memory import from_frames

USERS = ("ann", "bob", "cy", "Mary Ann Fox", "https://shop.example/u?id=7", "8")
SONGS = ("SKU 0000/A", "SKU 0001/A", "https://shop.example/p/12", "waterloo", "61", "7")
TITLES = ("Blue", "Red Moon", "Green", "Dancing", "Yellow Tree", "Song 61")


@pytest.fixture(scope="module")
def songs() -> Dataset:
    return from_frames(
        pd.DataFrame({"user": USERS, "item": SONGS}),
        items=pd.DataFrame({"item": SONGS, "title": TITLES}),
        noun=Noun("song", "songs"),
        notice=lambda _: None,
    )


@pytest.fixture(scope="module")
def catalogue(songs: Dataset) -> Catalogue:
    return Catalogue(songs, load_lexicon())


@pytest.fixture(scope="module")
def parser(songs: Dataset, catalogue: Catalogue) -> QuestionParser:
    return QuestionParser(songs, load_lexicon(), catalogue)


@pytest.fixture(scope="module")
def planner(songs: Dataset, catalogue: Catalogue) -> Planner:
    return Planner(songs, catalogue)


def planned(parser: QuestionParser, planner: Planner, text: str) -> tuple[Question, Plan]:
    question = parser.parse(text)
    return question, planner.plan(question)


@pytest.mark.parametrize(
    ("text", "kind", "users", "items"),
    [
        ("Will bob like SKU 0000/A?", "predict", ("bob",), ["SKU 0000/A"]),
        ("will user bob like song sku 0001/a, and why?", "predict", ("bob",), ["SKU 0001/A"]),
        ('Will user bob like "SKU 0000/A"?', "predict", ("bob",), ["SKU 0000/A"]),
        ("Who bought https://shop.example/p/12?", "audience", (), ["https://shop.example/p/12"]),
        (
            "Recommend 3 songs to https://shop.example/u?id=7.",
            "recommend",
            ("https://shop.example/u?id=7",),
            [],
        ),
        ("Who is most like Mary Ann Fox?", "similar_users", ("Mary Ann Fox",), []),
        ("who is most like ann?", "similar_users", ("ann",), []),
        ("recommend 3 songs to ann", "recommend", ("ann",), []),
        ("How similar are ann and bob?", "user_similarity", ("ann", "bob"), []),
        ("Will ann like waterloo?", "predict", ("ann",), ["waterloo"]),
    ],
)
def test_ids_with_spaces_slashes_and_letters_alone_are_understood(
    parser: QuestionParser, text: str, kind: str, users: tuple[str, ...], items: list[str]
) -> None:
    question = parser.parse(text)
    assert (question.kind, question.user_ids) == (kind, users)
    assert [list(choices) for choices in question.item_choices] == [[item] for item in items]
    assert not question.unknown_names


def test_a_number_after_the_noun_may_be_an_id_or_stand_in_a_title(
    parser: QuestionParser, planner: Planner
) -> None:
    question, plan = planned(parser, planner, "Will user bob like Song 61?")
    assert question.item_choices == (("61", "7"),)
    assert plan.status == "needs_clarification"
    assert "Song 61" in plan.message
    assert parser.parse("Will user bob like song 7?").item_choices == (("7",),)


def test_a_title_that_opens_with_the_noun_names_its_item(ids: Dataset) -> None:
    read = QuestionParser(ids, load_lexicon(), Catalogue(ids, load_lexicon())).parse
    assert read("Will user u1 like Song 61?").item_choices == (("s1",),)
    assert read("Will user u1 like song 62, and why?").item_choices == (("s2",),)


@pytest.fixture
def ids() -> Dataset:
    return from_frames(
        pd.DataFrame({"user": ["u1", "u2"], "item": ["s1", "s2"]}),
        items=pd.DataFrame({"item": ["s1", "s2"], "title": ["Song 61", "Song 62"]}),
        noun=Noun("song", "songs"),
        notice=lambda _: None,
    )


@pytest.mark.parametrize(
    "text", ["Who is most like user -8?", "Will -8 like song 7?", "Profile of user -8"]
)
def test_a_negative_user_is_unknown_and_not_the_positive_one(
    parser: QuestionParser, planner: Planner, text: str
) -> None:
    question, plan = planned(parser, planner, text)
    assert "-8" in question.user_ids
    assert "8" not in question.user_ids
    assert plan.status == "abstained"
    assert "-8" in plan.message


def test_an_unknown_user_given_by_a_negative_number_still_gets_a_list(
    parser: QuestionParser, planner: Planner
) -> None:
    question, plan = planned(parser, planner, "Suggest 2 songs to user -8")
    assert (question.user_ids, question.n) == (("-8",), 2)
    assert [call.tool for call in plan.calls] == ["popular_items"]
    assert "-8" in plan.message
    assert parser.parse("Suggest -2 songs to user 8").n == 0


def test_an_item_given_by_a_negative_number_is_unknown(
    parser: QuestionParser, planner: Planner
) -> None:
    _, plan = planned(parser, planner, "Will user ann like song -7?")
    assert plan.status == "abstained"
    assert "-7" in plan.message


@pytest.mark.parametrize(
    "text",
    ["How sure are you that user ann will like song 12?", "How sure are you about song 12, ann?"],
)
def test_how_sure_of_an_unknown_item_says_that_it_is_unknown(
    parser: QuestionParser, planner: Planner, text: str
) -> None:
    question, plan = planned(parser, planner, text)
    assert question.kind == "certainty"
    assert (plan.status, plan.calls) == ("abstained", ())
    assert "12" in plan.message


@pytest.mark.parametrize("text", ["Thanks", "thank you!", "thx"])
def test_thanks_are_answered_as_thanks(parser: QuestionParser, planner: Planner, text: str) -> None:
    _, plan = planned(parser, planner, text)
    assert plan.message.startswith("You are welcome.")
