"""Data that grow: additions beside the data, and both as one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.dataset.ids import IdMap
from ingest.dataset.schema import Dataset, Field, Interactions
from ingest.errors import AskerError, HomeError
from ingest.growth import adding
from ingest.growth.adding import add_dataset
from ingest.growth.growing import grow, open_data, read_added
from ingest.growth.merging import conformed, merge
from ingest.home.tables import save_dataset
from ingest.home.workspace import Home

FIELDS = (
    Field("age", "dense", "user"),
    Field("sex", "sparse", "user"),
    Field("genres", "multi", "item"),
)
Row = tuple[str, str, float, int]


def table(
    rows: list[Row],
    ages: dict[str, float] | None = None,
    genres: dict[str, tuple[str, ...]] | None = None,
) -> Dataset:
    """Return a data set of rows (user, item, label, time) with some ages and genres."""
    ages, genres = ages or {}, genres or {}
    users = IdMap([*(row[0] for row in rows), *ages])
    items = IdMap([*(row[1] for row in rows), *genres])
    return Dataset(
        name="t",
        user_ids=users,
        item_ids=items,
        interactions=Interactions(
            users.codes([row[0] for row in rows]),
            items.codes([row[1] for row in rows]),
            np.array([row[2] for row in rows], np.float32),
            np.array([row[3] for row in rows], np.int64),
        ),
        users=pd.DataFrame(
            {
                "age": np.array([ages.get(u, np.nan) for u in users.external], np.float64),
                "sex": pd.Series(
                    ["F" if u == "ann" else None for u in users.external], dtype=object
                ),
            }
        ),
        items=pd.DataFrame(
            {"genres": pd.Series([genres.get(i, ()) for i in items.external], dtype=object)}
        ),
        fields=FIELDS,
        liked_from=4.0,
    )


BASE = table(
    [("ann", "1", 5, 10), ("bob", "1", 3, 11), ("bob", "2", 4, 12)],
    {"ann": 30, "bob": 41},
    {"1": ("Drama",)},
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    with home.writing() as edition:
        folder = edition.new_folder("data")
        save_dataset(BASE, folder)
        edition.add("data", folder, BASE.fingerprint)
    return home


def test_new_rows_come_after_the_old_and_corrections_keep_their_place() -> None:
    more = table([("bob", "1", 1, 99), ("zoe", "3", 2, 98)], {"zoe": 22, "bob": 42})
    merged = merge(BASE, more)
    assert merged.corrected.tolist() == [0]
    assert (
        merged.dataset.fingerprint
        == table(
            [("ann", "1", 5, 10), ("bob", "1", 1, 99), ("bob", "2", 4, 12), ("zoe", "3", 2, 98)],
            {"ann": 30, "bob": 42, "zoe": 22},
            {"1": ("Drama",)},
        ).fingerprint
    )


def test_a_value_that_is_missing_in_the_newer_data_erases_nothing() -> None:
    merged = merge(BASE, table([("ann", "2", 1, 99)])).dataset
    assert merged.users["age"].tolist() == [30, 41]
    assert merged.items["genres"].tolist() == [("Drama",), ()]


def test_without_times_new_rows_are_the_newest() -> None:
    base = replace(
        BASE, interactions=replace(BASE.interactions, time=np.arange(3)), has_times=False
    )
    more = conformed(table([("bob", "1", 1, 0), ("ann", "2", 2, 1)]), base)
    assert merge(base, more).dataset.interactions.time.tolist() == [0, 1, 2, 3]


def rows_of(users: str, items: str, most: int) -> st.SearchStrategy[list[Row]]:
    row = st.tuples(
        st.sampled_from(users),
        st.sampled_from(items),
        st.sampled_from([1.0, 5.0]),
        st.integers(0, 9),
    )
    return st.lists(row, min_size=1, max_size=most, unique_by=lambda row: row[:2])


@settings(max_examples=150, deadline=None)
@given(rows_of("19ab", "17xy", 12), rows_of("29bc", "27yz", 8), rows_of("139c", "178z", 8))
def test_it_does_not_matter_which_are_put_together_first(
    one: list[Row], two: list[Row], three: list[Row]
) -> None:
    a, b, c = table(one, {"9": 1}), table(two, {"b": 2}, {"7": ("x",)}), table(three, {"9": 3})
    left = merge(merge(a, b).dataset, c).dataset
    right = merge(a, merge(b, c).dataset).dataset
    assert left.fingerprint == right.fingerprint
    last = {row[:2]: row for rows in (one, two, three) for row in rows}  # the newest word counts
    assert sorted(last.values()) == sorted(
        (left.user_ids.external[u], left.item_ids.external[i], float(x), int(t))
        for u, i, x, t in zip(*left.interactions.__dict__.values(), strict=True)
    )


def test_additions_to_a_home_are_the_same_as_one_table(home: Home) -> None:
    first = table([("zoe", "2", 3, 20)], {"zoe": 22})
    second = table([("zoe", "2", 4, 21), ("ann", "2", 2, 22)], genres={"2": ("Comedy",)})
    one = add_dataset(home, first)
    assert (one.interactions, one.corrected, one.users, one.items) == (1, 0, 1, 0)
    assert one.new_users == ["zoe"]
    two = add_dataset(home, second)
    assert (two.interactions, two.corrected, two.users, two.items) == (1, 1, 0, 0)
    grown = open_data(home.contents())
    whole = merge(merge(BASE, first).dataset, second).dataset
    assert replace(grown.dataset).fingerprint == whole.fingerprint
    assert grown.dataset.fingerprint == two.data_fingerprint != whole.fingerprint
    assert home.dataset().fingerprint == two.data_fingerprint
    ids = list(grown.dataset.user_ids.external)
    assert dict(zip(ids, grown.user_changed.tolist(), strict=True)) == {
        "ann": 2,
        "bob": 0,
        "zoe": 2,
    }
    assert grown.item_changed.tolist() == [0, 2]
    assert grown.item_since.tolist() == [0, 0]


def test_the_data_themselves_are_not_touched_by_an_addition(home: Home) -> None:
    folder = home.require("data").folder
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    add_dataset(home, table([("zoe", "2", 3, 20)]))
    assert home.require("data").folder == folder
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_the_same_additions_give_the_same_fingerprint(home: Home, tmp_path: Path) -> None:
    more = table([("zoe", "2", 3, 20)])
    one = add_dataset(home, more)
    again = add_dataset(home, more)
    assert again.data_fingerprint != one.data_fingerprint
    assert (again.interactions, again.corrected) == (0, 1)
    assert read_added(home.contents()) is not None


def test_more_rows_than_can_be_numbered_are_refused_and_nothing_is_added(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adding, "MOST_ROWS", 4)
    add_dataset(home, table([("ann", "2", 5, 20), ("bob", "1", 1, 21)]))  # one of them a correction
    before = home.contents()
    with pytest.raises(AskerError, match=r"the data would have 5 interactions .* at most 4 can"):
        add_dataset(home, table([("eve", "1", 5, 22)]))
    assert home.contents() == before


def test_steps_that_are_not_as_they_were_written_are_refused(home: Home) -> None:
    add_dataset(home, table([("ann", "2", 5, 20)]))
    path = home.require("added").folder / "steps.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(HomeError, match=r"steps.safetensors has changed.*run `whyrec ingest`"):
        home.dataset()


def test_items_remember_the_step_they_came_in(home: Home) -> None:
    add_dataset(home, table([("ann", "7", 3, 20)]))
    add_dataset(home, table([("bob", "7", 3, 21), ("bob", "8", 3, 22)]))
    grown = open_data(home.contents())
    assert grown.dataset.item_ids.external.tolist() == ["1", "2", "7", "8"]
    assert grown.item_since.tolist() == grown.item_changed.tolist() == [0, 0, 1, 2]


def test_the_data_written_whole_are_read_once(home: Home) -> None:
    before = open_data(home.contents())
    add_dataset(home, table([("ann", "7", 3, 20)]))
    after = open_data(home.contents(), before)
    assert after.base is before.base
    assert after.dataset.n_items == 3
    assert grow(BASE, None).dataset is BASE
