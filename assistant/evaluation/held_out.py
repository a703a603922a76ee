"""A home without what is held out: the same data less each user's last items, built once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from assistant.building import build_home
from assistant.evaluation.run_folder import FOLDER
from assistant.home import OpenHome, open_home
from assistant.settings import Settings
from ingest.dataset.ids import IntArray
from ingest.dataset.schema import Dataset
from ingest.home.workspace import Home
from ingest.progress import say

if TYPE_CHECKING:
    from assistant.evaluation.suite import Protocol

Truth = dict[str, tuple[str, ...]]


def open_held_out(
    home: Path, protocol: Protocol, chroma: str | None = None
) -> tuple[OpenHome, Truth]:
    """Open the home of the train part, and return it with each user's held-out items.

    The model of `home` has learnt from all its data, so it cannot be asked: another is trained on
    the train part, the first time, into `home/evaluations`.
    """
    from recsys.evaluate import hold_out

    dataset = Home(home).dataset()
    parted = hold_out(dataset, protocol)
    folder = home / FOLDER / f"held-out-{protocol}-{parted.train.fingerprint}"
    there = Home(folder)
    if not {"data", "model", "index"} <= set(there.parts()):
        say(f"building the home without what is held out ({protocol}), once, in {folder}")
        folder.mkdir(parents=True, exist_ok=True)
        build_home(there, parted.train)
    opened = open_home(Settings.read(home=folder, llm="none", chroma=chroma))
    return opened, truth_of(dataset, parted.test.user, parted.test.item)


def truth_of(dataset: Dataset, users: IntArray, items: IntArray) -> Truth:
    """Return the ids of each user's held-out items, by user id."""
    truth: dict[str, list[str]] = {}
    for user, item in zip(
        dataset.user_ids.external[users], dataset.item_ids.external[items], strict=True
    ):
        truth.setdefault(str(user), []).append(str(item))
    return {user: tuple(found) for user, found in truth.items()}
