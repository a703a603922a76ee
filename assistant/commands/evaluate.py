"""`whyrec evaluate`: how good the lists are, on interactions held out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from assistant.commands.options import emit, home_option, json_option

if TYPE_CHECKING:
    from recsys.evaluate import Report, Row

_SHOWN = {
    "ndcg": "NDCG@10",
    "recall": "recall@10",
    "hit_rate": "HR@10",
    "map": "MAP@10",
    "mrr": "MRR@10",
    "coverage": "coverage",
    "log_loss": "log-loss",
    "roc_auc": "AUC",
}


@click.command()
@home_option
@click.option(
    "--protocol",
    type=click.Choice(["r80", "loo"]),
    default="r80",
    show_default=True,
    help="Hold out each user's last 20 %, or last item.",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="How many trainings to average.",
)
@click.option(
    "--notebook", is_flag=True, help="Also train with the first notebook's settings (slow)."
)
@click.option("--threads", type=int, default=1, show_default=True, help="Of torch.")
@json_option
def evaluate(
    home_dir: str | None, protocol: Any, seeds: int, notebook: bool, threads: int, as_json: bool
) -> None:
    """Measure popularity, neighbours only, EASE, DeepFM only and the shipped list.

    The home's data are parted anew and trained on; its model is left alone.
    """
    from ingest.tables import load_dataset
    from ingest.workspace import Home, home_path
    from recsys import evaluate as measuring
    from recsys import presets

    dataset = load_dataset(Home(home_path(home_dir)).require("data").folder)
    chosen = list(range(seeds))
    preset = presets.ranking() if protocol == "r80" else presets.next_item()
    report = measuring.evaluate(dataset, protocol, chosen, preset, threads, _say)
    extra = (
        [measuring.notebook_result(dataset, presets.notebook(), chosen, threads)]
        if notebook
        else []
    )
    rows = [*report.rows, *extra]
    emit(document(report, rows), as_json, table(report, rows))


def _say(step: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"training: {step}", err=True)


def document(report: Report, rows: list[Row]) -> dict[str, Any]:
    """Return the report as plain JSON types."""
    return {
        "dataset": report.dataset,
        "protocol": report.protocol,
        "seeds": list(report.seeds),
        "n_users": report.n_users,
        "n_users_without_test_item": report.n_short,
        "rows": [
            {
                "name": row.name,
                "mean": {metric: row.mean(metric) for metric in row.results[0]},
                "sd": {metric: row.sd(metric) for metric in row.results[0]},
                "results": [dict(result) for result in row.results],
            }
            for row in rows
        ],
    }


def table(report: Report, rows: list[Row]) -> str:
    """Return the report as a table, mean ± standard deviation over seeds."""
    cells = [["", *_SHOWN.values()]]
    cells += [[row.name, *(_cell(row, metric) for metric in _SHOWN)] for row in rows]
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    lines = [
        "  ".join(
            [
                line[0].ljust(widths[0]),
                *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True)),
            ]
        )
        for line in cells
    ]
    short = f" ({report.n_short} users have too few interactions)" if report.n_short else ""
    seeds = ", ".join(map(str, report.seeds))
    head = (
        f"{report.dataset}, protocol {report.protocol}: {report.n_users} users with a test "
        f"item{short}; seeds {seeds}"
    )
    return "\n".join([head, "", *(line.rstrip() for line in lines)])


def _cell(row: Row, metric: str) -> str:
    mean, sd = row.mean(metric), row.sd(metric)
    if mean is None:
        return "–"
    return f"{mean:.4f}" if sd is None else f"{mean:.4f} ± {sd:.4f}"
