"""Ids that are read as numbers come out as they are written, or are not read as numbers."""

from pathlib import Path

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ingest.sources import delimited
from ingest.sources.buffers import Buffer
from ingest.sources.canonical import Canonical, NotAsWritten
from ingest.sources.delimited import open_delimited
from ingest.sources.raw import Reading

TEXT = pa.dictionary(pa.int32(), pa.string())
CANONICAL = ["7,1", "0,0", "10,105", "-5,1", "2,0.5", "2,-0.5", "1,1.05", "0,2020-05-01 00:00:00"]
OTHERWISE = [
    "007,1",
    "1,007",
    '1,"007"',
    "00,1",
    "-0,2",
    "2,-0",
    "-05,1",
    "0x1F,2",
    " 7,1",
    "7\t,1",
]


@pytest.mark.parametrize("block", [1, 2, 3, 100])
@pytest.mark.parametrize("row", CANONICAL + OTHERWISE)
def test_canonical_numbers_are_told_from_others_wherever_blocks_end(row: str, block: int) -> None:
    numbers = Canonical(",", '"')
    text = f"a,b\n1,2\n{row}".encode()
    for start in range(0, len(text), block):
        numbers.add(text[start : start + block])
    numbers.add(b"")
    assert numbers.holds == (row in CANONICAL)


@pytest.mark.parametrize("separator", ["|", ";", "\t", "\x1f"])
@pytest.mark.parametrize("quote", ['"', "~", None])
@pytest.mark.parametrize("written", ["0", "50", "05", "-0", "5 "])
def test_canonical_numbers_are_told_between_any_separators_and_quotes(
    separator: str, quote: str | None, written: str
) -> None:
    mark = quote or ""
    numbers = Canonical(separator, quote)
    numbers.add(f"a{separator}b\n0{separator}0\n{mark}{written}{mark}{separator}0\n".encode())
    numbers.add(b"")
    assert numbers.holds == (written in ("0", "50"))


CELLS = st.text("0123456789-+x. \t\"'e", max_size=5) | st.integers(-9, 10**11).map(str)


@given(
    start=st.lists(st.integers(0, 3).map(str), max_size=9),
    rest=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=9),
)
def test_ids_are_the_same_as_when_they_are_read_as_text(
    tmp_path_factory: pytest.TempPathFactory, start: list[str], rest: list[tuple[str, str]]
) -> None:
    file = tmp_path_factory.mktemp("rows") / "rows.csv"
    rows = [(cell, cell) for cell in start] + rest
    quoted = [[cell.replace('"', '""') for cell in row] for row in rows]
    lines = [f'"{a}",{b},x\n' for a, b in quoted if '"' not in b]
    assume(lines)
    file.write_text("a,b,c\n" + "".join(lines))
    table = open_delimited(str(file), Reading())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "_SAMPLE", 3)  # what comes later was not seen when kinds were set
        read = table.read(["a", "b", "c"], ["a", "b", "c"])
    plain = table._rows(["a", "b", "c"], dict.fromkeys("abc", TEXT))
    assert read.table.to_pylist() == plain.table.to_pylist()


@pytest.mark.parametrize("odd", ["0070", "4000000000", "word", "-3", "-0"])
def test_an_id_far_below_the_sample_stays_as_it_is_written(tmp_path: Path, odd: str) -> None:
    file = tmp_path / "rows.csv"
    lines = [f"{row % 100},{row}" for row in range(9_000)]
    file.write_text("\n".join(["user,item", *lines, f"{odd},5"]))
    read = open_delimited(str(file), Reading()).read(["user", "item"], ["user", "item"]).table
    assert read.column("user").to_pylist() == [str(row % 100) for row in range(9_000)] + [odd]
    assert read.column("item").to_pylist() == [*map(str, range(9_000)), "5"]


@pytest.mark.parametrize("highest", [5, 2_000_000_000])
def test_close_numbers_and_distant_ones_become_texts_with_their_gaps(highest: int) -> None:
    buffer = Buffer(pa.int32())
    for block in ([3, None, 3], [highest, 0]):
        buffer.add(pa.array(block, pa.int32()), 5)
    assert buffer.finish().to_pylist() == ["3", None, "3", str(highest), "0"]


def test_an_id_below_zero_is_not_taken_for_a_gap() -> None:
    with pytest.raises(NotAsWritten):
        Buffer(pa.int32()).add(pa.array([1, -1], pa.int32()), 2)


def test_numbers_that_float32_cannot_hold_are_kept_exactly() -> None:
    buffer = Buffer(pa.float64())
    for block in ([0.5, 4.5], [0.1, None]):
        buffer.add(pa.array(block, pa.float64()), 4)
    assert buffer.finish().to_pylist() == [0.5, 4.5, 0.1, None]


def test_whole_numbers_are_kept_before_and_after_a_gap() -> None:
    buffer = Buffer(pa.int64())
    for block in ([2**40], [None], [7]):
        buffer.add(pa.array(block, pa.int64()), 3)
    assert np.array_equal(buffer.finish().to_pandas(), [2.0**40, np.nan, 7.0], equal_nan=True)
