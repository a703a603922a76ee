"""Columns of text as indices into their distinct values: what every later step works on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
from numpy.typing import NDArray

from ingest.dataset.row_order import ONCE

_BLOCK = 1 << 20


@dataclass(frozen=True, eq=False)
class Encoded:
    """A column of text: row r holds `values[codes[r]]`, or nothing where the code is −1.

    Every value is used, and stands once.
    """

    codes: NDArray[np.int32]
    values: pa.StringArray

    def __len__(self) -> int:
        return len(self.codes)

    @cached_property
    def complete(self) -> bool:
        """Whether every row holds something."""
        return int(self.codes.min(initial=0)) >= 0

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Mask of the rows that hold nothing."""
        return self.codes < 0

    def text(self, row: int) -> str:
        """Return the value of a row that has one."""
        return str(self.values[int(self.codes[row])])

    def texts(self) -> NDArray[np.object_]:
        """Return the distinct values as Python strings, (len(values),)."""
        found: NDArray[np.object_] = self.values.to_numpy(zero_copy_only=False).astype(object)
        return found

    def per_value(self, found: NDArray[Any], otherwise: Any) -> NDArray[Any]:
        """Return for every row what was `found` for its value, or `otherwise` where it has none."""
        return gather(np.append(found, np.array([otherwise], dtype=found.dtype)), self.codes)

    def recoded(self, values: pa.Array) -> Encoded:
        """Return the column with each value replaced; equal ones become one, null is missing."""
        return _tidy(self.codes, values)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Encoded:
        """Return only `rows`, in that order."""
        return _tidy(self.codes[rows], self.values)


def encode(column: pa.Array | pa.ChunkedArray | Sequence[str | None]) -> Encoded:
    """Encode a column of text, dictionary-encoded or not. One hash pass at most."""
    if not isinstance(column, pa.Array | pa.ChunkedArray):
        column = pa.array(column, pa.string(), from_pandas=True)
    if isinstance(column, pa.Array):
        column = pa.chunked_array([column])
    if not pa.types.is_dictionary(column.type):
        column = column.cast(pa.string()).dictionary_encode()
    column = column.cast(pa.dictionary(pa.int32(), pa.string())).unify_dictionaries()
    if column.num_chunks == 0:
        return Encoded(np.empty(0, dtype=np.int32), pa.array([], pa.string()))
    if column.num_chunks == 1 and not column.null_count:
        return _tidy(column.chunk(0).indices.to_numpy(), column.chunk(0).dictionary)
    codes = np.empty(len(column), dtype=np.int32)
    start = 0
    for part in column.chunks:
        indices = part.indices.fill_null(-1) if part.null_count else part.indices
        codes[start : start + len(part)] = indices.to_numpy()
        start += len(part)
    return _tidy(codes, column.chunk(0).dictionary)


def gather(found: NDArray[Any], codes: NDArray[np.int32]) -> NDArray[Any]:
    """Return found[codes], −1 meaning the last."""
    taken = np.empty(len(codes), dtype=found.dtype)
    gather_into(taken, found, codes)
    return taken


def gather_into(taken: NDArray[Any], found: NDArray[Any], codes: NDArray[np.int32]) -> None:
    """Put found[codes] into `taken`, which may be `codes` itself; −1 means the last."""
    if len(codes) >= ONCE and found.dtype != np.object_:
        from ingest.dataset.row_kernels import replace_codes

        replace_codes(codes, found, taken)
        return
    for start in range(0, len(codes), _BLOCK):  # in blocks, because numpy widens its indices
        block = slice(start, start + _BLOCK)
        taken[block] = found[codes[block]]


def used_codes(codes: NDArray[np.int32], n: int) -> NDArray[np.bool_]:
    """Return for each of the codes 0 … n−1 whether a row has it, (n,); −1 is none of them."""
    used = np.zeros(n + 1, dtype=np.bool_)
    if len(codes) >= ONCE:
        from ingest.dataset.row_kernels import mark_used

        mark_used(codes, used)
    else:
        used[codes] = True
    return used[:-1]


def _tidy(codes: NDArray[np.int32], values: pa.Array) -> Encoded:
    """Return codes into values that may be unused, repeated or null as they should be."""
    used = used_codes(codes, len(values))
    distinct = values.filter(pa.array(used)).dictionary_encode()
    if len(distinct.dictionary) < len(values):
        lookup = np.full(len(values) + 1, -1, dtype=np.int32)
        lookup[np.flatnonzero(used)] = distinct.indices.fill_null(-1).to_numpy()
        codes = gather(lookup, codes)
    return Encoded(codes, distinct.dictionary)
