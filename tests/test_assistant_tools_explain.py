"""How sure an answer is: a model that knows no more than popularity does not pass for one."""

from dataclasses import replace
from typing import Any

import pytest

from assistant.tools.explain import _against_popularity
from assistant.wording import Voice
from assistant.wording.explain import certainty, quality
from ingest.dataset.schema import Noun
from recsys.checkpoint import TrainedModel
from recsys.config import DeepFMConfig

VOICE = Voice(Noun("film", "films"), "3")
ROW: dict[str, Any] = {
    "user_id": "3", "n_items": 2, "n_near": 0, "thin_user": True, "metrics": {"ndcg": 0.1},
    "bins": [],
}  # fmt: skip


def trained(task: Any, metrics: dict[str, float], baseline: dict[str, float]) -> TrainedModel:
    model = object.__new__(TrainedModel)
    for name, value in (
        ("config", replace(DeepFMConfig(), task=task)), ("metrics", metrics), ("baseline", baseline)
    ):  # fmt: skip
        object.__setattr__(model, name, value)
    return model


@pytest.mark.parametrize(
    ("task", "model", "popular", "better"),
    [("ranking", 0.2, 0.1, True), ("ranking", 0.1, 0.1, False), ("rating", 0.9, 1.0, True),
     ("rating", 1.0, 0.9, False)],
)  # fmt: skip
def test_a_model_is_held_against_what_knows_no_user(
    task: str, model: float, popular: float, better: bool
) -> None:
    name = "rmse" if task == "rating" else "ndcg"
    row = _against_popularity(trained(task, {name: model}, {name: popular}))
    assert row == {"metric": name, "model": model, "popular": popular, "better": better}
    voice = replace(VOICE, rating=task == "rating")
    for said in (certainty, quality):
        text = said([ROW | {"popularity": row}], voice, {})
        assert ("take its" in text) == (not better)
        assert (f"{model:.3f}" in text) == (not better)


def test_where_nothing_was_held_out_nothing_is_compared() -> None:
    assert _against_popularity(None) is None
    assert _against_popularity(trained("ranking", {}, {})) is None
    assert "take its" not in certainty([ROW | {"popularity": None}], VOICE, {})
