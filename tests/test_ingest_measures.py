"""The profile of a data set: its numbers, and the page that shows them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ingest.dataset.ids import IdMap
from ingest.dataset.schema import Dataset, Field, Interactions, Noun
from ingest.survey.measures import survey
from ingest.survey.page import survey_page
from tests.fixtures_browser import Browser


def bare(n: int = 0) -> Dataset:
    """One user and one item, `n` interactions (0 or 1), and nothing else."""
    none = np.zeros(n, dtype=np.int64)
    seen = Interactions(none.astype(np.int32), none.astype(np.int32), none.astype(np.float32), none)
    one = pd.DataFrame(index=[0])
    return Dataset(
        "bare", IdMap(["u"]), IdMap(["i"]), seen, one, one, has_labels=False, has_times=False
    )


def test_activity_is_counted_per_user_and_per_item(films: Dataset) -> None:
    found = survey(films)
    assert found["sparsity"] == pytest.approx(1 - 17 / 56)
    assert found["per_user"]["with_none"] == 1  # user 7
    assert found["per_user"]["histogram"] == [
        {"from": 1, "to": 1, "count": 1},  # user 6
        {"from": 2, "to": 3, "count": 2},  # users 3 and 5
        {"from": 4, "to": 7, "count": 3},  # users 1, 2 and 4
    ]
    assert found["per_item"]["with_none"] == 1  # item 108
    assert [found["per_item"][key] for key in ("least", "median", "greatest")] == [1, 2, 4]
    assert found["per_item"]["by_rank"] == [[1, 4], [2, 3], [3, 3], [4, 2], [5, 2], [6, 2], [7, 1]]
    assert found["per_item"]["share_of_top_percent"] == {"1": 4 / 17, "10": 4 / 17, "50": 12 / 17}


def test_labels_times_and_attributes_are_distributed(films: Dataset) -> None:
    found = survey(films)
    assert found["label_distribution"]["values"] == [
        {"value": value, "count": count}
        for value, count in ((1.0, 1), (2.0, 2), (3.0, 3), (4.0, 5), (5.0, 6))
    ]
    assert sum(row["count"] for row in found["time_histogram"]) == 17
    assert found["time_histogram"][0]["from"] == "2001-09-10"
    by_name = {one["name"]: one for one in found["attributes"]}
    assert by_name["gender"]["missing"] == 1
    assert by_name["gender"]["values"] == [{"value": "F", "count": 3}, {"value": "M", "count": 3}]
    assert by_name["genres"]["values"][0] == {"value": "Romance", "count": 4}
    assert (by_name["year"]["missing"], by_name["year"]["median"]) == (1, 1979.0)


def test_many_numbers_go_into_bins_that_hold_equally_many_whole_numbers(films: Dataset) -> None:
    n = 7 * 8
    label = np.arange(n, dtype=np.float32)
    seen = Interactions(
        np.repeat(np.arange(7, dtype=np.int32), 8),
        np.tile(np.arange(8, dtype=np.int32), 7),
        label,
        np.zeros(n, dtype=np.int64),
    )
    found = survey(replace(films, interactions=seen))["label_distribution"]
    assert found["histogram"][0] == {"from": 0.0, "to": 3.0, "count": 3}
    assert sum(row["count"] for row in found["histogram"]) == n
    assert (found["distinct"], found["median"]) == (56, 27.5)


def test_rare_categories_are_counted_together(films: Dataset) -> None:
    occupations = pd.Series([f"job {place}" for place in range(30)] + ["cook"] * 5, dtype=object)
    ids = IdMap([f"{place:02}" for place in range(35)])
    users = pd.DataFrame({"occupation": occupations})
    fields = (Field("occupation", "sparse", "user"),)
    data = replace(films, user_ids=ids, users=users, fields=fields)
    (one,) = survey(data)["attributes"]
    assert one["values"][:2] == [{"value": "cook", "count": 5}, {"value": "job 0", "count": 1}]
    assert (len(one["values"]), one["distinct"], one["others"]) == (20, 31, 11)


@pytest.mark.parametrize("n", [0, 1])
def test_next_to_nothing_has_a_profile_too(n: int) -> None:
    found = survey(bare(n))
    assert found["per_user"]["with_none"] == 1 - n
    assert (found["time_histogram"], found["label_distribution"]) == (None, None)
    assert "bare" in survey_page(found)


def hostile(films: Dataset) -> Dataset:
    """Texts that would run, load or format something where they were not taken as texts."""
    evil = "<script>alert(1)</script>"
    values = ["=cmd|' /C calc'!A0", evil, "$\\frac{1}{0}$", "{{ 7*7 }}", None, None, None]
    users = films.users.assign(gender=pd.Series(values, dtype=object))
    fields = tuple(
        replace(field, name=evil) if field.name == "age" else field for field in films.fields
    )
    return replace(
        films,
        name="</title><img src=http://evil.example/x>",
        users=users.rename(columns={"age": evil}),
        noun=Noun("film", "<b>films</b>$x^2$"),
        fields=fields,
    )


def test_texts_from_the_data_are_texts_on_the_page(films: Dataset) -> None:
    page = survey_page(survey(hostile(films)))
    assert "<script" not in page
    assert "<img" not in page
    assert "<b>films" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "{{ 7*7 }}" in page
    assert "$\\frac{1}{0}$" in page
    assert "http:" not in page.replace("http://www.w3.org/", "").replace("http://evil.ex", "")


def test_the_same_data_give_the_same_page_with_ids_of_their_own(films: Dataset) -> None:
    page = survey_page(survey(films))
    assert page == survey_page(survey(films))
    charts = page.split("<svg")[1:]
    ids = [set(re.findall(r'id="(p[0-9a-f]{8,})"', chart)) for chart in charts]
    assert len(charts) > 5
    assert all(ids)
    assert len(set().union(*ids)) == sum(map(len, ids))


@pytest.mark.parametrize("dark", [False, True])
def test_the_page_is_shown_without_a_request_or_an_error(
    films: Dataset, browser: Browser, tmp_path: Path, dark: bool
) -> None:
    page = tmp_path / "profile.html"
    page.write_text(survey_page(survey(hostile(films))), encoding="utf-8")
    seen = browser.show(page, dark=dark)
    assert (seen.requests, seen.errors) == ([], [])
    assert seen.background == ("rgb(13, 17, 23)" if dark else "rgb(255, 255, 255)")
    narrow = browser.show(page, width=380, dark=dark)
    assert narrow.width <= 380


def test_movielens_100k_has_its_well_known_profile(ml100k: Dataset) -> None:
    found: dict[str, Any] = survey(ml100k)
    assert [row["count"] for row in found["label_distribution"]["values"]] == [
        *(6_110, 11_370, 27_145, 34_174, 21_201)
    ]
    assert (found["per_user"]["least"], found["per_user"]["greatest"]) == (20, 737)
    assert found["per_item"]["greatest"] == 583  # Star Wars
