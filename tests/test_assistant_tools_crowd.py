"""Tools over all users at once, and over two histories, held to plain sets over the films."""

import itertools
from fractions import Fraction
from typing import Any

import pytest

from assistant.asking.filters import All, Is
from assistant.evidence import Row
from assistant.home import OpenHome
from assistant.toolbox import Toolbox
from assistant.tools import TOOLS
from assistant.tools.crowd import fans_of, similar_pairs
from assistant.tools.lists import in_order
from ingest.dataset.schema import Dataset
from ingest.errors import AskerError
from recsys.lists.ranking import BlendConfig, Recommender
from tests.fixtures_home import KnownScores

SEEN: dict[str, set[str]] = {
    "1": {"101", "102", "103", "104"},
    "2": {"101", "102", "103", "105"},
    "3": {"101", "102"},
    "4": {"103", "104", "105", "106"},
    "5": {"106", "107"},
    "6": {"101"},
    "7": set(),
}
"""What each user has seen, as conftest.py says."""


@pytest.fixture(scope="module")
def box(films_home: OpenHome) -> Toolbox:
    return films_home.toolbox


def box_rows(name: str, box: Toolbox, **args: Any) -> list[Row]:
    return TOOLS[name].compute(box, **args)


def test_who_is_least_alike_agrees_with_plain_sets(box: Toolbox) -> None:
    rows = box_rows("least_similar", box, user_id="4", k=10)
    expected = sorted(
        (
            Fraction(len(SEEN["4"] & SEEN[other]), len(SEEN["4"] | SEEN[other])),
            -len(SEEN[other]),
            other,
        )
        for other in SEEN
        if other != "4" and SEEN[other]
    )
    assert [row["user_id"] for row in rows] == [other for *_, other in expected]
    assert [Fraction(row["intersection"], row["union"]) for row in rows] == [
        j for j, *_ in expected
    ]
    assert {row["n_apart"] for row in rows} == {2}  # users 3 and 6


def test_who_is_most_active_is_a_count(box: Toolbox) -> None:
    rows = box_rows("most_active", box, k=3)
    assert [(row["user_id"], row["n_items"]) for row in rows] == [("1", 4), ("2", 4), ("4", 4)]
    assert rows[0]["mean_label"] == (5 + 4 + 2 + 5) / 4
    fewest = box_rows("most_active", box, k=2, fewest=True)
    assert [(row["user_id"], row["n_items"]) for row in fewest] == [("7", 0), ("6", 1)]


def test_what_two_have_both_seen_and_only_one_has_is_a_set(box: Toolbox) -> None:
    both = box_rows("shared_history", box, user_id="1", other_id="2")
    assert {row["item_id"] for row in both} == SEEN["1"] & SEEN["2"]
    assert [(row["item_id"], row["label"], row["label_other"]) for row in both] == [
        ("101", 5, 4), ("102", 4, 5), ("103", 2, 1),
    ]  # fmt: skip
    only = box_rows("shared_history", box, user_id="1", other_id="2", only_first=True)
    assert [row["item_id"] for row in only] == ["104"]


def test_items_that_meet_conditions_are_counted_and_averaged(box: Toolbox) -> None:
    romance = All((Is("genres", "Romance"),))
    row = box_rows("items_that", box, filters=romance)[0]
    assert (row["n_matching"], row["n_seen"]) == (4, 3 + 2 + 1)
    assert row["mean_label"] == (4 + 5 + 4 + 5 + 3 + 3) / 6


def test_likely_users_have_not_seen_it_and_are_in_order_of_score(box: Toolbox) -> None:
    rows = box_rows("likely_users", box, item_id="105")
    assert rows and not {row["user_id"] for row in rows} & {"2", "4", "7"}
    assert [row["score"] for row in rows] == sorted((row["score"] for row in rows), reverse=True)


def test_two_items_are_as_alike_as_their_audiences(box: Toolbox) -> None:
    row = box_rows("item_similarity", box, item_id="101", other_item_id="103")[0]
    audiences = [{user for user, seen in SEEN.items() if item in seen} for item in ("101", "103")]
    both, either = len(audiences[0] & audiences[1]), len(audiences[0] | audiences[1])
    assert (row["intersection"], row["union"], row["jaccard"]) == (both, either, both / either)
    assert (row["n_users"], row["n_users_other"]) == tuple(map(len, audiences))
    assert row["shared_values"] == ["Sci-Fi"]


def test_a_model_without_measurements_says_so(box: Toolbox) -> None:
    assert box_rows("model_quality", box) == [{"metrics": {}, "bins": [], "popularity": None}]


# --- pairs, fans, orders


def test_the_most_alike_pair_is_that_of_all_pairs_by_plain_sets(box: Toolbox) -> None:
    sets = {user: items for user, items in SEEN.items() if items}
    every = sorted(
        (-len(sets[a] & sets[b]) / len(sets[a] | sets[b]), a, b)
        for a, b in itertools.combinations(sorted(sets), 2)
        if sets[a] & sets[b]
    )
    rows = similar_pairs(box, 20)
    assert [(-row["jaccard"], row["user_id"], row["other_id"]) for row in rows] == every
    assert (rows[0]["least_items"], rows[0]["n_compared"]) == (1, 6)
    assert [row["place"] for row in similar_pairs(box, 3)] == [1, 2, 3]


def test_pairs_of_real_users_with_enough_items(ml100k: Dataset) -> None:
    scores: Any = KnownScores(ml100k.n_items)
    index: Any = None
    real = Toolbox(ml100k, Recommender(ml100k, scores, BlendConfig(weight=0.5)), index)
    sets = {user: items for user, items in has_items(real).items() if len(items) >= 150}
    best = max(
        (len(a & b) / len(a | b), one, other)
        for (one, a), (other, b) in itertools.combinations(sets.items(), 2)
    )
    [row] = similar_pairs(real, 1, least_items=150)
    assert (row["jaccard"], {row["user_id"], row["other_id"]}) == (best[0], set(best[1:]))
    assert row["n_enough"] == len(sets)


def test_a_fan_has_liked_most_of_what_is_asked(box: Toolbox) -> None:
    rows = fans_of(box, All((Is("genres", "Sci-Fi"),)))  # 101 and 103, liked from 4 on
    assert [(row["user_id"], row["n_liked"], row["n_matching"], row["share"]) for row in rows] == [
        ("1", 1, 2, 2 / 4),
        ("2", 1, 2, 2 / 4),
        ("3", 1, 1, 1 / 2),
        ("4", 1, 1, 1 / 4),
    ]
    assert fans_of(box, All((Is("genres", "War"),))) == []


def test_items_in_order_of_a_number_are_sorted(box: Toolbox) -> None:
    rows = in_order(box, "year", 9)
    assert [row["value"] for row in rows] == [1942, 1954, 1975, 1979, 1982, 1995, 2001]
    assert (rows[0]["n_found"], rows[0]["n_without"]) == (7, 1)
    newest = in_order(box, "year", 2, highest=True, user_id="1")
    assert [row["item_id"] for row in newest] == ["108", "106"]
    own = in_order(box, "year", 1, user_id="1", seen=True)
    assert [row["item_id"] for row in own] == ["104"]
    with pytest.raises(AskerError, match="no number called 'price'"):
        in_order(box, "price")


def has_items(box: Toolbox) -> dict[str, set[str]]:
    """Return each user's items as a plain set of ids."""
    data = box.dataset
    found: dict[str, set[str]] = {str(user): set() for user in data.user_ids.external}
    for user, item in zip(data.interactions.user, data.interactions.item, strict=True):
        found[str(data.user_ids.external[user])].add(str(data.item_ids.external[item]))
    return found
