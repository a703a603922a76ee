"""Arrays that are used again at every step: fresh memory costs a page fault every 4 KiB."""

from __future__ import annotations

import math

import numpy as np

from ingest.dataset.schema import FloatArray


class Scratch:
    """Named float32 arrays; one asked for again is the same memory, its contents undefined."""

    def __init__(self) -> None:
        self._arrays: dict[str, FloatArray] = {}

    def array(self, name: str, *shape: int) -> FloatArray:
        """Return an array of `shape`; the one that had this name before is gone."""
        size = math.prod(shape)
        held = self._arrays.get(name)
        if held is None or held.size < size:
            held = self._arrays[name] = np.empty(size + size // 4, np.float32)
        return held[:size].reshape(shape)

    def zeros(self, name: str, *shape: int) -> FloatArray:
        """Return an array of zeros, otherwise as `array`."""
        out = self.array(name, *shape)
        out.fill(0)
        return out
