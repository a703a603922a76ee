"""The one map between external ids and internal indices.

External ids are strings, as the data's owner writes them; internal indices are 0 … n−1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

IntArray = NDArray[np.int32]

_PLAIN_INTEGER = re.compile(r"0|[1-9][0-9]{0,17}")


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
        texts = [str(value) for value in unique]
        if all(_PLAIN_INTEGER.fullmatch(text) for text in texts):
            texts.sort(key=int)
        else:
            texts.sort()
        self._index = pd.Index(texts, dtype="object")
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
        index = int(self._index.get_indexer(pd.Index([external], dtype="object"))[0])
        return None if index < 0 else index
