"""Columns that are put together block by block, in one array each.

A block's own memory is free for the next one; what stays is what the column needs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
from numpy.typing import NDArray


class Buffer:
    """Takes the blocks of one column, of float64, of dictionary<int32, string> or of string."""

    def __init__(self, kind: pa.DataType) -> None:
        self._kind = kind
        self._coded = pa.types.is_dictionary(kind)
        self._filled = 0
        self._gaps = False
        self._held: NDArray[Any] = np.empty(0, dtype=np.int32 if self._coded else np.float64)
        self._starts: list[int] = []
        self._dictionaries: list[pa.Array] = []
        self._texts: list[pa.Array] = []

    def add(self, block: pa.Array, expected: int) -> None:
        """Append a block of a column that is expected to have `expected` rows in all."""
        if not self._coded and not pa.types.is_floating(self._kind):
            self._texts.append(block)
            return
        end = self._filled + len(block)
        if end > len(self._held):
            grown = np.empty(max(expected, end + end // 2), dtype=self._held.dtype)
            grown[: self._filled] = self._held[: self._filled]
            self._held = grown
        values = block.indices if self._coded else block
        self._gaps |= values.null_count > 0
        if values.null_count:
            values = values.fill_null(-1 if self._coded else np.nan)
        self._held[self._filled : end] = values.to_numpy()
        if self._coded:
            self._starts.append(self._filled)
            self._dictionaries.append(block.dictionary)
        self._filled = end

    def finish(self) -> pa.ChunkedArray:
        """Return the column; the buffer is empty then."""
        if not self._coded and not pa.types.is_floating(self._kind):
            return pa.chunked_array(self._texts, self._kind)
        held, self._held = self._held[: self._filled], self._held[:0]
        if not self._coded:
            return pa.chunked_array([pa.array(held, from_pandas=self._gaps)], self._kind)
        if not self._dictionaries:
            return pa.chunked_array([], self._kind)
        values = self._unified(held)
        indices = pa.array(held, mask=held < 0 if self._gaps else None)
        return pa.chunked_array([pa.DictionaryArray.from_arrays(indices, values)])

    def _unified(self, codes: NDArray[np.int32]) -> pa.Array:
        """Turn every block's codes, in place, into codes of one dictionary, and return that."""
        every = pa.concat_arrays(self._dictionaries).dictionary_encode()
        lookup = every.indices.to_numpy()
        ends = [*self._starts[1:], len(codes)]
        place = 0
        for start, end, dictionary in zip(self._starts, ends, self._dictionaries, strict=True):
            own = np.append(lookup[place : place + len(dictionary)], np.int32(-1))
            codes[start:end] = own[codes[start:end]]
            place += len(dictionary)
        return every.dictionary
