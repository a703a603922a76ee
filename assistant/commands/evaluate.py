"""`whyrec evaluate`: how good lists and scores are, on interactions held out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from assistant.commands.options import emit, home_option, json_option

if TYPE_CHECKING:
    from recsys.evaluate import Report, Row

_OF_LISTS = {
    "ndcg": "NDCG",
    "recall": "recall",
    "precision": "precision",
    "hit_rate": "HR",
    "map": "MAP",
    "mrr": "MRR",
    "coverage": "coverage",
}
_OF_PAIRS = {
    "log_loss": "log-loss",
    "roc_auc": "ROC-AUC",
    "pr_auc": "PR-AUC",
    "rmse": "RMSE",
    "mae": "MAE",
    "r2": "R²",
}


@click.command()
@home_option
@click.option(
    "--task",
    type=click.Choice(["ranking", "rating"]),
    default="ranking",
    show_default=True,
    help="Measure lists and probabilities, or predicted ratings.",
)
@click.option(
    "--protocol",
    type=click.Choice(["r80", "loo", "random", "folds"]),
    default="r80",
    show_default=True,
    help="Hold out each user's last 20 %, last item, a random 20 %, or one fold at a time. At "
    "random, and where interactions have no times, nothing is learnt from their order.",
)
@click.option("--folds", type=click.IntRange(min=2), default=5, show_default=True)
@click.option(
    "-k", "k", type=click.IntRange(min=1), default=10, show_default=True, help="List length."
)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="How many trainings to average.",
)
@click.option(
    "--reliability", is_flag=True, help="Also compare probabilities with what happened, by bins."
)
@click.option(
    "--notebook", is_flag=True, help="Also train with the first notebook's settings (slow)."
)
@click.option("--threads", type=int, default=1, show_default=True, help="Of torch.")
@json_option
def evaluate(
    home_dir: str | None,
    task: Any,
    protocol: Any,
    folds: int,
    k: int,
    seeds: int,
    reliability: bool,
    notebook: bool,
    threads: int,
    as_json: bool,
) -> None:
    """Measure popularity, neighbours, ItemKNN, EASE, transitions, DeepFM and the shipped list.

    The home's data are parted anew and trained on; its model is left alone.

    \b
    whyrec evaluate --seeds 3
    """
    from ingest.errors import AskerError
    from ingest.home.workspace import Home, home_path
    from recsys import evaluate as measuring
    from recsys import presets

    if task == "rating" and (notebook or reliability):
        raise AskerError("--notebook and --reliability are for the ranking task")
    dataset = Home(home_path(home_dir)).dataset()
    chosen = list(range(seeds))
    preset = presets.next_item() if protocol == "loo" else presets.ranking()
    preset = presets.rating() if task == "rating" else preset
    report = measuring.evaluate(dataset, protocol, chosen, preset, threads, _say, k, folds)
    extra = (
        [measuring.notebook_result(dataset, presets.notebook(), chosen, threads)]
        if notebook
        else []
    )
    text = [table(report, [*report.rows, *extra])]
    text += [reliability_table(report)] if reliability else []
    text += [epochs_line(row) for row in extra]
    emit(document(report, [*report.rows, *extra]), as_json, "\n\n".join(text))


def _say(step: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"training: {step}", err=True)


def document(report: Report, rows: list[Row]) -> dict[str, Any]:
    """Return the report as plain JSON types."""
    return {
        "dataset": report.dataset,
        "protocol": report.protocol,
        "seeds": list(report.seeds),
        "k": report.k,
        "n_users": report.n_users,
        "n_users_without_test_item": report.n_short,
        "rows": [
            {
                "name": row.name,
                "chosen": row.note,
                "mean": {metric: row.mean(metric) for metric in row.results[0]},
                "sd": {metric: row.sd(metric) for metric in row.results[0]},
                "results": [dict(result) for result in row.results],
            }
            for row in rows
        ],
        "reliability": report.reliability.to_json() if report.reliability else [],
    }


def table(report: Report, rows: list[Row]) -> str:
    """Return the report as a table, mean ± standard deviation over seeds (and folds)."""
    of_lists = {metric: f"{name}@{report.k}" for metric, name in _OF_LISTS.items()}
    tables = [_columns(names, rows) for names in (of_lists, _OF_PAIRS)]
    few = (
        f"{report.n_short:,} user{' has' if report.n_short == 1 else 's have'} too few interactions"
    )
    short = f" ({few})" if report.n_short else ""
    several = "s" if report.n_users != 1 else ""
    seeds = ", ".join(map(str, report.seeds))
    head = (
        f"{report.dataset}, protocol {report.protocol}: {report.n_users:,} user{several} with a "
        f"test item{short}; seeds {seeds}"
    )
    notes = [f"{row.name}: {row.note}" for row in rows if row.note]
    return "\n\n".join(
        [head, *(one for one in tables if one), *(["\n".join(notes)] if notes else [])]
    )


def _columns(names: dict[str, str], rows: list[Row]) -> str:
    """Return the rows that have any of these metrics, and the metrics that any row has."""
    shown = {m: name for m, name in names.items() if any(row.mean(m) is not None for row in rows)}
    cells = [
        [row.name, *(_cell(row, metric) for metric in shown)]
        for row in rows
        if any(row.mean(metric) is not None for metric in shown)
    ]
    return "\n".join(_aligned([["", *shown.values()], *cells])) if shown else ""


def reliability_table(report: Report) -> str:
    """Return how often what was scored so high was indeed taken, bin by bin."""
    if report.reliability is None:
        return "nothing to compare probabilities with"
    cells = [["score", "mean", "taken", "95 % interval", "pairs"]]
    cells += [
        [
            f"{row['low']:.1f}–{row['high']:.1f}",
            f"{row['predicted']:.3f}",
            f"{row['observed']:.3f}",
            f"{row['least']:.3f}–{row['most']:.3f}",
            f"{row['n']:,.0f}",
        ]
        for row in report.reliability.to_json()
    ]
    head = (
        "How honest DeepFM's probabilities are: held-out items, and one unseen item drawn for "
        f"each;\nmean |score − taken| is {report.reliability.error:.3f}."
    )
    return "\n".join([head, *_aligned(cells)])


def epochs_line(row: Row) -> str:
    """Return the log-loss after each epoch with the notebook's settings."""
    epochs = [name for name in row.results[0] if name.startswith("log_loss_")]
    values = ", ".join(f"{row.mean(name):.4f}" for name in epochs)
    return f"{row.name}: log-loss on the eval set after epochs 1 to {len(epochs)}: {values}"


def _aligned(cells: list[list[str]]) -> list[str]:
    """Return the lines of a table, its first column to the left and the others to the right."""
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    return [
        "  ".join(
            [
                line[0].ljust(widths[0]),
                *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True)),
            ]
        ).rstrip()
        for line in cells
    ]


def _cell(row: Row, metric: str) -> str:
    mean, sd = row.mean(metric), row.sd(metric)
    if mean is None:
        return "–"
    return f"{mean:.4f}" if sd is None else f"{mean:.4f} ± {sd:.4f}"
