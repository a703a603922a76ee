"""A person taken out of the data of a home: tables, additions, and every earlier generation.

What is left is written anew as a whole; nothing of what held the person stays on the disk.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from ingest.dataset.ids import IdMap
from ingest.dataset.schema import Dataset, Interactions
from ingest.growth.growing import Added, grow, read_added, write_added
from ingest.growth.merging import given, merge
from ingest.home.manifest import Contents, State
from ingest.home.tables import known_as, load_dataset, read_about, save_dataset
from ingest.home.workspace import Edition


@dataclass(frozen=True)
class Removed:
    """What was taken out, and what the states of the data are called without it."""

    interactions: int
    in_base: bool
    """Whether the person was there before the first addition."""
    fields: list[str]
    """The features of users the person had a row of."""
    renamed: dict[str, str]
    """The fingerprint of each state of the data, by what it was before."""
    left: Dataset
    """The data as they are without the person, additions and all."""


def without_user(dataset: Dataset, user_id: str) -> Dataset:
    """Return `dataset` less one user: rows, id and features. Items stay, also those nobody has."""
    gone = dataset.user_ids.code(user_id)
    if gone is None:
        return dataset
    stay = np.arange(dataset.n_users) != gone
    user_ids = IdMap(dataset.user_ids.external[stay])
    place = user_ids.codes(dataset.user_ids.external)
    seen = dataset.interactions.take(dataset.interactions.user != gone)
    return replace(
        dataset,
        user_ids=user_ids,
        interactions=Interactions(place[seen.user], seen.item, seen.label, seen.time),
        users=dataset.users.iloc[dataset.user_ids.codes(user_ids.external)],
    )


def forget_in_data(edition: Edition, contents: Contents, user_id: str) -> Removed | None:
    """Write the data and additions of a home without a user; None where they do not have them.

    Cost: all tables are read and written once.

    Raises:
        HomeError: the data cannot be read or written.
    """
    part = contents.require("data")
    base, added = load_dataset(part.folder), read_added(contents)
    had = [d for d in (base, added and added.dataset) if d and user_id in d.user_ids]
    if not had:
        return None
    new_base = without_user(base, user_id)
    new_added = None if added is None else _without(added, user_id)
    lineage, renamed = _renamed(contents, base, new_base, new_added)
    folder = edition.new_folder("data")
    save_dataset(
        known_as(new_base, lineage[0].fingerprint), folder, read_about(part.folder).get("origin")
    )
    edition.add("data", folder, lineage[0].fingerprint)
    edition.lineage = lineage
    if new_added is not None:
        write_added(edition, new_added, lineage)
    rows = len({item for dataset in had for item in _items_of(dataset, user_id)})
    left = grow(known_as(new_base, lineage[0].fingerprint), new_added).dataset
    fields = sorted({name for dataset in had for name in _said_of(dataset, user_id)})
    in_base = user_id in base.user_ids
    return Removed(rows, in_base, fields, renamed, known_as(left, lineage[-1].fingerprint))


def _without(added: Added, user_id: str) -> Added:
    dataset = without_user(added.dataset, user_id)
    place = added.dataset.user_ids.codes(dataset.user_ids.external)
    return replace(added, dataset=dataset, user_changed=added.user_changed[place])


def _renamed(
    contents: Contents, base: Dataset, new_base: Dataset, new_added: Added | None
) -> tuple[tuple[State, ...], dict[str, str]]:
    """Return the lineage without the person, and its fingerprints by those it had.

    The names follow from what is left alone, so that they do not tell who was there.
    """
    left = replace(new_base).fingerprint  # of the content
    rest = "" if new_added is None else replace(new_added.dataset).fingerprint
    gone = len(base.interactions) - len(new_base.interactions)
    was_there = int(base.n_users - new_base.n_users)
    names = [left] + [
        hashlib.sha256(f"{left} + {rest} {step}".encode()).hexdigest()[:16]
        for step in range(1, len(contents.lineage))
    ]
    lineage = [
        replace(
            state,
            fingerprint=name,
            interactions=max(state.interactions - gone, 0),
            users=max(state.users - was_there, 0),
        )
        for state, name in zip(contents.lineage, names, strict=True)
    ]
    if new_added is not None:
        lineage[-1] = _counted(lineage[-1], new_base, new_added.dataset)
    renamed = {
        old.fingerprint: new.fingerprint for old, new in zip(contents.lineage, lineage, strict=True)
    }
    return tuple(lineage), renamed


def _counted(state: State, base: Dataset, added: Dataset) -> State:
    """Return the newest state with its numbers counted."""
    now = merge(base, added).dataset
    return replace(state, interactions=len(now.interactions), users=now.n_users, items=now.n_items)


def _said_of(dataset: Dataset, user_id: str) -> list[str]:
    """Return the features that the data have of one user."""
    row = dataset.users.iloc[[dataset.user_ids.code(user_id) or 0]]
    return [str(name) for name in row.columns if given(row[name])[0]]


def _items_of(dataset: Dataset, user_id: str) -> list[str]:
    """Return the items of one user; a corrected interaction is in the data and the additions."""
    seen = dataset.interactions
    rows = np.flatnonzero(seen.user == dataset.user_ids.code(user_id))
    return [str(item) for item in dataset.item_ids.external[seen.item[rows]]]
