"""`whyrec index`: vectors and profiles of the users, and the items by meaning, into Chroma."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from assistant.commands.options import emit, home_option, json_option

if TYPE_CHECKING:
    from ingest.schema import Dataset
    from ingest.workspace import Edition


@click.command()
@home_option
@json_option
def index(home_dir: str | None, as_json: bool) -> None:
    """Index the users and items of the home's data in Chroma.

    WHYREC_CHROMA=http://host:port puts the collections on a Chroma server, and WHYREC_EMBEDDINGS
    names another sentence-embedding model, a folder or a hub id.
    """
    from ingest.chroma import chroma_server
    from ingest.tables import load_dataset
    from ingest.workspace import Home, home_path

    server = chroma_server()
    home = Home(home_path(home_dir))
    home.require("data")
    with home.writing() as edition:
        dataset = load_dataset(home.require("data").folder)
        report = index_part(edition, dataset, server)
    emit(report, as_json, describe(report))


def index_part(
    edition: Edition, dataset: Dataset, server: str | None = None, seed: int = 0
) -> dict[str, Any]:
    """Write the index part of `edition`, open it, measure it, and return what came of it."""
    import time

    import numpy as np

    from ingest.matrix import interaction_matrix
    from ingest.recall import candidate_recall
    from ingest.store import build_index, open_index

    started = time.perf_counter()
    folder = edition.new_folder("index")
    build_index(dataset, folder, server, seed=seed)
    matrix = interaction_matrix(dataset.interactions, dataset.n_users, dataset.n_items)
    with open_index(folder, dataset, server) as opened:
        recall = candidate_recall(opened.users, matrix, np.random.default_rng(seed))
        searchable = opened.items.searchable
    edition.add("index", folder, dataset.fingerprint)
    n_newcomers = int((np.diff(matrix.indptr) == 0).sum())
    return {
        "users": dataset.n_users,
        "users_without_items": n_newcomers,
        "items": dataset.n_items,
        "noun": dataset.noun.many,
        "items_by_meaning": searchable,
        "place": server or str(folder),
        "recall": {
            "users": recall.n_users,
            "neighbours": recall.k,
            "candidates": recall.n_candidates,
            "complete": recall.complete,
            "mean": recall.mean,
        },
        "data_fingerprint": dataset.fingerprint,
        "seconds": round(time.perf_counter() - started, 1),
    }


def describe(report: dict[str, Any]) -> str:
    """Return the report of `index_part` in words."""
    recall, items = report["recall"], report["noun"]
    place = f"in {report['place']}"
    lines = [f"Indexed {report['users']:,} users and {report['items']:,} {items} {place}."]
    if n := report["users_without_items"]:
        lines.append(
            f"{n:,} of the users {'has' if n == 1 else 'have'} no {items}: there is a profile, but "
            "there are no neighbours."
        )
    if not report["items_by_meaning"]:
        lines.append(f"The {items} have no titles or attributes: no search by meaning.")
    lines.append(
        f"The {recall['neighbours']} nearest users by exact Jaccard are all among the first "
        f"{recall['candidates']} candidates for {recall['complete']:.1%} of {recall['users']:,} "
        f"sampled users (mean recall {recall['mean']:.2%})."
    )
    return "\n".join(lines)
