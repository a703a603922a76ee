"""Explanations add up, and a neutralised field is a field nobody filled in."""

from dataclasses import replace

import numpy as np
import pytest

from ingest.dataset.schema import Dataset
from recsys import presets
from recsys.scoring.explain import explain
from recsys.scoring.scorer import Scorer
from recsys.training.train import train_model


@pytest.fixture(scope="module", params=["ranking", "notebook", "rating"])
def scorer(films: Dataset, request: pytest.FixtureRequest) -> Scorer:
    preset = getattr(presets, request.param)()
    training = replace(preset.training, n_epochs=20, lr=0.01)
    return Scorer(train_model(films, preset.config, training), films)


@pytest.mark.parametrize(("user", "item"), [(0, 4), (3, 0), (6, 7)])
def test_the_parts_add_up_to_the_score(scorer: Scorer, user: int, item: int) -> None:
    told = explain(scorer, user, np.array([item]))[0]
    pairs = sum(field.pairs for field in told.fields)
    assert told.item + told.mlp + pairs == pytest.approx(told.against_mean, abs=1e-4)
    assert told.score == scorer.score_all(np.array([user]))[0, item]
    assert told.raw == pytest.approx(scorer.raw_all(np.array([user]))[0, item], abs=1e-6)


def test_the_history_falls_apart_into_its_items(scorer: Scorer) -> None:
    told = explain(scorer, 0, np.array([4]))[0]
    assert told.history.tolist() == [0, 1, 2, 3]
    names = {field.name for field in scorer.trained.space.history}
    through_history = sum(field.pairs for field in told.fields if field.name in names)
    assert told.history_parts.sum() == pytest.approx(through_history, abs=1e-4)


def test_against_the_mean_the_unseen_items_sum_to_nothing(scorer: Scorer) -> None:
    unseen = [4, 5, 6, 7]
    told = explain(scorer, 0, np.array(unseen))
    assert sum(one.against_mean for one in told) == pytest.approx(0, abs=1e-4)
    for f in range(len(told[0].fields)):
        assert sum(one.fields[f].ablation for one in told) == pytest.approx(0, abs=1e-4)


def test_a_field_without_a_value_explains_nothing(films: Dataset) -> None:
    preset = presets.ranking()
    trained = train_model(films, preset.config, replace(preset.training, n_epochs=5))
    # User 7 has no occupation and no history.
    told = explain(Scorer(trained, films), 6, np.array([0]))[0]
    parts = {field.name: field for field in told.fields}
    for name in ("history", "last_1", "last_minute"):
        assert parts[name].pairs == pytest.approx(0, abs=1e-6)
        assert parts[name].ablation == pytest.approx(0, abs=1e-5)
    assert len(told.history) == len(told.history_parts) == 0


def test_a_user_who_saw_everything_is_explained_against_everything(films: Dataset) -> None:
    everything = films.interactions.take(np.flatnonzero(films.interactions.item < 4))
    few = replace(films, interactions=everything)
    preset = presets.notebook()
    trained = train_model(few, preset.config, replace(preset.training, n_epochs=2))
    assert np.isfinite(explain(Scorer(trained, few), 0, np.array([1]))[0].against_mean)


def test_without_a_field_an_item_scores_as_one_with_the_mean_of_it(
    scorer: Scorer, films: Dataset
) -> None:
    network, space = scorer.network, scorer.trained.space
    fields = network.fields(scorer.inputs.items())
    mean = fields.mean(axis=0)
    for item, told in enumerate(explain(scorer, 0, np.arange(films.n_items))):
        assert [one.name for one in told.item_fields] == [one.name for one in space.of("item")]
        for f, part in enumerate(told.item_fields):
            other = fields[item : item + 1].copy()
            other[0, f] = mean[f]
            user = network.side(network.fields(scorer.inputs.users(np.array([0]))), "user")
            y = network.block(user, network.items(network.side(other, "item")))[0, 0]
            assert told.raw - part.ablation == pytest.approx(float(y), abs=1e-5)


def test_items_together_are_explained_as_each_alone(scorer: Scorer) -> None:
    for item, told in zip((7, 4), explain(scorer, 0, np.array([7, 4])), strict=True):
        alone = explain(scorer, 0, np.array([item]))[0]
        assert (told.score, told.against_mean) == (alone.score, alone.against_mean)
        assert told.fields == alone.fields
        assert told.history_parts == pytest.approx(alone.history_parts, abs=1e-12)
