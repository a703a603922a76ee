"""With pseudonyms no other user's id is anywhere: not in the answer, nor in the prompt."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from assistant.chain import RecommendationQA
from assistant.home import OpenHome
from assistant.llms.llm import guard
from assistant.pseudonyms import Pseudonyms
from assistant.replay import changes
from assistant.settings import Limits, Settings
from ingest.errors import AskerError

ASKED = "Suggest 2 films to user 3"


def hidden(home: OpenHome, model: Any = None) -> RecommendationQA:
    llm = None if model is None else guard(model, Limits(retries=0))
    return RecommendationQA(home, llm, pseudonyms=True)


def ids_in(document: Any) -> set[str]:
    """Return every user id in a JSON document."""
    if isinstance(document, dict):
        own = {str(v) for k, v in document.items() if k in ("user_id", "other_id")}
        return own.union(*map(ids_in, document.values()))
    return set().union(*map(ids_in, document)) if isinstance(document, list) else set()


def test_names_are_letters_in_the_order_of_the_nearest() -> None:
    names = Pseudonyms(["3"], ["9", "7"])
    assert [names.name(user) for user in ("7", "9", "3", "8")] == [
        "neighbour B",
        "neighbour A",
        "3",
        "neighbour C",
    ]
    many = Pseudonyms([], map(str, range(800)))
    assert (many.name("25"), many.name("26"), many.name("701"), many.name("702")) == (
        "neighbour Z",
        "neighbour AA",
        "neighbour ZZ",
        "neighbour AAA",
    )


@pytest.mark.parametrize(
    "question",
    [ASKED, "Who are the 3 users most like user 3?", "Will user 3 like Casablanca, and why?",
     "Find similar users, then suggest 5 films to user 3 that they have seen"],
)  # fmt: skip
def test_no_id_of_another_user_is_in_the_answer(films_home: OpenHome, question: str) -> None:
    answer = hidden(films_home).invoke(question)
    plain = RecommendationQA(films_home).invoke(question)
    assert {one for one in ids_in(answer) if not one.startswith("neighbour ")} <= {"3"}
    assert "user 1" not in json.dumps(answer).lower()
    assert "neighbour A" in json.dumps(answer)
    assert "ser neighbour" not in json.dumps(answer)
    assert answer["similar_users"][0]["user_id"] == "neighbour A"
    for key in ("item_id", "score", "percentile", "rank"):
        assert [row[key] for row in answer["recommendations"]] == [
            row[key] for row in plain["recommendations"]
        ]


def test_who_is_named_by_the_asker_keeps_his_id(films_home: OpenHome) -> None:
    text = hidden(films_home).invoke("How similar are users 1 and 2?")["result"]
    assert "user 1 and user 2 is 0.60" in text


def test_the_same_question_gives_the_same_names(films_home: OpenHome) -> None:
    one, other = (hidden(films_home).invoke(ASKED) for _ in range(2))
    assert one["result"] == other["result"]
    assert one["evidence"] == other["evidence"]


def test_the_prompt_and_the_sources_have_no_ids_either(
    films_home: OpenHome, standin_llm: Callable[..., Any]
) -> None:
    model = standin_llm("{}")
    answer = hidden(films_home, model).invoke("Suggest 5 films to user 3")
    prompt = str(model.history[0][1].content)
    assert "neighbour A" in prompt
    assert "user 1" not in prompt and "user 2" not in prompt
    sources = answer["source_documents"]
    assert {d["metadata"].get("user_id") for d in sources} == {None, "3"}


def test_a_models_words_about_a_pseudonym_are_verified(
    films_home: OpenHome, standin_llm: Callable[..., Any]
) -> None:
    rows = hidden(films_home).invoke("Suggest 5 films to user 3")["recommendations"]
    first = next(row for row in rows if row["neighbours"])
    near = first["neighbours"][0]
    true = f"Neighbour {near['user_id'][-1]} has seen it, with a Jaccard of {near['jaccard']:.2f}."
    said = {first["item_id"]: f"{true} Neighbour Q has seen it. User 1 has seen it."}
    answer = hidden(films_home, standin_llm(json.dumps(said))).invoke("Suggest 5 films to user 3")
    reason = next(r for r in answer["recommendations"] if r["item_id"] == first["item_id"])
    assert reason["reason"] == true


def test_a_past_answer_with_pseudonyms_is_recomputed_without_change(films_home: OpenHome) -> None:
    assert changes(hidden(films_home).invoke(ASKED), films_home) == []


def test_the_setting_is_read_from_the_environment() -> None:
    assert Settings.read(environment={"WHYREC_PSEUDONYMS": "1"}).pseudonyms
    assert not Settings.read(environment={}).pseudonyms
    assert not Settings.read(pseudonyms=False, environment={"WHYREC_PSEUDONYMS": "1"}).pseudonyms
    with pytest.raises(AskerError, match="WHYREC_PSEUDONYMS must be 1 or 0"):
        Settings.read(environment={"WHYREC_PSEUDONYMS": "perhaps"})
