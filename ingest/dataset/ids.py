"""The one map between external ids and internal indices.

External ids are strings, as the data's owner writes them; internal indices are 0 … n−1.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from numpy.typing import NDArray

IntArray = NDArray[np.int32]

_PLAIN_INTEGER = r"^(0|[1-9][0-9]{0,19})$"


class IdMap:
    """A frozen two-way map between external ids and internal indices.

    Indices follow the ids' own order (numbers by value when every id is a plain number, text
    otherwise), so "ties break by item id" is the same as "ties break by index".
    """

    def __init__(self, external: Iterable[str]) -> None:
        """Keep the distinct ids of `external`; raises ValueError when an id is missing."""
        unique = pd.unique(pd.Series(external, dtype="object"))
        if pd.isna(unique).any():
            raise ValueError("an id is missing")
        self._index = pd.Index(_in_order([str(value) for value in unique]), dtype="object")
        if not self._index.is_unique:
            raise ValueError("two ids have the same text")

    def __len__(self) -> int:
        return len(self._index)

    def __contains__(self, external: object) -> bool:
        return external in self._index

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IdMap) and self._index.equals(other._index)

    __hash__ = None  # type: ignore[assignment]

    @cached_property
    def external(self) -> NDArray[np.object_]:
        """All external ids, (n,), in index order."""
        values: NDArray[np.object_] = self._index.to_numpy(dtype=object)
        values.flags.writeable = False
        return values

    def codes(self, external: Any) -> IntArray:
        """Indices of many external ids, (len(external),); −1 where an id is unknown."""
        return self._index.get_indexer(pd.Index(external, dtype="object")).astype(np.int32)

    def code(self, external: str) -> int | None:
        """Index of one external id, or None where it is unknown."""
        if external not in self._index:
            return None
        place = self._index.get_loc(external)
        assert isinstance(place, int), "no two ids are the same"
        return place


def _in_order(texts: list[str]) -> NDArray[np.object_]:
    values = pa.array(texts, pa.string())
    if not pc.all(pc.match_substring_regex(values, _PLAIN_INTEGER)).as_py():
        order = pc.sort_indices(values)  # UTF-8 sorts as its characters do
    else:
        try:
            order = np.argsort(values.cast(pa.uint64()).to_numpy())
        except pa.ArrowInvalid:  # twenty digits may be more than 64 bits hold
            order = np.array(sorted(range(len(texts)), key=lambda place: int(texts[place])), int)
    found: NDArray[np.object_] = np.array(texts, dtype=object)[np.asarray(order)]
    return found
