"""Bad data and bad luck, item by item: each works as far as it can, or is named in a sentence."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ingest.dataset.ids import IdMap
from ingest.dataset.schema import Dataset, Field, Interactions
from ingest.errors import AskerError, TrainingError
from recsys import Model
from recsys.evaluate import hold_outs

QUICK = {"n_epochs": 2, "eval_every": 1, "verbose": 0}


def of_pairs(pairs: list[tuple[int, int]], n_users: int = 0, n_items: int = 0) -> Dataset:
    """Make a data set without features; users and items beyond the pairs have no interaction."""
    user, item = (np.array(column, np.int32) for column in zip(*pairs, strict=True))
    users = IdMap(str(u) for u in range(max(n_users, user.max() + 1)))
    items = IdMap(str(i) for i in range(max(n_items, item.max() + 1)))
    time = np.arange(len(pairs), dtype=np.int64)
    return Dataset(
        "odd",
        users,
        items,
        Interactions(user, item, np.full(len(pairs), 3, np.float32), time),
        pd.DataFrame(index=range(len(users))),
        pd.DataFrame(index=range(len(items))),
    )


def test_one_user_has_nobody_to_learn_from_and_still_gets_a_list() -> None:
    model = Model.fit(of_pairs([(0, i) for i in range(6)], n_items=9), **QUICK)  # type: ignore[arg-type]
    assert {one.item_id for one in model.recommend("0").items} == {"6", "7", "8"}
    assert model.recommend("0").short == "3 items are unseen"


def test_one_item_leaves_nothing_to_suggest() -> None:
    model = Model.fit(of_pairs([(u, 0) for u in range(6)]), **QUICK)  # type: ignore[arg-type]
    assert model.recommend("3").short == "0 items are unseen"
    assert model.recommend("9", unknown="popular").items[0].score == 1
    assert 0 <= model.predict("3", "0")[0].score <= 1


def test_equal_labels_predict_that_label() -> None:
    data = of_pairs([(u, i) for u in range(6) for i in range(8) if (u + i) % 3])
    model = Model.fit(data, "rating", n_epochs=20, verbose=0)
    assert model.predict("1", "3")[0].score == pytest.approx(3, abs=0.5)
    assert "r2" not in model.trained.metrics  # R² of labels that do not differ is not defined
    assert model.trained.metrics["rmse"] < 0.5


def test_what_cannot_be_measured_is_left_out_and_the_files_stay_json(tmp_path: Path) -> None:
    everything = of_pairs([(u, i) for u in range(3) for i in range(6)])  # no negative exists
    model = Model.fit(everything, **QUICK)  # type: ignore[arg-type]
    assert "roc_auc" not in model.trained.metrics
    model.save(tmp_path)

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    for name in ("model.json", "metrics.json", "history.json"):
        json.loads((tmp_path / name).read_text(), parse_constant=refuse)


def test_an_item_nobody_saw_can_be_scored_and_suggested() -> None:
    data = of_pairs([(u, i) for u in range(5) for i in range(4)], n_items=5)
    model = Model.fit(data, **QUICK)  # type: ignore[arg-type]
    assert [one.item_id for one in model.recommend("2").items] == ["4"]
    assert 0 <= model.predict("2", "4")[0].score <= 1


def test_a_user_who_saw_nothing_gets_a_list(films: Dataset) -> None:
    model = Model.fit(films, **QUICK)  # type: ignore[arg-type]
    assert len(model.recommend("7", n=8).items) == 8


@pytest.mark.parametrize("bins", [0, 9])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_none_count_as_missing(value: float, bins: int) -> None:
    data = of_pairs([(u, i) for u in range(6) for i in range(8) if (u + i) % 3])
    ages = np.array([20.0, value, 30, 40, value, 25])
    users = pd.DataFrame({"age": ages, "only": pd.Series([np.nan] * 6, dtype=float)})
    fields = (Field("age", "dense", "user"), Field("only", "dense", "user"))
    model = Model.fit(replace(data, users=users, fields=fields), dense_bins=bins, **QUICK)  # type: ignore[arg-type]
    assert all(np.isfinite(one.score) for one in model.predict("1", [str(i) for i in range(8)]))
    nothing_known = model.recommend_for(["0"], n=3)
    assert model.recommend_for(["0"], {"age": None}, n=3) == nothing_known
    if np.isnan(value):
        assert model.recommend_for(["0"], {"age": value}, n=3) == nothing_known
    else:
        with pytest.raises(AskerError, match="age is a number, not -?inf"):
            model.recommend_for(["0"], {"age": value}, n=3)


def test_a_vocabulary_of_one_or_of_none_is_a_field_like_any_other() -> None:
    data = of_pairs([(u, i) for u in range(6) for i in range(8) if (u + i) % 3])
    items = pd.DataFrame(
        {
            "colour": pd.Series(["red"] * 8, dtype=object),
            "tags": pd.Series([()] * 8, dtype=object),
        }
    )
    fields = (Field("colour", "sparse", "item"), Field("tags", "multi", "item"))
    model = Model.fit(replace(data, items=items, fields=fields), **QUICK)  # type: ignore[arg-type]
    assert np.isfinite(model.predict("1", "3")[0].score)


@pytest.mark.parametrize("task", ["ranking", "rating"])
def test_a_learning_rate_that_explodes_is_named_with_what_to_do(task: str) -> None:
    data = of_pairs([(u, i) for u in range(20) for i in range(20) if (u + i) % 2])
    with pytest.raises(TrainingError, match=r"lower the learning rate \(it was 1e\+12\)"):
        Model.fit(data, task, lr=1e12, n_epochs=5, verbose=0)  # type: ignore[arg-type]


def test_nothing_to_learn_from_is_named() -> None:
    empty = of_pairs([(0, 0)])
    empty = replace(empty, interactions=empty.interactions.take(np.arange(0)))
    with pytest.raises(TrainingError, match="odd has no interactions to learn from"):
        Model.fit(empty, verbose=0)
    with pytest.raises(AskerError, match="nothing of odd can be held out under the protocol loo"):
        hold_outs(empty, "loo")


@pytest.mark.parametrize("n_folds", [1, 7])
def test_folds_that_cannot_be_are_named(n_folds: int) -> None:
    data = of_pairs([(u, i) for u in range(3) for i in range(6)])
    with pytest.raises(AskerError, match=f"cannot be dealt into {n_folds} folds: .* are 6"):
        hold_outs(data, "folds", n_folds)
