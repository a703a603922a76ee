"""What the index will hold: ids, texts, metadata and vectors of each collection."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import sparse

from ingest.dataset.ids import IntArray
from ingest.dataset.schema import Dataset, FloatArray
from ingest.index.embedding import Embedder
from ingest.index.meanings import item_documents
from ingest.index.profiles import write_profiles
from ingest.index.vectors import InteractionVectors

Kind = Literal["users", "newcomers", "items"]
WORDING = 1
"""Raise it when the same data would give other texts or vectors."""


@dataclass(frozen=True, eq=False)
class Records:
    """One collection to be. Vectors are made batch by batch: dense, they might not fit at once."""

    kind: Kind
    space: Literal["l2", "cosine"]
    ids: Sequence[str]
    texts: Sequence[str]
    metadata: Sequence[dict[str, str | int]]
    vectors: Callable[[slice], FloatArray]
    vectors_from: str
    """What the vectors follow from, besides the data and the texts."""

    def collection_name(self, dataset: Dataset) -> str:
        """Return a name that holds the data's fingerprint; equal names mean equal content."""
        digest = hashlib.sha256(f"{WORDING} {self.vectors_from}".encode())
        for text in self.texts:
            digest.update(text.encode() + b"\0")
        return f"whyrec-{dataset.fingerprint}-{self.kind}-{digest.hexdigest()[:12]}"


def all_records(
    dataset: Dataset, matrix: sparse.csr_array, vectors: InteractionVectors, model: str
) -> Iterator[Records]:
    """Yield the collections that are not empty, one after the other."""
    profiles = write_profiles(dataset)
    n_items = np.diff(matrix.indptr)
    for records in (
        _users(dataset, matrix, profiles, vectors, np.flatnonzero(n_items).astype(np.int32)),
        _newcomers(dataset, profiles, np.flatnonzero(n_items == 0).astype(np.int32)),
        _items(dataset, model),
    ):
        if records.ids:
            yield records


def _users(
    dataset: Dataset,
    matrix: sparse.csr_array,
    profiles: Sequence[str],
    vectors: InteractionVectors,
    users: IntArray,
) -> Records:
    """Users with items: found by the vector of what they have."""
    n_items = np.diff(matrix.indptr)
    return Records(
        kind="users",
        space="l2",
        ids=_ids(dataset, users),
        texts=[profiles[user] for user in users],
        metadata=_metadata(dataset, users, n_items[users]),
        vectors=lambda rows: vectors.stored(matrix[users[rows]], users[rows] / dataset.n_users),
        vectors_from=vectors.digest,
    )


def _newcomers(dataset: Dataset, profiles: Sequence[str], users: IntArray) -> Records:
    """Users without items: they are nobody's neighbours, so they stand apart and are read by id.

    Their vectors mean nothing, and differ because Chroma's graph handles equal ones badly.
    """
    return Records(
        kind="newcomers",
        space="l2",
        ids=_ids(dataset, users),
        texts=[profiles[user] for user in users],
        metadata=_metadata(dataset, users, np.zeros(len(users), dtype=np.int32)),
        vectors=lambda rows: users[rows].astype(np.float32)[:, None],
        vectors_from="",
    )


def _items(dataset: Dataset, model: str) -> Records:
    """Items by meaning, one record for every distinct text; its id is the first item's."""
    documents = item_documents(dataset)
    texts = [document.page_content for document in documents]
    embedder = Embedder(model)
    embedded: list[FloatArray] = []

    def vectors(rows: slice) -> FloatArray:
        if not embedded:
            embedded.append(embedder.documents(texts))
        return embedded[0][rows]

    metadata = [dict(document.metadata) for document in documents]
    ids = [str(entry["item_id"]) for entry in metadata]
    return Records("items", "cosine", ids, texts, metadata, vectors, model)


def _ids(dataset: Dataset, users: IntArray) -> list[str]:
    return [str(user_id) for user_id in dataset.user_ids.external[users]]


def _metadata(dataset: Dataset, users: IntArray, n_items: IntArray) -> list[dict[str, str | int]]:
    return [
        {"user_id": user_id, "n_items": int(n)}
        for user_id, n in zip(_ids(dataset, users), n_items, strict=True)
    ]
