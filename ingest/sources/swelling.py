"""How far a packed file may swell: a few kilobytes can hold rows that fill any memory."""

from __future__ import annotations

from ingest.errors import DataError, Problem

LARGE = 1 << 26
SWELLING = 200
"""Packed files may grow to this many times their size, or to LARGE bytes; tables grow by 3-20."""


def check_swelling(source: str, packed: int, unpacked: int) -> None:
    """Refuse `source` once more bytes came out of it than a table of its packed size holds.

    Raises:
        DataError: it has swollen beyond both bounds.
    """
    if unpacked > max(LARGE, SWELLING * packed):
        what = f"unpacks to over {SWELLING} times its size; unpack it yourself if that is right"
        raise DataError([Problem(source, what)])
