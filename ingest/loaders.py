"""One door to every source: a data set known by name, or the caller's own tables."""

from __future__ import annotations

from ingest.dummy import load_dummy
from ingest.errors import AskerError
from ingest.named import SOURCES, Notice, load_named, say
from ingest.schema import Dataset

DUMMY = "dummy"


def load_source(source: str, notice: Notice = say) -> Dataset:
    """Read `source` into a Dataset.

    Raises:
        AskerError: there is no such data set or file.
        FetchError: a named data set could not be had.
    """
    if source in SOURCES:
        return load_named(source, notice)
    if source == DUMMY:
        return load_dummy()
    raise AskerError(f"there is no data set called {source!r}")
