"""Tools over all users at once, and over two histories, held to plain sets over the films."""

from fractions import Fraction
from typing import Any

import pytest

from assistant.asking.filters import All, Is
from assistant.evidence import Row
from assistant.home import OpenHome
from assistant.toolbox import Toolbox
from assistant.tools import TOOLS

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
    assert box_rows("model_quality", box) == [{"metrics": {}, "bins": []}]
