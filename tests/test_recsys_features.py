"""Fields and vocabularies: what every value becomes, the missing and the unseen included."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ingest.dataset.schema import Dataset
from ingest.errors import AskerError
from recsys.config import DeepFMConfig, HistoryField
from recsys.examples.features import Bags, FeatureSpace, beside


def meaning(space: FeatureSpace, bags: Bags, row: int, side: str = "user") -> dict[str, list[str]]:
    """Read a row back as {field: ["value*weight", …]}."""
    read = {}
    for f, field in enumerate(space.static(side)):
        bag = slice(*bags.offsets[row * bags.n_fields + f : row * bags.n_fields + f + 2])
        names = ["?", *field.vocabulary] if field.vocabulary else None
        read[field.name] = [
            f"{names[code - field.start] if names else code - field.start}*{value:g}"
            for code, value in zip(bags.codes[bag], bags.values[bag], strict=True)
        ]
    return read


def test_every_value_of_a_user_and_a_film_has_its_code(films: Dataset) -> None:
    space = FeatureSpace.from_dataset(films, DeepFMConfig())
    users, items = space.encode(films, "user"), space.encode(films, "item")
    first = meaning(space, users, 0)
    assert first["user_id"] == ["1*1"]
    assert first["gender"] == ["F*1"]
    assert first["occupation"] == ["student*1"]
    assert meaning(space, items, 0, "item")["genres"] == ["Horror*0.5", "Sci-Fi*0.5"]
    assert meaning(space, items, 2, "item")["genres"] == ["Sci-Fi*1"]


def test_missing_values_and_ids_without_interactions_are_the_unknown(films: Dataset) -> None:
    space = FeatureSpace.from_dataset(films, DeepFMConfig())
    users, items = space.encode(films, "user"), space.encode(films, "item")
    assert meaning(space, users, 5)["gender"] == ["?*1"]
    assert meaning(space, users, 6)["user_id"] == ["?*1"]
    assert meaning(space, users, 6)["age"] == ["0*1"]
    assert meaning(space, items, 7, "item")["item_id"] == ["?*1"]


def test_a_number_is_standardised_or_falls_in_a_bin(films: Dataset) -> None:
    ages = films.users["age"].to_numpy()
    plain = FeatureSpace.from_dataset(films, DeepFMConfig())
    age = next(field for field in plain.fields if field.name == "age")
    _, codes, values = age.code([25.0, np.nan])
    assert codes.tolist() == [age.start + 1, age.start]
    assert values[0] == pytest.approx((25 - np.nanmean(ages)) / np.nanstd(ages))
    binned = FeatureSpace.from_dataset(films, DeepFMConfig(dense_bins=2))
    age = next(field for field in binned.fields if field.name == "age")
    _, codes, values = age.code([19.0, 52.0, np.nan, np.inf])
    assert (codes - age.start).tolist() == [1, 2, 0, 0]
    assert values.tolist() == [1, 1, 1, 1]


def test_a_value_never_seen_is_the_unknown(films: Dataset) -> None:
    space = FeatureSpace.from_dataset(films, DeepFMConfig())
    row = space.encode_row("user", {"occupation": "astronaut", "age": "old", "no such": 1})
    read = meaning(space, row, 0)
    assert read["occupation"] == ["?*1"]
    assert read["age"] == ["0*1"]
    assert read["user_id"] == ["?*1"]


def test_codes_of_fields_do_not_overlap(films: Dataset) -> None:
    space = FeatureSpace.from_dataset(films, DeepFMConfig(history=(HistoryField("h"),)))
    edges = [(field.start, field.start + field.n_codes) for field in space.fields]
    assert edges[0][0] == 0
    assert all(left[1] == right[0] for left, right in zip(edges, edges[1:], strict=False))
    assert edges[-1][1] == space.n_codes


def test_a_feature_space_survives_json(films: Dataset) -> None:
    config = DeepFMConfig(dense_bins=3, history=(HistoryField("h"),))
    space = FeatureSpace.from_dataset(films, config)
    assert FeatureSpace.from_json(space.to_json()) == space


def test_taken_rows_are_the_rows_and_rows_stand_side_by_side(films: Dataset) -> None:
    space = FeatureSpace.from_dataset(films, DeepFMConfig())
    items = space.encode(films, "item")
    picked = items.take(np.array([3, 3, 0]))
    assert meaning(space, picked, 1, "item") == meaning(space, items, 3, "item")
    double = beside(picked, items.take(np.array([1, 2, 4])))
    assert double.n_fields == 2 * items.n_fields
    right = slice(*double.offsets[[items.n_fields, 2 * items.n_fields]])
    alone = items.take(np.array([1]))
    assert double.codes[right].tolist() == alone.codes.tolist()
    assert double.values[right].tolist() == alone.values.tolist()


def test_a_model_that_would_know_nothing_of_users_is_refused(films: Dataset) -> None:
    bare = replace(films, fields=films.fields_of("item"))
    with pytest.raises(AskerError, match="nothing of the users"):
        FeatureSpace.from_dataset(bare, DeepFMConfig(user_id=False))


def test_a_column_of_nothing_but_missing_numbers_is_the_unknown(films: Dataset) -> None:
    users = films.users.assign(age=pd.Series([np.nan] * films.n_users))
    space = FeatureSpace.from_dataset(replace(films, users=users), DeepFMConfig(dense_bins=4))
    age = next(field for field in space.fields if field.name == "age")
    assert (space.encode(replace(films, users=users), "user").codes == age.start).sum() == 7
