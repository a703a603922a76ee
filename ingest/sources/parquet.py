"""Opening Parquet, one file or a folder of them (also hive-partitioned), as a table of raw rows.

The files of a folder are read in the order of their names, as one table: its first row is row 1.
A partition like `day=2024-05-31/` is a column. Names that start with `_` or `.` are no data.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from ingest.errors import DataError, Problem
from ingest.progress import progress_bar
from ingest.sources.cells import plain_rows
from ingest.sources.raw import RawRows, Reading

if TYPE_CHECKING:
    from pyarrow.dataset import Dataset as Files  # type: ignore[import-untyped]

MAGIC = b"PAR1"
SUFFIXES = (".parquet", ".pq")
_UNNAMED = re.compile(r"|__index_level_\d+__")
"""An index that pandas wrote along is no column: its name is blank, or this in Parquet."""
_NO_PARTITION = "__HIVE_DEFAULT_PARTITION__"
_WHOLE = r"^(0|-?[1-9][0-9]{0,17})$"


@dataclass(frozen=True)
class ParquetTable:
    """Parquet files whose schemas could be read and fit one another."""

    source: str
    schema: pa.Schema
    files: tuple[str, ...]
    reading: Reading
    partitions: tuple[str, ...] = ()
    """Names of the columns that stand in the folders' names."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that have one."""
        return tuple(name for name in self.schema.names if not _UNNAMED.fullmatch(name))

    def read(self, columns: Collection[str], text: Collection[str]) -> RawRows:
        """Return `columns` as `ingest.sources.raw.RawTable.read` says."""
        wanted = [name for name in self.columns if name in columns]
        table = _sure(self.source, lambda: self._table(wanted))
        for name in set(wanted) & set(self.partitions) - set(text):
            table = table.set_column(wanted.index(name), name, _as_numbers(table.column(name)))
        return plain_rows(self.source, table, text, self.reading)

    def _table(self, wanted: list[str]) -> pa.Table:
        files = self._dataset()
        batches = []
        with progress_bar(files.count_rows(), f"reading {Path(self.source).name}", " rows") as bar:
            for batch in files.to_batches(columns=wanted):
                batches.append(batch)
                bar.update(batch.num_rows)
        schema = pa.schema([self.schema.field(name) for name in wanted])
        return pa.Table.from_batches(batches, batches[0].schema if batches else schema)

    def _dataset(self) -> Files:
        import pyarrow.dataset as ds

        partitions = pa.schema([(name, pa.string()) for name in self.partitions])
        return ds.dataset(
            list(self.files),
            schema=self.schema,
            format="parquet",
            partitioning=ds.partitioning(partitions, flavor="hive") if self.partitions else None,
            partition_base_dir=self.source if self.partitions else None,
        )


def open_parquet(source: str, reading: Reading) -> ParquetTable:
    """Read the schema of a file; raises DataError where it is no Parquet file."""
    return _opened(source, [source], (), reading)


def open_parquet_folder(source: str, reading: Reading) -> ParquetTable:
    """Read the schemas of all files below the folder `source`.

    Raises:
        DataError: a file is damaged, two files do not fit one another, or a partition is missing.
    """
    root = Path(source)
    files = parquet_files(root)
    partitions = [_partitions(root, file) for file in files]
    for file, names in zip(files, partitions, strict=True):
        if names != partitions[0]:
            what = (
                f"lies below {_folders(names)} while {files[0].relative_to(root)} lies below "
                f"{_folders(partitions[0])}; partition all files alike"
            )
            raise DataError([Problem(str(file), what)])
    return _opened(source, [str(file) for file in files], partitions[0], reading)


def is_parquet(source: str, start: bytes) -> bool:
    """Tell by its first bytes or its name whether `source` should be a Parquet file."""
    return start.startswith(MAGIC) or Path(source).suffix in SUFFIXES


def parquet_files(folder: Path) -> list[Path]:
    """Return the Parquet files below `folder` in the order of their paths."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix in SUFFIXES
        and path.is_file()
        and not any(part.startswith(("_", ".")) for part in path.relative_to(folder).parts)
    ]


def _opened(
    source: str, files: list[str], partitions: tuple[str, ...], reading: Reading
) -> ParquetTable:
    schemas = [_checked_schema(file) for file in files]
    schema = schemas[0]
    for file, other in zip(files[1:], schemas[1:], strict=True):
        schema = _unified(schema, other, files[0], file)
    for name in partitions:
        if name in schema.names:
            what = "is both a column of the files and in the folders' names; rename one"
            raise DataError([Problem(source, what, name)])
        schema = schema.append(pa.field(name, pa.string()))
    return ParquetTable(source, schema, tuple(files), reading, partitions)


def _checked_schema(file: str) -> pa.Schema:
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    schema = _sure(file, lambda: pq.read_schema(file)).remove_metadata()
    twice = sorted({name for name in schema.names if schema.names.count(name) > 1})
    if twice:
        what = "two columns have this name; rename one"
        raise DataError([Problem(file, what, name) for name in twice])
    return schema


def _unified(schema: pa.Schema, other: pa.Schema, first: str, file: str) -> pa.Schema:
    """Return a schema that holds both: further columns, wider numbers; raises DataError."""
    problems = []
    for field in other:
        known = schema.field(field.name).type if field.name in schema.names else field.type
        try:
            pa.unify_schemas(
                [pa.schema([(field.name, known)]), pa.schema([field])], promote_options="permissive"
            )
        except pa.ArrowException:
            what = f"is {field.type} here but {known} in {first}; write all files with one type"
            problems.append(Problem(file, what, field.name))
    if problems:
        raise DataError(problems)
    return pa.unify_schemas([schema, other], promote_options="permissive")


def _partitions(root: Path, file: Path) -> tuple[str, ...]:
    folders = file.relative_to(root).parts[:-1]
    return tuple(unquote(name.partition("=")[0]) for name in folders if "=" in name)


def _folders(names: tuple[str, ...]) -> str:
    return "/".join(f"{name}=…" for name in names) or "the folder itself"


def _as_numbers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a partition's values as numbers where all are whole numbers without leading zeros."""
    column = pc.if_else(pc.equal(column, _NO_PARTITION), pa.scalar(None, pa.string()), column)
    whole = pc.all(pc.match_substring_regex(column, _WHOLE)).as_py()
    return column.cast(pa.int64()) if whole else column


def _sure(source: str, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        what = f"is not a Parquet file, or is damaged ({first}); write it again"
        raise DataError([Problem(source, what)]) from error
