"""Streams, batches and calls given up, over real HTTP: what is shown when, and what is closed."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from contextlib import aclosing
from typing import Any

import pytest

from assistant.chain import RecommendationQA
from assistant.home import OpenHome
from assistant.settings import Limits
from ingest.errors import ProviderError
from tests.fixtures_llm import QUICK, LlmServer, Reply, openai

ASKED = "Suggest 2 films to user 3"  # Sabrina (1995) and Heat, with scores of 0.8 and 0.5
FIRST, SECOND = "108", "105"
REASONS = json.dumps({FIRST: "It is a Comedy. It stars Al Pacino.", SECOND: "Its score is 0.50."})


@pytest.fixture
def qa(films_home: OpenHome, llm_server: LlmServer) -> RecommendationQA:
    return RecommendationQA(films_home, openai(llm_server))


def text_of(parts: list[dict[str, Any]]) -> str:
    return "".join(part.get("result", "") for part in parts)


def rest_of(parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {key: value for part in parts for key, value in part.items()}


def test_the_list_is_what_these_tests_take_it_for(
    qa: RecommendationQA, llm_server: LlmServer
) -> None:
    llm_server.script(REASONS)
    picked = qa.invoke(ASKED)["recommendations"]
    assert [(row["item_id"], row["reason"]) for row in picked] == [
        (FIRST, "It is a Comedy."),
        (SECOND, "Its score is 0.50."),
    ]


def test_the_first_reason_is_shown_while_the_model_still_writes_the_second(
    qa: RecommendationQA, llm_server: LlmServer
) -> None:
    go_on = threading.Event()
    words = f'{{"{FIRST}": "It is a Comedy.", "{SECOND}": "It is a Drama."}}'
    place = words.split(" ").index(f'"{SECOND}":')
    llm_server.script(Reply(words, waits={place: go_on}))
    lines = 0
    for part in qa.stream(ASKED):
        lines += part.get("result", "").count("\n")
        if lines == 2 and not go_on.is_set():  # the opening and the first item; no more was sent
            assert "It is a Comedy." in part["result"]
            go_on.set()
    assert go_on.is_set()


@pytest.mark.parametrize(
    "answer",
    [
        REASONS,
        '{"105": "Its score is 0.50.", "108": "It is a Comedy."}',  # in another order
        '{"108": "It is a Comedy.", "108": "It is a Romance."}',  # one of them twice
        '{"108": "It is a Comedy. Its sco',
        "no JSON",
        '{"108": 3, "666": "An item of my own.", "105": "It is a Drama."}',
    ],
)
def test_in_pieces_an_answer_is_what_it_is_at_once(
    qa: RecommendationQA, llm_server: LlmServer, answer: str
) -> None:
    llm_server.script(answer, answer, answer)
    whole = qa.invoke(ASKED)

    async def streamed() -> list[dict[str, Any]]:
        return [part async for part in qa.astream(ASKED)]

    for parts in (list(qa.stream(ASKED)), asyncio.run(streamed())):
        assert text_of(parts) == whole["result"]
        rest = rest_of(parts)
        for key in ("recommendations", "rejected_claims", "written_by", "evidence", "question"):
            assert rest[key] == whole[key]


def test_a_stream_that_drops_keeps_what_was_shown_and_words_the_rest_by_code(
    qa: RecommendationQA, llm_server: LlmServer
) -> None:
    answer = f'{{"{FIRST}": "DeepFM gives it a score of 0.80.", "{SECOND}": "It is a Drama."}}'
    llm_server.script("{}", Reply(answer, drop_after=9))
    computed = {row["item_id"]: row["reason"] for row in qa.invoke(ASKED)["recommendations"]}
    parts = list(qa.stream(ASKED))
    rest = rest_of(parts)
    reasons = {row["item_id"]: row["reason"] for row in rest["recommendations"]}
    assert reasons[SECOND] == computed[SECOND]
    assert all(row["reason"] in text_of(parts) for row in rest["recommendations"])
    assert reasons[FIRST] == "DeepFM gives it a score of 0.80." != computed[FIRST]
    assert "(1 of 2 reasons) and code, because the model broke off" in rest["written_by"]


@pytest.mark.parametrize("drop_after", [1, 3, 6, 9])
def test_wherever_a_stream_stalls_the_answer_is_whole_and_labelled(
    qa: RecommendationQA, llm_server: LlmServer, drop_after: int
) -> None:
    stalls = {drop_after: threading.Event()}
    llm_server.script(Reply(REASONS, waits=stalls))
    before = time.monotonic()
    parts = list(qa.stream(ASKED))
    stalls[drop_after].set()
    assert time.monotonic() - before < QUICK.deadline + 1
    rest = rest_of(parts)
    assert len(rest["recommendations"]) == 2
    assert "code" in rest["written_by"] and "because" in rest["written_by"]
    assert all(row["reason"] in text_of(parts) for row in rest["recommendations"])


def test_where_a_model_is_required_a_broken_stream_is_an_error(
    films_home: OpenHome, llm_server: LlmServer
) -> None:
    qa = RecommendationQA(films_home, openai(llm_server), llm_required=True)
    llm_server.script(Reply(REASONS, drop_after=4))
    with pytest.raises(ProviderError):
        list(qa.stream(ASKED))


def test_a_stream_that_is_closed_at_its_opening_asks_no_model(
    qa: RecommendationQA, llm_server: LlmServer
) -> None:
    llm_server.script(Reply(REASONS, pause=0.1))
    parts = qa.stream(ASKED)
    next(part for part in parts if "result" in part)  # the opening: the model is not asked yet
    parts.close()  # type: ignore[attr-defined]
    assert llm_server.requests == []


def test_an_astream_that_is_closed_closes_its_connection(
    qa: RecommendationQA, llm_server: LlmServer
) -> None:
    answer = f'{{"{FIRST}": "DeepFM gives it a score of 0.80.", "{SECOND}": "' + "a " * 200 + '"}'
    llm_server.script(Reply(answer, pause=0.02))

    async def take_the_first_reason() -> None:
        lines = 0
        async with aclosing(qa.astream(ASKED)) as parts:  # type: ignore[type-var]
            async for part in parts:
                lines += part.get("result", "").count("\n")
                if lines == 2:
                    return

    asyncio.run(take_the_first_reason())
    assert llm_server.gone.wait(2)


def test_a_sync_stream_closed_in_the_middle_closes_its_connection(
    qa: RecommendationQA, llm_server: LlmServer
) -> None:
    answer = f'{{"{FIRST}": "DeepFM gives it a score of 0.80.", "{SECOND}": "' + "a " * 200 + '"}'
    llm_server.script(Reply(answer, pause=0.02))
    parts, lines = qa.stream(ASKED), 0
    for part in parts:
        lines += part.get("result", "").count("\n")
        if lines == 2:
            break
    parts.close()  # type: ignore[attr-defined]
    assert llm_server.gone.wait(2)


def test_a_call_that_is_cancelled_closes_its_connection(
    films_home: OpenHome, llm_server: LlmServer
) -> None:
    qa = RecommendationQA(films_home, openai(llm_server, Limits(timeout=20, deadline=30)))
    llm_server.script(Reply(REASONS, delay=20))

    async def give_up() -> None:
        task = asyncio.create_task(qa.ainvoke(ASKED))
        while not llm_server.requests:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    before = time.monotonic()
    asyncio.run(give_up())
    assert llm_server.gone.wait(2)
    assert time.monotonic() - before < 10


@pytest.mark.parametrize("at_once", [1, 3])
def test_a_batch_asks_no_more_at_once_than_its_limit(
    films_home: OpenHome, llm_server: LlmServer, at_once: int
) -> None:
    limits = Limits(timeout=5, deadline=20, at_once=at_once)
    qa = RecommendationQA(films_home, openai(llm_server, limits))
    questions: list[Any] = [ASKED] * 8
    for way in (qa.batch, lambda asked: asyncio.run(qa.abatch(asked))):
        llm_server.busiest = 0
        llm_server.script(*[Reply(REASONS, delay=0.1)] * 8)
        assert len(way(questions)) == 8
        assert llm_server.busiest == at_once


def test_the_limit_of_a_batch_can_be_given_with_it(
    qa: RecommendationQA, llm_server: LlmServer
) -> None:
    llm_server.script(*[Reply(REASONS, delay=0.1)] * 4)
    qa.batch([ASKED] * 4, {"max_concurrency": 2})
    assert llm_server.busiest == 2
