"""A home, built whole: data, model and index are published together, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.workspace import Edition, Home

if TYPE_CHECKING:
    from ingest.schema import Dataset
    from recsys.presets import Preset


def build_home(
    home: Home,
    dataset: Dataset,
    settings: Preset | None = None,
    *,
    seed: int = 0,
    server: str | None = None,
    quiet: bool = True,
) -> None:
    """Write data, model and index of `dataset`; a build that fails or is killed changes nothing.

    Args:
        home: where to.
        dataset: what to build from.
        settings: of the network and its training; None for the recipe.
        seed: of everything drawn.
        server: address of a Chroma server; None keeps the index in the home.
        quiet: show no epochs on the terminal.

    Raises:
        WhyrecError: the home cannot be written, training goes wrong, or the server is not there.
    """
    from assistant.commands.train import train_part

    with home.writing() as edition:
        write_data(edition, dataset)
        train_part(edition, dataset, settings, seed, quiet=quiet)
        write_index(edition, dataset, server)


def write_data(edition: Edition, dataset: Dataset) -> None:
    """Write the data part of an edition."""
    from ingest.tables import save_dataset

    folder = edition.new_folder("data")
    save_dataset(dataset, folder)
    edition.add("data", folder, dataset.fingerprint)


def write_index(edition: Edition, dataset: Dataset, server: str | None = None) -> None:
    """Write the index part of an edition."""
    from ingest.store import build_index

    folder = edition.new_folder("index")
    build_index(dataset, folder, server)
    edition.add("index", folder, dataset.fingerprint)
