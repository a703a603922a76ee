"""One door to every source: a data set known by name, or the caller's own tables."""

from __future__ import annotations

import difflib
import math
from dataclasses import replace
from pathlib import Path

from ingest.dummy import load_dummy
from ingest.errors import AskerError
from ingest.frames import Tables, load_tables
from ingest.named import SOURCES, load_named
from ingest.progress import Notice, say
from ingest.raw import Reading
from ingest.roles import Roles
from ingest.schema import Dataset, Noun

DUMMY = "dummy"
NAMES = (*SOURCES, DUMMY)


def load_source(
    source: str,
    roles: Roles | None = None,
    reading: Reading | None = None,
    *,
    users: str | None = None,
    items: str | None = None,
    noun: Noun | None = None,
    liked_from: float | None = None,
    notice: Notice = say,
) -> Dataset:
    """Read `source` into a Dataset.

    Args:
        source: `ml-100k`, `ml-1m`, `dummy` (or `dummy:SEED`), or a CSV or Parquet file.
        roles: what the columns of the caller's tables mean; guessed where None.
        reading: encoding, separator, layout and what to do with repeated pairs.
        users: a table with a row per user.
        items: a table with a row per item.
        noun: what an item is called, instead of the data set's own word.
        liked_from: labels at or above this count as liked, instead of the data set's own bound.
        notice: is given what was guessed, left out, or has to be known (a sentence each).

    Raises:
        AskerError: there is no such data set or file, or the options do not fit it.
        DataError: the caller's tables have problems; all of them.
        FetchError: a named data set could not be had.
    """
    if liked_from is not None and not math.isfinite(liked_from):
        raise AskerError(f"--liked-from must be a number, not {liked_from}")
    name, _, seed = source.partition(":")
    if source not in SOURCES and name != DUMMY:
        _check_known(source)
        tables = Tables(source, users, items)
        return load_tables(tables, roles or Roles(), reading or Reading(), noun, liked_from, notice)
    _check_untold(source, roles, reading, users, items)
    dataset = load_named(source, notice) if source in SOURCES else load_dummy(_seed(source, seed))
    if liked_from is not None and not dataset.has_labels:
        raise AskerError(f"{source} has no labels, so --liked-from does not fit it")
    return replace(
        dataset,
        noun=noun or dataset.noun,
        liked_from=dataset.liked_from if liked_from is None else liked_from,
    )


def _check_known(source: str) -> None:
    """Refuse what is neither a file nor the name of a data set."""
    if "://" in source:
        raise AskerError("a URL is not read; download the table and name the file")
    if not Path(source).exists():
        close = difflib.get_close_matches(source.lower(), NAMES, n=1, cutoff=0.7)
        meant = f"did you mean {close[0]}?" if close else f"the data sets are {', '.join(NAMES)}"
        raise AskerError(f"there is no file or data set called {source}; {meant}")


def _check_untold(
    source: str,
    roles: Roles | None,
    reading: Reading | None,
    users: str | None,
    items: str | None,
) -> None:
    if (roles or Roles()) != Roles() or (reading or Reading()) != Reading() or users or items:
        raise AskerError(
            f"{source} knows its own columns; the options about columns and files are for your "
            "own tables"
        )


def _seed(source: str, text: str) -> int:
    if text and not text.isdecimal():
        raise AskerError(f"the seed in {source!r} must be a whole number, as in dummy:7")
    return int(text or 0)
