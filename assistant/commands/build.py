"""`whyrec build` and `whyrec demo`: everything that answers need, in one go."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from assistant.commands.dry_run import dry_run_option, tell_understood
from assistant.commands.options import counted, emit, home_option, json_option
from assistant.commands.sources import request_from, said_in, source_options
from ingest.errors import HomeError

if TYPE_CHECKING:
    from ingest.dataset.schema import Dataset
    from ingest.home.workspace import Home

QUESTION = (
    "Suggest 2 articles to user-id 78 using given data which it has not seen. "
    "Follow this approach 1: Find similar Users and 2: sugest new articles from similar users. "
    "Also give a reason for suggestion"
)
"""The question of the notebook this project grew from, word for word."""


@click.command()
@source_options
@click.option("--seed", type=int, default=0, show_default=True, help="Of everything drawn.")
@dry_run_option
@home_option
@json_option
def build(home_dir: str | None, as_json: bool, seed: int, dry_run: bool, **given: Any) -> int:
    """Read SOURCE, train on it and index it: `ingest`, `train` and `index` in one.

    All three are published together: a build that is stopped leaves the home as it was.

    \b
    whyrec build ml-100k
    whyrec build ratings.csv --users users.csv --items films.csv --noun film,films --liked-from 4
    """
    from ingest.growth.additions import origin_of
    from ingest.home.workspace import Home, home_path
    from ingest.loaders import load
    from ingest.progress import say

    home = Home(home_path(home_dir))
    request = request_from(given)
    if dry_run:
        return tell_understood(request, said_in(given), as_json)
    report = _built(home, load(request, say), seed, origin_of(request))
    emit(report, as_json, _worded(report))
    return 0


@click.command()
@home_option
@json_option
def demo(home_dir: str | None, as_json: bool) -> None:
    """Fetch MovieLens-100K, build a home from it and answer a first question.

    What is already there and up to date is used again, so a second run answers at once.

    \b
    whyrec demo
    """
    from ingest.home.workspace import Home, home_path
    from ingest.loaders import load_source
    from ingest.progress import say

    home = Home(home_path(home_dir))
    report: dict[str, Any] = {"home": str(home.path), "built": False}
    if not _is_complete(home):
        report = _built(home, load_source("ml-100k", notice=say), seed=0)
    from assistant.chain import RecommendationQA

    answer = RecommendationQA.from_home(str(home.path)).invoke(QUESTION)
    text = (
        f"{_worded(report)}\n\n$ whyrec ask {QUESTION!r}\n\n{answer['result'].rstrip()}\n\n"
        f"[worded by {answer['written_by']}]\n\n"
        'Now ask your own: .venv/bin/whyrec ask "Will user 78 like Titanic, and why?"'
    )
    emit(report | {"answer": answer}, as_json, text)


def _is_complete(home: Home) -> bool:
    """Tell whether every part is there and made from MovieLens-100K."""
    try:
        for part in ("data", "model", "index"):
            home.require(part)
        return home.dataset().name == "ml-100k"
    except HomeError:
        return False


def _built(
    home: Home, dataset: Dataset, seed: int, origin: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Build the home and return what was built and what it cost."""
    from assistant.building import build_home
    from ingest.index.chroma import chroma_server
    from recsys.training.verdict import weakness

    wall, cpu = time.perf_counter(), time.process_time()
    build_home(home, dataset, seed=seed, server=chroma_server(), verbose=1, origin=origin)
    return {
        "home": str(home.path),
        "built": True,
        "weakness": weakness(home.require("model").folder) or None,
        "name": dataset.name,
        "users": dataset.n_users,
        "items": dataset.n_items,
        "interactions": len(dataset.interactions),
        "data_fingerprint": dataset.fingerprint,
        "seconds": round(time.perf_counter() - wall, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
    }


def _worded(report: dict[str, Any]) -> str:
    if not report["built"]:
        return f"The home in {report['home']} is complete and up to date."
    weak = report["weakness"]
    return (
        f"{report['name']}: {counted(report['users'], 'user')}, "
        f"{counted(report['items'], 'item')}, "
        f"{counted(report['interactions'], 'interaction')}.\n"
        + (f"Take its scores lightly: {weak}; `whyrec evaluate` tells more.\n" if weak else "")
        + f"Built data, model and index in {report['home']} "
        f"({report['seconds']:.0f} s, {report['cpu_seconds']:.0f} CPU-seconds)."
    )
