"""The second notebook's dummy data and its layout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ingest.intake.lists import bad_lists, looks_like_lists
from ingest.layouts.dummy import ARTICLES, dummy_lists, load_dummy, read_lists
from ingest.loaders import load_source
from ingest.sources.encoding import encode


def test_the_layout_is_the_notebooks() -> None:
    lists = dummy_lists()
    assert list(lists.columns) == ["user_id", "item_id"]
    assert len(lists) == 1000
    for text in lists["item_id"].head(50):
        numbers = [int(number) for number in text.strip("[]").split(", ")]
        assert len(numbers) == 20
        assert all(number in (0, place) for place, number in enumerate(numbers, start=1))


def test_the_padding_is_no_item() -> None:
    data = read_lists(pd.DataFrame({"u": ["1", "2"], "i": ["[0, 2, 0, 4]", "[0, 0, 3, 4]"]}), "x")
    assert data.item_ids.external.tolist() == ["2", "3", "4"]
    pairs = list(zip(data.interactions.user, data.interactions.item, strict=True))
    assert pairs == [(0, 0), (0, 2), (1, 1), (1, 2)]
    assert not data.has_labels and not data.has_times
    assert set(data.interactions.label.tolist()) == {1.0}


def test_a_user_who_saw_nothing_stays() -> None:
    data = read_lists(pd.DataFrame({"u": ["1", "2"], "i": ["[0, 2]", "[0, 0]"]}), "x")
    assert data.user_ids.external.tolist() == ["1", "2"]


@pytest.mark.parametrize("text", ["[]", "[0]", "[ 0 , 0 ]"])
def test_empty_lists_hold_nothing(text: str) -> None:
    data = read_lists(pd.DataFrame({"u": ["1", "2"], "i": [text, "['a', 'b']"]}), "x")
    assert data.item_ids.external.tolist() == ["a", "b"]


def test_the_dummy_data_are_a_thousand_users_and_twenty_articles() -> None:
    data = load_dummy()
    assert (data.n_users, data.n_items) == (1000, 20)
    assert data.noun.many == "articles"
    degrees = np.bincount(data.interactions.user, minlength=1000)
    # 10 draws per user on average, of 20 items: 20 · (1 − e^(−1/2)) = 7.87 distinct ones expected
    assert 7.6 < degrees.mean() < 8.1
    assert data.fields == () and data.titles is None


def test_a_seed_gives_the_same_bits_and_another_seed_others() -> None:
    assert load_dummy(3).fingerprint == load_dummy(3).fingerprint != load_dummy(4).fingerprint


def test_written_as_csv_and_read_as_any_table_it_is_the_same_data(tmp_path: Path) -> None:
    path = tmp_path / "dummy_data.csv"
    dummy_lists(5).to_csv(path, index=False)
    again = load_source(str(path), noun=ARTICLES, notice=lambda text: None)
    assert again.fingerprint == load_dummy(5).fingerprint


@pytest.mark.parametrize(
    ("values", "lists"),
    [(["[0, 1]", " [2] "], True), (["1", "2"], False), (["[1]", "2"], False), ([None], False)],
)
def test_lists_are_told_from_ids(values: list[str | None], lists: bool) -> None:
    assert looks_like_lists(encode(values)) is lists


def test_rows_that_are_no_list_are_found() -> None:
    assert bad_lists(encode(["[1]", "1, 2", None, "[1"])).tolist() == [False, True, True, True]
