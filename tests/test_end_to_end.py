"""MovieLens-100K from table to answer, for real, and recomputed by plain Python."""

import json
from pathlib import Path
from typing import Any

import pytest

from assistant.chain import RecommendationQA
from assistant.cli import run
from ingest.dataset.schema import Dataset
from recsys.lists.ranking import percentiles

pytestmark = pytest.mark.slow

SEED_NEIGHBOURS = (
    "Suggest 2 articles to user-id 78 using given data which it has not seen."
    "Follow this approach 1: Find similar Users and 2: sugest new articles from similar users."
    "Also give a reason for suggestion"
)
SEED_PLAIN = "Suggest 2 articles to user-id 78 using given data which it has not seen."
QUESTIONS = [
    SEED_NEIGHBOURS,
    SEED_PLAIN,
    "who are the 20 users most like user 405?",
    "How similar are users 78 and 672?",
    "Will user 78 like Titanic, and why?",
    "Suggest 10 films to user 13 both ways",
    "I'm user 300, three comedies from the 90s please",
]


@pytest.fixture(scope="module")
def qa(ml100k_home: Path) -> RecommendationQA:
    return RecommendationQA.from_home(str(ml100k_home), llm=None)


@pytest.fixture(scope="module")
def items_of(ml100k: Dataset) -> dict[str, set[str]]:
    """Every user's items as plain Python sets of external ids."""
    sets: dict[str, set[str]] = {str(user): set() for user in ml100k.user_ids.external}
    users = ml100k.user_ids.external[ml100k.interactions.user]
    items = ml100k.item_ids.external[ml100k.interactions.item]
    for user, item in zip(users, items, strict=True):
        sets[str(user)].add(str(item))
    return sets


def neighbour_rows(answer: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return every (user, row with jaccard, intersection, union) anywhere in an answer."""
    asked = answer["question"]["user_ids"][0]
    rows = [(asked, row) for row in answer["similar_users"]]
    rows += [(asked, n) for row in answer["recommendations"] for n in row["neighbours"]]
    for call in answer["evidence"]:
        for row in call["rows"]:
            if call["tool"] == "user_similarity":
                rows.append((row["user_id"], row | {"user_id": row["other_id"]}))
            rows += [(asked, n) for n in row.get("neighbours", [])]
    return rows


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_cited_jaccard_is_what_plain_sets_say(
    qa: RecommendationQA, items_of: dict[str, set[str]], question: str
) -> None:
    rows = neighbour_rows(qa.invoke(question))
    assert rows
    for user, row in rows:
        one, other = items_of[user], items_of[row["user_id"]]
        assert (row["intersection"], row["union"]) == (len(one & other), len(one | other))
        assert row["jaccard"] == len(one & other) / len(one | other)


@pytest.mark.parametrize("user", ["1", "78", "405", "672"])
def test_similar_users_are_the_nearest_of_all_by_plain_sets(
    qa: RecommendationQA, items_of: dict[str, set[str]], user: str
) -> None:
    own = items_of[user]
    expected = sorted(
        ((-len(own & other) / len(own | other), int(name)) for name, other in items_of.items())
    )
    expected = [row for row in expected if row[1] != int(user)][:10]
    found = qa.invoke(f"who is most like user {user}?")["similar_users"]
    assert [(-row["jaccard"], int(row["user_id"])) for row in found] == expected


@pytest.mark.parametrize("question", [SEED_NEIGHBOURS, SEED_PLAIN])
def test_the_notebooks_questions_get_two_unseen_films_with_scores_that_recompute(
    qa: RecommendationQA, items_of: dict[str, set[str]], ml100k: Dataset, question: str
) -> None:
    answer = qa.invoke(question)
    picked = answer["recommendations"]
    assert [row["rank"] for row in picked] == [1, 2]
    assert not {row["item_id"] for row in picked} & items_of["78"]
    recommender = qa.home.recommender
    user = ml100k.user_ids.code("78")
    assert user is not None
    scores = recommender.scores(user)
    unseen = scores[recommender.unseen(user)]
    for row in picked:
        item = ml100k.item_ids.code(row["item_id"])
        assert item is not None
        assert row["score"] == float(scores[item])
        assert row["percentile"] == float(percentiles(scores[[item]], unseen)[0])
        assert row["title"] in answer["result"] or "The " in answer["result"]


def test_suggestions_from_neighbours_were_seen_by_the_neighbours_named(
    qa: RecommendationQA, items_of: dict[str, set[str]]
) -> None:
    answer = qa.invoke(SEED_NEIGHBOURS)
    near = [row["user_id"] for row in answer["similar_users"]]
    assert len(near) == 10
    for row in answer["recommendations"]:
        have = [user for user in near if row["item_id"] in items_of[user]]
        assert have == [n["user_id"] for n in row["neighbours"]] != []


def test_the_seed_line_answers_on_computed_evidence(qa: RecommendationQA, smollm2: Any) -> None:
    from langchain_classic.chains import RetrievalQA

    from assistant.llms.llm import chat_model
    from assistant.settings import Limits, Settings

    spec = f"openai:{smollm2.model}@{smollm2.url}"
    limits = Limits(timeout=300, deadline=600, max_tokens=64)
    environment = {"WHYREC_LLM": spec, "WHYREC_LLM_TOKEN": smollm2.token}
    llm = chat_model(Settings.read(environment=environment, limits=limits))
    chain = RetrievalQA.from_chain_type(
        llm=llm, retriever=qa.retriever, return_source_documents=True
    )
    for question in (SEED_NEIGHBOURS, SEED_PLAIN):
        answer = chain.invoke({"query": question})
        assert answer["result"].strip()
        first = answer["source_documents"][0].page_content
        assert first.startswith("The 10 users most like user 78, by Jaccard similarity")


def test_the_real_small_model_cannot_change_ids_order_or_numbers(
    qa: RecommendationQA, ml100k_home: Path
) -> None:
    spoken = RecommendationQA.from_home(str(ml100k_home), llm="local")
    for question in (SEED_NEIGHBOURS, SEED_PLAIN):
        plain, worded = qa.invoke(question), spoken.invoke(question)
        keep = ("item_id", "rank", "score", "percentile", "neighbours")
        for one, other in zip(plain["recommendations"], worded["recommendations"], strict=True):
            assert [one[key] for key in keep] == [other[key] for key in keep]
        for row in worded["recommendations"]:
            assert row["reason"]


def test_an_endpoint_that_is_down_yields_the_computed_answer_and_says_so(
    ml100k_home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHYREC_LLM_RETRIES", "0")
    down = ["ask", SEED_PLAIN, "--llm", "openai:m@http://127.0.0.1:9", "--home", str(ml100k_home)]
    assert run([*down, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["status"] == "answered"
    assert answer["written_by"].startswith("code, because the model did not answer")
    assert "127.0.0.1:9" in answer["written_by"]
    assert run([*down, "--llm-required"]) == 1
    assert "127.0.0.1:9" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "keys"),
    [
        (["recommend", "78", "672", "-n", "3"], {"user_id", "items"}),
        (["recommend", "--all", "-n", "2", "--by", "neighbours"], {"user_id", "items"}),
        (["similar", "78", "-k", "3"], {"user_id", "neighbours"}),
        (
            ["score", "78", "313", "50"],
            {"user_id", "item_id", "score", "percentile", "seen", "by", "how_sure"},
        ),
    ],
)
def test_lists_are_one_json_document(
    ml100k_home: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], keys: set[str]
) -> None:
    assert run([*arguments, "--home", str(ml100k_home), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert all(set(entry) == keys for entry in document)


def test_unknown_ids_are_refused_by_name(
    ml100k_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["score", "78", "313", "9999", "--home", str(ml100k_home)]) == 2
    assert "film 9999 is not in the data set ml-100k" in capsys.readouterr().err
    assert run(["recommend", "5000", "--home", str(ml100k_home)]) == 2
    assert "user 5000 is not in the data set ml-100k" in capsys.readouterr().err


def test_a_model_of_other_data_is_refused_by_name(
    ml100k_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import shutil

    other = tmp_path / "home"
    shutil.copytree(ml100k_home, other)
    assert run(["ingest", "dummy", "--home", str(other)]) == 0
    capsys.readouterr()
    assert run(["recommend", "78", "--home", str(other)]) == 2
    assert "was made from other data" in capsys.readouterr().err


def test_meaning_finds_films_by_what_they_are_about(qa: RecommendationQA) -> None:
    answer = qa.invoke("Suggest 3 films about space travel to user 78")
    assert answer["question"]["topic"] == "space travel"
    assert len(answer["recommendations"]) == 3
    assert "by the meaning of title and attributes" in answer["result"]


def test_doctor_finds_a_complete_home(
    ml100k_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["doctor", "--home", str(ml100k_home), "--json"]) == 0
    states = {f["check"]: f["state"] for f in json.loads(capsys.readouterr().out)}
    assert states["data"] == states["model"] == states["index"] == "ok"
