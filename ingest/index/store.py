"""The index of one data set in Chroma: a vector and a profile of every user, and items by meaning.

    FOLDER/index.json          what is where, and from which data it was made
    FOLDER/vectors.*           the map from a set of items to its vector
    FOLDER/digests.safetensors what tells whether a profile is still the one that was written
    FOLDER/chroma.sqlite3, …   Chroma's own files, unless the collections live on a server

`ingest.index.indexing` writes it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from ingest.dataset.ids import IntArray
from ingest.dataset.schema import Dataset, FloatArray
from ingest.errors import AskerError, HomeError
from ingest.home.digests import DIGESTS, Digests, load_digests
from ingest.index.chroma import DATABASE_FILE, SERVER_VARIABLE, Chroma, connect
from ingest.index.embedding import Embedder
from ingest.index.meanings import ItemIndex
from ingest.index.vectors import COMPONENTS_FILE as COMPONENTS
from ingest.index.vectors import FILE as VECTORS
from ingest.index.vectors import InteractionVectors, load_vectors
from ingest.layouts.fetch import sha256_of

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection

FILE = "index.json"
FORMAT = 1
_KEYS = {"data_fingerprint", "server", "embedding_model", "collections", "files"}
_SPARE = 50  # fetched beyond what is asked, so that ties at the end can be put in order
_BLOCK = 100  # sets searched for, and documents read, in one call


@dataclass(frozen=True)
class StoredDocument:
    """What Chroma keeps of a user: the readable profile, and user_id and n_items."""

    text: str
    metadata: dict[str, Any]


class UserIndex:
    """The users in Chroma."""

    def __init__(
        self,
        dataset: Dataset,
        chroma: Chroma,
        vectors: InteractionVectors,
        collections: Sequence[Collection],
        digests: Digests | None = None,
    ) -> None:
        self.dataset = dataset
        self.vectors = vectors
        self._chroma = chroma
        self._collections = collections
        """Users with items, then those without where there are any."""
        self._digests = digests

    def nearest(self, items: IntArray, n: int) -> list[str]:
        """Return the ids of the `n` users nearest to the set `items`, ties by user index.

        `items` are item indices, a known user's or any others; a known user finds himself among the
        nearest. Without items there is no direction to look in, and nobody is near.
        """
        if not len(items):
            return []
        return self._search(self.vectors.asked_for(items)[None], n)[0]

    def nearest_each(self, matrix: sparse.csr_array, n: int) -> list[list[str]]:
        """Return `nearest` for every row of a binary (rows, n_items) matrix, none of them empty."""
        found: list[list[str]] = []
        for start in range(0, matrix.shape[0], _BLOCK):
            found += self._search(self.vectors.asked(matrix[start : start + _BLOCK]), n)
        return found

    def _search(self, vectors: FloatArray, n: int) -> list[list[str]]:
        if n < 1:
            raise ValueError(f"n must be at least 1, not {n}")
        return [self._in_order(*found)[:n] for found in self._query(vectors, n + _SPARE)]

    @cached_property
    def _n_searched(self) -> int:
        """How many users have a vector; counting them costs more than a search."""
        return self._collections[0].count()

    def _query(self, vectors: FloatArray, n: int) -> list[tuple[list[str], list[float]]]:
        """Return the ids of the `n` nearest to each vector, and their squared distances."""
        users = self._collections[0]
        with self._chroma.guarded():
            found = users.query(
                query_embeddings=vectors,
                n_results=min(n, self._n_searched),
                include=["distances"],
            )
        return list(zip(found["ids"], found["distances"] or [], strict=True))

    def _in_order(self, ids: list[str], distances: Sequence[float]) -> list[str]:
        order = np.lexsort((self.dataset.user_ids.codes(ids), np.array(distances)))
        return [ids[place] for place in order]

    def documents(self, user_ids: Sequence[str]) -> list[StoredDocument]:
        """Return the stored documents of `user_ids`, in their order.

        Raises:
            AskerError: a user is not in the data.
            HomeError: a document is not in the index.
        """
        for user_id in user_ids:
            if user_id not in self.dataset.user_ids:
                raise AskerError(
                    f"user {user_id} is not in the data set {self.dataset.name}; check the id"
                )
        wanted = list(dict.fromkeys(user_ids))
        found: dict[str, StoredDocument] = {}
        for start in range(0, len(wanted), _BLOCK):
            found |= self._read(wanted[start : start + _BLOCK])
        if lost := [user_id for user_id in wanted if user_id not in found]:
            raise HomeError(
                f"the index in {self._chroma.place} lacks user {lost[0]}; run `whyrec index` again"
            )
        return [found[user_id] for user_id in user_ids]

    def _read(self, user_ids: list[str]) -> dict[str, StoredDocument]:
        found: dict[str, StoredDocument] = {}
        for collection in self._collections:
            rest = [user_id for user_id in user_ids if user_id not in found]
            if rest:
                with self._chroma.guarded():
                    got = collection.get(ids=rest, include=["documents", "metadatas"])
                rows = list(
                    zip(got["ids"], got["documents"] or [], got["metadatas"] or [], strict=True)
                )
                self._check(rows)
                found |= {user: StoredDocument(text, dict(about)) for user, text, about in rows}
        return found

    def _check(self, rows: Sequence[tuple[str, str, Mapping[str, Any]]]) -> None:
        """Refuse what is not as it was written: Chroma has no checksums."""
        if self._digests is not None and (changed := self._digests.changed(rows)):
            raise HomeError(
                f"the index in {self._chroma.place} is damaged (the profile of user {changed} is "
                "not the one that was written); run `whyrec index` again"
            )


@dataclass(frozen=True, eq=False)
class Index:
    """An open index; any number of threads may read from it."""

    users: UserIndex
    items: ItemIndex
    chroma: Chroma

    def close(self) -> None:
        """Release files and sockets."""
        self.chroma.close()

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_index(
    folder: Path, dataset: Dataset, server: str | None = None, made_from: str | None = None
) -> Index:
    """Open the index in `folder` for reading.

    Args:
        folder: where it is.
        dataset: what it was made from, or grew from that.
        server: http://host:port of the Chroma server that has the collections.
        made_from: fingerprint of the data it must be made from, where they are not `dataset`.

    Raises:
        HomeError: it is missing, damaged, incomplete, from other data, or not where `server` says.
        OperationError: the server cannot be reached.
    """
    manifest = read_manifest(folder)
    _check_origin(manifest, folder, dataset, made_from or dataset.fingerprint)
    _check_server_is(manifest["server"], folder, server)
    _check_files(manifest["files"], folder, server)
    vectors = load_vectors(folder)
    digests = load_digests(folder) if DIGESTS in manifest["files"] else None
    chroma = connect(folder, server)
    try:
        found = {
            kind: _open(chroma, entry["name"], entry["count"])
            for kind, entry in manifest["collections"].items()
        }
    except BaseException:
        chroma.close()
        raise
    users = [found[kind] for kind in ("users", "newcomers") if kind in found]
    embedder = Embedder(manifest["embedding_model"])
    return Index(
        UserIndex(dataset, chroma, vectors, users, digests),
        ItemIndex(dataset, chroma, found.get("items"), embedder),
        chroma,
    )


def _open(chroma: Chroma, name: str, count: int) -> Collection:
    collection = chroma.get(name)
    with chroma.guarded():
        there = collection.count()
    if there != count:
        raise HomeError(
            f"the index in {chroma.place} is incomplete ({there} of {count} records in {name}); "
            "run `whyrec index` again"
        )
    return collection


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return index.json of the index in `folder`.

    Raises:
        HomeError: it is missing, damaged or of another version.
    """
    path = folder / FILE
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        version, complete = manifest["format"], set(manifest) >= _KEYS
    except FileNotFoundError as error:
        raise HomeError(f"there is no index in {folder}; run `whyrec index`") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise HomeError(f"{path} cannot be read ({error}); run `whyrec index` again") from error
    if version != FORMAT:
        raise HomeError(
            f"the index in {folder} was built by another version of whyrec (its format is "
            f"{version!r}, this version reads {FORMAT}); run `whyrec index`"
        )
    if not complete:
        raise HomeError(f"{path} is damaged; run `whyrec index` again")
    found: dict[str, Any] = manifest
    return found


def _check_origin(manifest: dict[str, Any], folder: Path, dataset: Dataset, expected: str) -> None:
    made_from = manifest["data_fingerprint"]
    if made_from != expected:
        raise HomeError(
            f"the index in {folder} was made from other data ({made_from}; the data set "
            f"{dataset.name} is {expected}); run `whyrec index`"
        )


def _check_server_is(place: str | None, folder: Path, server: str | None) -> None:
    if place != server:
        now = f"set to {server}" if server else "not set"
        mend = f"set it to {place}" if place else "unset it"
        raise HomeError(
            f"the collections of this index are in {place or folder}, but {SERVER_VARIABLE} is "
            f"{now}; {mend}, or run `whyrec index`"
        )


def file_hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of what never changes once written, by path in the folder.

    Chroma's finished search graphs are among it. Its database does change when it is opened.
    """
    own = [folder / name for name in (VECTORS, COMPONENTS, DIGESTS)]
    graphs = [
        path
        for finished in sorted(folder.glob("*/index_metadata.pickle"))
        for path in sorted(finished.parent.iterdir())
    ]
    return {
        path.relative_to(folder).as_posix(): sha256_of(path)
        for path in own + graphs
        if path.is_file()
    }


def _check_files(expected: dict[str, str], folder: Path, server: str | None) -> None:
    """Refuse changed files: Chroma answers wrongly from a lost graph and crashes on a torn one."""
    if server is None and not (folder / DATABASE_FILE).is_file():
        raise HomeError(f"{folder / DATABASE_FILE} is missing; run `whyrec index` again")
    there = file_hashes(folder)
    if torn := sorted(name for name in expected if there.get(name) != expected[name]):
        what = "is missing" if torn[0] not in there else "is damaged"
        raise HomeError(f"{folder / torn[0]} {what}; run `whyrec index` again")
