"""The frozen Dataset."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ingest.dataset.ids import IdMap
from ingest.dataset.schema import Dataset, Field, Interactions, Noun


def interactions(user: list[int], item: list[int]) -> Interactions:
    n = len(user)
    return Interactions(
        np.array(user, np.int32), np.array(item, np.int32), np.ones(n, np.float32), np.arange(n)
    )


def small(**changes: object) -> Dataset:
    values = {
        "name": "small",
        "user_ids": IdMap(["1", "2"]),
        "item_ids": IdMap(["a", "b"]),
        "interactions": interactions([0, 1], [0, 1]),
        "users": pd.DataFrame({"age": [20.0, 30.0]}),
        "items": pd.DataFrame({"kind": ["x", None]}, dtype=object),
        "fields": (Field("age", "dense", "user"), Field("kind", "sparse", "item")),
    }
    return Dataset(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"users": pd.DataFrame({"age": [20.0]})}, "1 rows for 2 ids"),
        ({"fields": (Field("sex", "sparse", "user"),)}, "lacks the field sex"),
        ({"fields": (Field("age", "sparse", "user"),)}, "must be object, not float64"),
        ({"fields": (Field("age", "dense", "user"),) * 2}, "same name"),
        ({"interactions": interactions([0], [2])}, "outside the id maps"),
        ({"interactions": interactions([-1], [0])}, "outside the id maps"),
    ],
)
def test_what_does_not_fit_together_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        small(**changes)


def test_arrays_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in length"):
        Interactions(
            np.zeros(2, np.int32), np.zeros(1, np.int32), np.ones(2, np.float32), np.arange(2)
        )


def test_changing_a_table_that_was_handed_out_does_not_change_the_data(films: Dataset) -> None:
    before = films.users
    handed_out = films.users
    handed_out["age"] = 0.0
    handed_out.loc[0, "gender"] = "X"
    pd.testing.assert_frame_equal(films.users, before)


def test_changing_the_table_it_was_built_from_does_not_change_the_data() -> None:
    ages = pd.DataFrame({"age": [20.0, 30.0]})
    data = small(users=ages)
    ages.loc[0, "age"] = 99.0
    assert data.users["age"].tolist() == [20.0, 30.0]


def test_the_interactions_and_titles_are_read_only(films: Dataset) -> None:
    with pytest.raises(ValueError, match="read-only"):
        films.interactions.label[0] = 9
    assert films.titles is not None
    with pytest.raises(ValueError, match="read-only"):
        films.titles[0] = "Aliens"


def test_taking_rows_keeps_their_order(films: Dataset) -> None:
    taken = films.interactions.take(np.array([3, 0]))
    assert taken.label.tolist() == [5.0, 5.0]
    assert taken.item.tolist() == [3, 0]


def test_a_title_falls_back_on_noun_and_id(films: Dataset) -> None:
    assert films.title(1) == "Amélie"
    assert replace(films, items=films.items.drop(columns="title")).title(1) == "film 102"
    blank = films.items.assign(title=None)
    assert replace(films, items=blank).title(1) == "film 102"


def test_the_fields_of_a_side_come_in_declared_order(films: Dataset) -> None:
    assert [field.name for field in films.fields_of("user")] == ["age", "gender", "occupation"]
    assert [field.name for field in films.fields_of("item")] == ["year", "genres"]


def test_the_fingerprint_changes_with_everything_but_the_name(films: Dataset) -> None:
    seen = films.interactions
    changed = [
        replace(films, interactions=replace(seen, label=seen.label + 1)),
        replace(films, interactions=replace(seen, time=seen.time + 1)),
        replace(films, interactions=seen.take(np.arange(len(seen))[::-1])),
        replace(films, interactions=seen.take(np.arange(len(seen) - 1))),
        replace(films, users=films.users.assign(age=1.0)),
        replace(films, items=films.items.assign(title="x")),
        replace(films, item_ids=IdMap([f"i{n}" for n in range(8)])),
        replace(films, fields=films.fields[::-1]),
        replace(films, noun=Noun("article", "articles")),
        replace(films, noun=replace(films.noun, verb="rented")),
        replace(films, liked_from=3.0),
        replace(films, has_times=False),
    ]
    prints = {films.fingerprint, *(data.fingerprint for data in changed)}
    assert len(prints) == len(changed) + 1
    assert replace(films, name="other").fingerprint == films.fingerprint
    assert len(films.fingerprint) == 16 and int(films.fingerprint, 16) >= 0


def test_the_verb_goes_with_the_noun_unless_it_is_given() -> None:
    nouns = ("film", "Product", "article", "song", "app", "widget")
    verbs = ["seen", "bought", "read", "played", "used", "interacted with"]
    assert [Noun(one, f"{one}s").done for one in nouns] == verbs
    assert Noun("film", "films", "rented").done == "rented"
