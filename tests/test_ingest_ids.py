"""External ids and internal indices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.dataset.ids import IdMap

ids_as_text = st.lists(st.text(min_size=1, max_size=6), unique=True, max_size=20)


def test_plain_numbers_are_ordered_by_value() -> None:
    assert list(IdMap(["10", "9", "100", "9"]).external) == ["9", "10", "100"]


def test_anything_else_is_ordered_as_text() -> None:
    assert list(IdMap(["10", "9", "x1"]).external) == ["10", "9", "x1"]


def test_leading_zeros_make_another_id() -> None:
    ids = IdMap(["7", "007"])
    assert len(ids) == 2
    assert ids.code("007") != ids.code("7")


def test_an_unknown_id_has_no_code() -> None:
    ids = IdMap(["a", "b"])
    assert ids.code("c") is None
    assert ids.codes(["b", "c", "a"]).tolist() == [1, -1, 0]
    assert "c" not in ids and "a" in ids


def test_numbers_are_not_ids() -> None:
    assert IdMap(["1", "2"]).codes([1, 2]).tolist() == [-1, -1]


@pytest.mark.parametrize("missing", [None, np.nan])
def test_a_missing_id_is_refused(missing: object) -> None:
    with pytest.raises(ValueError, match="missing"):
        IdMap(["a", missing])  # type: ignore[list-item]


def test_the_ids_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        IdMap(["a"]).external[0] = "b"


def test_18_digit_ids_keep_every_digit() -> None:
    big = ["900000000000000001", "900000000000000000"]
    assert list(IdMap(big).external) == sorted(big)


@given(ids_as_text)
def test_there_and_back_is_the_identity(texts: list[str]) -> None:
    ids = IdMap(texts)
    assert ids.codes(ids.external).tolist() == list(range(len(texts)))
    assert [ids.external[ids.code(text)] for text in texts] == texts


@given(ids_as_text, st.randoms())
def test_the_order_of_arrival_does_not_matter(texts: list[str], random: object) -> None:
    shuffled = list(texts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert IdMap(texts) == IdMap(shuffled)
