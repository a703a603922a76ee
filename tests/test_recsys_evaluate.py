"""The quality table: its baselines by hand, its protocols, and the figures on MovieLens."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from assistant.cli import run
from assistant.commands.evaluate import reliability_table, table
from ingest.dataset.schema import Dataset
from ingest.dataset.split import split_chronological
from ingest.errors import AskerError
from ingest.home.tables import save_dataset
from ingest.home.workspace import Home
from recsys import presets
from recsys.evaluate import Row, best_of, evaluate, hold_out, hold_outs, ranked_lists
from recsys.evaluation import baselines
from recsys.evaluation.baselines import MARKOV, ItemKnnConfig, Popularity, TransitionsConfig, ease
from recsys.evaluation.holdout import Holdout
from recsys.lists.ranking import BlendConfig, Recommender
from recsys.scoring.scorer import Scorer
from recsys.training.train import train_model
from tests.test_recsys_train import dataset

MATRIX = sparse.csr_array(np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1]], dtype=np.float32))


def test_popularity_counts_users() -> None:
    assert Popularity(MATRIX).score_all(np.array([2, 0])).tolist() == [[2, 3, 1], [2, 3, 1]]


def test_ease_is_the_ridge_regression_of_every_item_on_the_others() -> None:
    x = MATRIX.toarray().astype(np.float64)
    weights = ease(MATRIX, reg=0.5)._weights
    for item in range(3):
        others = [other for other in range(3) if other != item]
        a = x[:, others]
        solved = np.linalg.solve(a.T @ a + 0.5 * np.eye(2), a.T @ x[:, item])
        assert weights[others, item] == pytest.approx(solved, abs=1e-6)
        assert weights[item, item] == 0


def test_item_knn_is_the_cosine_of_two_audiences() -> None:
    items = ItemKnnConfig(k=2, shrink=1.0)
    scores = baselines.item_knn(MATRIX, items).score_all(np.array([2]))[0]
    first = 1 / (np.sqrt(1 * 3) + 1) + 0  # item 2 and item 1 share one user of 1 and 3
    cosine_01 = 2 / (np.sqrt(2 * 3) + 1)  # items 0 and 1 share two users
    assert scores == pytest.approx([cosine_01, first, first], abs=1e-6)
    nearest = baselines.item_knn(MATRIX, ItemKnnConfig(k=1, shrink=1.0)).score_all(np.array([2]))[0]
    assert nearest == pytest.approx([cosine_01, 0, first], abs=1e-6)  # 1 keeps 0, not 2


def test_a_markov_chain_asks_what_followed_the_last_film(films: Dataset) -> None:
    """103 is user 1's last but one and followed 102 for users 1 and 2; see conftest.py."""
    scores = baselines.transitions(films, MARKOV).score_all(np.array([2, 0, 6]))
    assert scores[0].tolist() == [0, 0, 1, 0, 0, 0, 0, 0]  # user 3 had 102 last: 103 always came
    assert scores[1].tolist() == [0, 0, 0, 0, 1, 0, 0, 0]  # user 1 had 104 last: 105 came for 4
    assert not scores[2].any()  # user 7 has seen nothing


def test_transitions_are_those_of_plain_loops(films: Dataset) -> None:
    config = TransitionsConfig(window=3, fading=True, decay=2.0)
    histories: dict[int, list[int]] = {}
    order = np.lexsort((films.interactions.time, films.interactions.user))
    for row in order:
        user, item = int(films.interactions.user[row]), int(films.interactions.item[row])
        histories.setdefault(user, []).append(item)
    counts = np.zeros((8, 8))
    for own in histories.values():
        for place, item in enumerate(own):
            for gap in range(1, 4):
                if place + gap < len(own):
                    counts[item, own[place + gap]] += 1 / gap
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-9)
    found = baselines.transitions(films, config).score_all(np.arange(7))
    for user in range(7):
        own = histories.get(user, [])[::-1]
        expected = sum((np.exp(-x / 2.0) * shares[i] for x, i in enumerate(own)), np.zeros(8))
        assert found[user] == pytest.approx(expected, abs=1e-6)


def test_constants_are_chosen_on_the_cut_and_nowhere_else(films: Dataset) -> None:
    cut = hold_out(films, "loo")

    def fit(power: int) -> baselines.Weighted:
        return baselines.Weighted(cut.due if power == 7 else cut.seen, np.eye(8, dtype=np.float32))

    assert best_of((1, 7, 2), fit, cut) == 7
    nothing = Holdout(films, np.arange(len(films.interactions)), np.arange(0))
    assert best_of((1, 7, 2), fit, nothing) == 1


def test_ratings_are_expected_from_damped_means(films: Dataset) -> None:
    biases = baselines.RatingBiases(films)
    label = films.interactions.label
    mean = label.mean()
    of_101 = (5 + 4 + 5 + 3 - 4 * mean) / (4 + 25)
    assert biases.item[0] == pytest.approx(of_101, abs=1e-5)
    of_user_6 = (3 - mean - of_101) / (1 + 10)
    row = np.flatnonzero(films.interactions.user == 5)
    expected = mean + of_101 + of_user_6
    assert biases.of(films.interactions.take(row)) == pytest.approx([expected], abs=1e-5)


def test_protocols_hold_out_what_they_say(films: Dataset) -> None:
    assert len(hold_out(films, "loo").test) == 5  # users 6 and 7 are too short
    r80 = hold_out(films, "r80")
    assert np.diff(r80.seen.indptr).tolist() == [3, 3, 2, 3, 2, 1, 0]


def test_a_report_names_every_row_and_its_seeds(films: Dataset) -> None:
    quick = presets.ranking()
    quick = presets.Preset(quick.config, replace(quick.training, n_epochs=2))
    report = evaluate(films, "loo", [0, 1], quick)
    assert [row.name for row in report.rows] == [
        "popularity",
        "neighbours only",
        "ItemKNN",
        "EASE",
        "Markov chain",
        "item transitions",
        "DeepFM only",
        "shipped list",
    ]
    assert (report.n_users, report.n_short) == (5, 2)
    assert [len(row.results) for row in report.rows] == [1, 1, 1, 1, 1, 1, 2, 2]
    text = table(report, list(report.rows))
    assert "films, protocol loo: 5 users with a test item (2 users have too few" in text
    assert "±" in next(line for line in text.splitlines() if line.startswith("shipped list"))
    assert "item transitions: " in text
    honest = reliability_table(report)
    assert "mean |score − taken|" in honest
    assert report.reliability is not None
    assert report.reliability.count.sum() == 2 * 10  # two seeds, five films and a negative each


def test_folds_test_everything_once_and_a_random_part_is_drawn_once(films: Dataset) -> None:
    folds = hold_outs(films, "folds", 3)
    assert sum(len(part.test) for part in folds) == len(films.interactions) - 1  # user 6 has one
    first, again = hold_out(films, "random"), hold_out(films, "random")
    assert first.test.item.tolist() == again.test.item.tolist()
    quick = presets.Preset(
        presets.ranking().config, replace(presets.ranking().training, n_epochs=1)
    )
    report = evaluate(films, "folds", [0], quick, k=3, n_folds=3)
    assert {len(row.results) for row in report.rows} == {3}
    assert report.n_users == 5
    assert "NDCG@3" in table(report, list(report.rows))


def test_what_cannot_be_held_out_is_said(films: Dataset) -> None:
    with pytest.raises(
        AskerError, match="cannot be dealt into 9 folds: the most .* user has are 4"
    ):
        hold_outs(films, "folds", 9)
    one_each = replace(films, interactions=films.interactions.take(np.array([0, 4, 8])))
    with pytest.raises(
        AskerError, match="nothing of films can be held out under .* r80: the most .* are 1; loo"
    ):
        hold_out(one_each, "r80")


def test_ratings_are_measured_against_means(films: Dataset) -> None:
    preset = presets.rating()
    quick = presets.Preset(preset.config, replace(preset.training, n_epochs=1))
    report = evaluate(films, "loo", [0, 1], quick)
    assert [row.name for row in report.rows] == [
        "mean rating", "user and item means", "DeepFM only",
    ]  # fmt: skip
    assert all(set(row.results[0]) == {"rmse", "mae", "r2"} for row in report.rows)
    assert "RMSE" in table(report, list(report.rows))
    assert "NDCG" not in table(report, list(report.rows))


def test_mean_and_deviation_are_over_seeds() -> None:
    row = Row("x", ({"ndcg": 0.1}, {"ndcg": 0.3}))
    assert row.mean("ndcg") == pytest.approx(0.2)
    assert row.sd("ndcg") == pytest.approx(np.sqrt(0.02))
    assert row.mean("recall") is None
    assert Row("x", ({"ndcg": 0.1},)).sd("ndcg") is None


def test_the_command_prints_one_json_document(
    films: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = Home(tmp_path / "home")
    with home.writing() as edition:
        folder = edition.new_folder("data")
        save_dataset(films, folder)
        edition.add("data", folder, films.fingerprint)
    assert run(["evaluate", "--home", str(home.path), "--protocol", "loo", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["protocol"] == "loo"
    assert {row["name"] for row in said["rows"]} >= {"popularity", "shipped list"}
    assert {"low", "high", "observed", "least", "most", "n"} <= set(said["reliability"][0])
    assert "model" not in home.parts()


@pytest.mark.slow
def test_the_baselines_of_movielens_are_those_of_the_literature(ml100k: Dataset) -> None:
    holdout = hold_out(ml100k, "r80")
    popularity = Popularity(holdout.seen)
    ndcg = {
        "popularity": holdout.lists(popularity.score_all),
        "ease": holdout.lists(ease(holdout.seen).score_all),
        "neighbours": ranked_lists(
            Recommender(holdout.train, popularity, BlendConfig()), holdout.users, "neighbours"
        ),
    }
    found = {name: holdout.list_metrics(top)["ndcg"] for name, top in ndcg.items()}
    assert found["popularity"] == pytest.approx(0.121, abs=0.001)
    assert found["ease"] == pytest.approx(0.206, abs=0.001)
    assert found["neighbours"] > 0.195


@pytest.mark.slow
def test_deepfm_on_movielens_reaches_its_figures(ml100k: Dataset) -> None:
    report = evaluate(ml100k, "r80", [0], presets.ranking())
    alone = next(row for row in report.rows if row.name == "DeepFM only")
    shipped = next(row for row in report.rows if row.name == "shipped list")
    assert alone.results[0]["ndcg"] > 0.285
    assert alone.results[0]["recall"] > 0.165
    assert shipped.results[0]["ndcg"] > 0.285
    assert alone.results[0]["log_loss"] < 0.47


def test_a_table_without_times_may_be_sorted_by_item_and_means_the_same() -> None:
    """What is learnt, held out and measured does not hang on an order that means nothing."""
    rng = np.random.default_rng(0)
    pairs = np.unique(rng.integers(0, [60, 30], (700, 2)), axis=0)
    table = replace(dataset([(int(u), int(i), 1.0) for u, i in pairs]), has_times=False)
    recipe = presets.with_settings(presets.ranking(), n_epochs=30, embed_size=8)
    last = table.interactions.take(split_chronological(table.interactions).test)
    model = train_model(table, *recipe)
    assert model.reliability is not None
    held_out = hold_out(table, "r80").test
    assert held_out.item.mean() < last.item.mean() - 5  # not those with the largest ids
    scores = Scorer(model, table).raw_all(np.arange(60))
    assert abs(np.corrcoef(scores.mean(axis=0), np.arange(30))[0, 1]) < 0.5
    names = [row.name for row in evaluate(table, "random", [0], recipe).rows]
    assert "item transitions" not in names and names[-1] == "shipped list"


@pytest.mark.slow
def test_what_is_held_out_at_random_is_foreseen_as_well_as_by_ease(ml100k: Dataset) -> None:
    report = evaluate(ml100k, "random", [0], presets.ranking())
    ndcg = {row.name: row.mean("ndcg") or 0 for row in report.rows}
    assert ndcg["DeepFM only"] > ndcg["EASE"] - 0.005 > 0.42
    assert ndcg["shipped list"] > 0.43
