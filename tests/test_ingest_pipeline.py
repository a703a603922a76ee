"""The whole way from a table to indices and matrix, beside slow plain versions of it."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.generate import SHAPES, write_ratings
from benchmarks.ingest import by_ours, by_pandas
from ingest.dataset.matrix import interaction_matrix
from ingest.dataset.row_kernels import compressed_rows, first_pair_twice, lowest_within
from ingest.dataset.schema import Interactions
from ingest.errors import DataError
from ingest.intake.in_memory import from_frames
from ingest.loaders import load_source
from ingest.sources.encoding import encode
from ingest.sources.raw import NO_TEXT, Reading

SHAPE = (300, 120, 6_000)


def quiet(text: str) -> None:
    """Take a notice and say nothing."""


@pytest.mark.parametrize("by_time", [False, True])
def test_a_small_table_gives_what_plain_pandas_gives(tmp_path: Path, by_time: bool) -> None:
    write_ratings(tmp_path / "r.csv", SHAPE, by_time=by_time)
    assert_equal(by_ours(tmp_path / "r.csv"), by_pandas(tmp_path / "r.csv"))


@pytest.mark.slow
def test_a_million_rows_give_what_plain_pandas_gives(tmp_path: Path) -> None:
    write_ratings(tmp_path / "r.csv", SHAPES["1M"])
    assert_equal(by_ours(tmp_path / "r.csv"), by_pandas(tmp_path / "r.csv"))


def assert_equal(ours: dict[str, Any], plain: dict[str, Any]) -> None:
    """Assert that ids, their order and the training matrix are the same to the bit."""
    assert ours["users"].tolist() == plain["users"].tolist()
    assert ours["items"].tolist() == plain["items"].tolist()
    for part in ("indptr", "indices", "data"):
        np.testing.assert_array_equal(getattr(ours["matrix"], part), getattr(plain["matrix"], part))


def test_blocks_of_the_reader_do_not_show(tmp_path: Path, monkeypatch: Any) -> None:
    write_ratings(tmp_path / "r.csv", SHAPE)
    whole = load_source(str(tmp_path / "r.csv"), notice=quiet)
    monkeypatch.setattr("ingest.sources.delimited._BLOCK", 1 << 12)
    assert load_source(str(tmp_path / "r.csv"), notice=quiet).fingerprint == whole.fingerprint


# --- what goes in comes out, or is reported -------------------------------------------------------

texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=4)
ids = st.one_of(st.sampled_from(["1", "01", "a", "A", " a", "é", "NaN", "", "=1"]), texts)
numbers = st.one_of(
    st.floats(-5, 5, width=32).map(lambda number: f"{number:.9g}"),
    st.sampled_from(["", "NA", "x", "inf", "1e40", "1,5", " 2 "]),
)
times = st.one_of(
    st.integers(0, 2 * 10**9).map(str),
    st.sampled_from(["2024-05-31", "soon", "", "1700000000000", "0001-01-01"]),
)
tables = st.lists(st.tuples(ids, ids, numbers, times), min_size=1, max_size=12)


@given(rows=tables, ids_as=st.sampled_from(["check", "exact"]))
@settings(max_examples=80, deadline=None)
def test_every_row_comes_out_or_is_reported_with_its_number(
    rows: list[tuple[str, str, str, str]], ids_as: Any, tmp_path_factory: Any
) -> None:
    folder = tmp_path_factory.mktemp("t")
    frame = pd.DataFrame(rows, columns=["user", "item", "label", "time"])
    frame.to_csv(folder / "t.csv", index=False, quoting=csv.QUOTE_ALL)
    reading = Reading(
        layout="table", ids=ids_as, on_bad_rows="report", refused_folder=str(folder), separator=","
    )
    try:
        data = load_source(str(folder / "t.csv"), reading=reading, notice=quiet)
    except DataError as refused:
        assert all(problem.rows for problem in refused.problems)
        assert {row for problem in refused.problems for row in problem.rows}
        return
    seen = data.interactions
    came = zip(
        data.user_ids.external[seen.user],
        data.item_ids.external[seen.item],
        seen.label.tolist(),
        strict=True,
    )
    refused_rows = set()
    if (folder / "t.refused.csv").exists():
        left_out = pd.read_csv(folder / "t.refused.csv", dtype=str, keep_default_na=False)
        assert (left_out["refused_reason"] != "").all()
        refused_rows = set(left_out["refused_row"].astype(int))
    blank = {number for number, row in enumerate(rows, 2) if set(row) <= set(NO_TEXT)}
    stayed = [
        (user, item, np.float32(label.strip()).item())
        for number, (user, item, label, _) in enumerate(rows, 2)
        if number not in refused_rows | blank
    ]
    assert list(came) == stayed


@given(rows=st.lists(st.tuples(st.integers(), texts.filter(bool)), min_size=1, max_size=20))
@settings(max_examples=60, deadline=None)
def test_a_frame_ingested_twice_is_the_same_bits(rows: list[tuple[int, str]]) -> None:
    frame = pd.DataFrame(rows, columns=["user", "item"]).astype({"user": object})
    reading = Reading(ids="exact", duplicates="first", layout="table")
    try:
        prints = {from_frames(frame, reading=reading, notice=quiet).fingerprint for _ in range(2)}
    except DataError as refused:
        assert re.search("the id is missing|cannot be used here", str(refused))
        return
    assert len(prints) == 1


def test_frames_of_any_kind_give_the_same_data() -> None:
    frame = pd.DataFrame({"user": [3, 1, 3], "item": ["a", "b", "b"], "rating": [1.5, 2, 3]})
    arrow = pa.Table.from_pandas(frame)
    as_text = frame.astype({"user": str, "item": "category"})
    prints = {from_frames(one, notice=quiet).fingerprint for one in (frame, arrow, as_text)}
    assert len(prints) == 1
    users = pd.DataFrame({"id": [1, 3], "age": [20, 30]})
    data = from_frames(frame, users, notice=quiet)
    assert data.users["age"].tolist() == [20.0, 30.0]


# --- the passes over rows -------------------------------------------------------------------------

pairs = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2_000)), max_size=40)


@given(rows=pairs)
@settings(deadline=None)
def test_the_matrix_of_many_items_equals_the_plain_version(rows: list[tuple[int, int]]) -> None:
    user, item = (
        (np.array(column, dtype=np.int32) for column in zip(*rows, strict=True))
        if rows
        else (
            np.empty(0, np.int32),
            np.empty(0, np.int32),
        )
    )
    indptr, indices = compressed_rows(user, item, 5, 2_001)
    plain = [sorted({i for u, i in rows if u == one}) for one in range(5)]
    assert [indices[indptr[one] : indptr[one + 1]].tolist() for one in range(5)] == plain
    again = [place for place, row in enumerate(rows) if row in rows[:place]]
    found = first_pair_twice(user, item, 5, 2_001)
    assert found in again if again else found == -1


@given(
    rows=st.lists(st.tuples(st.integers(0, 3), st.integers(-(10**11), 10**11)), max_size=30),
    keep=st.lists(st.integers(0, 12), min_size=4, max_size=4),
)
@settings(deadline=None)
def test_the_lowest_of_each_group_are_those_a_sort_gives(
    rows: list[tuple[int, int]], keep: list[int]
) -> None:
    codes = np.array([code for code, _ in rows], dtype=np.int32)
    by = np.array([value for _, value in rows], dtype=np.int64)
    plain = set()
    for group in range(4):
        mine = sorted((value, place) for place, (code, value) in enumerate(rows) if code == group)
        plain |= {place for _, place in mine[: keep[group]]}
    found = lowest_within(codes, by, np.array(keep, dtype=np.int64))
    assert set(np.flatnonzero(found).tolist()) == plain


def test_only_the_given_rows_are_in_the_matrix() -> None:
    seen = Interactions(
        np.array([0, 0, 1], np.int32),
        np.array([2, 1, 0], np.int32),
        np.ones(3, np.float32),
        np.zeros(3, np.int64),
    )
    matrix = interaction_matrix(seen, 2, 3, np.array([0, 2]))
    assert matrix.toarray().tolist() == [[0, 0, 1], [1, 0, 0]]


def test_an_encoded_column_has_no_value_that_is_not_used() -> None:
    column = encode(["b", None, "a", "b"])
    assert column.values.to_pylist() == ["b", "a"]
    assert column.codes.tolist() == [0, -1, 1, 0]
    assert column.take(np.array([2, 1])).values.to_pylist() == ["a"]
    merged = column.recoded(pa.array(["x", "x"]))
    assert (merged.codes.tolist(), merged.values.to_pylist()) == ([0, -1, 0, 0], ["x"])
