"""The quality table: its baselines by hand, its protocols, and the figures on MovieLens."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from assistant.cli import run
from assistant.commands.evaluate import table
from ingest.schema import Dataset
from ingest.tables import save_dataset
from ingest.workspace import Home
from recsys import presets
from recsys.baselines import Ease, Popularity
from recsys.evaluate import Row, evaluate, hold_out, ranked_lists
from recsys.ranking import BlendConfig, Recommender

MATRIX = sparse.csr_array(np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1]], dtype=np.float32))


def test_popularity_counts_users() -> None:
    assert Popularity(MATRIX).score_all(np.array([2, 0])).tolist() == [[2, 3, 1], [2, 3, 1]]


def test_ease_is_the_ridge_regression_of_every_item_on_the_others() -> None:
    x = MATRIX.toarray().astype(np.float64)
    weights = Ease(MATRIX, reg=0.5)._weights
    for item in range(3):
        others = [other for other in range(3) if other != item]
        a = x[:, others]
        solved = np.linalg.solve(a.T @ a + 0.5 * np.eye(2), a.T @ x[:, item])
        assert weights[others, item] == pytest.approx(solved, abs=1e-6)
        assert weights[item, item] == 0


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
        "EASE",
        "DeepFM only",
        "shipped list",
    ]
    assert (report.n_users, report.n_short) == (5, 2)
    assert [len(row.results) for row in report.rows] == [1, 1, 1, 2, 2]
    text = table(report, list(report.rows))
    assert "films, protocol loo: 5 users with a test item (2 users have too few" in text
    assert "±" in text.splitlines()[-1]


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
    assert "model" not in home.parts()


@pytest.mark.slow
def test_the_baselines_of_movielens_are_those_of_the_literature(ml100k: Dataset) -> None:
    holdout = hold_out(ml100k, "r80")
    popularity = Popularity(holdout.seen)
    ndcg = {
        "popularity": holdout.lists(popularity.score_all),
        "ease": holdout.lists(Ease(holdout.seen).score_all),
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
