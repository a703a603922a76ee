"""Columns that are put together block by block, in one array each.

A block's own memory is free for the next one; what stays is what the column needs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from numpy.typing import NDArray

from ingest.sources.canonical import NotAsWritten
from ingest.sources.encoding import gather_into, used_codes

_SLACK = 1 << 17
"""A table of so many numbers costs nothing, however few the rows."""


class Buffer:
    """Takes the blocks of one column, of numbers, dictionary<int32, string> or string.

    Those of int32 are ids from 0 on; they become a dictionary of their texts. float64 is held as
    float32 as long as that is exact, and int64 as long as no value is missing.
    """

    def __init__(self, kind: pa.DataType) -> None:
        self._kind = kind
        self._coded = pa.types.is_dictionary(kind)
        self._whole = pa.types.is_int32(kind)
        self._fixed = self._coded or pa.types.is_primitive(kind)
        self._is_number = kind in (pa.float64(), pa.int64())
        self._filled = 0
        self._gaps = False
        held = {pa.float64(): np.float32, pa.int64(): np.int64}.get(kind, np.int32)
        self._held: NDArray[Any] = _room(0, np.dtype(held))
        self._starts: list[int] = []
        self._dictionaries: list[pa.Array] = []
        self._texts: list[pa.Array] = []

    def add(self, block: pa.Array, expected: int) -> None:
        """Append a block of a column that is expected to have `expected` rows in all.

        Raises:
            NotAsWritten: an id is less than 0.
        """
        if not self._fixed:
            self._texts.append(block)
            return
        end = self._filled + len(block)
        if end > len(self._held):
            self._move(max(expected, end + end // 2), self._held.dtype)
        values = block.indices if self._coded else block
        if self._whole and (pc.min(values).as_py() or 0) < 0:
            raise NotAsWritten
        if values.null_count:
            self._gaps = True
            if self._is_number:
                self._move(len(self._held), np.dtype(np.float64))
                values = values.cast(pa.float64(), safe=False)
            values = values.fill_null(np.nan if self._is_number else -1)
        numbers = values.to_numpy()
        if self._held.dtype == np.float32 and not _fit(numbers):
            self._move(len(self._held), np.dtype(np.float64))
        self._held[self._filled : end] = numbers
        if self._coded:
            self._starts.append(self._filled)
            self._dictionaries.append(block.dictionary)
        self._filled = end

    def _move(self, size: int, kind: np.dtype[Any]) -> None:
        """Hold what there is in a new array; what lies beyond it is no value yet."""
        if size == len(self._held) and kind == self._held.dtype:
            return
        moved = _room(size, kind)
        moved[: self._filled] = self._held[: self._filled]
        self._held = moved

    def finish(self) -> pa.ChunkedArray:
        """Return the column; the buffer is empty then."""
        if not self._fixed:
            return pa.chunked_array(self._texts, self._kind)
        held, self._held = self._held[: self._filled], self._held[:0]
        if self._is_number:
            return pa.chunked_array([pa.array(held, from_pandas=self._gaps)])
        if self._whole:
            values = _encoded_in_place(held)
        elif self._dictionaries:
            values = self._unified(held)
        else:
            return pa.chunked_array([], self._kind)
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


def _room(size: int, kind: np.dtype[Any]) -> NDArray[Any]:
    """Return an array of anything, in pages of the usual size.

    numpy and Arrow ask for pages of 2 MB, which help where an array is read in any order; here it
    is filled once, in order, and getting 400 MB of them took from 0.03 to 0.9 s, as the system had
    them at hand or not, of small ones 0.15 s.
    """
    room = pa.allocate_buffer(size * kind.itemsize, memory_pool=pa.system_memory_pool())
    return np.frombuffer(room, dtype=kind)


def _fit(numbers: NDArray[np.float64]) -> bool:
    """Tell whether float32 holds the numbers as they are."""
    with np.errstate(over="ignore"):
        return bool((numbers.astype(np.float32) == numbers).all())


def _encoded_in_place(numbers: NDArray[np.int32]) -> pa.Array:
    """Turn numbers into codes of their texts, in place, and return the texts; −1 stays.

    By a table where they lie close together for how many they are, else by hashing.
    """
    highest = int(numbers.max(initial=-1))
    if highest < len(numbers) + _SLACK:
        values = np.flatnonzero(used_codes(numbers, highest + 1))
        code = np.full(highest + 2, -1, dtype=np.int32)  # the last place stands for −1
        code[values] = np.arange(len(values), dtype=np.int32)
        gather_into(numbers, code, numbers)
    else:
        hashed = pa.array(numbers, mask=numbers < 0).dictionary_encode()
        values = hashed.dictionary.to_numpy()
        numbers[:] = hashed.indices.fill_null(-1).to_numpy()
    return pa.array(values).cast(pa.string())
