"""MovieLens as it is published since 20M, ratings.csv and movies.csv, as a Dataset.

As for the older ones: a title is kept without its year, which is a field of its own, and
"(no genres listed)" counts as no genre.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from ingest.dataset.schema import Columns, Dataset
from ingest.intake.frames import Tables, load_tables
from ingest.intake.roles import Roles
from ingest.layouts.movielens import FILMS, LIKED_FROM
from ingest.sources.opening import open_table
from ingest.sources.raw import RawRows, RawTable, Reading

FILES = ("ratings.csv", "movies.csv")
_TITLE_AND_YEAR = r"^(?P<title>.*?)\s*\((?P<year>\d{4})\)\s*$"
_YEAR = "year"
_ROLES = Roles(
    user="userId",
    item="movieId",
    label="rating",
    time="timestamp",
    title=Columns.TITLE,
    item_columns=(_YEAR, "genres"),
    dense=(_YEAR,),
    multi=("genres",),
)
_READING = Reading(separator=",", missing=("(no genres listed)",))


@dataclass(frozen=True)
class _Films:
    """movies.csv with the year, which stands at the end of the title, as a column."""

    table: RawTable

    @property
    def source(self) -> str:
        return self.table.source

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.table.columns, _YEAR)

    def read(self, columns: Collection[str], text: Collection[str]) -> RawRows:
        """Return `columns` as `ingest.sources.raw.RawTable.read` says."""
        rows = self.table.read({*columns, Columns.TITLE} - {_YEAR}, {*text, Columns.TITLE})
        place = rows.table.column_names.index(Columns.TITLE)
        written = rows.table.column(Columns.TITLE).cast(pa.string())
        parts = pc.extract_regex(pc.utf8_trim_whitespace(written), _TITLE_AND_YEAR)
        title = pc.coalesce(pc.struct_field(parts, "title"), written)
        year = pc.struct_field(parts, "year").cast(pa.float64())
        table = rows.table.set_column(place, Columns.TITLE, title).append_column(_YEAR, year)
        wanted = [name for name in self.columns if name in columns]
        return RawRows(table.select(wanted), rows.rows, rows.refused)


def read_folder(folder: Path, name: str | None = None) -> Dataset:
    """Read ratings.csv and movies.csv in `folder` (UTF-8); raises DataError where they are broken.

    `name` is what to call the data set; None takes the folder's.
    """
    tables = Tables(
        str(folder / "ratings.csv"),
        items=_Films(open_table(str(folder / "movies.csv"), _READING)),
        name=name or folder.absolute().name,
    )
    return load_tables(tables, _ROLES, _READING, FILMS, LIKED_FROM, notice=lambda text: None)
