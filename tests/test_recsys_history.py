"""The history as a multi-value field, against the plain loop."""

import math

import numpy as np
import pytest

from ingest.dataset.schema import Dataset, Interactions
from recsys.config import HistoryField
from recsys.examples.history import Histories, activity_bags


def interactions(rows: list[tuple[int, int, int]]) -> Interactions:
    user, item, time = (np.array(column) for column in zip(*rows, strict=True))
    return Interactions(
        user.astype(np.int32), item.astype(np.int32), np.ones(len(rows), np.float32), time
    )


#            user item time; items 4 and 5 of user 1 came in the same second
ROWS = [(1, 3, 30), (0, 2, 5), (1, 4, 40), (1, 5, 40), (1, 6, 50), (0, 1, 1)]


def weights(field: HistoryField, user: int, cut: int) -> dict[int, float]:
    histories = Histories.from_interactions(interactions(ROWS), n_users=3)
    codes_of = np.arange(100, 107, dtype=np.int64)[None]
    bags = histories.bags(np.array([user]), np.array([cut]), (field,), codes_of)
    return dict(zip((bags.codes - 100).tolist(), bags.values.tolist(), strict=True))


def test_the_whole_history_weighs_alike_and_has_length_one() -> None:
    assert weights(HistoryField("h"), 1, 4) == pytest.approx(dict.fromkeys([3, 4, 5, 6], 1 / 2))
    assert weights(HistoryField("h", norm=1.0), 1, 4) == pytest.approx(
        dict.fromkeys([3, 4, 5, 6], 1 / 4)
    )


def test_only_what_came_before_the_cut_counts() -> None:
    assert sorted(weights(HistoryField("h"), 1, 2)) == [3, 4]
    assert weights(HistoryField("h"), 0, 1) == {1: 1.0}
    assert weights(HistoryField("h"), 0, 0) == {}
    assert weights(HistoryField("h"), 2, 0) == {}


def test_recent_items_weigh_more_and_those_of_one_second_share_a_place() -> None:
    raw = {6: 1.0, 5: math.exp(-1 / 2), 4: math.exp(-1 / 2), 3: math.exp(-3 / 2)}
    length = math.sqrt(sum(value**2 for value in raw.values()))
    expected = {item: value / length for item, value in raw.items()}
    assert weights(HistoryField("h", decay=2.0), 1, 4) == pytest.approx(expected)


def test_a_tie_is_not_looked_up_past_the_cut() -> None:
    raw = {4: 1.0, 3: math.exp(-1 / 2)}
    length = math.hypot(*raw.values())
    assert weights(HistoryField("h", decay=2.0), 1, 2) == pytest.approx(
        {item: value / length for item, value in raw.items()}
    )


def test_decay_may_count_seconds() -> None:
    raw = {6: 1.0, 5: math.exp(-1), 4: math.exp(-1), 3: math.exp(-2)}
    length = math.sqrt(sum(value**2 for value in raw.values()))
    assert weights(HistoryField("h", 10.0, "seconds"), 1, 4) == pytest.approx(
        {item: value / length for item, value in raw.items()}
    )


def test_many_users_at_once_are_each_alone(films: Dataset) -> None:
    histories = Histories.from_interactions(films.interactions, films.n_users)
    fields = (HistoryField("a"), HistoryField("b", decay=3.0))
    codes_of = np.stack([np.arange(8), np.arange(8) + 50]).astype(np.int64)
    users = np.array([3, 1, 6, 1])
    cuts = np.array([4, 2, 0, 4])
    together = histories.bags(users, cuts, fields, codes_of)
    for row, (user, cut) in enumerate(zip(users, cuts, strict=True)):
        alone = histories.bags(np.array([user]), np.array([cut]), fields, codes_of)
        mine = together.take(np.array([row]))
        assert mine.codes.tolist() == alone.codes.tolist()
        assert mine.values.tolist() == alone.values.tolist()


def test_activity_lies_between_two_knots() -> None:
    bags = activity_bags(np.array([0, 1, 2, 3, 1000]), start=10, n_knots=6)
    read = [
        {
            int(c): float(v)
            for c, v in zip(bags.codes[s : s + 2], bags.values[s : s + 2], strict=True)
        }
        for s in range(0, 10, 2)
    ]
    assert bags.codes[:2].tolist() == [10, 10]
    assert bags.values[:2].sum() == 1
    assert read[1] == {11: 1, 12: 0}  # 2·log₂ 1 = 0
    assert read[2] == {13: 1, 14: 0}  # 2·log₂ 2 = 2
    assert read[3] == pytest.approx({14: 1 - (2 * math.log2(3) - 3), 15: 2 * math.log2(3) - 3})
    assert read[4] == {15: 0, 16: 1}  # beyond the last knot


def test_hidden_items_leave_the_rest_at_length_one() -> None:
    histories = Histories.from_interactions(interactions(ROWS), n_users=3)
    keep = np.array([True, False, True, False])
    bags = histories.bags(
        np.array([1]), np.array([4]), (HistoryField("h"),), np.arange(7)[None], keep
    )
    assert bags.codes.tolist() == [3, 5]
    assert bags.values == pytest.approx([1 / math.sqrt(2)] * 2)


@pytest.mark.parametrize("n_times", [1, 3, 1000])
def test_the_order_is_that_of_a_sort_by_user_time_and_row(n_times: int) -> None:
    rng = np.random.default_rng(n_times)
    user, item = rng.integers(0, 9, 500).astype(np.int32), rng.integers(0, 50, 500).astype(np.int32)
    time = rng.integers(0, n_times, 500)
    seen = Interactions(user, item, np.ones(500, np.float32), time)
    histories = Histories.from_interactions(seen, n_users=11)
    order = np.lexsort((time, user))
    assert histories.items.tolist() == item[order].tolist()
    assert histories.times.tolist() == time[order].tolist()
    assert histories.lengths(np.arange(11)).tolist() == np.bincount(user, minlength=11).tolist()
    keys = list(zip(user[order].tolist(), time[order].tolist(), strict=True))
    last = {key: place for place, key in enumerate(keys)}
    assert histories.last_of_tie.tolist() == [last[key] for key in keys]


def test_without_times_all_items_weigh_alike_whoever_stands_last() -> None:
    """A table sorted by item must not look like users who go through the catalogue."""
    fields = (HistoryField("all"), HistoryField("last", decay=1.0))
    seen = interactions(ROWS)
    histories = Histories.from_interactions(seen, n_users=3, in_order=False)
    lengths = histories.lengths(np.arange(3))
    bags = histories.bags(np.arange(3), lengths, fields, np.arange(14).reshape(2, 7))
    for user in range(3):
        one, other = (bags.values[slice(*bags.offsets[2 * user + f :][:2])] for f in (0, 1))
        each = [np.float32(len(one) ** -0.5) if len(one) else 0] * int(lengths[user])
        assert one.tolist() == other.tolist() == each
    someone = histories.of_one(np.array([3, 1], np.int32))
    assert someone.times.tolist() == [0, 0] and someone.last_of_tie.tolist() == [1, 1]


def test_a_drawn_order_keeps_every_user_their_items() -> None:
    histories = Histories.from_interactions(interactions(ROWS), n_users=3, in_order=False)
    rng = np.random.default_rng(0)
    orders = set()
    for _ in range(20):
        drawn, places = histories.drawn(rng)
        assert drawn.items.tolist() == histories.items[places].tolist()
        for begin, end in zip(histories.offsets[:-1], histories.offsets[1:], strict=True):
            assert sorted(drawn.items[begin:end]) == sorted(histories.items[begin:end])
        orders.add(tuple(drawn.items.tolist()))
    assert len(orders) > 3
