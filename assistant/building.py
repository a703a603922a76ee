"""The parts of a home, written into an edition of it; a home built whole is published at once."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ingest.errors import HomeError
from ingest.workspace import Edition, Home

if TYPE_CHECKING:
    from ingest.schema import Dataset
    from recsys.checkpoint import TrainedModel
    from recsys.presets import Preset


def build_home(
    home: Home,
    dataset: Dataset,
    settings: Preset | None = None,
    *,
    seed: int = 0,
    server: str | None = None,
    verbose: int = 0,
    origin: Mapping[str, Any] | None = None,
) -> None:
    """Write data, model and index of `dataset`; a build that fails or is killed changes nothing.

    Args:
        home: where to.
        dataset: what to build from.
        settings: of the network and its training; None for the recipe.
        seed: of everything drawn.
        server: address of a Chroma server; None keeps the index in the home.
        verbose: what is told of the training, see `recsys.telling`.
        origin: how its tables were read (`ingest.additions.origin_of`), for those added later.

    Raises:
        WhyrecError: the home cannot be written, training goes wrong, or the server is not there.
    """
    with home.writing() as edition:
        data_part(edition, dataset, origin)
        train_part(edition, dataset, settings, seed, verbose=verbose)
        index_part(edition, dataset, server, seed)


def data_part(edition: Edition, dataset: Dataset, origin: Mapping[str, Any] | None = None) -> None:
    """Write the data part of an edition; `origin` tells how tables added later are to be read."""
    from ingest.tables import save_dataset

    folder = edition.new_folder("data")
    save_dataset(dataset, folder, origin)
    edition.add("data", folder, dataset.fingerprint)


def train_part(
    edition: Edition,
    dataset: Dataset,
    settings: Preset | None = None,
    seed: int = 0,
    device: str = "cpu",
    threads: int = 1,
    verbose: int = 0,
) -> TrainedModel:
    """Train on `dataset` and write the model part of an edition of the home."""
    from recsys import presets
    from recsys.telling import teller
    from recsys.training import train_model

    config, training = settings or presets.ranking()
    trained = train_model(
        dataset, config, training, seed, device, threads, teller(verbose), quiet=not verbose
    )
    return _written(trained, edition, dataset)


def continue_part(
    edition: Edition,
    dataset: Dataset,
    n_epochs: int | None = None,
    seed: int = 0,
    device: str = "cpu",
    threads: int = 1,
    verbose: int = 0,
) -> TrainedModel:
    """Go on training the home's model on `dataset`, and write it as the new model part."""
    from recsys.checkpoint import load_model
    from recsys.continuing import continue_model

    current = edition.home.parts().get("model")
    if current is None:
        raise HomeError(f"{edition.home.path} has no model to go on from; run `whyrec train`")
    trained = continue_model(
        load_model(current.folder),
        dataset,
        10 if n_epochs is None else n_epochs,
        seed,
        device,
        threads,
        verbose,
    )
    return _written(trained, edition, dataset)


def _written(trained: TrainedModel, edition: Edition, dataset: Dataset) -> TrainedModel:
    from ingest.growing import settle
    from recsys.story import write_model

    folder = edition.new_folder("model")
    write_model(trained, folder)
    edition.add("model", folder, dataset.fingerprint)
    settle(edition, dataset)
    return trained


def index_part(
    edition: Edition, dataset: Dataset, server: str | None = None, seed: int = 0
) -> dict[str, Any]:
    """Write the index part of `edition`, open it, measure it, and return what came of it."""
    import numpy as np

    from ingest.growing import settle
    from ingest.indexing import build_index
    from ingest.matrix import interaction_matrix
    from ingest.recall import candidate_recall
    from ingest.store import open_index

    started = time.perf_counter()
    folder = edition.stopped_folder("index") or edition.new_folder("index")
    build_index(dataset, folder, server, seed=seed)
    matrix = interaction_matrix(dataset.interactions, dataset.n_users, dataset.n_items)
    with open_index(folder, dataset, server) as opened:
        recall = candidate_recall(opened.users, matrix, np.random.default_rng(seed))
        searchable = opened.items.searchable
    edition.add("index", folder, dataset.fingerprint)
    settle(edition, dataset)
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
