"""A Dataset on disk: three Parquet tables and one JSON file of what is not in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ingest.errors import HomeError
from ingest.ids import IdMap
from ingest.schema import Columns, Dataset, Field, Interactions, Noun

_ID = "id"


def save_dataset(dataset: Dataset, folder: Path) -> None:
    """Write `dataset` into the existing, empty `folder`."""
    seen = dataset.interactions
    columns = {
        Columns.USER: seen.user,
        Columns.ITEM: seen.item,
        Columns.LABEL: seen.label,
        Columns.TIME: seen.time,
    }
    pd.DataFrame(columns).to_parquet(folder / "interactions.parquet", index=False)
    _save_features(dataset.users, dataset.user_ids, folder / "users.parquet")
    _save_features(dataset.items, dataset.item_ids, folder / "items.parquet")
    about = {"name": dataset.name, "fingerprint": dataset.fingerprint, **dataset.describe_roles()}
    (folder / "dataset.json").write_text(
        json.dumps(about, indent=2, ensure_ascii=False), encoding="utf-8"
    )


def _save_features(table: pd.DataFrame, ids: IdMap, path: Path) -> None:
    # The ids go into a column that no feature can be called: Parquet refuses two of one name.
    renamed = table.rename(columns=lambda name: f"feature:{name}")
    renamed.insert(0, _ID, ids.external)
    renamed.to_parquet(path, index=False)


def load_dataset(folder: Path) -> Dataset:
    """Read the Dataset in `folder`.

    Raises:
        HomeError: a file is missing, damaged or not the one that was saved.
    """
    try:
        about = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
        dataset = _read(folder, about)
    except (OSError, ValueError, KeyError, TypeError) as error:  # pyarrow's errors are ValueErrors
        raise HomeError(
            f"the data in {folder} cannot be read ({error}); run `whyrec ingest` again"
        ) from error
    if dataset.fingerprint != about["fingerprint"]:
        raise HomeError(
            f"the data in {folder} are not those that were saved there ({dataset.fingerprint}, not "
            f"{about['fingerprint']}); run `whyrec ingest` again"
        )
    return dataset


def _read(folder: Path, about: dict[str, Any]) -> Dataset:
    fields = tuple(Field(*entry) for entry in about["fields"])
    seen = pd.read_parquet(folder / "interactions.parquet")
    user_ids, users = _load_features(folder / "users.parquet", fields, "user")
    item_ids, items = _load_features(folder / "items.parquet", fields, "item")
    return Dataset(
        name=about["name"],
        user_ids=user_ids,
        item_ids=item_ids,
        interactions=Interactions(
            seen[Columns.USER].to_numpy(np.int32),
            seen[Columns.ITEM].to_numpy(np.int32),
            seen[Columns.LABEL].to_numpy(np.float32),
            seen[Columns.TIME].to_numpy(np.int64),
        ),
        users=users,
        items=items,
        fields=fields,
        noun=Noun(*about["noun"]),
        liked_from=about["liked_from"],
        has_labels=about["has_labels"],
        has_times=about["has_times"],
    )


def _load_features(path: Path, fields: tuple[Field, ...], side: str) -> tuple[IdMap, pd.DataFrame]:
    """Read a feature table and give its columns the types that Dataset promises."""
    table = pd.read_parquet(path)
    ids = IdMap(table.pop(_ID))
    kinds = {field.name: field.kind for field in fields if field.side == side}
    names = [name.removeprefix("feature:") for name in table.columns]
    columns = [
        _typed(table[column], kinds.get(name)) for column, name in zip(table, names, strict=True)
    ]
    return ids, pd.DataFrame(dict(zip(names, columns, strict=True)), index=table.index)


def _typed(column: pd.Series, kind: str | None) -> pd.Series:
    if kind == "dense":
        return column.astype(np.float64)
    if kind == "multi":
        return column.map(tuple)
    return column.astype(object).where(column.notna(), None)
