"""A Dataset on disk: three Parquet tables and one JSON file of what is not in them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from ingest.errors import HomeError
from ingest.ids import IdMap
from ingest.schema import Columns, Dataset, Field, Interactions, Noun


def save_dataset(dataset: Dataset, folder: Path) -> None:
    """Write `dataset` into the existing, empty `folder`."""
    seen = dataset.interactions
    frame = pd.DataFrame(
        {
            Columns.USER: seen.user,
            Columns.ITEM: seen.item,
            Columns.LABEL: seen.label,
            Columns.TIME: seen.time,
        }
    )
    frame.to_parquet(folder / "interactions.parquet", index=False)
    for side, ids, features in (
        ("users", dataset.user_ids, dataset.users),
        ("items", dataset.item_ids, dataset.items),
    ):
        table = features.reset_index(drop=True)
        multi = {
            field.name
            for field in dataset.fields
            if field.kind == "multi" and field.name in table.columns
        }
        table = table.assign(**{name: table[name].map(list) for name in sorted(multi)})
        table.insert(0, "id", ids.external)
        table.to_parquet(folder / f"{side}.parquet", index=False)
    about = {"name": dataset.name, "fingerprint": dataset.fingerprint, **dataset.describe_roles()}
    (folder / "dataset.json").write_text(
        json.dumps(about, indent=2, ensure_ascii=False), encoding="utf-8"
    )


def load_dataset(folder: Path) -> Dataset:
    """Read the Dataset in `folder`.

    Raises:
        HomeError: a file is missing or damaged.
    """
    try:
        about = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
        seen = pd.read_parquet(folder / "interactions.parquet")
        users, items = (pd.read_parquet(folder / f"{side}.parquet") for side in ("users", "items"))
    except (OSError, ValueError) as error:  # pyarrow's errors are ValueErrors
        raise HomeError(
            f"the data in {folder} cannot be read ({error}); run `whyrec ingest` again"
        ) from error
    fields = tuple(Field(*entry) for entry in about["fields"])
    return Dataset(
        name=about["name"],
        user_ids=IdMap(users.pop("id")),
        item_ids=IdMap(items.pop("id")),
        interactions=Interactions(
            seen[Columns.USER].to_numpy(np.int32),
            seen[Columns.ITEM].to_numpy(np.int32),
            seen[Columns.LABEL].to_numpy(np.float32),
            seen[Columns.TIME].to_numpy(np.int64),
        ),
        users=_with_types(users, fields),
        items=_with_types(items, fields),
        fields=fields,
        noun=Noun(*about["noun"]),
        liked_from=about["liked_from"],
        has_labels=about["has_labels"],
        has_times=about["has_times"],
    )


def _with_types(table: pd.DataFrame, fields: tuple[Field, ...]) -> pd.DataFrame:
    """Give the columns of a feature table the types that Dataset promises."""
    multi = [
        field.name for field in fields if field.kind == "multi" and field.name in table.columns
    ]
    dense = [
        field.name for field in fields if field.kind == "dense" and field.name in table.columns
    ]
    tuples = {name: table[name].map(tuple) for name in multi}
    numbers = {name: table[name].astype(np.float64) for name in dense}
    texts = {
        name: table[name].astype(object).where(table[name].notna(), None)
        for name in table.columns
        if name not in tuples and name not in numbers
    }
    return pd.DataFrame(
        {name: (tuples | numbers | texts)[name] for name in table.columns}, index=table.index
    )
