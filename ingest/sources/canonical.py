"""Whether the whole numbers in a text file are written as a computer writes them.

Ids are kept as they are written, and reading them as numbers is cheaper than reading text. The
numbers give the text back only where none has a zero in front, a space beside it or is "-0": a
parser takes "007", "0x7" and " 7" for 7 too.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_SLICE = 1 << 17  # bytes that stay in the processor's cache
_REACH = 3  # bytes that a finding may span, less one
_ZERO, _MINUS, _POINT = b"0-."
_SPACES = b" \t"


class NotAsWritten(Exception):
    """Reading a column as numbers would lose how its ids are written."""


class Canonical:
    """Looks through the bytes of a text file, block by block, for numbers that are not canonical.

    It takes all columns alike, and a field like ", The" in a title too: it may see what does no
    harm, but misses nothing that a parser would take for a whole number.
    """

    def __init__(self, separator: str, quote: str | None) -> None:
        """Look between fields that `separator`, one byte, divides."""
        marks = f"{separator}{quote or ''}\r\n".encode()
        self._edges = np.isin(np.arange(256), list(marks))
        self._high = [mark for mark in marks if mark >= _POINT]
        self._spaces = [mark for mark in _SPACES if mark not in marks]
        self._tail = b"\n"
        self.holds = True
        """Whether all numbers so far are canonical."""

    def add(self, block: bytes) -> None:
        """Look at the next block; an empty one ends the file."""
        if not self.holds:
            return
        between = self._tail + (block[:_REACH] or b"\n")
        self._tail = (self._tail + block[-_REACH:])[-_REACH:]
        self.holds = self._all_canonical(between) and self._all_canonical(block)

    def _all_canonical(self, block: bytes) -> bool:
        text = np.frombuffer(block, dtype=np.uint8)
        if any(mark in block and self._stands_beside(text, mark) for mark in self._spaces):
            return False
        return not any(
            self._begins_with_zero(text[max(start - _REACH, 0) : start + _SLICE])
            for start in range(0, len(text), _SLICE)
        )

    def _stands_beside(self, text: NDArray[np.uint8], mark: int) -> bool:
        """Tell whether a mark stands at the beginning or the end of a field."""
        here = text == mark
        before, after = self._edges[text[:-1][here[1:]]], self._edges[text[1:][here[:-1]]]
        return bool(before.any() or after.any())

    def _begins_with_zero(self, text: NDArray[np.uint8]) -> bool:
        """Tell whether a field begins with a zero that more follows than a fraction, or with -0."""
        before, zero, after = text[:-2], text[1:-1] == _ZERO, text[2:]
        edge = before < _POINT  # a separator, a quote, a line's end, a minus
        for mark in self._high:
            edge |= before == mark
        zero &= edge & ((after > _POINT) | (before == _MINUS))
        if not zero.any():  # what follows looks closer at the few places that are left
            return False
        places = np.flatnonzero(zero)
        minus, follows = before[places] == _MINUS, after[places]
        begins = self._edges[before[places - (minus & (places > 0))]]
        return bool((begins & np.where(minus, follows != _POINT, ~self._edges[follows])).any())
