"""A pandas frame as a source of rows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]

from ingest.cells import plain_rows
from ingest.errors import DataError, Problem
from ingest.raw import RawRows, Reading


@dataclass(frozen=True, eq=False)
class FrameTable:
    """A frame whose columns have names; its index is not read."""

    frame: pd.DataFrame
    reading: Reading
    source: str = "the frame"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(self.frame.columns)

    def read(self, columns: Collection[str], text: Collection[str]) -> RawRows:
        """Return `columns` as `ingest.raw.RawTable.read` says."""
        wanted = [name for name in self.columns if name in columns]
        try:
            table = pa.Table.from_pandas(self.frame[wanted], preserve_index=False)
        except (pa.ArrowException, TypeError, ValueError) as error:
            first = str(error).splitlines()[0]
            what = f"has a column of mixed types ({first}); give each column one type"
            raise DataError([Problem(self.source, what)]) from error
        return plain_rows(self.source, table.replace_schema_metadata(), text, self.reading)


def open_frame(frame: pd.DataFrame, reading: Reading, source: str = "the frame") -> FrameTable:
    """Open a frame; raises DataError where two columns share a name or a name is no text."""
    names = list(frame.columns)
    for name in names:
        if not isinstance(name, str):
            what = f"a column is called {name!r}, which is no text; rename the columns"
            raise DataError([Problem(source, what)])
        if names.count(name) > 1:
            raise DataError([Problem(source, "two columns have this name; rename one", name)])
    return FrameTable(frame, reading, source)
