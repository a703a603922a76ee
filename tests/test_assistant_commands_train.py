"""`whyrec train` as a person runs it."""

import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from assistant.cli import run
from assistant.commands.train import _METRICS
from ingest.dataset.schema import Dataset
from ingest.home.tables import save_dataset
from ingest.home.workspace import Home
from recsys.config import Metric


@pytest.fixture
def home(films: Dataset, tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    with home.writing() as edition:
        folder = edition.new_folder("data")
        save_dataset(films, folder)
        edition.add("data", folder, films.fingerprint)
    return home


def test_training_leaves_the_model_its_story_and_a_picture(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["train", "--home", str(home.path), "--epochs", "3", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    folder = home.require("model").folder
    assert said["folder"] == str(folder)
    assert said["metrics"]["ndcg"] >= 0
    assert (folder / "curve.png").read_bytes().startswith(b"\x89PNG")
    history = json.loads((folder / "history.json").read_text())
    assert [record["epoch"] for record in history] == [1, 2, 3]
    assert json.loads((folder / "metrics.json").read_text())["best_epoch"] == said["best_epoch"]


def test_the_notebooks_settings_and_every_option_arrive(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    options = (
        "--notebook --embed-size 8 --hidden-units 4,2 --no-bn --dropout 0.1 --epochs 2 --lr 0.01 "
        "--lr-decay 0.5 --batch-size 32 --num-neg 3 --sampler popularity --reg 0.001 "
        "--metric roc_auc --patience 1 --no-refit --seed 4 --loss bpr --steps-per-epoch 5"
    )
    assert run(["train", "--home", str(home.path), *options.split()]) == 0
    assert "Trained DeepFM for ranking" in capsys.readouterr().out
    about = json.loads((home.require("model").folder / "model.json").read_text())
    wanted = {"embed_size": 8, "hidden_units": [4, 2], "use_bn": False, "dropout_rate": 0.1}
    assert wanted.items() <= about["config"].items()
    wanted = {
        "loss": "bpr",
        "n_epochs": 2,
        "lr": 0.01,
        "lr_decay": 0.5,
        "lr_schedule": "exponential",
        "batch_size": 32,
        "n_negatives": 3,
        "sampler": "popularity",
        "reg": 0.001,
        "metric": "roc_auc",
        "patience": 1,
        "steps_per_epoch": 5,
        "refit": False,
    }
    assert wanted.items() <= about["training"].items()
    assert about["seed"] == 4


def test_the_rating_task_trains_with_its_own_defaults(home: Home) -> None:
    assert run(["train", "--home", str(home.path), "--task", "rating", "--epochs", "2"]) == 0
    metrics = json.loads((home.require("model").folder / "metrics.json").read_text())
    assert metrics["chosen_by"] == "rmse"
    assert {"rmse", "mae", "r2"} <= set(metrics)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--lr", "-1"], "lr must be above 0, not -1.0"),
        (["--loss", "mse"], "the loss mse is not for the ranking task"),
        (["--task", "rating", "--notebook"], "the notebook's settings are for the ranking task"),
        (["--hidden-units", "8,x"], "'8,x' is not a list like 128,64,32"),
        (["--embed-size", "0"], "--embed-size must be at least 1, not 0"),
    ],
)
def test_a_wrong_option_is_named_and_exits_with_2(
    home: Home, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["train", "--home", str(home.path), *options]) == 2
    assert message in capsys.readouterr().err
    assert "model" not in home.parts()


def test_a_training_that_explodes_leaves_the_last_good_model(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["train", "--home", str(home.path), "--epochs", "1"]) == 0
    before = home.require("model")
    assert run(["train", "--home", str(home.path), "--lr", "1e12", "--epochs", "5"]) == 1
    assert "lower the learning rate (it was 1e+12)" in capsys.readouterr().err
    assert home.require("model") == before


def test_training_goes_on_where_it_was_with_the_data_as_they_are_now(
    home: Home, films: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    go_on = ["train", "--home", str(home.path), "--continue"]
    assert run(go_on) == 2
    assert "has no model to go on from; run `whyrec train`" in capsys.readouterr().err
    assert run(["train", "--home", str(home.path), "--epochs", "2"]) == 0
    grown = replace(films, interactions=films.interactions.take(np.arange(15)))
    with home.writing() as edition:
        folder = edition.new_folder("data")
        save_dataset(grown, folder)
        edition.add("data", folder, grown.fingerprint)
    assert run([*go_on, "--epochs", "3"]) == 0
    part = home.require("model")
    assert part.data_fingerprint == grown.fingerprint
    assert len(json.loads((part.folder / "history.json").read_text())) == 2 + 3
    assert run([*go_on, "--lr", "1"]) == 2
    assert "keeps its settings; leave out --lr" in capsys.readouterr().err


def test_without_data_the_next_step_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["train", "--home", str(tmp_path)]) == 2
    assert "there is no data" in capsys.readouterr().err


def test_the_metrics_to_choose_from_are_those_there_are() -> None:
    assert tuple(_METRICS) == get_args(Metric)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--epochs", "0"], "--epochs must be at least 1, not 0"),
        (["--embed-size", "0"], "--embed-size must be at least 1, not 0"),
        (["--dropout", "1"], "--dropout must be in [0, 1), not 1"),
        (["--continue", "--embed-size", "4", "--lr", "1"], "leave out --embed-size, --lr"),
    ],
)
def test_a_refused_setting_is_called_by_its_option(
    home: Home, capsys: pytest.CaptureFixture[str], options: list[str], named: str
) -> None:
    assert run(["train", "--home", str(home.path), *options]) == 2
    assert named in capsys.readouterr().err


@pytest.mark.slow
def test_an_interrupt_without_a_terminal_keeps_the_best_epoch(home: Home) -> None:
    """A real SIGINT to a process of its own, once an epoch was measured."""
    code = "import sys; from assistant.cli import run; sys.exit(run(sys.argv[1:]))"
    options = ["--json", "--epochs", "100000", "--patience", "100000", "-v", "2"]
    with subprocess.Popen(
        [sys.executable, "-c", code, "train", "--home", str(home.path), *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # even if started with &
    ) as training:
        assert training.stderr is not None and training.stdout is not None
        while "ndcg" not in training.stderr.readline():
            assert training.poll() is None
        training.send_signal(signal.SIGINT)
        told = json.loads(training.communicate(timeout=120)[0])
    assert training.returncode == 0
    assert told["interrupted"] and told["best_epoch"] >= 10
    assert told["model_fingerprint"] == home_model(home)["model_fingerprint"]


def home_model(home: Home) -> dict[str, Any]:
    about: dict[str, Any] = json.loads((home.require("model").folder / "model.json").read_text())
    return about
