"""Chronological splits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.dataset.schema import Dataset, Interactions
from ingest.dataset.split import Split, split_chronological, split_leave_last_out

histories = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6)), max_size=60)


def timed(rows: list[tuple[int, int]]) -> Interactions:
    """Return interactions of (user, time) rows, each with an item of its own."""
    n = len(rows)
    table = np.array(rows, dtype=np.int64).reshape(-1, 2)
    return Interactions(
        table[:, 0].astype(np.int32),
        np.arange(n, dtype=np.int32),
        np.ones(n, np.float32),
        table[:, 1].copy(),
    )


def plain_split(rows: list[tuple[int, int]], test_ratio: float) -> tuple[list[int], list[int]]:
    """The slow plain version: sort each user's rows by (time, row), cut, put together."""
    train: list[int] = []
    test: list[int] = []
    for user in {user for user, _ in rows}:
        mine = sorted((time, row) for row, (owner, time) in enumerate(rows) if owner == user)
        n = len(mine)
        keep = n if n <= 3 else max(round((1 - test_ratio) * n), 1)
        train += [row for _, row in mine[:keep]]
        test += [row for _, row in mine[keep:]]
    return sorted(train), sorted(test)


def as_lists(split: Split) -> tuple[list[int], list[int]]:
    return split.train.tolist(), split.test.tolist()


def test_a_fifth_of_the_films_goes_to_test(films: Dataset) -> None:
    _, test = split_chronological(films.interactions)
    held_out = [
        (
            films.user_ids.external[films.interactions.user[row]],
            films.item_ids.external[films.interactions.item[row]],
        )
        for row in test
    ]
    assert held_out == [("1", "104"), ("2", "105"), ("4", "106")]


def test_the_last_film_of_everyone_is_left_out(films: Dataset) -> None:
    _, test = split_leave_last_out(films.interactions)
    left_out = {
        films.user_ids.external[films.interactions.user[row]]: films.item_ids.external[
            films.interactions.item[row]
        ]
        for row in test
    }
    assert left_out == {"1": "104", "2": "105", "3": "102", "4": "106", "5": "107"}


def test_rows_of_equal_time_keep_file_order() -> None:
    assert as_lists(split_chronological(timed([(0, 5)] * 5))) == ([0, 1, 2, 3], [4])


def test_users_with_three_rows_or_fewer_stay_in_training() -> None:
    assert as_lists(split_chronological(timed([(0, 1), (0, 2), (0, 3), (1, 1)]), 0.5))[1] == []


@given(histories, st.sampled_from([0.1, 0.2, 0.25, 0.5, 0.9]))
def test_it_equals_the_slow_plain_version(rows: list[tuple[int, int]], ratio: float) -> None:
    assert as_lists(split_chronological(timed(rows), ratio)) == plain_split(rows, ratio)


@given(histories)
def test_both_splits_cover_every_row_once(rows: list[tuple[int, int]]) -> None:
    seen = timed(rows)
    for split in (split_chronological(seen, 0.3), split_leave_last_out(seen)):
        assert sorted([*split.train, *split.test]) == list(range(len(rows)))


@given(histories)
def test_nothing_in_test_is_older_than_the_same_users_training(rows: list[tuple[int, int]]) -> None:
    seen = timed(rows)
    for split in (split_chronological(seen, 0.3), split_leave_last_out(seen)):
        for user in set(seen.user[split.test].tolist()):
            train = seen.time[split.train][seen.user[split.train] == user]
            test = seen.time[split.test][seen.user[split.test] == user]
            assert len(train) > 0
            assert train.max() <= test.min()


@pytest.mark.parametrize("ratio", [0.0, 1.0, -0.1, 1.5])
def test_a_ratio_outside_zero_and_one_is_refused(ratio: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        split_chronological(timed([(0, 1)]), ratio)


def test_movielens_splits_eighty_twenty_per_user(ml100k: Dataset) -> None:
    split = split_chronological(ml100k.interactions)
    counts = np.bincount(ml100k.interactions.user)
    kept = np.bincount(ml100k.interactions.user[split.train])
    np.testing.assert_array_equal(kept, [round(0.8 * int(n)) for n in counts])
