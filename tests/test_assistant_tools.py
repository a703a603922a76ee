"""What the tools compute, held to plain sets over the films of conftest.py and MovieLens-100K."""

import statistics
from collections import defaultdict
from typing import Any

import numpy as np
import pytest

from assistant.asking.filters import All, Audience, Between, Either, Is, Named, Not
from assistant.home import OpenHome
from assistant.toolbox import Toolbox
from assistant.tools import TOOLS, schema_of
from assistant.tools.explain import certainty, list_arithmetic, place_in_list
from assistant.tools.items import also_seen, catalogue_facts, item_audience, item_neighbours
from assistant.tools.lists import (
    filter_counts,
    most_divided,
    rank_given,
    rising,
    top_rated,
    unwatched,
    varied,
    watch_again,
)
from assistant.tools.people import compare_users, describe_user, history, membership, taste_for
from assistant.tools.strangers import (
    group_list,
    recommend_for_segment,
    recommend_for_titles,
    what_if,
)
from ingest.dataset.schema import Dataset
from ingest.errors import AskerError
from recsys.lists.ranking import BlendConfig, Recommender
from tests.fixtures_home import KnownScores

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def box(films_home: OpenHome) -> Toolbox:
    return films_home.toolbox


@pytest.fixture(scope="module")
def viewers(films: Dataset) -> dict[str, set[str]]:
    """The audience of every film as a plain set of user ids."""
    found: dict[str, set[str]] = defaultdict(set)
    for user, item in zip(films.interactions.user, films.interactions.item, strict=True):
        found[films.item_ids.external[item]].add(films.user_ids.external[user])
    return found


def ids(rows: Rows) -> list[str]:
    return [row["item_id"] for row in rows]


# --- lists


def test_what_to_see_again_is_seen_and_ordered_by_own_rating_then_score(box: Toolbox) -> None:
    rows = watch_again(box, "1", 5)
    assert [(row["item_id"], row["label"]) for row in rows] == [
        ("104", 5.0),
        ("101", 5.0),
        ("102", 4.0),
        ("103", 2.0),
    ]
    assert ids(watch_again(box, "1", 5, All((Is("genres", "Romance"),)))) == ["104", "102"]
    assert watch_again(box, "7") == []


def test_given_items_are_ranked_by_score_and_the_seen_one_is_marked(box: Toolbox) -> None:
    rows = rank_given(box, "3", ["104", "101", "106", "104"])
    assert [(row["item_id"], row["rank"], row["seen"]) for row in rows] == [
        ("106", 1, False),
        ("104", 2, False),
        ("101", 3, True),
    ]


def test_an_offset_goes_on_where_the_list_stopped(box: Toolbox) -> None:
    whole = box.recommend("3", 6)
    assert box.recommend("3", 2, offset=2) == whole[2:4]
    assert [row["rank"] for row in box.recommend("3", 9, offset=4)] == [5, 6]


def test_a_least_score_leaves_only_what_reaches_it(box: Toolbox) -> None:
    rows = box.recommend("3", 9, least_score=0.6)
    assert sorted(ids(rows)) == ["106", "107", "108"]
    assert {row["n_allowed"] for row in rows} == {3}


def test_a_list_of_what_another_user_liked(box: Toolbox) -> None:
    assert sorted(ids(box.recommend("3", 9, liked_by="4"))) == ["103", "105"]


def test_mean_ratings_are_those_of_the_table_and_need_support(box: Toolbox) -> None:
    rows = top_rated(box, 9, least_users=2)
    assert ids(rows) == ["105", "102", "101", "104", "106", "103"]
    assert rows[1]["mean_label"] == pytest.approx(13 / 3)
    assert (rows[2]["mean_label"], rows[2]["n_labels"]) == (17 / 4, 4)
    assert ids(top_rated(box, 1, least_users=3, lowest=True)) == ["103"]
    assert top_rated(box, 5, least_users=5) == []


def test_rising_items_have_grown_by_plain_counting(box: Toolbox, films: Dataset) -> None:
    times = sorted(films.interactions.time.tolist())
    start = times[int(0.9 * (len(times) - 1))]
    late = [
        films.item_ids.external[item]
        for item, time in zip(films.interactions.item, films.interactions.time, strict=True)
        if time >= start
    ]
    rows = rising(box, 9)
    assert rows
    for row in rows:
        assert row["n_recent"] == late.count(row["item_id"])
        before = row["n_users"] - row["n_recent"]
        share = row["n_recent"] / len(late)
        assert row["growth"] == pytest.approx(share / ((before + 1) / (17 - len(late) + 1)))


def test_what_nobody_has_seen(box: Toolbox) -> None:
    assert ids(unwatched(box, 5)) == ["108"]
    none = unwatched(box, 5, All((Is("genres", "Horror"),)))
    assert none[0]["n_unwatched"] == 0


def test_counts_of_conditions_say_which_binds_and_what_is_nearest(box: Toolbox) -> None:
    filters = All((Is("genres", "Crime"), Between("year", 1940, 1949)))
    rows = filter_counts(box, filters, "3")
    assert [(r["n_alone"], r["n_without"], r["n_together"]) for r in rows] == [(1, 1, 0), (1, 1, 0)]
    alone = filter_counts(box, All((Between("year", 1990, 1994),)), "3")
    assert (alone[0]["nearest"], alone[0]["n_nearest"]) == (1995.0, 1)


def test_a_varied_list_keeps_the_first_and_costs_what_it_says(box: Toolbox) -> None:
    plain = box.recommend("3", 6)
    rows = varied(box, "3", 3, variety=0.95)
    assert rows[0]["item_id"] == plain[0]["item_id"]
    assert rows[0]["mean_score"] == pytest.approx(np.mean([row["score"] for row in rows]))
    assert rows[0]["mean_score_plain"] == pytest.approx(np.mean([r["score"] for r in plain[:3]]))
    assert rows[0]["likeness"] <= rows[0]["likeness_plain"]


# --- items


def test_items_are_alike_by_the_jaccard_of_their_audiences(
    box: Toolbox, viewers: dict[str, set[str]]
) -> None:
    rows = item_neighbours(box, ["101"], 9)
    assert ids(rows) == ["102", "103", "104", "105"]
    for row in rows:
        one, other = viewers["101"], viewers[row["item_id"]]
        assert row["jaccard"] == len(one & other) / len(one | other)


def test_between_two_items_stands_what_is_near_both(box: Toolbox) -> None:
    rows = item_neighbours(box, ["101", "103"], 9)
    assert ids(rows) == ["102", "104", "105"]
    assert [seed["intersection"] for seed in rows[0]["seeds"]] == [3, 2]
    assert rows[0]["jaccard"] == 2 / 4


def test_alike_for_a_user_leaves_out_what_is_seen(box: Toolbox) -> None:
    assert ids(item_neighbours(box, ["101"], 9, user_id="3")) == ["103", "104", "105"]


def test_lift_is_the_quotient_of_two_shares(box: Toolbox, viewers: dict[str, set[str]]) -> None:
    rows = also_seen(box, "101", 9)
    assert ids(rows) == ["102", "103"]
    for row in rows:
        both = len(viewers["101"] & viewers[row["item_id"]])
        assert row["n_both"] == both
        assert row["lift"] == pytest.approx((both / 4) / (len(viewers[row["item_id"]]) / 7))


def test_an_audience_is_counted_and_a_small_one_stays_anonymous(box: Toolbox) -> None:
    row = item_audience(box, "101")[0]
    assert (row["n_users"], row["n_all"], row["place"], row["n_liked"]) == (4, 7, 1, 3)
    assert row["mean_label"] == 17 / 4
    assert row["people"] == []
    assert item_audience(box, "108")[0]["mean_label"] is None


def test_the_facts_of_the_catalogue(box: Toolbox) -> None:
    row = catalogue_facts(box)[0]
    assert (row["n_users"], row["n_items"], row["n_interactions"]) == (7, 8, 17)
    assert row["values"]["genres"] == ["Comedy", "Crime", "Drama", "Horror", "Romance", "Sci-Fi"]


# --- people


def test_two_users_are_compared_with_their_sets(box: Toolbox) -> None:
    row = compare_users(box, "1", "4")[0]
    assert (row["intersection"], row["union"]) == (2, 6)
    assert [(gap["item_id"], gap["label"], gap["label_other"]) for gap in row["apart"]] == [
        ("103", 2.0, 4.0),
        ("104", 5.0, 3.0),
    ]
    assert row["both_liked"] == 0
    assert compare_users(box, "1", "2")[0]["both_liked"] == 2


def test_a_description_counts_and_calls_a_short_history_short(box: Toolbox) -> None:
    row = describe_user(box, "1")[0]
    assert (row["n_items"], row["n_liked"], row["mean_label"], row["short"]) == (4, 3, 4.0, True)
    assert row["tastes"][0] == {"field": "genres", "value": "Romance", "count": 2, "of": 3}
    assert "student" not in str(row)
    assert describe_user(box, "7")[0]["n_items"] == 0


def test_history_is_in_order_of_time_whatever_the_order_of_rows(box: Toolbox) -> None:
    assert ids(history(box, "2", 9)) == ["105", "103", "102", "101"]
    assert ids(history(box, "2", 2, first=True)) == ["101", "102"]


def test_membership_has_day_and_label(box: Toolbox) -> None:
    yes, no = membership(box, "2", ["105", "104"])
    assert (yes["seen"], yes["label"], yes["day"]) == (True, 5.0, "2001-09-17")
    assert (no["seen"], no["label"], no["day"]) == (False, None, None)


def test_a_taste_is_counted_against_the_rest(box: Toolbox) -> None:
    row = taste_for(box, "1", All((Is("genres", "Romance"),)))[0]
    assert (row["n_matching"], row["n_items"], row["n_liked"]) == (2, 4, 2)
    assert (row["mean_label"], row["mean_label_user"]) == (4.5, 4.0)


# --- explanations


def test_an_item_has_the_rank_it_has_in_the_whole_list(box: Toolbox) -> None:
    whole = {row["item_id"]: row["rank"] for row in box.recommend("3", 9)}
    for row in place_in_list(box, "3", list(whole)):
        assert row["list_rank"] == whole[row["item_id"]]
        assert row["removed_by"] is None


def test_the_rule_that_removes_an_item_is_named(box: Toolbox) -> None:
    seen = place_in_list(box, "3", ["101"])[0]
    assert (seen["removed_by"], seen["list_rank"]) == ("seen", None)
    filtered = place_in_list(box, "3", ["105"], All((Is("genres", "Horror"),)))[0]
    assert (filtered["removed_by"], filtered["list_rank"]) == ("Horror", None)


def test_the_arithmetic_of_a_place_adds_up(box: Toolbox) -> None:
    for item in ("103", "105", "108"):
        row = list_arithmetic(box, "3", item)[0]
        assert row["model_value"] == pytest.approx(
            np.log(row["score"] / (1 - row["score"])), abs=1e-4
        )
        total = row["model_value"] + row["weight"] * row["vote_value"]
        assert row["order_value"] == pytest.approx(total)
        assert row["list_rank"] == place_in_list(box, "3", [item])[0]["list_rank"]


def test_certainty_says_how_much_there_is_to_go_by(box: Toolbox) -> None:
    row = certainty(box, "3", ["104"])[0]
    assert (row["n_items"], row["best_overlap"], row["best_jaccard"]) == (2, 2, 0.5)
    assert row["thin_user"] and row["thin_item"]


# --- strangers and groups


def test_a_stranger_by_titles_gets_neither_liked_nor_disliked_items(box: Toolbox) -> None:
    rows = recommend_for_titles(box, ["101", "103"], 9, disliked_ids=["108"])
    assert sorted(ids(rows)) == ["102", "104", "105", "106", "107"]
    by_id = {row["item_id"]: row for row in rows}
    assert by_id["105"]["score"] == pytest.approx(0.5 - 0.02)
    near = [(n["user_id"], n["intersection"], n["union"]) for n in by_id["102"]["neighbours"]]
    assert near == [("1", 2, 4), ("2", 2, 4), ("3", 1, 3)]


def test_a_segment_is_scored_by_its_attributes_and_counted(box: Toolbox) -> None:
    rows = recommend_for_segment(box, {"age": 25.0, "occupation": "student"}, 2)
    assert ids(rows) == ["108", "107"]
    assert rows[0]["score"] == pytest.approx(0.825)
    assert rows[0]["base_score"] == pytest.approx(0.8)
    assert rows[0]["n_alike"] == 1  # user 1; user 3 is a student of 19


def test_what_if_shows_scores_before_and_after(box: Toolbox) -> None:
    rows = what_if(box, "3", 9, without_items=["101"])
    by_id = {row["item_id"]: row for row in rows}
    assert by_id["101"]["rank_before"] is None and by_id["101"]["rank"] is not None
    # user 3 is 19: 0.8 - 0.02 + 0.019 before, 0.01 more with one item less
    assert by_id["108"]["score_before"] == pytest.approx(0.799)
    assert by_id["108"]["score"] == pytest.approx(0.809)
    older = what_if(box, "3", 1, attributes={"age": 60.0})[0]
    assert older["score"] - older["score_before"] == pytest.approx(0.041, abs=1e-6)
    assert older["known"] == {"age": 19.0}


def test_what_if_says_when_the_item_was_never_seen(box: Toolbox) -> None:
    assert what_if(box, "3", 1, without_items=["106"])[0]["never_had"] == ["Jaws"]


def test_a_group_gets_what_none_has_seen_with_mean_and_least(box: Toolbox) -> None:
    rows = group_list(box, ["1", "4", "5"], 9)
    assert ids(rows) == ["108"]  # all others were seen by one of the three, but for 102: by 1
    both = group_list(box, ["3", "6"], 2, by="least")
    assert ids(both) == ["108", "107"]
    assert both[0]["score"] == both[0]["least"] == pytest.approx(0.8)
    with pytest.raises(AskerError, match='"mean" or "least"'):
        group_list(box, ["3", "6"], by="loudest")


# --- filters


@pytest.mark.parametrize(
    ("filters", "passing"),
    [
        (All((Either((Is("genres", "Crime"), Is("genres", "Horror"))),)), ["101", "105", "106"]),
        (
            All((Not(Either((Is("genres", "Drama"), Is("genres", "Romance")))),)),
            ["101", "103", "106"],
        ),
        (All((Audience(None, 1),)), ["107", "108"]),
        (All((Audience(3, None), Not(Named("Alien", ("101",))))), ["102", "103"]),
    ],
)
def test_a_boolean_filter_passes_what_plain_sets_pass(
    films: Dataset, filters: All, passing: list[str]
) -> None:
    assert films.item_ids.external[filters.mask(films)].tolist() == passing
    assert All.from_json(filters.to_json(), films) == filters


@pytest.mark.parametrize("name", TOOLS)
def test_every_tool_has_a_schema_with_described_arguments(name: str) -> None:
    properties = schema_of(name, TOOLS[name]).model_json_schema().get("properties", {})
    missing = [key for key, value in properties.items() if "description" not in value]
    assert missing == []


# --- MovieLens-100K, against plain sets


@pytest.fixture(scope="module")
def real(ml100k: Dataset) -> Toolbox:
    """The real interactions under known scores: what needs no model needs no training."""
    scores: Any = KnownScores(ml100k.n_items)
    index: Any = None
    return Toolbox(ml100k, Recommender(ml100k, scores, BlendConfig()), index)


@pytest.fixture(scope="module")
def real_viewers(ml100k: Dataset) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    users = ml100k.user_ids.external[ml100k.interactions.user]
    items = ml100k.item_ids.external[ml100k.interactions.item]
    for user, item in zip(users, items, strict=True):
        found[str(item)].add(str(user))
    return found


@pytest.mark.parametrize("item", ["1", "50", "313", "1682"])
def test_items_alike_are_the_nearest_of_all_by_plain_sets(
    real: Toolbox, real_viewers: dict[str, set[str]], item: str
) -> None:
    own = real_viewers[item]
    expected = sorted(
        (-len(own & other) / len(own | other), int(name))
        for name, other in real_viewers.items()
        if name != item and own & other
    )[:10]
    found = item_neighbours(real, [item], 10)
    assert [(-row["jaccard"], int(row["item_id"])) for row in found] == expected


@pytest.mark.parametrize("item", ["1", "50", "313"])
def test_lift_is_the_highest_of_all_by_plain_sets(
    real: Toolbox, real_viewers: dict[str, set[str]], item: str
) -> None:
    own = real_viewers[item]
    expected = sorted(
        (-(len(own & other) / len(own)) / (len(other) / 943), int(name))
        for name, other in real_viewers.items()
        if name != item and len(own & other) >= max(2, 0.1 * len(own))
    )[:10]
    found = also_seen(real, item, 10)
    assert [int(row["item_id"]) for row in found] == [name for _, name in expected]
    assert [row["lift"] for row in found] == pytest.approx([-lift for lift, _ in expected])


def test_mean_ratings_are_the_highest_of_all_by_plain_lists(real: Toolbox, ml100k: Dataset) -> None:
    labels: dict[str, list[float]] = defaultdict(list)
    seen = ml100k.interactions
    for item, label in zip(ml100k.item_ids.external[seen.item], seen.label, strict=True):
        labels[str(item)].append(float(label))
    expected = sorted(
        (-sum(all_) / len(all_), -len(all_), int(item))
        for item, all_ in labels.items()
        if len(all_) >= 50
    )[:10]
    found = top_rated(real, 10, least_users=50)
    assert [int(row["item_id"]) for row in found] == [item for _, _, item in expected]
    assert [row["mean_label"] for row in found] == pytest.approx([-mean for mean, _, _ in expected])


def test_what_divides_people_is_the_standard_deviation_of_its_ratings(
    real: Toolbox, ml100k: Dataset
) -> None:
    ratings: dict[str, list[float]] = {}
    for item, label in zip(ml100k.interactions.item, ml100k.interactions.label, strict=True):
        ratings.setdefault(str(ml100k.item_ids.external[item]), []).append(float(label))
    spread = {item: statistics.pstdev(all_) for item, all_ in ratings.items() if len(all_) >= 50}
    found = most_divided(real, 20, least_users=50)
    assert [row["spread"] for row in found] == pytest.approx(sorted(spread.values())[::-1][:20])
    assert all(row["spread"] == pytest.approx(spread[row["item_id"]]) for row in found)
    assert found[0]["n_enough"] == len(spread)


@pytest.mark.parametrize("user", ["1", "78", "405"])
def test_history_is_what_sorting_by_time_gives(real: Toolbox, ml100k: Dataset, user: str) -> None:
    code, seen = ml100k.user_ids.code(user), ml100k.interactions
    rows = [row for row in range(len(seen)) if seen.user[row] == code]
    rows.sort(key=lambda row: (seen.time[row], row))
    expected = [str(ml100k.item_ids.external[seen.item[row]]) for row in rows[::-1][:5]]
    assert ids(history(real, user, 5)) == expected


def test_an_audience_tells_how_many_gave_one_label(real: Toolbox, ml100k: Dataset) -> None:
    item = ml100k.item_ids.code("258")
    labels = [
        label
        for one, label in zip(ml100k.interactions.item, ml100k.interactions.label, strict=True)
        if one == item
    ]
    [row] = item_audience(real, "258", label=5.0)
    assert (row["n_label"], row["label"]) == (labels.count(5.0), 5.0)


def test_what_viewers_of_two_items_also_see_is_counted_by_plain_sets(
    real: Toolbox, ml100k: Dataset
) -> None:
    viewers: dict[str, set[int]] = defaultdict(set)
    for user, item in zip(ml100k.interactions.user, ml100k.interactions.item, strict=True):
        viewers[str(ml100k.item_ids.external[item])].add(int(user))
    both = viewers["183"] & viewers["176"]
    rows = also_seen(real, "183", 5, other_ids=["176"])
    assert {row["n_viewers"] for row in rows} == {len(both)}
    assert [row["n_both"] for row in rows] == [len(both & viewers[one]) for one in ids(rows)]
    assert not {"183", "176"} & set(ids(rows))
