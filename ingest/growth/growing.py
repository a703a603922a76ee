"""Data that grow: what was added lies beside the data, and is put in as they are opened.

    HOME/added-0003/   a data set of its own (`ingest.home.tables`): all additions as one, the
                       newest word on every pair and feature; and steps.safetensors: with which
                       addition it came

An addition writes this folder anew, in the size of all additions; the data themselves are not
touched. `settle` writes them whole again once no model or index stands for an earlier state.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ingest.dataset.ids import IntArray
from ingest.dataset.schema import Dataset
from ingest.dataset.split import RowArray
from ingest.errors import HomeError
from ingest.growth.merging import given, merge
from ingest.home.manifest import Contents, State
from ingest.home.tables import known_as, load_dataset, read_about, save_dataset
from ingest.home.tensor_files import save_tensors
from ingest.home.workspace import Edition

STEPS = "steps.safetensors"


@dataclass(frozen=True, eq=False)
class Added:
    """All additions as one data set, and the steps they came in, counted from 1."""

    dataset: Dataset
    user_changed: IntArray
    """Step of the newest word on each of its users, (n_users,)."""
    item_changed: IntArray
    """Step of the newest word on each item's own features, (n_items,); 0 where there is none."""
    item_since: IntArray
    """Step in which each item was first spoken of, (n_items,)."""

    def and_then(self, more: Dataset, step: int) -> tuple[Added, RowArray]:
        """Return these with `more` after them, and the rows of `more` that correct them."""
        merged = merge(self.dataset, more)
        added = Added(
            merged.dataset,
            _carried(self.user_changed, merged.users, np.full(more.n_users, step, np.int32)),
            _carried(self.item_changed, merged.items, _told(more, step)),
            _carried(self.item_since, merged.items, np.full(more.n_items, step, np.int32), True),
        )
        return added, merged.corrected


@dataclass(frozen=True, eq=False)
class Grown:
    """The data as they are, and what changed in which step; 0 is before the first addition."""

    dataset: Dataset
    base: Dataset
    """The data as they were written whole."""
    user_changed: IntArray
    """(n_users,)"""
    item_changed: IntArray
    """Step of the newest word on each item's own features, or of its coming, (n_items,)."""
    item_since: IntArray
    """Step in which each item came, (n_items,)."""


def first_addition(more: Dataset, step: int) -> Added:
    """Return `more` as all additions."""
    n_users, n_items = more.n_users, more.n_items
    told = _told(more, step)
    return Added(more, np.full(n_users, step, np.int32), told, np.full(n_items, step, np.int32))


def grow(base: Dataset, added: Added | None) -> Grown:
    """Put the additions into `base`. Cost: some passes over its interactions."""
    if added is None:
        users, items = np.zeros(base.n_users, np.int32), np.zeros(base.n_items, np.int32)
        return Grown(base, base, users, items, items)
    merged = merge(base, added.dataset)
    dataset = known_as(merged.dataset, added.dataset.fingerprint)
    user_changed = np.zeros(dataset.n_users, np.int32)
    user_changed[merged.users[1]] = added.user_changed
    item_since = np.zeros(dataset.n_items, np.int32)
    item_since[merged.items[1]] = added.item_since
    item_since[merged.items[0]] = 0
    item_changed = item_since.copy()
    item_changed[merged.items[1]] = np.maximum(item_since[merged.items[1]], added.item_changed)
    return Grown(dataset, base, user_changed, item_changed, item_since)


def open_data(contents: Contents, before: Grown | None = None) -> Grown:
    """Read the data of a home, additions and all.

    Args:
        contents: what the home holds.
        before: an earlier state of the same home: where the data written whole are still the same,
            they are not read again.

    Raises:
        HomeError: there are none, or their files are damaged or of another state.
    """
    part = contents.require("data")
    if before is not None and before.base.fingerprint == part.data_fingerprint:
        base = before.base
    else:
        base = load_dataset(part.folder)
    _check(base, part.data_fingerprint, part.folder)
    return grow(base, read_added(contents))


def read_added(contents: Contents) -> Added | None:
    """Read the additions of a home; None where there are none.

    Raises:
        HomeError: their files are damaged or of another state.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    part = contents.parts.get("added")
    if part is None:
        return None
    dataset = load_dataset(part.folder)
    _check(dataset, part.data_fingerprint, part.folder)
    try:
        added = Added(dataset, **load_file(part.folder / STEPS))
    except (OSError, TypeError, SafetensorError) as error:
        raise HomeError(
            f"{part.folder / STEPS} cannot be read ({error}); run `whyrec ingest` again, and "
            "`whyrec add` what came later"
        ) from error
    return added


def write_added(edition: Edition, added: Added, lineage: tuple[State, ...]) -> None:
    """Write `added` as the additions of the home; `lineage` are the data's states from now on."""
    folder = edition.new_folder("added")
    dataset = known_as(replace(added.dataset), lineage[-1].fingerprint)
    steps = {name: getattr(added, name) for name in ("user_changed", "item_changed", "item_since")}
    save_tensors(steps, folder / STEPS)
    save_dataset(dataset, folder, beside=(STEPS,))
    edition.add("added", folder, dataset.fingerprint)
    edition.lineage = lineage


def settle(edition: Edition, dataset: Dataset) -> None:
    """Write `dataset`, additions and all, as the data, where nothing stands for an earlier state.

    What is published then is one table again; a model or index that is behind keeps the additions,
    since they tell what it does not know.
    """
    contents = edition.outlook()
    others = [part for name, part in contents.parts.items() if name not in ("data", "added")]
    fingerprints = {part.data_fingerprint for part in others}
    if "added" not in contents.parts or fingerprints != {contents.fingerprint}:
        return
    origin = read_about(contents.parts["data"].folder).get("origin")
    folder = edition.new_folder("data")
    save_dataset(dataset, folder, origin)
    edition.add("data", folder, contents.fingerprint)
    edition.lineage = contents.lineage[-1:]


def next_fingerprint(before: str, more: Dataset) -> str:
    """Return the fingerprint of data known as `before` once `more` is added to them."""
    return hashlib.sha256(f"{before} + {more.fingerprint}".encode()).hexdigest()[:16]


def _check(dataset: Dataset, fingerprint: str, folder: Path) -> None:
    if dataset.fingerprint != fingerprint:
        raise HomeError(
            f"{folder} holds other data ({dataset.fingerprint}) than the home names "
            f"({fingerprint}); ask again, or run `whyrec ingest` again"
        )


def _carried(
    ours: IntArray, places: tuple[IntArray, IntArray], theirs: IntArray, oldest: bool = False
) -> IntArray:
    """Return steps by the ids of both: the newest where both have one, or the `oldest`."""
    n = int(max(part.max(initial=-1) for part in places)) + 1
    steps = np.zeros(n, np.int32)
    steps[places[1]] = theirs
    steps[places[0]] = ours if oldest else np.maximum(steps[places[0]], ours)
    return steps


def _told(more: Dataset, step: int) -> IntArray:
    """Return `step` for every item of which `more` says a feature, else 0."""
    told = np.zeros(more.n_items, bool)
    for name in more.items.columns:
        told |= given(more.items[name])
    return told * np.int32(step)
