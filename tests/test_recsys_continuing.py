"""Training that goes on: what was learnt stays with its value, what is new is learnt."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ingest.dataset.ids import IdMap
from ingest.dataset.schema import Dataset, Interactions
from ingest.errors import AskerError
from recsys import presets
from recsys.checkpoint import TrainedModel
from recsys.config import DeepFMConfig, TrainingConfig
from recsys.scoring.scorer import Scorer
from recsys.training.continuing import carried_weights, continue_model, grown_space
from recsys.training.train import train_model

CONFIG = DeepFMConfig(embed_size=4, hidden_units=(8,), use_bn=False)
TRAINING = TrainingConfig(n_epochs=40, lr=0.01, batch_size=64, reg=1e-3, validation_ratio=0)


def board(names: list[str]) -> Dataset:
    """Users and items of the same colour meet: those with even numbers, and those with odd ones."""
    pairs = [(u, i) for u in names for i in names if (int(u[1:]) + int(i[1:])) % 2 == 0]
    rng = np.random.default_rng(0)
    pairs = [pairs[place] for place in rng.permutation(len(pairs))[: int(0.7 * len(pairs))]]
    users, items = IdMap(names), IdMap(names)
    return Dataset(
        "board",
        users,
        items,
        Interactions(
            users.codes([u for u, _ in pairs]),
            items.codes([i for _, i in pairs]),
            np.ones(len(pairs), np.float32),
            np.arange(len(pairs), dtype=np.int64),
        ),
        pd.DataFrame(index=range(len(users))),
        pd.DataFrame(index=range(len(items))),
    )


OLD = [f"n{number:02}" for number in range(5, 25)]
NEW = [f"n{number:02}" for number in range(30)]  # new names before and after the old ones


@pytest.fixture(scope="module")
def trained() -> TrainedModel:
    return train_model(board(OLD), CONFIG, TRAINING)


def embedding(model: TrainedModel, field_name: str, value: str) -> np.ndarray:
    field = next(field for field in model.space.fields if field.name == field_name)
    row: np.ndarray = model.weights["table"][field.start + 1 + field.vocabulary.index(value)]
    return row


def test_every_known_value_keeps_its_embedding_where_its_code_moves(trained: TrainedModel) -> None:
    space = grown_space(trained, board(NEW))
    moved = replace(trained, space=space, weights=carried_weights(trained, space, seed=0))
    for field in ("user_id", "item_id"):
        for name in OLD:
            assert (embedding(moved, field, name) == embedding(trained, field, name)).all()
    assert (moved.weights["layers.0.weight"] == trained.weights["layers.0.weight"]).all()


def own_above_other(model: TrainedModel, data: Dataset, names: list[str]) -> float:
    """Return the share of names whose own colour scores above the other on average."""
    rows = data.user_ids.codes(names)
    scores = Scorer(model, data).score_all(rows)
    colour = np.array([int(name[1:]) % 2 for name in data.item_ids.external])
    right = [
        row[colour == int(name[1:]) % 2].mean() > row[colour != int(name[1:]) % 2].mean()
        for name, row in zip(names, scores, strict=True)
    ]
    return float(np.mean(right))


def test_a_few_epochs_learn_the_new_and_keep_the_old(trained: TrainedModel) -> None:
    grown = board(NEW)
    went_on = continue_model(trained, grown, n_epochs=15)
    newcomers = [name for name in NEW if name not in OLD]
    assert own_above_other(went_on, grown, OLD) == 1
    assert own_above_other(went_on, grown, newcomers) == 1
    assert went_on.data_fingerprint == grown.fingerprint
    assert len(went_on.history) == len(trained.history) + 15
    assert went_on.calibration == trained.calibration


def test_going_on_is_quicker_than_from_nothing(trained: TrainedModel) -> None:
    went_on = continue_model(trained, board(OLD), n_epochs=1)
    anew = train_model(board(OLD), CONFIG, replace(TRAINING, n_epochs=1))
    assert went_on.history[-1]["loss"] < anew.history[-1]["loss"] / 2


def test_numbers_histories_and_lists_of_values_go_on_too(films: Dataset) -> None:
    preset = presets.ranking()
    training = replace(preset.training, n_epochs=2)
    fewer = replace(films, interactions=films.interactions.take(np.arange(12)))
    first = train_model(fewer, preset.config, training)
    went_on = continue_model(first, films, n_epochs=2)
    assert np.isfinite(Scorer(went_on, films).score_all(np.arange(7))).all()
    for old, new in zip(first.space.fields, went_on.space.fields, strict=True):
        assert old.kind != "dense" or old.edges == new.edges


def test_other_fields_are_refused_by_name(trained: TrainedModel, films: Dataset) -> None:
    with pytest.raises(AskerError, match="its fields differ .*gender.*; train anew"):
        continue_model(trained, films)
