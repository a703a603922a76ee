"""Frames from Python as sources of rows: pandas, and what speaks Arrow (polars, pyarrow)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]

from ingest.dataset.schema import Dataset, Noun
from ingest.errors import SHOWN, DataError, Problem
from ingest.intake.frames import Tables, load_tables
from ingest.intake.roles import Roles
from ingest.progress import Notice, say
from ingest.sources.cells import plain_rows
from ingest.sources.raw import RawRows, Reading


@dataclass(frozen=True, eq=False)
class FrameTable:
    """A frame whose columns have names; its index is not read."""

    frame: pd.DataFrame | pa.Table
    reading: Reading
    source: str = "the frame"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(_names(self.frame))

    def read(self, columns: Collection[str], text: Collection[str]) -> RawRows:
        """Return `columns` as `ingest.sources.raw.RawTable.read` says; the first row is row 1."""
        wanted = [name for name in self.columns if name in columns]
        if isinstance(self.frame, pa.Table):
            return plain_rows(self.source, self.frame.select(wanted), text, self.reading)
        arrays, problems = {}, []
        for name in wanted:
            try:
                arrays[name] = _as_arrow(self.frame[name], name in text)
            except _Unusable as error:
                problems.append(
                    Problem(self.source, str(error), name, error.rows[:SHOWN], len(error.rows))
                )
        if problems:
            raise DataError(problems)
        return plain_rows(self.source, pa.table(arrays), text, self.reading)


def open_frame(frame: Any, reading: Reading, source: str = "the frame") -> FrameTable:
    """Open a frame of pandas, or of anything that gives its columns as Arrow (PyCapsule).

    Raises:
        DataError: it is no frame, two columns share a name, or a name is no text.
    """
    if not isinstance(frame, pd.DataFrame | pa.Table):
        if not hasattr(frame, "__arrow_c_stream__"):
            what = f"is no frame but {type(frame).__name__}; give a pandas, polars or Arrow table"
            raise DataError([Problem(source, what)])
        frame = pa.table(frame)
    names = _names(frame)
    for name in names:
        if not isinstance(name, str):
            what = f"a column is called {name!r}, which is no text; rename the columns"
            raise DataError([Problem(source, what)])
        if names.count(name) > 1:
            raise DataError([Problem(source, "two columns have this name; rename one", name)])
    return FrameTable(frame, reading, source)


def from_frames(
    interactions: Any,
    users: Any = None,
    items: Any = None,
    *,
    roles: Roles | None = None,
    reading: Reading | None = None,
    name: str = "frames",
    noun: Noun | None = None,
    liked_from: float | None = None,
    notice: Notice = say,
) -> Dataset:
    """Make a Dataset of frames, checked like any table.

    Args:
        interactions: a row per interaction: a pandas, polars or Arrow table.
        users: a row per user, its features in columns.
        items: a row per item.
        roles: what the columns mean; guessed from usual names where None.
        reading: what to do with ids, times, repeated pairs and rows that cannot be used.
        name: what to call the data set.
        noun: what an item is called.
        liked_from: labels at or above this count as liked.
        notice: is given what was guessed or left out, a sentence each.

    Raises:
        DataError: everything that is wrong with the frames.
    """
    how = reading or Reading()
    frames = {"interactions": interactions, "users": users, "items": items}
    tables = {
        which: None if frame is None else open_frame(frame, how, f"{which} frame")
        for which, frame in frames.items()
    }
    seen = tables["interactions"]
    if seen is None:
        raise DataError([Problem("interactions frame", "is missing; give one")])
    opened = Tables(seen, tables["users"], tables["items"], name)
    return load_tables(opened, roles or Roles(), how, noun, liked_from, notice)


class _Unusable(Exception):
    """A column whose values cannot be put into one Arrow column."""

    def __init__(self, what: str, rows: tuple[int, ...] = ()) -> None:
        super().__init__(what)
        self.rows = rows


def _names(frame: pd.DataFrame | pa.Table) -> list[Any]:
    return list(frame.column_names if isinstance(frame, pa.Table) else frame.columns)


def _as_arrow(column: pd.Series, as_text: bool) -> Any:
    """Return a pandas column as Arrow; objects of one kind only, whole numbers of any size."""
    try:
        return pa.array(column, from_pandas=True)
    except UnicodeEncodeError as error:
        raise _Unusable("holds text with half a character (a lone surrogate); mend it") from error
    except (pa.ArrowException, OverflowError, TypeError, ValueError):
        pass
    values = column.to_numpy(dtype=object)
    present = column.notna().to_numpy()
    kinds = [type(value) for value in values[present]]
    other = [kind is not kinds[0] for kind in kinds]
    if any(other):
        rows = (np.flatnonzero(present)[np.array(other)] + 1).tolist()
        second = kinds[other.index(True)].__name__
        raise _Unusable(
            f"holds {kinds[0].__name__} and {second} values; make them one type, for example with "
            ".astype(str)",
            tuple(rows),
        )
    if kinds and kinds[0] is int and as_text:
        written = [
            str(value) if here else None for value, here in zip(values, present, strict=True)
        ]
        return pa.array(written, pa.string())
    held = kinds[0].__name__ if kinds else str(column.dtype)
    raise _Unusable(f"holds {held} values, which cannot be used here; write text or numbers")
