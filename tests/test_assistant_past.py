"""Why something was suggested, asked later and without a session: the ledger remembers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.chain import RecommendationQA
from assistant.home import OpenHome
from assistant.ledger import Ledger


@pytest.fixture
def qa(films_home: OpenHome, tmp_path: Path) -> Iterator[RecommendationQA]:
    yield RecommendationQA(films_home, ledger=Ledger(tmp_path / "ledger.sqlite"))


def test_why_did_you_recommend_it_speaks_of_the_last_suggestion(qa: RecommendationQA) -> None:
    given = qa.invoke("Suggest a film to user 3")
    answer = qa.invoke("Why did you recommend it?")
    picked = given["recommendations"][0]
    assert (answer["question"]["kind"], answer["question"]["user_ids"]) == (
        "why_recommended",
        ["3"],
    )
    assert answer["question"]["item_ids"] == [picked["item_id"]]
    assert f"at place 1 (score {picked['score']:.2f}" in answer["result"]
    assert f"whyrec why {given['answer_id']} {picked['item_id']}" in answer["result"]


def test_it_is_the_users_own_last_suggestion_where_one_is_named(qa: RecommendationQA) -> None:
    qa.invoke("Suggest 2 films to user 3")
    qa.invoke("Suggest 2 films to user 5")
    answer = qa.invoke("why did you recommend these to user 3?")
    assert answer["question"]["user_ids"] == ["3"]
    assert len(answer["question"]["item_ids"]) == 2


def test_a_place_picks_one_of_them(qa: RecommendationQA) -> None:
    given = qa.invoke("Suggest 3 films to user 3")
    answer = qa.invoke("why did you recommend the second?")
    assert answer["question"]["item_ids"] == [given["recommendations"][1]["item_id"]]


def test_a_named_item_is_explained_with_and_without_a_past(qa: RecommendationQA) -> None:
    before = qa.invoke("why did you recommend Sabrina (1995) to user 3?")
    assert "It was suggested" not in before["result"]
    qa.invoke("Suggest 6 films to user 3")
    after = qa.invoke("why did you recommend Sabrina (1995) to user 3?")
    assert "It was suggested" in after["result"]


def test_without_a_past_the_item_is_asked_for(qa: RecommendationQA, films_home: OpenHome) -> None:
    for one in (qa, RecommendationQA(films_home)):
        answer = one.invoke("Why did you recommend it?")
        assert answer["status"] == "needs_clarification"
        assert answer["result"].startswith("Which film?")
