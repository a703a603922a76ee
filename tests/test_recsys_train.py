"""Training end to end on data one can check by eye: a checkerboard, and every kind of bad luck."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from ingest.dataset.ids import IdMap
from ingest.dataset.schema import Dataset, Interactions
from ingest.dataset.split import split_chronological
from ingest.errors import AskerError, TrainingError
from recsys import presets
from recsys.config import DeepFMConfig, HistoryField, Loss, TrainingConfig
from recsys.evaluation.holdout import Holdout
from recsys.examples.features import FeatureSpace
from recsys.examples.inputs import Inputs
from recsys.scoring.inference import Weights
from recsys.scoring.scorer import Scorer
from recsys.training.fitting import Fitting, LossError, learning_rate
from recsys.training.telling import Record, Telling
from recsys.training.train import train_model

SMALL = DeepFMConfig(embed_size=4, hidden_units=(8,), use_bn=False)
QUICK = TrainingConfig(n_epochs=3, lr=0.01, batch_size=64, metric="log_loss")
HISTORY = replace(SMALL, user_id=False, history=(HistoryField("history"),))
NEXT = TrainingConfig(loss="softmax", n_epochs=40, lr=0.05, batch_size=16)


def dataset(rows: list[tuple[int, int, float]]) -> Dataset:
    """Make a data set without features from (user, item, label), in order of time."""
    user, item, label = (np.array(column) for column in zip(*rows, strict=True))
    user_ids = IdMap(str(i) for i in range(user.max() + 1))
    item_ids = IdMap(str(i) for i in range(item.max() + 1))
    return Dataset(
        "rows",
        user_ids,
        item_ids,
        Interactions(
            user.astype(np.int32),
            item.astype(np.int32),
            label.astype(np.float32),
            np.arange(len(rows), dtype=np.int64),
        ),
        pd.DataFrame(index=range(len(user_ids))),
        pd.DataFrame(index=range(len(item_ids))),
    )


def checkerboard(n: int = 20, share: float = 0.7) -> Dataset:
    """Users take items of their own colour: user u and item i meet only where u + i is even."""
    rng = np.random.default_rng(0)
    pairs = [(u, i, 1.0) for u in range(n) for i in range(n) if (u + i) % 2 == 0]
    taken = rng.permutation(len(pairs))[: int(share * len(pairs))]
    return dataset([pairs[place] for place in taken])


@pytest.mark.parametrize(
    ("config", "training"),
    [
        (SMALL, replace(QUICK, n_epochs=40, reg=1e-3, n_negatives=2)),
        (SMALL, replace(QUICK, n_epochs=40, reg=1e-3, loss="bpr")),
        (HISTORY, NEXT),
    ],
    ids=["bce", "bpr", "softmax"],
)
def test_a_checkerboard_is_learnt(config: DeepFMConfig, training: TrainingConfig) -> None:
    board = checkerboard()
    trained = train_model(board, config, replace(training, validation_ratio=0))
    scores = Scorer(trained, board).score_all(np.arange(20))
    same = np.add.outer(np.arange(20), np.arange(20)) % 2 == 0
    unseen = np.ones((20, 20), dtype=bool)
    unseen[board.interactions.user, board.interactions.item] = False
    for user in range(20):
        own = scores[user][unseen[user] & same[user]]
        other = scores[user][unseen[user] & ~same[user]]
        assert len(own) == 0 or own.min() > other.max()


def test_the_seed_decides_every_bit_and_the_global_seed_none() -> None:
    board = checkerboard()
    config = replace(SMALL, hidden_units=(8, 4), use_bn=True, dropout_rate=0.3)
    for network, training in ((config, QUICK), (HISTORY, replace(NEXT, n_epochs=2))):
        torch.manual_seed(0)
        first = train_model(board, network, training, seed=1)
        torch.manual_seed(99)
        again = train_model(board, network, training, seed=1)
        other = train_model(board, network, training, seed=2)
        assert first.fingerprint == again.fingerprint
        assert first.metrics == again.metrics
        assert first.fingerprint != other.fingerprint


def fitting(data: Dataset, training: TrainingConfig, config: DeepFMConfig = SMALL) -> Fitting:
    inputs = Inputs(FeatureSpace.from_dataset(data, config), data, config.history)
    return Fitting(inputs, data, config, training, seed=0)


def test_the_best_epoch_is_kept_and_training_stops_when_it_gets_no_better() -> None:
    seen: list[Weights] = []
    results = iter([0.5, 0.3, 0.4, 0.6, 0.2])

    def evaluate(weights: Weights) -> Record:
        seen.append(weights)
        return {"log_loss": next(results)}

    under_way = fitting(checkerboard(), replace(QUICK, n_epochs=9, patience=2))
    fit = under_way.run(9, evaluate)
    assert [record["epoch"] for record in fit.history] == [1, 2, 3, 4]
    assert fit.best["epoch"] == 2
    assert all((fit.weights[name] == seen[1][name]).all() for name in fit.weights)
    assert any((fit.weights[name] != seen[3][name]).any() for name in fit.weights)


def test_a_learning_rate_that_explodes_is_named_and_the_last_good_weights_are_kept() -> None:
    under_way = fitting(checkerboard(), replace(QUICK, n_epochs=9))
    calls = []

    def evaluate(weights: Weights) -> Record:
        calls.append(weights)
        if len(calls) == 2:
            with torch.no_grad():
                under_way.model.table.fill_(float("nan"))
        return {"log_loss": 1.0 / len(calls)}

    with pytest.raises(LossError, match=r"nan in epoch 3: lower the learning rate .*epoch 2 was"):
        under_way.run(9, evaluate)
    kept = under_way.done.weights
    assert all(np.isfinite(array).all() for array in kept.values())
    with pytest.raises(LossError, match=r"lower the learning rate \(it was 1e\+09\)"):
        fitting(checkerboard(), replace(QUICK, lr=1e9)).run(3)


def test_a_loss_that_does_not_move_is_named() -> None:
    one_kind = dataset([(u, i, float(i % 2)) for u in range(4) for i in range(4)])
    stuck = replace(QUICK, loss="mse", metric="rmse", lr=1e-30, batch_size=16)
    with pytest.raises(LossError, match="does not move from .* raise the learning rate"):
        under_way = fitting(one_kind, stuck, replace(SMALL, task="rating", init_std=1e-30))
        under_way.run(5)


@pytest.mark.parametrize(
    ("config", "training"),
    [(SMALL, QUICK), (replace(SMALL, dropout_rate=0.5), QUICK), (HISTORY, replace(NEXT, lr=0.01))],
)
def test_an_epoch_may_stop_short_and_the_next_one_goes_on(
    config: DeepFMConfig, training: TrainingConfig
) -> None:
    board = checkerboard()
    whole = fitting(board, replace(training, batch_size=8), config)
    steps, half = whole.steps_per_epoch, whole.steps_per_epoch // 2
    assert steps > 2
    short = fitting(board, replace(training, batch_size=8, steps_per_epoch=half), config)
    ends = whole.run(half), short.run(steps)
    assert len(ends[0].history) == half and len(ends[1].history) == steps
    for name, weights in ends[0].weights.items():
        np.testing.assert_allclose(weights, ends[1].weights[name], atol=1e-4)


def test_what_popularity_scores_stands_beside_what_the_model_does() -> None:
    board = checkerboard()
    trained = train_model(board, SMALL, replace(QUICK, n_epochs=40))
    cut = Holdout(board, *split_chronological(board.interactions))
    counts = np.bincount(cut.train.interactions.item, minlength=20).astype(np.float32)
    lists = cut.lists(lambda users: np.tile(counts, (len(users), 1)))
    assert trained.baseline == cut.list_metrics(lists)
    assert trained.metrics["ndcg"] > trained.baseline["ndcg"]


def test_stopping_by_hand_keeps_the_best_epoch() -> None:
    board = checkerboard()

    def stop(stage: str, record: Record) -> None:
        if record["epoch"] == 2:
            raise KeyboardInterrupt

    trained = train_model(board, SMALL, QUICK, tell=Telling(stop))
    assert trained.interrupted
    assert trained.best_epoch in (1, 2)
    assert len(trained.history) == 2
    assert np.isfinite(Scorer(trained, board).score_all(np.arange(20))).all()


def test_stopping_by_hand_before_the_first_epoch_is_a_stop() -> None:
    class Stopped(Fitting):
        def _epoch(self, epoch: int, advance: object) -> Record:
            raise KeyboardInterrupt

    board = checkerboard()
    inputs = Inputs(FeatureSpace.from_dataset(board, SMALL), board, ())
    with pytest.raises(KeyboardInterrupt):
        Stopped(inputs, board, SMALL, QUICK, seed=0).run(3)


def test_the_refit_knows_the_interactions_that_were_held_out() -> None:
    board = checkerboard()
    training = replace(QUICK, n_epochs=2)
    stages: list[tuple[str, float]] = []
    refitted = train_model(
        board,
        SMALL,
        training,
        tell=Telling(lambda stage, r: stages.append((stage, r["epoch"]))),
    )
    chosen = train_model(board, SMALL, replace(training, refit=False))
    assert stages == [("choose", 1), ("choose", 2)] + [
        ("refit", epoch) for epoch in range(1, refitted.best_epoch + 1)
    ]
    assert refitted.calibration == chosen.calibration
    assert refitted.metrics == chosen.metrics
    assert refitted.fingerprint != chosen.fingerprint


def test_a_rating_is_learnt_and_starts_from_the_mean() -> None:
    rows = [(u, i, 5.0 if (u + i) % 2 == 0 else 1.0) for u in range(12) for i in range(12)]
    rng = np.random.default_rng(0)
    data = dataset([rows[place] for place in rng.permutation(len(rows))])
    config = replace(SMALL, task="rating")
    training = TrainingConfig(loss="mse", metric="rmse", n_epochs=60, lr=0.02, batch_size=32)
    trained = train_model(data, config, training)
    assert trained.history[0]["loss"] < 10
    assert trained.metrics["rmse"] < 1.0
    scores = Scorer(trained, data).score_all(np.array([0]))[0]
    assert scores[0::2].min() > 3 > scores[1::2].max()


ODD_DATA = {
    "one user": [(0, i, 1.0) for i in range(6)],
    "one item": [(u, 0, 1.0) for u in range(6)],
    "one interaction": [(0, 0, 1.0)],
    "a user who saw everything": [(0, i, 1.0) for i in range(5)] + [(1, 2, 1.0), (2, 4, 1.0)],
    "everybody saw everything": [(u, i, 1.0) for u in range(3) for i in range(3)],
}


@pytest.mark.parametrize("name", ODD_DATA)
@pytest.mark.parametrize("loss", ["bce", "bpr", "softmax", "mse"])
def test_odd_data_train_and_score(name: str, loss: Loss) -> None:
    data = dataset(ODD_DATA[name])
    rating = loss == "mse"
    config = replace(SMALL, task="rating" if rating else "ranking")
    training = replace(QUICK, loss=loss, metric="rmse" if rating else "ndcg")
    trained = train_model(data, config, training)
    scores = Scorer(trained, data).score_all(np.arange(data.n_users))
    assert np.isfinite(scores).all()
    if not rating:
        assert scores.min() >= 0
        assert scores.max() <= 1


def test_features_that_are_missing_train_and_score(films: Dataset) -> None:
    for preset in (presets.ranking(), presets.notebook()):
        trained = train_model(films, preset.config, replace(preset.training, n_epochs=2))
        assert np.isfinite(Scorer(trained, films).score_all(np.arange(7))).all()


def test_the_defaults_of_both_tasks_train_on_films(films: Dataset) -> None:
    for preset in (presets.preset("ranking", "bpr"), presets.rating()):
        trained = train_model(films, preset.config, replace(preset.training, n_epochs=2))
        assert trained.best_epoch in (1, 2)


def test_what_does_not_fit_together_is_refused(films: Dataset) -> None:
    rating = presets.rating()
    with pytest.raises(AskerError, match="the loss mse is not for the ranking task"):
        train_model(films, SMALL, rating.training)
    with pytest.raises(AskerError, match="the metric log_loss is not for the rating task"):
        train_model(films, rating.config, replace(rating.training, metric="log_loss"))
    with pytest.raises(AskerError, match="has no labels to predict"):
        train_model(replace(films, has_labels=False), *rating)
    empty = replace(films, interactions=films.interactions.take(np.array([], dtype=np.int64)))
    with pytest.raises(TrainingError, match="no interactions to learn from"):
        train_model(empty, SMALL, QUICK)


def test_no_cuda_device_is_said(films: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(AskerError, match="no CUDA device"):
        train_model(films, SMALL, QUICK, device="cuda")
    with pytest.raises(AskerError, match="device must be cpu, cuda or cuda:1 .* not 'gpu'"):
        train_model(films, SMALL, QUICK, device="gpu")
    with pytest.raises(AskerError, match="number of threads must be at least 1, not 0"):
        train_model(films, SMALL, QUICK, n_threads=0)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(AskerError, match="there is no cuda:2: this machine has 2 CUDA devices"):
        train_model(films, SMALL, QUICK, device="cuda:2")


def test_the_learning_rate_warms_up_and_decays() -> None:
    cosine = TrainingConfig(n_epochs=10, lr=1.0, lr_schedule="cosine", warm_up=0.1)
    rates = [learning_rate(cosine, step, 10) for step in range(100)]
    assert rates[0] < 0.1
    assert max(rates) == pytest.approx(1.0, abs=0.05)
    assert rates[-1] == pytest.approx(0.02, abs=0.002)
    decay = TrainingConfig(n_epochs=3, lr=1.0, lr_schedule="exponential", lr_decay=0.5)
    assert [learning_rate(decay, step, 2) for step in range(6)] == [1, 1, 0.5, 0.5, 0.25, 0.25]


def test_training_sees_nothing_of_what_is_held_out() -> None:
    board = checkerboard()
    rows = np.arange(len(board.interactions))
    half = len(rows) // 2
    first = Holdout(board, rows[:half], rows[half:])
    shuffled = board.interactions.item.copy()
    shuffled[half:] = 0
    other = replace(board, interactions=replace(board.interactions, item=shuffled))
    second = Holdout(other, rows[:half], rows[half:])
    one, two = (train_model(part.train, HISTORY, NEXT, seed=1) for part in (first, second))
    assert one.fingerprint == two.fingerprint


def test_the_threads_of_torch_are_as_before() -> None:
    before = torch.get_num_threads()
    train_model(checkerboard(), SMALL, replace(QUICK, n_epochs=1), n_threads=before + 1)
    assert torch.get_num_threads() == before
