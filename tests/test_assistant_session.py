"""Conversations: what the next text leaves out is taken from what was asked and shown."""

import json
from pathlib import Path

import pytest

from assistant.asking.session import Conversation
from assistant.chain import RecommendationQA
from assistant.home import OpenHome


@pytest.fixture
def talk(films_home: OpenHome) -> Conversation:
    return Conversation(RecommendationQA(films_home))


def listed(talk: Conversation, text: str) -> list[str]:
    return [row["item_id"] for row in talk.ask(text)["recommendations"]]


def whole_list(talk: Conversation) -> list[str]:
    rows = talk.qa.invoke("suggest 9 films to user 3")["recommendations"]
    return [row["item_id"] for row in rows]


@pytest.mark.parametrize(
    "more",
    [
        "2 more",
        "two more like these",
        "another 2, more please",
        "show me 2 others",
        "2 further films",
    ],
)
def test_more_goes_on_without_repeats(talk: Conversation, more: str) -> None:
    whole = whole_list(talk)
    assert listed(talk, "suggest 2 films to user 3") == whole[:2]
    assert listed(talk, more) == whole[2:4]
    assert listed(talk, more) == whole[4:6]
    assert talk.ask(more)["recommendations"] == []


@pytest.mark.parametrize(
    ("no", "gone"),
    [
        ("not the second", 1),
        ("I have seen it, not the first", 0),
        ("drop the first", 0),
        ("not the last", 1),
        ("remove the second please", 1),
    ],
)
def test_what_is_turned_down_does_not_come_back(talk: Conversation, no: str, gone: int) -> None:
    whole = whole_list(talk)
    shown = listed(talk, "suggest 2 films to user 3")
    expected = [item for item in whole if item != shown[gone]]
    assert listed(talk, no) == expected[:2]
    assert listed(talk, "3 more") == [i for i in expected if i not in shown][1:4]


@pytest.mark.parametrize(
    "wish", ["funnier", "only comedies", "a comedy please", "comedy", "make it comedies"]
)
def test_a_new_wish_narrows_the_last_list(talk: Conversation, wish: str) -> None:
    listed(talk, "suggest 4 films to user 3")
    answer = talk.ask(wish)
    assert {row["item_id"] for row in answer["recommendations"]} <= {"107", "108"}
    assert answer["question"]["user_ids"] == ["3"]


def test_funnier_and_not_this_one(talk: Conversation) -> None:
    first = listed(talk, "suggest a comedy to user 3")
    second = listed(talk, "funnier, and not this one")
    assert len(first) == len(second) == 1
    assert sorted(first + second) == ["107", "108"]


@pytest.mark.parametrize(
    "text",
    ["and for user 1?", "what about user 1?", "the same for user 1", "now for user 1", "user 1?"],
)
def test_the_same_question_for_another_user(talk: Conversation, text: str) -> None:
    listed(talk, "suggest 2 films to user 3")
    answer = talk.ask(text)
    assert answer["question"]["kind"] == "recommend"
    assert answer["question"]["user_ids"] == ["1"]
    expected = talk.qa.invoke("suggest 2 films to user 1")["recommendations"]
    assert answer["recommendations"] == expected


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("why the second?", 1),
        ("why?", None),
        ("explain the first", 0),
        ("why the last one?", 2),
        ("how come the third", 2),
    ],
)
def test_why_asks_about_what_was_shown(talk: Conversation, text: str, place: int | None) -> None:
    shown = listed(talk, "suggest 3 films to user 3")
    question = talk.ask(text)["question"]
    assert question["kind"] == "why_recommended"
    assert question["item_ids"] == (shown if place is None else [shown[place]])
    assert listed(talk, "1 more") != []  # the list still stands


@pytest.mark.parametrize("text", ["make it 4", "just 1", "4 please", "only two", "give me 3"])
def test_a_number_alone_changes_how_many(talk: Conversation, text: str) -> None:
    listed(talk, "suggest 2 films to user 3")
    expected = {"make it 4": 4, "just 1": 1, "4 please": 4, "only two": 2, "give me 3": 3}[text]
    assert len(listed(talk, text)) == expected


def test_the_number_of_a_condition_is_no_number_of_films(talk: Conversation) -> None:
    talk.ask("Suggest 2 films to user 3")
    answer = talk.ask("seen by at least 3 users")
    assert answer["question"]["n"] == 2
    assert answer["question"]["filters"]["all"]


def test_a_longer_thread_keeps_its_memory(talk: Conversation) -> None:
    whole = whole_list(talk)
    talk.ask("suggest 2 films to user 3")
    assert listed(talk, "1 more") == [whole[2]]
    assert talk.ask("why the second?")["question"]["item_ids"] == [whole[1]]
    assert listed(talk, "not that one") == [whole[3]]
    assert listed(talk, "1 more") == [whole[4]]
    answer = talk.ask("and for user 1?")
    assert answer["question"]["filters"] == {"all": []}


def test_the_user_is_carried_to_other_questions(talk: Conversation) -> None:
    talk.ask("I'm user 3, suggest a film")
    answer = talk.ask("who is most like me?")
    assert (answer["question"]["kind"], answer["question"]["user_ids"]) == ("similar_users", ["3"])
    assert "you" in answer["result"]


def test_a_question_that_stands_alone_starts_afresh(talk: Conversation) -> None:
    talk.ask("suggest 2 comedies to user 3")
    answer = talk.ask("suggest 9 films to user 1")
    assert answer["question"]["filters"] == {"all": []}
    assert answer["question"]["user_ids"] == ["1"]


@pytest.mark.parametrize(
    "told", ["film 108", "108", "the second", "the one from 1995", "Sabrina (1995)", "the last one"]
)
def test_a_title_of_two_films_is_settled_by_the_next_text(talk: Conversation, told: str) -> None:
    assert talk.ask("will user 3 like Sabrina?")["status"] == "needs_clarification"
    answer = talk.ask(told)
    assert (answer["question"]["kind"], answer["question"]["item_ids"]) == ("predict", ["108"])
    assert answer["question"]["user_ids"] == ["3"]


def test_an_answer_that_asks_back_leaves_the_state(talk: Conversation) -> None:
    shown = listed(talk, "suggest 2 films to user 3")
    talk.ask("what is the weather")
    assert talk.session.shown == tuple(shown)


@pytest.mark.slow
def test_chat_answers_line_by_line(
    ml100k_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import io

    from assistant.cli import run

    monkeypatch.setattr(
        "sys.stdin", io.StringIO("Suggest 2 films to user 78\n2 more\n\n" + "x" * 5000)
    )
    assert run(["chat", "--home", str(ml100k_home), "--json"]) == 0
    first, second, refused = map(json.loads, capsys.readouterr().out.splitlines())
    shown = [row["item_id"] for row in first["recommendations"]]
    assert len(shown) == 2
    assert not set(shown) & {row["item_id"] for row in second["recommendations"]}
    assert "shorten it" in refused["error"]
