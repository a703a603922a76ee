"""The story of a training beside the model: history.json, metrics.json and a picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from recsys.checkpoint import TrainedModel, save_model

_DRAWN = {
    "ndcg": "NDCG@10",
    "recall": "recall@10",
    "log_loss": "log-loss",
    "roc_auc": "ROC-AUC",
    "rmse": "RMSE",
}


def write_model(trained: TrainedModel, folder: Path) -> None:
    """Write the model and its story into the existing `folder`."""
    save_model(trained, folder)
    story: dict[str, Any] = {
        "history.json": [dict(record) for record in trained.history],
        "metrics.json": {
            "best_epoch": trained.best_epoch,
            "chosen_by": trained.training.metric,
            "held_out": trained.training.validation_ratio,
            **trained.metrics,
            "baseline": dict(trained.baseline),
        },
    }
    for name, content in story.items():
        (folder / name).write_text(json.dumps(content, indent=2), encoding="utf-8")
    draw_curve(trained, folder / "curve.png")


def draw_curve(trained: TrainedModel, path: Path) -> None:
    """Draw the loss and the chosen metric over the epochs, the best epoch marked."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    epochs = [record["epoch"] for record in trained.history]
    axes.plot(epochs, [record["loss"] for record in trained.history], color="tab:gray")
    axes.set_xlabel("epoch")
    axes.set_ylabel(f"training loss ({trained.training.loss})", color="tab:gray")
    metric = trained.training.metric
    measured = [record for record in trained.history if metric in record]
    if measured:
        right = axes.twinx()
        places = [record["epoch"] for record in measured]
        right.plot(places, [r[metric] for r in measured], marker="o", color="tab:blue")
        right.set_ylabel(f"{_DRAWN.get(metric, metric)}, held out", color="tab:blue")
        axes.axvline(trained.best_epoch, linestyle=":", color="black")
        axes.set_title(f"best epoch {trained.best_epoch}")
    figure.savefig(path, dpi=120)
