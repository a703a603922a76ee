"""A model that is no better than what knows no user is said to be so, with the figures."""

import json
from pathlib import Path

import pytest

from recsys.training.verdict import weakness


@pytest.mark.parametrize(
    ("story", "said"),
    [
        ({"ndcg": 0.2, "baseline": {"ndcg": 0.1}}, ""),
        ({"ndcg": 0.1, "baseline": {"ndcg": 0.1}}, "no better than popularity does (NDCG@10 0.100"),
        ({"rmse": 0.9, "baseline": {"rmse": 1.0}}, ""),
        ({"rmse": 1.1, "baseline": {"rmse": 1.0}}, "(RMSE 1.100, means 1.000)"),
        ({"baseline": {}}, "too little was held out to measure it"),
        ({"ndcg": 0.2}, ""),
    ],
)
def test_the_story_beside_a_model_tells_whether_it_is_worth_more(
    tmp_path: Path, story: dict[str, object], said: str
) -> None:
    (tmp_path / "metrics.json").write_text(json.dumps(story))
    assert said in weakness(tmp_path)
    assert bool(said) == bool(weakness(tmp_path))


def test_without_a_story_nothing_is_said(tmp_path: Path) -> None:
    assert weakness(tmp_path) == ""
    (tmp_path / "metrics.json").write_text("{")
    assert weakness(tmp_path) == ""
