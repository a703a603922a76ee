"""Scores: batch = single, blocks = all at once, probabilities, strangers."""

import dataclasses
from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from ingest.dataset.schema import Dataset
from recsys import presets
from recsys.checkpoint import TrainedModel
from recsys.config import DeepFMConfig
from recsys.scoring import inference
from recsys.scoring import scorer as scoring
from recsys.scoring.scorer import UNKNOWN, Scorer, user_levels
from recsys.training.train import train_model


@pytest.fixture(scope="module", params=["ranking", "notebook", "rating", "rating compiled"])
def scorer(films: Dataset, request: pytest.FixtureRequest) -> Scorer:
    name, *compiled = request.param.split()
    preset = getattr(presets, name)()
    trained = train_model(films, preset.config, replace(preset.training, n_epochs=3))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inference, "_WORTH", 0 if compiled else inference._WORTH)
        return Scorer(trained, films)


def test_one_user_scores_as_in_a_batch_and_pairs_as_in_the_matrix(scorer: Scorer) -> None:
    users = np.array([4, UNKNOWN, 0, 6, 4])
    together = scorer.score_all(users)
    for row, user in enumerate(users):
        assert (scorer.score_all(np.array([user]))[0] == together[row]).all()
    pairs = np.array([(user, item) for user in users for item in range(8)])
    alone = scorer.score_pairs(pairs[:, 0], pairs[:, 1]).reshape(5, 8)
    assert (alone == together).all()


def test_blocks_of_any_size_give_the_same_scores(
    scorer: Scorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = scorer.score_all(np.arange(7))
    pairs = scorer.score_pairs(np.array([6, 2, 6]), np.array([0, UNKNOWN, 1]))
    monkeypatch.setattr(scoring, "_BLOCK_NUMBERS", 1)
    assert (scorer.score_all(np.arange(7)) == whole).all()
    small = scorer.score_pairs(np.array([6, 2, 6]), np.array([0, UNKNOWN, 1]))
    assert (small == pairs).all()


def test_ranking_scores_are_probabilities_in_the_order_of_the_raw_scores(scorer: Scorer) -> None:
    scores = scorer.score_all(np.arange(7))
    assert scores.dtype == np.float32
    raw = scorer.raw_all(np.arange(7))
    if scorer.task == "rating":
        assert (scores == raw).all()
        return
    assert scores.min() > 0
    assert scores.max() < 1
    for user in range(7):
        in_order = raw[user][np.argsort(scores[user], kind="stable")]
        assert (np.diff(in_order) > -1e-5).all()


def test_top_lists_are_the_best_unseen_of_all_scores(
    films: Dataset, scorer: Scorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = np.array([4, UNKNOWN, 0, 6])
    items, scores = scorer.top(users, 6)
    for row, user in enumerate(users):
        raw, every = scorer.raw_all(users)[row], scorer.score_all(users)[row]
        seen = set(films.interactions.item[films.interactions.user == user].tolist())
        best = sorted(set(range(films.n_items)) - seen, key=lambda item: (-raw[item], item))[:6]
        assert items[row].tolist() == best + [-1] * (6 - len(best))
        assert (scores[row, : len(best)] == every[best]).all()
        assert np.isnan(scores[row, len(best) :]).all()
    monkeypatch.setattr(scoring, "_BLOCK_NUMBERS", 1)
    assert (scorer.top(users, 6)[0] == items).all()


def test_an_unknown_user_or_item_scores_as_the_average_of_the_known(scorer: Scorer) -> None:
    unknown = scorer.score_all(np.array([UNKNOWN]))[0]
    assert np.isfinite(unknown).all()
    item = scorer.score_pairs(np.array([0]), np.array([UNKNOWN]))[0]
    both = scorer.score_pairs(np.array([UNKNOWN]), np.array([UNKNOWN]))[0]
    raw = scorer.network.block(
        scorer._user_side(np.array([UNKNOWN])), scorer._average_item
    )  # the average side is linear in the embeddings
    assert np.isfinite([item, both, raw[0, 0]]).all()


def test_a_stranger_with_a_users_history_and_features_scores_as_that_user(
    films: Dataset, scorer: Scorer
) -> None:
    if not scorer.trained.config.history:
        pytest.skip("only a model with history fields knows a stranger by items")
    seen = films.interactions
    rows = np.flatnonzero(seen.user == 1)
    items = seen.item[rows[np.argsort(seen.time[rows], kind="stable")]]
    features = {"age": 31.0, "gender": "M", "occupation": "engineer"}
    stranger = scorer.score_items_for(items, features)
    assert stranger == pytest.approx(scorer.score_all(np.array([1]))[0], abs=1e-6)


def test_a_stranger_of_whom_nothing_is_known_gets_a_score(scorer: Scorer) -> None:
    scores = scorer.score_items_for(np.array([], dtype=np.int32))
    assert np.isfinite(scores).all()


def test_user_levels_take_the_mean_exponential_of_the_unseen() -> None:
    raw = np.log(np.array([[1, 2, 3], [4, 5, 6]], dtype=np.float32))
    seen = sparse.csr_array(np.array([[0, 0, 1], [1, 1, 1]], dtype=np.float32))
    assert np.exp(user_levels(raw, seen)) == pytest.approx([(1 + 2) / 2, (4 + 5 + 6) / 3])


def test_a_network_without_interactions_of_a_user_knows_them_by_features(
    films: Dataset,
) -> None:
    preset = presets.ranking()
    trained = train_model(films, preset.config, replace(preset.training, n_epochs=3))
    assert np.isfinite(Scorer(trained, films).score_all(np.array([6]))).all()


def test_a_trained_model_is_frozen(scorer: Scorer) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        scorer.trained.seed = 3  # type: ignore[misc]
    assert isinstance(scorer.trained, TrainedModel)
    assert isinstance(scorer.trained.config, DeepFMConfig)
