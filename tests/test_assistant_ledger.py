"""What was answered can be read again, number for number, and goes when its time is over."""

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from assistant.chain import RecommendationQA
from assistant.home import LiveHome, OpenHome
from assistant.ledger import Ledger
from ingest.errors import AskerError, HomeError


def an_answer(answer_id: str, **more: Any) -> dict[str, Any]:
    return {
        "answer_id": answer_id,
        "query": "Suggest 2 films to user 3",
        "status": "answered",
        "written_by": "code",
        "evidence": [{"rows": [{"jaccard": 1 / 3}]}],
        "source_documents": [{"page_content": "Attributes: age 19"}],
    } | more


def test_an_answer_is_read_back_to_the_last_digit_without_profiles(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    answer = an_answer("abc123")
    ledger.write(answer)
    kept = ledger.read("abc123")
    assert kept == {key: value for key, value in answer.items() if key != "source_documents"}
    assert kept["evidence"][0]["rows"][0]["jaccard"] == 1 / 3
    assert b"Attributes" not in (tmp_path / "ledger.sqlite").read_bytes()


def test_the_beginning_of_an_id_is_enough_when_it_is_the_only_one(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    ledger.write(an_answer("abc123"))
    ledger.write(an_answer("abd456"))
    assert ledger.read("abd")["answer_id"] == "abd456"
    for unclear in ("ab", "x", "", "%"):
        with pytest.raises(AskerError, match="`whyrec logs` lists those kept"):
            ledger.read(unclear)


def test_old_answers_go_when_a_new_one_comes(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(path, kept_days=1)
    ledger.write(an_answer("old"))
    with sqlite3.connect(path) as connection:
        connection.execute("update answers set asked_at = asked_at - 100000")
    connection.close()
    ledger.write(an_answer("new"))
    assert [row["answer_id"] for row in ledger.latest(10)] == ["new"]


def test_a_file_that_is_no_ledger_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_text("this is no database, but long enough to look like a file " * 20)
    with pytest.raises(HomeError, match="ask with --no-log"):
        Ledger(path).write(an_answer("a"))


def test_many_threads_write_one_ledger(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: ledger.write(an_answer(f"id{n:03}")), range(40)))
    assert len(ledger.latest(100)) == 40


def test_the_chain_writes_every_answer_once(films_home: OpenHome, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    qa = RecommendationQA(films_home, ledger=ledger)
    answer = qa.invoke("Suggest 2 films to user 3")
    streamed = list(qa.stream("who is most like user 3?"))
    assert len(ledger.latest(10)) == 2
    kept = ledger.read(answer["answer_id"])
    assert kept == {key: value for key, value in answer.items() if key != "source_documents"}
    ids = [part["answer_id"] for part in streamed if "answer_id" in part]
    assert json.loads(json.dumps(ledger.read(ids[0])["result"])).startswith("The 3 users")


def test_a_replay_shows_every_number_unrounded_and_nothing_has_changed(
    films_home: OpenHome,
) -> None:
    from assistant.replay import changes, replay

    answer = RecommendationQA(films_home).invoke("Suggest 2 films to user 3")
    text = replay(answer)
    assert "E1 similar_users(user_id='3', k=10)" in text
    assert "'jaccard': 0.5" in text
    assert changes(answer, films_home) == []
    item_id = answer["recommendations"][1]["item_id"]
    assert f"item_id '{item_id}'" in replay(answer, item_id)
    assert "similar_users" not in replay(answer, item_id)


def test_a_recomputed_answer_names_what_changed(films_home: OpenHome) -> None:
    from assistant.replay import changes

    answer = RecommendationQA(films_home).invoke("How similar are users 1 and 2?")
    row = answer["evidence"][0]["rows"][0]
    row["jaccard"] = 0.5
    found = changes(answer | {"model_fingerprint": "older"}, films_home)
    assert found == [
        "model: then older, now known",
        "E1 user_similarity, row 1, jaccard: then 0.5, now 0.6",
    ]


@pytest.mark.parametrize("log", [True, False])
def test_without_a_log_no_file_is_written(
    films_home: OpenHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log: bool
) -> None:
    class Here(LiveHome):
        def __init__(self, settings: Any) -> None:
            pass

        def now(self) -> OpenHome:
            return films_home

    monkeypatch.setattr("assistant.chain.LiveHome", Here)
    qa = RecommendationQA.from_home(str(tmp_path), llm=None, log=log)
    qa.invoke("who is most like user 3?")
    assert (tmp_path / "ledger.sqlite").exists() == log
