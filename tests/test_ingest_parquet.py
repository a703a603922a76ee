"""Parquet, one file and folders of them: as one table, or a sentence naming the file."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest

from ingest.errors import DataError
from ingest.sources.opening import open_table
from ingest.sources.raw import Reading


def write(path: Path, **columns: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)


def read(path: Path, text: str = "", **reading: Any) -> dict[str, list[Any]]:
    table = open_table(str(path), Reading(**reading))
    held: dict[str, list[Any]] = table.read(table.columns, text.split()).table.to_pydict()
    return held


def refusal(path: Path) -> str:
    with pytest.raises(DataError) as refused:
        read(path)
    return str(refused.value).replace(f"{path}/", "").replace(str(path), "folder")


def test_a_folder_is_one_table_in_the_order_of_the_files_names(tmp_path: Path) -> None:
    write(tmp_path / "part-2.parquet", user=["z"], n=[3])
    write(tmp_path / "part-1.parquet", user=["x", "y"], n=[1, 2])
    table = open_table(str(tmp_path), Reading()).read(["user", "n"], ["user"])
    assert table.table.to_pydict() == {"user": ["x", "y", "z"], "n": [1, 2, 3]}
    assert list(table.rows) == [1, 2, 3]


def test_partitions_are_columns_and_keep_their_leading_zeros(tmp_path: Path) -> None:
    write(tmp_path / "shop=007" / "year=2023" / "a.parquet", user=["x"])
    write(tmp_path / "shop=01%2F2" / "year=2024" / "a.parquet", user=["y"])
    write(tmp_path / "shop=__HIVE_DEFAULT_PARTITION__" / "year=2024" / "a.parquet", user=["z", "w"])
    assert read(tmp_path) == {
        "user": ["x", "y", "z", "w"],
        "shop": ["007", "01/2", None, None],
        "year": [2023, 2024, 2024, 2024],
    }
    assert read(tmp_path, "year")["year"] == ["2023", "2024", "2024", "2024"]


def test_what_other_programs_leave_beside_the_data_is_no_data(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", user=["x"])
    write(tmp_path / "_temporary" / "b.parquet", other=["y"])
    write(tmp_path / ".c.parquet", other=["y"])
    (tmp_path / "_SUCCESS").write_text("")
    (tmp_path / "notes.txt").write_text("not a table")
    assert read(tmp_path) == {"user": ["x"]}


def test_further_columns_and_wider_numbers_fit(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", user=["x"], n=pa.array([1], pa.int32()))
    write(tmp_path / "b.parquet", n=pa.array([2**40], pa.int64()), user=["y"], more=["m"])
    assert read(tmp_path) == {"user": ["x", "y"], "n": [1, 2**40], "more": [None, "m"]}


def test_files_that_do_not_fit_one_another_are_named_with_both_types(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", user=["x"], item=[1])
    write(tmp_path / "b.parquet", user=[1], item=["y"])
    assert refusal(tmp_path) == (
        "2 problems:\n"
        "  b.parquet, column 'user': is int64 here but string in a.parquet; write all files with "
        "one type\n"
        "  b.parquet, column 'item': is string here but int64 in a.parquet; write all files with "
        "one type"
    )


def test_a_file_outside_the_partitions_is_named(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", user=["x"])
    write(tmp_path / "day=1" / "b.parquet", user=["x"])
    assert refusal(tmp_path) == (
        "day=1/b.parquet: lies below day=… while a.parquet lies below the folder itself; partition "
        "all files alike"
    )


def test_a_partition_called_like_a_column_is_named(tmp_path: Path) -> None:
    write(tmp_path / "user=1" / "a.parquet", user=["x"])
    assert refusal(tmp_path) == (
        "folder, column 'user': is both a column of the files and in the folders' names; rename one"
    )


def test_a_truncated_file_in_a_folder_is_named(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", user=["x"])
    (tmp_path / "b.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:-20])
    assert refusal(tmp_path).startswith("b.parquet: is not a Parquet file, or is damaged (")


def test_a_folder_of_empty_files_is_a_sentence(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", user=pa.array([], pa.string()))
    assert refusal(tmp_path) == "folder: there are column names but no rows below them"


def test_every_type_of_column_becomes_numbers_or_text(tmp_path: Path) -> None:
    write(
        tmp_path / "t.parquet",
        gaps=[7.0, None, 8.0],
        exact=[Decimal("1.50"), None, Decimal("123456789012345678901")],
        words=["", "NA", "x"],
        none=pa.array([None] * 3),
        codes=pa.array(["a", "b", None]).dictionary_encode(),
        holes=pa.array(["a", "", None]).dictionary_encode(),
        lists=[["a", None, "b"], [], None],
        number=[float("nan"), 1.5, 2.0],
        raw=[b"a", b"b", None],
    )
    assert read(tmp_path / "t.parquet", "gaps exact codes") == {
        "gaps": ["7", None, "8"],
        "exact": ["1.50", None, "123456789012345678901.00"],
        "words": [None, "NA", "x"],
        "none": [None] * 3,
        "codes": ["a", "b", None],
        "holes": ["a", None, None],
        "lists": ["a|b", None, None],
        "number": [None, 1.5, 2.0],
        "raw": ["a", "b", None],
    }


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([{"a": 1}], "holds objects, which cannot be used here; write it as text or numbers"),
        ([[{"a": 1}]], "holds lists of objects, which cannot be used here"),
        ([b"\xff"], "holds bytes, which cannot be used here"),
        ([["a|b"]], "a value in a list holds '|', which also stands between values"),
    ],
)
def test_a_column_of_no_use_is_named(tmp_path: Path, values: list[Any], sentence: str) -> None:
    write(tmp_path / "t.parquet", user=["x"], odd=values)
    with pytest.raises(DataError, match="column 'odd': ") as refused:
        read(tmp_path / "t.parquet")
    assert sentence in str(refused.value)


def test_text_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    write(tmp_path / "t.parquet", user=["Heat", "Hase"])
    path = tmp_path / "t.parquet"
    path.write_bytes(path.read_bytes().replace(b"Hase", b"Has\xe9"))
    with pytest.raises(DataError, match="column 'user': holds text that is not UTF-8, which"):
        read(path)
