"""What the first notebook trains on: MovieLens-100K with its fields, and larger seeded sets.

Fields: user id, gender, occupation, age (a number); item id, genres (several values).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.generate import power_law_matrix
from ingest.dataset.ids import IdMap
from ingest.dataset.matrix import interaction_matrix
from ingest.dataset.schema import Dataset, Field, Interactions
from ingest.dataset.split import split_chronological
from ingest.loaders import load_source
from recsys.examples.sampling import NegativeSampler

N_GENRES, N_OCCUPATIONS = 18, 21
FIELDS = (
    Field("gender", "sparse", "user"),
    Field("occupation", "sparse", "user"),
    Field("age", "dense", "user"),
    Field("genres", "multi", "item"),
)


def movielens() -> Dataset:
    """Return MovieLens-100K without the fields that the notebook does not use."""
    full = load_source("ml-100k", None)
    return replace(full, items=full.items[["title", "genres"]], fields=FIELDS)


def synthetic(n_users: int, n_items: int, n_interactions: int, seed: int = 0) -> Dataset:
    """Draw a set in MovieLens' shape; its features say nothing of the interactions."""
    rng = np.random.default_rng(seed)
    matrix = power_law_matrix(n_users, n_items, n_interactions, rng).tocoo()
    order = rng.permutation(n_interactions)
    users = pd.DataFrame(
        {
            "gender": pd.Series(rng.choice(["F", "M"], n_users), dtype=object),
            "occupation": pd.Series(
                rng.choice([f"o{i}" for i in range(N_OCCUPATIONS)], n_users), dtype=object
            ),
            "age": rng.integers(15, 70, n_users).astype(np.float64),
        }
    )
    genres = [
        tuple(sorted(f"g{g}" for g in rng.choice(N_GENRES, rng.integers(1, 4), replace=False)))
        for _ in range(n_items)
    ]
    return Dataset(
        f"synthetic {n_users} x {n_items}",
        IdMap(f"{u:07d}" for u in range(n_users)),
        IdMap(f"{i:07d}" for i in range(n_items)),
        Interactions(
            matrix.row[order].astype(np.int32),
            matrix.col[order].astype(np.int32),
            np.ones(n_interactions, np.float32),
            np.arange(n_interactions, dtype=np.int64),
        ),
        users,
        pd.DataFrame({"genres": genres}),
        FIELDS,
    )


def write_pairs(dataset: Dataset, file: Path, n_epochs: int, seed: int = 0) -> Dataset:
    """Write what the peers need to `file` and return the training part of `dataset`.

    The last fifth of every user's interactions is held out; each has one negative that the user
    never took, the same for all. For training every epoch has fresh negatives, drawn beforehand.
    """
    split = split_chronological(dataset.interactions)
    train, test = (dataset.interactions.take(rows) for rows in (split.train, split.test))
    rng = np.random.default_rng(seed)
    everything = interaction_matrix(dataset.interactions, dataset.n_users, dataset.n_items)
    seen = interaction_matrix(train, dataset.n_users, dataset.n_items)
    columns = _pairs("test_", "", test, NegativeSampler(everything).draw(test.user, 1, rng))
    for e in range(n_epochs):
        columns |= _pairs("", str(e), train, NegativeSampler(seen).draw(train.user, 1, rng))
    arrays: dict[str, Any] = {"n_epochs": n_epochs, **columns, **_features(dataset)}
    np.savez(file, **arrays)
    return replace(dataset, interactions=train)


def _pairs(
    prefix: str, suffix: str, positives: Interactions, negatives: NDArray[np.int32]
) -> dict[str, NDArray[Any]]:
    n = len(positives)
    return {
        f"{prefix}user{suffix}": np.tile(positives.user, 2).astype(np.int64),
        f"{prefix}item{suffix}": np.concatenate([positives.item, negatives[:, 0]]).astype(np.int64),
        f"{prefix}label{suffix}": np.repeat([1, 0], n).astype(np.float32),
    }


def _features(dataset: Dataset) -> dict[str, NDArray[Any]]:
    """Write features as codes: genres (n_items, most), 0 for none; age standardised."""
    users, lists = dataset.users, list(dataset.items["genres"])
    names = sorted({genre for row in lists for genre in row})
    genres = np.zeros((len(lists), max(map(len, lists))), np.int64)
    for place, row in enumerate(lists):
        genres[place, : len(row)] = [names.index(genre) + 1 for genre in row]
    age = users["age"].to_numpy(np.float64)
    return {
        "gender": pd.factorize(users["gender"])[0],
        "occupation": pd.factorize(users["occupation"])[0],
        "age": ((age - age.mean()) / age.std()).astype(np.float32),
        "genres": genres,
    }
