"""`whyrec train`: DeepFM on the data of the home."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from assistant.commands.options import emit, flags, home_option, json_option, options_named
from ingest.errors import AskerError

if TYPE_CHECKING:
    from recsys.checkpoint import TrainedModel
    from recsys.presets import Preset


def _units(ctx: click.Context, parameter: click.Parameter, value: str | None) -> Any:
    """Read `128,64,32`, or an empty text for no MLP."""
    if value is None:
        return None
    try:
        return tuple(int(part) for part in value.split(",") if part.strip())
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is not a list like 128,64,32") from error


_WAIT = 600.0  # seconds that a trained model waits for another writer
_METRICS = [
    "ndcg", "recall", "precision", "hit_rate", "map", "mrr", "log_loss", "roc_auc", "pr_auc",
    "rmse", "mae", "r2",
]  # fmt: skip
"""Those of `recsys.config.Metric`, spelled out so that --help imports nothing."""

_OPTIONS: tuple[Callable[..., Any], ...] = (
    click.option("--task", type=click.Choice(["ranking", "rating"]), default="ranking",
                 show_default=True, help="Learn what comes next, or the rating itself."),
    click.option("--continue", "go_on", is_flag=True,
                 help="Go on from the home's model with the data as they are now; of the other "
                 "options only --epochs, --seed, --device, --threads and --verbose may be given."),
    click.option("--notebook", is_flag=True,
                 help="Start from the first notebook's settings instead of the recipe's."),
    click.option("--loss", type=click.Choice(["softmax", "bce", "bpr", "mse"]),
                 help="What training makes small."),
    click.option("--embed-size", type=int, help="Length of every embedding."),
    click.option("--hidden-units", callback=_units, metavar="N,N,…",
                 help="Widths of the MLP's layers; '' for none."),
    click.option("--use-bn/--no-bn", default=None, help="Batch normalisation in the MLP."),
    click.option("--dropout", "dropout_rate", type=float, help="Dropout in the MLP."),
    click.option("--user-id/--no-user-id", default=None, help="The user's id as a field."),
    click.option("--epochs", "n_epochs", type=int, help="The most epochs; the best is kept."),
    click.option("--steps-per-epoch", type=int,
                 help="The most steps in an epoch; 0 for all the data."),
    click.option("--lr", type=float, help="Learning rate at the start."),
    click.option("--lr-schedule", type=click.Choice(["constant", "exponential", "cosine"])),
    click.option("--lr-decay", type=float, help="Factor per epoch; means exponential."),
    click.option("--batch-size", type=int, help="Pairs a step, or users under softmax."),
    click.option("--num-neg", "n_negatives", type=int, help="Negatives per positive."),
    click.option("--sampler", type=click.Choice(["uniform", "popularity"]),
                 help="How negatives are drawn."),
    click.option("--reg", type=float, help="L2 on embeddings and layers."),
    click.option("--metric", type=click.Choice(_METRICS),
                 help="What the best epoch is best at."),
    click.option("--patience", type=int, help="Evaluations without a better one before it stops."),
    click.option("--no-refit", is_flag=True,
                 help="Keep the network that has not seen the held-out part."),
    click.option("--seed", type=int, default=0, show_default=True),
    click.option("--device", default="cpu", show_default=True, help="cpu or cuda."),
    click.option("--threads", type=int, default=1, show_default=True, help="Of torch."),
    click.option("-v", "--verbose", type=click.IntRange(0, 2), default=1, show_default=True,
                 help="0: nothing; 1: a bar and the measured epochs, on a terminal; 2: every "
                 "epoch, wherever standard error goes."),
)  # fmt: skip


def _with_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command()
@home_option
@_with_options
@json_option
def train(
    home_dir: str | None,
    as_json: bool,
    go_on: bool,
    seed: int,
    device: str,
    threads: int,
    verbose: int,
    **chosen: Any,
) -> None:
    """Train DeepFM on the data of the home, and keep the best epoch.

    Options left out take the values of the recipe for the task. Beside the model, the home gets
    history.json, metrics.json and curve.png.

    \b
    whyrec train
    whyrec train --epochs 20 --embed-size 32
    whyrec train --continue
    """
    from assistant.building import go_on_training, model_part
    from assistant.building import train as train_on
    from ingest.home.workspace import Home, home_path

    home = Home(home_path(home_dir))
    home.require("data")
    with home.writing():  # whoever cannot write is told now, and nobody waits for the training
        dataset = home.dataset()
    with options_named():
        if go_on:
            epochs = _epochs_only(chosen)
            trained = go_on_training(home, dataset, epochs, seed, device, threads, verbose)
        else:
            settings = settings_from(**chosen)
            trained = train_on(dataset, settings, seed, device, threads, verbose)
    with home.writing(_WAIT) as edition:
        model_part(edition, trained, dataset)
    folder = home.require("model").folder
    emit({"folder": str(folder), **describe(trained)}, as_json, summary(trained, str(folder)))


def settings_from(task: str, notebook: bool, no_refit: bool, **options: Any) -> Preset:
    """Return the preset for `task` with every option that is not None put in its place."""
    from recsys import presets

    if notebook and task == "rating":
        raise AskerError(
            "the notebook's settings are for the ranking task; leave out --task rating"
        )
    given = {name: value for name, value in options.items() if value is not None}
    start = presets.notebook() if notebook else presets.preset(task, given.get("loss"))  # type: ignore[arg-type]
    if no_refit:
        given["refit"] = False
    return presets.with_settings(start, **given)


def _epochs_only(options: dict[str, Any]) -> int | None:
    """Return the epochs asked for; raises AskerError where another setting is given as well."""
    usual = {"task": "ranking", "notebook": False, "no_refit": False}
    others = [
        name
        for name, value in options.items()
        if name != "n_epochs" and value not in (None, usual.get(name))
    ]
    if others:
        named = ", ".join(flags()[name] for name in others)
        raise AskerError(f"a model that goes on keeps its settings; leave out {named}")
    epochs: int | None = options["n_epochs"]
    return epochs


def describe(trained: TrainedModel) -> dict[str, Any]:
    """Return the outcome of a training as plain JSON types."""
    return {
        "task": trained.config.task,
        "best_epoch": trained.best_epoch,
        "interrupted": trained.interrupted,
        "metrics": dict(trained.metrics),
        "seed": trained.seed,
        "data_fingerprint": trained.data_fingerprint,
        "model_fingerprint": trained.fingerprint,
    }


def summary(trained: TrainedModel, folder: str) -> str:
    """Return the outcome of a training in a few lines."""
    from pathlib import Path

    from recsys.training.verdict import weakness

    metrics = ", ".join(f"{name} {value:.4f}" for name, value in trained.metrics.items())
    stopped = " (stopped by hand)" if trained.interrupted else ""
    weak = weakness(Path(folder))
    return (
        f"Trained DeepFM for {trained.config.task}{stopped}; the best epoch is "
        f"{trained.best_epoch}.\nHeld out: {metrics or 'nothing'}\n"
        + (f"Take it lightly: {weak}; `whyrec evaluate` tells more.\n" if weak else "")
        + f"Model, history.json, metrics.json and curve.png are in {folder}"
    )
