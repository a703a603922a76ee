"""Saved and loaded models: the same bits, and every damage refused by name."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ingest.dataset.schema import Dataset
from ingest.errors import HomeError
from recsys import presets
from recsys.checkpoint import ABOUT, WEIGHTS, TrainedModel, load_model, save_model
from recsys.scoring.scorer import Scorer, load_scorer
from recsys.training.train import train_model


@pytest.fixture(scope="module")
def trained(films: Dataset) -> TrainedModel:
    preset = presets.ranking()
    return train_model(films, preset.config, replace(preset.training, n_epochs=2))


def test_a_loaded_model_scores_the_same_bits(
    films: Dataset, trained: TrainedModel, tmp_path: Path
) -> None:
    save_model(trained, tmp_path)
    scorer = load_scorer(tmp_path, films)
    users = np.arange(7)
    assert (scorer.score_all(users) == Scorer(trained, films).score_all(users)).all()
    assert scorer.fingerprint == trained.fingerprint
    assert load_model(tmp_path).history == trained.history
    assert load_model(tmp_path).training == trained.training
    assert load_model(tmp_path).baseline == trained.baseline != {}
    assert trained.reliability is not None
    kept = load_model(tmp_path).reliability
    assert kept is not None and kept.to_json() == trained.reliability.to_json()


def test_a_file_cut_short_is_refused_by_name(trained: TrainedModel, tmp_path: Path) -> None:
    save_model(trained, tmp_path)
    for name in (WEIGHTS, ABOUT):
        whole = (tmp_path / name).read_bytes()
        for length in (0, 7, len(whole) // 2, len(whole) - 1):
            (tmp_path / name).write_bytes(whole[:length])
            with pytest.raises(HomeError, match=f"{name} .*run `whyrec train` again"):
                load_model(tmp_path)
        (tmp_path / name).write_bytes(whole)
    load_model(tmp_path)


def test_a_missing_file_is_refused_by_name(trained: TrainedModel, tmp_path: Path) -> None:
    save_model(trained, tmp_path)
    (tmp_path / WEIGHTS).unlink()
    with pytest.raises(HomeError, match=WEIGHTS):
        load_model(tmp_path)
    with pytest.raises(HomeError, match=ABOUT):
        load_model(tmp_path / "nowhere")


def test_foreign_files_are_refused(trained: TrainedModel, tmp_path: Path) -> None:
    save_model(trained, tmp_path)
    good = json.loads((tmp_path / ABOUT).read_text())
    foreign: list[object] = [[], {}, {"format": 1}, {**good, "format": 99}, {**good, "space": 3}]
    for content in foreign:
        (tmp_path / ABOUT).write_text(json.dumps(content))
        with pytest.raises(HomeError, match="not a model of whyrec"):
            load_model(tmp_path)


def test_weights_of_another_model_are_refused(trained: TrainedModel, tmp_path: Path) -> None:
    save_model(trained, tmp_path)
    about = (tmp_path / ABOUT).read_text()
    other = {name: array + 1 for name, array in trained.weights.items()}
    save_model(replace(trained, weights=other), tmp_path)
    (tmp_path / ABOUT).write_text(about)
    with pytest.raises(HomeError, match="does not belong to the model.json"):
        load_model(tmp_path)


def test_a_model_from_other_data_is_refused_by_name(
    films: Dataset, trained: TrainedModel, tmp_path: Path
) -> None:
    save_model(trained, tmp_path)
    fewer = replace(films, interactions=films.interactions.take(np.arange(10)))
    with pytest.raises(HomeError, match="was trained on other data"):
        load_scorer(tmp_path, fewer)


def test_the_fingerprint_changes_with_any_weight_or_setting(trained: TrainedModel) -> None:
    weights = dict(trained.weights)
    weights["bias"] = weights["bias"] + np.float32(1e-6)
    calibration = replace(trained.calibration, slope=2.0)
    changed = {
        trained.fingerprint,
        replace(trained, weights=weights).fingerprint,
        replace(trained, calibration=calibration).fingerprint,
        replace(trained, blend={"weight": 0.1}).fingerprint,
    }
    assert len(changed) == 4
