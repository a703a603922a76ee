"""One table, written in every format there is: the same data set, to the bit."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.dataset.schema import Dataset
from ingest.errors import DataError
from ingest.intake.in_memory import from_frames
from ingest.intake.roles import Roles
from ingest.loaders import load_source
from ingest.sources.raw import Reading

Row = tuple[str, str, float, int, str | None]
COLUMNS = ("user", "item", "label", "time", "town")
ROLES = Roles(user_columns=("town",), sparse=("town",))
READING = Reading(ids="exact", separator=",")
_WORDS = ("", "NaN", "nan", "NULL", "null", "<NA>")

ids = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1, max_size=6
).filter(lambda text: text not in _WORDS)
"""Any text that is no word for missing: quotes, commas, zeros in front, letters of any script."""


def quiet(text: str) -> None:
    """Take a notice and say nothing."""


@st.composite
def tables(draw: st.DrawFn) -> list[Row]:
    pairs = draw(st.lists(st.tuples(ids, ids), min_size=1, max_size=12, unique=True))
    towns = {
        user: draw(st.none() | st.sampled_from(["Köln", 'a "b", c', "x"])) for user, _ in pairs
    }
    labels = st.integers(-8, 40).map(lambda quarter: quarter / 4)
    times = st.integers(0, 2_000_000_000)
    return [(user, item, draw(labels), draw(times), towns[user]) for user, item in pairs]


def as_csv(folder: Path, rows: list[Row]) -> str:
    with folder.joinpath("t.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    return str(folder / "t.csv")


def as_json_lines(folder: Path, rows: list[Row]) -> str:
    lines = [json.dumps(dict(zip(COLUMNS, row, strict=True)), ensure_ascii=False) for row in rows]
    folder.joinpath("t.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return str(folder / "t.jsonl")


def as_parquet(folder: Path, rows: list[Row]) -> str:
    parts = folder / "parts"
    parts.mkdir()
    half = len(rows) // 2
    for number, part in enumerate((rows[:half], rows[half:])):
        columns = [[row[place] for row in part] for place in range(len(COLUMNS))]
        pq.write_table(pa.table(columns, schema=_schema()), parts / f"{number}.parquet")
    return str(parts)


def _schema() -> pa.Schema:
    kinds = (pa.string(), pa.string(), pa.float64(), pa.int64(), pa.string())
    return pa.schema(list(zip(COLUMNS, kinds, strict=True)))


def as_sqlite(folder: Path, rows: list[Row]) -> str:
    connection = sqlite3.connect(folder / "t.db")
    connection.execute("CREATE TABLE t (user TEXT, item TEXT, label REAL, time INTEGER, town TEXT)")
    connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?)", rows)
    connection.commit()
    connection.close()
    return f"sqlite:///{folder}/t.db#t"


def read(write: Callable[[Path, list[Row]], str], rows: list[Row]) -> Dataset:
    with TemporaryDirectory() as folder:
        source = write(Path(folder), rows)
        first, again = (load_source(source, ROLES, READING, notice=quiet) for _ in range(2))
        assert first.fingerprint == again.fingerprint
        return again


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(tables())
def test_a_table_is_the_same_data_in_every_format(rows: list[Row]) -> None:
    known = read(as_parquet, rows)
    seen = known.interactions
    assert known.user_ids.external[seen.user].tolist() == [row[0] for row in rows]
    assert known.item_ids.external[seen.item].tolist() == [row[1] for row in rows]
    np.testing.assert_array_equal(seen.label, [row[2] for row in rows])
    times = [row[3] for row in rows]
    if known.has_times:
        np.testing.assert_array_equal(seen.time, times)
    else:
        assert len(rows) > 1 and len(set(times)) == 1
    for write in (as_csv, as_json_lines, as_sqlite, as_parquet):
        assert read(write, rows).fingerprint == known.fingerprint, write.__name__
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    for one in (frame, frame, pa.Table.from_pandas(frame, preserve_index=False)):
        assert from_frames(one, roles=ROLES, reading=READING, notice=quiet).fingerprint == (
            known.fingerprint
        )
    other = [(user, item, label + 1, time, town) for user, item, label, time, town in rows]
    assert read(as_csv, other).fingerprint != known.fingerprint


@pytest.mark.parametrize("write", [as_csv, as_json_lines, as_parquet, as_sqlite])
def test_what_means_no_value_in_one_column_means_it_in_no_other(
    write: Callable[[Path, list[Row]], str], tmp_path: Path
) -> None:
    source = write(tmp_path, [("0", "?", 0.0, 0, "?"), ("1", "0", 1.0, 5, "0")])
    reading = Reading(missing=("town=?", "label=5"))

    def read_as(**kind: tuple[str, ...]) -> Dataset:
        roles = Roles(user_columns=("town",), **kind)  # type: ignore[arg-type]
        return load_source(source, roles, reading, notice=lambda text: None)

    data = read_as(sparse=("town",))
    assert data.users["town"].tolist() == [None, "0"]
    assert data.item_ids.external.tolist() == ["0", "?"]
    assert data.interactions.label.tolist() == [0.0, 1.0]
    np.testing.assert_array_equal(read_as(dense=("town",)).users["town"], [np.nan, 0.0])


def test_a_missing_value_of_a_column_that_is_not_there_is_told(tmp_path: Path) -> None:
    source = as_csv(tmp_path, [("1", "2", 1.0, 5, "x")])
    with pytest.raises(DataError, match="column 'age': --missing names it, but the columns are"):
        load_source(source, reading=Reading(missing=("age=0", "town=x")), notice=lambda text: None)


@pytest.mark.parametrize("write", [as_csv, as_json_lines, as_parquet, as_sqlite])
def test_ids_that_numbers_would_spoil_stay_as_they_are(
    write: Callable[[Path, list[Row]], str],
) -> None:
    odd = ["007", "7", "7.0", "1e3", "9007199254740993", "18446744073709551615", "é", "-0", "NA"]
    rows: list[Row] = [(text, text, 1.0, 1, None) for text in odd]
    data = read(write, rows)
    assert sorted(data.user_ids.external.tolist()) == sorted(odd)
