"""The parts of a home, written into an edition of it; a home built whole is published at once."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ingest.errors import HomeError
from ingest.home.workspace import Edition, Home

if TYPE_CHECKING:
    from ingest.dataset.schema import Dataset
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
        verbose: what is told of the training, see `recsys.training.telling`.
        origin: how its tables were read (`ingest.growth.additions.origin_of`), for later ones.

    Raises:
        WhyrecError: the home cannot be written, training goes wrong, or the server is not there.
    """
    with home.writing() as edition:
        data_part(edition, dataset, origin)
        train_part(edition, dataset, settings, seed, verbose=verbose)
        index_part(edition, dataset, server, seed)


def data_part(edition: Edition, dataset: Dataset, origin: Mapping[str, Any] | None = None) -> None:
    """Write the data part of an edition; `origin` tells how tables added later are to be read."""
    from ingest.home.tables import save_dataset

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
    trained = train(dataset, settings, seed, device, threads, verbose)
    model_part(edition, trained, dataset)
    return trained


def train(
    dataset: Dataset,
    settings: Preset | None = None,
    seed: int = 0,
    device: str = "cpu",
    threads: int = 1,
    verbose: int = 0,
) -> TrainedModel:
    """Train on `dataset`; see `build_home` for the arguments."""
    from recsys import presets
    from recsys.training.telling import teller
    from recsys.training.train import train_model

    config, training = settings or presets.ranking()
    return train_model(dataset, config, training, seed, device, threads, tell=teller(verbose))


def go_on_training(
    home: Home,
    dataset: Dataset,
    n_epochs: int | None = None,
    seed: int = 0,
    device: str = "cpu",
    threads: int = 1,
    verbose: int = 0,
) -> TrainedModel:
    """Go on training the home's model on `dataset`."""
    from recsys.checkpoint import load_model
    from recsys.training.continuing import continue_model

    current = home.parts().get("model")
    if current is None:
        raise HomeError(f"{home.path} has no model to go on from; run `whyrec train`")
    return continue_model(
        load_model(current.folder),
        dataset,
        10 if n_epochs is None else n_epochs,
        seed,
        device,
        threads,
        verbose,
    )


def model_part(edition: Edition, trained: TrainedModel, dataset: Dataset) -> None:
    """Write the model part of an edition, trained on `dataset`.

    Raises:
        HomeError: the home's data did not grow from `dataset`, nor are they the same.
    """
    from ingest.growth.growing import settle
    from recsys.training.story import write_model

    contents = edition.outlook()
    if contents.step_of(dataset.fingerprint) is None:
        raise HomeError(
            f"the data in {contents.path} were replaced while the model was trained "
            f"({dataset.fingerprint}, now {contents.fingerprint}); run `whyrec train` again"
        )
    folder = edition.new_folder("model")
    write_model(trained, folder)
    edition.add("model", folder, dataset.fingerprint)
    settle(edition, dataset)


def index_part(
    edition: Edition, dataset: Dataset, server: str | None = None, seed: int = 0
) -> dict[str, Any]:
    """Write the index part of `edition`, open it, measure it, and return what came of it."""
    import numpy as np

    from ingest.dataset.matrix import interaction_matrix
    from ingest.growth.growing import settle
    from ingest.index.indexing import build_index
    from ingest.index.recall import candidate_recall
    from ingest.index.store import open_index

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
