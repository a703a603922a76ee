"""What a score is made of, in answers to "why": a real model taken apart, told with its numbers."""

from pathlib import Path

import numpy as np
import pytest

from assistant.chain import RecommendationQA
from assistant.home import OpenHome, open_home
from assistant.settings import Settings
from recsys.scoring.explain import explain
from recsys.scoring.scorer import Scorer

WHY = "Why did you recommend Star Wars to user 78?"


def test_where_scores_come_from_no_model_nothing_is_said_of_their_parts(
    films_home: OpenHome,
) -> None:
    assert films_home.toolbox.recommender.scorer is not None
    answer = RecommendationQA(films_home).invoke("Why did you recommend Heat to user 3?")
    rows = {call["tool"]: call["rows"] for call in answer["evidence"]}
    assert rows["score_parts"] == []
    assert "counted most" not in answer["result"]


@pytest.mark.slow
def test_why_names_what_counted_most_with_the_numbers_of_the_model(ml100k_home: Path) -> None:
    home = open_home(Settings.read(home=ml100k_home, llm="none"))
    answer = RecommendationQA(home).invoke(WHY)
    row = next(call["rows"][0] for call in answer["evidence"] if call["tool"] == "score_parts")
    scorer = home.recommender.scorer
    assert isinstance(scorer, Scorer)
    user, item = home.toolbox.user("78"), home.toolbox.item(row["item_id"])
    parts = explain(scorer, user, np.array([item]))[0]
    assert row["score"] == parts.score == home.toolbox.deepfm_score("78", ["50"])[0]["score"]
    assert {one["field"]: one["adds"] for one in row["fields"]} == {
        one.name: one.ablation for one in parts.fields
    }
    for one in row["fields"]:  # a part that adds is missed, one that takes away is not
        assert np.sign(row["score"] - one["score_without"]) == np.sign(one["adds"])
    first = row["fields"][0]
    assert f"{first['adds']:+.2f} ({first['score_without']:.2f})" in answer["result"]
    adds = [one["adds"] for one in row["history"]]
    assert adds == sorted(adds, reverse=True)
    assert adds[0] == parts.history_parts.max()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("query", "tool"),
    [
        ("Will user 78 like Star Wars, and why?", "score_parts"),
        ("Suggest 5 films to user 78 and explain why", "list_parts"),
    ],
)
def test_who_asks_why_is_told_what_each_score_is_made_of(
    ml100k_home: Path, query: str, tool: str
) -> None:
    home = open_home(Settings.read(home=ml100k_home, llm="none"))
    answer = RecommendationQA(home).invoke(query)
    rows = next(call["rows"] for call in answer["evidence"] if call["tool"] == tool)
    listed = [row["item_id"] for row in answer["recommendations"]]
    assert [row["item_id"] for row in rows] == listed[:3]
    scorer = home.recommender.scorer
    assert isinstance(scorer, Scorer)
    user, items = home.toolbox.user("78"), [home.toolbox.item(item) for item in listed[:3]]
    for row, parts in zip(rows, explain(scorer, user, np.array(items)), strict=True):
        assert row["score"] == parts.score
        assert {one["field"]: one["adds"] for one in row["item_fields"]} == {
            one.name: one.ablation for one in parts.item_fields
        }
    assert answer["result"].count("What moved DeepFM's score") == len(rows)
    for row in rows:
        if tool == "list_parts":  # in short: the names without the numbers
            assert row["history"][0]["title"].partition(" (")[0] in answer["result"]
            assert "log-odds" not in answer["result"]
            continue
        for one in row["item_fields"]:
            if one["kind"] != "id" and abs(one["score_without"] - row["score"]) >= 0.05:
                assert f"{one['score_without']:.2f} ({one['field']})" in answer["result"]
    plain = RecommendationQA(home).invoke(query.replace(" and explain why", "").partition(",")[0])
    assert "What moved" not in plain["result"]
