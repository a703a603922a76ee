"""Homes for tests: seven users with scores known by hand, and MovieLens-100K for real."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.home import OpenHome
from ingest.dataset.ids import IntArray
from ingest.dataset.schema import Dataset, FloatArray
from ingest.index.profiles import write_profiles
from recsys.lists.ranking import BlendConfig, Recommender


class KnownScores:
    """Scores worked out in the head: item i has (i + 1) / 10, whoever the user is."""

    def __init__(self, n_items: int) -> None:
        self.row = (np.arange(n_items, dtype=np.float32) + 1) / 10

    def score_all(self, users: IntArray) -> FloatArray:
        return np.tile(self.row, (len(users), 1))

    def score_items_for(
        self, items: IntArray, features: Mapping[str, Any] | None = None
    ) -> FloatArray:
        """A stranger loses 0.01 with each item and gains 0.001 with each year of age."""
        shift = -0.01 * len(items) + 0.001 * float((features or {}).get("age", 0))
        return (self.row + np.float32(shift)).astype(np.float32)


@dataclass
class Document:
    text: str


class ProfilesInMemory:
    """The users of an index without Chroma: real profiles, and everybody is near."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.texts = write_profiles(dataset)

    def nearest(self, items: IntArray, n: int) -> list[str]:
        return [str(user) for user in self.dataset.user_ids.external]

    def documents(self, user_ids: Sequence[str]) -> list[Document]:
        return [Document(self.texts[code]) for code in self.dataset.user_ids.codes(user_ids)]


class MeaningsInMemory:
    """The items of an index without Chroma: every one means the same."""

    searchable = True

    def __init__(self, dataset: Dataset) -> None:
        self.n_items = dataset.n_items

    def search(self, text: str, n: int) -> list[tuple[int, float]]:
        return [(item, 0.5) for item in range(min(n, self.n_items))]


class IndexInMemory:
    def __init__(self, dataset: Dataset) -> None:
        self.users = ProfilesInMemory(dataset)
        self.items = MeaningsInMemory(dataset)


@pytest.fixture(scope="session")
def films_home(films: Dataset) -> OpenHome:
    """The seven users and eight films of conftest.py, with KnownScores and a blend of one half."""
    scores: Any = KnownScores(films.n_items)
    recommender = Recommender(films, scores, BlendConfig(weight=0.5))
    index: Any = IndexInMemory(films)
    return OpenHome(films, recommender, index, model_fingerprint="known")


@pytest.fixture(scope="session")
def ml100k_home(ml100k: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real home: MovieLens-100K, trained and indexed once for all tests of a session."""
    from assistant.building import build_home
    from ingest.home.workspace import Home

    path = tmp_path_factory.mktemp("ml100k") / "home"
    build_home(Home(path), ml100k)
    return path
