"""Writing the index of a data set; a build that was stopped is gone on with where it stopped.

    FOLDER/unfinished.json     what is being built; gone once the index is whole
    FOLDER/vectors.*           the fitted map, which is not fitted twice
    FOLDER/checkpoint-0002/    Chroma's files as they were when so many thousand records were in

Chroma's files are written in place: after a kill nobody can tell what state they are in. So they
are never gone on with. What is gone on with is a copy that was made while Chroma had them closed.

On a server nothing is published by renaming a folder. There a collection's name says what is in it:
what is there already is left as it is, and no build touches what another home reads.
"""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from ingest.dataset.matrix import interaction_matrix
from ingest.dataset.schema import Dataset
from ingest.errors import HomeError, OperationError
from ingest.home.digests import Digests, Record
from ingest.home.workspace import UNFINISHED
from ingest.index.chroma import Chroma, connect
from ingest.index.embedding import embedding_model
from ingest.index.records import WORDING, Records, all_records
from ingest.index.store import FILE, FORMAT, file_hashes
from ingest.index.vectors import InteractionVectors, VectorConfig, fit_vectors, load_vectors
from ingest.progress import progress_bar

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection

CHECKPOINT_EVERY = 25_000
"""Records between two copies of Chroma's files; a smaller index is begun anew."""
_WHOLE = "whole"  # written into a copy when it is whole


def build_index(
    dataset: Dataset,
    folder: Path,
    server: str | None = None,
    *,
    config: VectorConfig | None = None,
    seed: int = 0,
    model: str | None = None,
) -> None:
    """Write the index of `dataset` into `folder`, which is empty or holds a build that was stopped.

    Args:
        dataset: whose users and items.
        folder: for index.json, the vectors' map and, without a server, the collections.
        server: http://host:port of a Chroma server for the collections.
        config: how vectors are made.
        seed: of the sample and the projection they are fitted with.
        model: of the sentence embeddings; by default what WHYREC_EMBEDDINGS names.

    Raises:
        OperationError: the server or the embedding model is not to be had, or writing failed.
    """
    model = model or embedding_model()
    config = config or VectorConfig()
    plan = {
        "format": FORMAT,
        "wording": WORDING,
        "data_fingerprint": dataset.fingerprint,
        "server": server,
        "embedding_model": model,
        "vectors": asdict(config),
        "seed": seed,
    }
    _take_up(folder, plan)
    matrix = interaction_matrix(dataset.interactions, dataset.n_users, dataset.n_items)
    vectors = _fitted(folder, matrix, config, seed)
    building = _Building(folder, server)
    collections: dict[str, dict[str, str | int]] = {}
    people: list[Record] = []
    try:
        for records in all_records(dataset, matrix, vectors, model):
            collections[records.kind] = building.write(records, records.collection_name(dataset))
            if records.kind != "items":
                people += zip(records.ids, records.texts, records.metadata, strict=True)
    finally:
        building.chroma.close()
    Digests.of(people).save(folder)
    manifest = {
        "format": FORMAT,
        "data_fingerprint": dataset.fingerprint,
        "server": server,
        "embedding_model": model,
        "collections": collections,
        "files": file_hashes(folder),
    }
    (folder / FILE).write_text(json.dumps(manifest, indent=2), encoding="utf-8")
    for copy in _checkpoints(folder):
        shutil.rmtree(copy)
    (folder / UNFINISHED).unlink()


def _take_up(folder: Path, plan: dict[str, Any]) -> None:
    """Make `folder` ready for `plan`: keep what a stopped build of the same plan is sure of."""
    sure = {path.name for path in _checkpoints(folder)} | {"vectors.json", "vectors.safetensors"}
    if not _is_stopped_build(folder, plan):
        sure = set()
    for path in folder.iterdir():
        if path.name not in sure:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    (folder / UNFINISHED).write_text(json.dumps(plan, indent=2), encoding="utf-8")
    for copy in _checkpoints(folder)[-1:]:
        shutil.copytree(copy, folder, dirs_exist_ok=True)
        (folder / _WHOLE).unlink()


def _is_stopped_build(folder: Path, plan: dict[str, Any]) -> bool:
    """Return whether `folder` holds an index that was begun with exactly this plan."""
    try:
        begun = json.loads((folder / UNFINISHED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(begun == plan)


def _checkpoints(folder: Path) -> list[Path]:
    """Return the whole copies of Chroma's files in `folder`, oldest first."""
    found = [path for path in folder.glob("checkpoint-*") if (path / _WHOLE).is_file()]
    return sorted(found, key=lambda path: path.name)


def _fitted(
    folder: Path, matrix: sparse.csr_array, config: VectorConfig, seed: int
) -> InteractionVectors:
    """Return the vectors' map: the one in `folder`, or fitted and put there whole."""
    with suppress(HomeError):  # none, or half of it
        return load_vectors(folder)
    vectors = fit_vectors(matrix, np.random.default_rng(seed), config)
    vectors.save(folder)
    return vectors


@dataclass
class _Building:
    """The collections being written, and where they were last known to be whole."""

    folder: Path
    server: str | None

    def __post_init__(self) -> None:
        self.chroma: Chroma = connect(self.folder, self.server, new=True)

    def write(self, records: Records, name: str) -> dict[str, str | int]:
        """Write one collection, or what is missing of it, and return its name and count."""
        n = len(records.ids)
        collection = self.chroma.create(name, records.space, n)
        there = self._count(collection)
        if there != n:
            with progress_bar(n, f"indexing {records.kind}") as bar:
                for rows in self.chroma.batches(n):
                    added = _add(self.chroma, collection, records, rows, bool(there))
                    bar.update(rows.stop - rows.start)
                    if added and _passes_mark(rows) and rows.stop < n:
                        collection = self._checkpoint(name)
            there = self._count(collection)
        if there != n:
            raise OperationError(
                f"{self.chroma.place} kept {there} of {n} {records.kind} in {name}; delete that "
                "collection and run `whyrec index` again"
            )
        return {"name": name, "count": n}

    def _count(self, collection: Collection) -> int:
        with self.chroma.guarded():
            return collection.count()

    def _checkpoint(self, name: str) -> Collection:
        """Copy Chroma's files while they are closed; return the collection, opened again."""
        if self.server is None:
            self.chroma.close()
            _copy_closed(self.folder)
            self.chroma = connect(self.folder, None, new=True)
        return self.chroma.get(name)


def _passes_mark(rows: slice) -> bool:
    return bool(rows.stop // CHECKPOINT_EVERY > rows.start // CHECKPOINT_EVERY)


def _copy_closed(folder: Path) -> None:
    """Copy Chroma's files into the next checkpoint; the one before goes when this one is whole."""
    before = _checkpoints(folder)
    number = int(before[-1].name.rpartition("-")[2]) + 1 if before else 1
    copy = folder / f"checkpoint-{number:04d}"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    for path in folder.iterdir():
        if path.suffix == ".sqlite3":
            shutil.copy2(path, copy)
        elif path.is_dir() and not path.name.startswith("checkpoint-"):
            shutil.copytree(path, copy / path.name)
    (copy / _WHOLE).touch()
    for old in before:
        shutil.rmtree(old)


def _add(
    chroma: Chroma, collection: Collection, records: Records, rows: slice, some_there: bool
) -> int:
    """Add what is missing of a batch, and return how much that was."""
    places = list(range(rows.start, rows.stop))
    if some_there:
        with chroma.guarded():
            there = set(collection.get(ids=list(records.ids[rows]), include=[])["ids"])
        places = [place for place in places if records.ids[place] not in there]
    if places:
        chroma.add(
            collection,
            [records.ids[place] for place in places],
            records.vectors(rows)[np.array(places) - rows.start],
            [records.texts[place] for place in places],
            [records.metadata[place] for place in places],
        )
    return len(places)
