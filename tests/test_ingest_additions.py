"""Tables that are added are read and checked as the data were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from assistant.building import data_part
from ingest.errors import AskerError, DataError, HomeError
from ingest.growth.additions import origin_of
from ingest.home.workspace import Home
from ingest.intake.roles import Roles
from ingest.loaders import Request, load
from ingest.sources.raw import Reading

SEEN = "who;what;stars;when\nann;1;5;10\nbob;1;3;11\nbob;2;4;12\n"
USERS = "who;age;zip\nann;30;T8H\nbob;41;007\n"
ITEMS = "what;name;genres\n1;Heat;Action|Crime\n2;Fargo;Crime\n"


def quiet(text: str) -> None:
    pass


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home of a data set with columns of its own names, features in tables of their own."""
    for name, text in (("seen.csv", SEEN), ("users.csv", USERS), ("items.csv", ITEMS)):
        (tmp_path / name).write_text(text)
    request = Request(
        str(tmp_path / "seen.csv"),
        Roles(user="who", item="what", label="stars", time="when", title="name"),
        Reading(separator=";"),
        users=str(tmp_path / "users.csv"),
        items=str(tmp_path / "items.csv"),
    )
    home = Home(tmp_path / "home")
    with home.writing() as edition:
        data_part(edition, load(request, quiet), origin_of(request))
    return home


def written(home: Home, name: str, text: str) -> str:
    path = home.path.parent / name
    path.write_text(text)
    return str(path)


def test_the_columns_and_the_separator_are_remembered(home: Home) -> None:
    new = written(home, "new.csv", "who;what;stars;when\nzoe;3;2;20\nann;1;4;21\n")
    users = written(home, "new-users.csv", "age;zip;who\n22;123;zoe\n")
    items = written(home, "new-items.csv", "what;name;genres\n3;Alien;Horror|Sci-Fi\n")
    brought = home.add(new, users, items, notice=quiet)
    assert (brought.interactions, brought.corrected) == (1, 1)
    assert (brought.new_users, brought.new_items) == (["zoe"], ["3"])
    now = home.dataset()
    assert now.users["age"].tolist() == [30, 41, 22]
    assert now.users["zip"].tolist() == ["T8H", "007", "123"]  # a category, as in the data
    assert now.items["genres"].tolist()[2] == ("Horror", "Sci-Fi")
    assert now.title(2) == "Alien"
    assert now.interactions.label.tolist() == [4, 3, 4, 2]


def test_a_frame_with_usual_names_is_taken_too(home: Home) -> None:
    frame = pd.DataFrame({"user": ["ann"], "item": [2], "rating": [1.0], "time": [30]})
    assert home.add(frame, notice=quiet).interactions == 1
    assert home.dataset().interactions.item.tolist() == [0, 0, 1, 1]


def test_what_is_different_can_be_told(home: Home) -> None:
    new = written(home, "new.csv", "person,thing,points,day\nann,2,5,2020-01-01\n")
    told: dict[str, Any] = {"user": "person", "item": "thing", "label": "points", "time": "day"}
    assert home.add(new, separator=",", notice=quiet, **told).interactions == 1
    assert home.dataset().interactions.time[-1] == 1_577_836_800


def test_all_problems_of_an_addition_come_at_once_and_nothing_is_added(home: Home) -> None:
    new = written(home, "new.csv", "who;what;stars;when\nzoe;;2;20\nann;1;good;21\n")
    with pytest.raises(DataError) as error:
        home.add(new, notice=quiet)
    assert "2 problems" in str(error.value)
    assert "row 2" in str(error.value) and "row 3" in str(error.value)
    assert home.contents().parts.keys() == {"data"}


def test_an_addition_needs_the_labels_and_times_that_the_data_have(home: Home) -> None:
    frame = pd.DataFrame({"user": ["ann"], "item": ["2"]})
    with pytest.raises(DataError, match="no column of labels.*(?s:.)*no column of times"):
        home.add(frame, notice=quiet)


def test_a_table_of_users_without_a_known_feature_is_refused(home: Home) -> None:
    frame = pd.DataFrame({"user": ["ann"], "item": ["2"], "rating": [1.0], "time": [30]})
    with pytest.raises(DataError, match="none of the features that users have here: age, zip"):
        home.add(frame, users=pd.DataFrame({"user": ["ann"], "shoe": [44]}), notice=quiet)


def test_ids_that_are_nearly_known_and_labels_beyond_are_told(home: Home) -> None:
    told: list[str] = []
    frame = pd.DataFrame({"user": ["Ann"], "item": ["1"], "rating": [50.0], "time": [30]})
    home.add(frame, notice=told.append)
    assert any("like known ones except for spaces or case: 'Ann'" in text for text in told)
    assert any("labels from 50 to 50, where the data had 3 to 5" in text for text in told)


def test_a_missing_file_and_a_missing_home_are_sentences(home: Home, tmp_path: Path) -> None:
    with pytest.raises(AskerError, match="there is no file or data set called nowhere.csv"):
        home.add("nowhere.csv")
    with pytest.raises(HomeError, match="there is no data in"):
        Home(tmp_path / "empty").add("nowhere.csv")
    assert not (tmp_path / "empty").exists()


def test_a_merged_table_brings_its_features_along(tmp_path: Path) -> None:
    text = "user,item,label,time,sex,genre1,genre2\nu1,a,1,5,F,Drama,Crime\nu2,b,2,6,M,Drama,\n"
    (tmp_path / "merged.csv").write_text(text)
    request = Request(
        str(tmp_path / "merged.csv"),
        Roles(
            user_columns=("sex",),
            item_columns=("genre1", "genre2"),
            multi=("genres=genre1+genre2",),
        ),
    )
    home = Home(tmp_path / "home")
    with home.writing() as edition:
        data_part(edition, load(request, quiet), origin_of(request))
    new = written(home, "new.csv", "user,item,label,time,sex,genre1,genre2\nu3,c,2,7,F,War,Drama\n")
    home.add(new, notice=quiet)
    now = home.dataset()
    assert now.users["sex"].tolist() == ["F", "M", "F"]
    assert now.items["genres"].tolist() == [("Drama", "Crime"), ("Drama",), ("War", "Drama")]
