"""Whether a record of the index is still what was written: Chroma and SQLite keep no checksums.

FOLDER/digests.safetensors   ids (n,) uint64, ascending, and records (n,) uint64, of every user
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.errors import HomeError
from ingest.home.tensor_files import save_tensors

DIGESTS = "digests.safetensors"
Record = tuple[str, str, Mapping[str, Any]]
"""Id, text and metadata."""


@dataclass(frozen=True, eq=False)
class Digests:
    """Of the records of one index: eight bytes of every id's BLAKE2, and of the whole record's."""

    ids: NDArray[np.uint64]
    records: NDArray[np.uint64]

    @classmethod
    def of(cls, records: Iterable[Record]) -> Digests:
        """Digest `records`; some 3 µs each."""
        pairs = [(_short(record[0]), _of_record(record)) for record in records]
        ids, digests = np.array(pairs, dtype=np.uint64).reshape(-1, 2).T
        order = np.argsort(ids, kind="stable")
        return cls(np.ascontiguousarray(ids[order]), np.ascontiguousarray(digests[order]))

    def changed(self, records: Iterable[Record]) -> str | None:
        """Return the id of the first of `records` that is not as it was; None where all are."""
        for record in records:
            place = int(np.searchsorted(self.ids, np.uint64(_short(record[0]))))
            if place == len(self.ids) or int(self.records[place]) != _of_record(record):
                return record[0]
        return None

    def save(self, folder: Path) -> None:
        """Write them into `folder`."""
        save_tensors({"ids": self.ids, "records": self.records}, folder / DIGESTS)


def load_digests(folder: Path) -> Digests:
    """Read what `Digests.save` wrote.

    Raises:
        HomeError: the file is missing or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return Digests(**load_file(folder / DIGESTS))
    except (OSError, TypeError, SafetensorError) as error:
        raise HomeError(
            f"{folder / DIGESTS} cannot be read ({error}); run `whyrec index` again"
        ) from error


def _of_record(record: Record) -> int:
    user, text, metadata = record
    return _short(json.dumps([user, text, sorted(metadata.items())], ensure_ascii=False))


def _short(text: str) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")
