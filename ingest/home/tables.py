"""A Dataset on disk: three Parquet tables and one JSON file of what is not in them.

The JSON file holds the SHA-256 of the tables: they are checked as bytes, before they are read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
from numpy.typing import NDArray
from pyarrow import parquet

from ingest.dataset.ids import IdMap, IntArray
from ingest.dataset.schema import Columns, Dataset, Field, Interactions, Noun, Side
from ingest.errors import HomeError, OperationError
from ingest.layouts.fetch import sha256_of

_ID = "id"
_ITSELF = "sha256"
"""Under which dataset.json holds the digest of all else in it."""
ABOUT, SEEN, USERS, ITEMS = "dataset.json", "interactions.parquet", "users.parquet", "items.parquet"
_PACKING: dict[str, Any] = {
    "compression": "lz4",
    "use_dictionary": [Columns.LABEL],
    "column_encoding": dict.fromkeys(
        (Columns.USER, Columns.ITEM, Columns.TIME), "DELTA_BINARY_PACKED"
    ),
}
"""Reads in a third of the time that pandas' default takes, and is smaller."""


def save_dataset(
    dataset: Dataset,
    folder: Path,
    origin: Mapping[str, Any] | None = None,
    beside: Sequence[str] = (),
) -> None:
    """Write `dataset` into the existing `folder`, which is empty but for the files `beside`.

    Args:
        dataset: what to write.
        folder: where to.
        origin: how its tables were read, as plain JSON types, for those that come later.
        beside: names of files there that are checked together with the tables.

    Raises:
        OperationError: what is on the disk afterwards is not what was to be written.
    """
    seen = dataset.interactions
    columns: dict[str, NDArray[Any]] = {
        Columns.USER: seen.user,
        Columns.ITEM: seen.item,
        Columns.LABEL: seen.label,
        Columns.TIME: seen.time,
    }
    parquet.write_table(pa.table(columns), folder / SEEN, **_PACKING)
    _save_features(dataset.users, dataset.user_ids, folder / USERS)
    _save_features(dataset.items, dataset.item_ids, folder / ITEMS)
    if count(folder)[1:] != (dataset.n_users, dataset.n_items) or not _holds(folder, columns):
        raise OperationError(f"{folder} does not hold what was written there; check the disk")
    about = {
        "name": dataset.name,
        "fingerprint": dataset.fingerprint,
        **dataset.describe_roles(),
        "counts": [len(seen), dataset.n_users, dataset.n_items],
        "origin": origin,
        "files": {name: sha256_of(folder / name) for name in (SEEN, USERS, ITEMS, *beside)},
    }
    about[_ITSELF] = _digest_of(about)
    (folder / ABOUT).write_text(json.dumps(about, indent=2, ensure_ascii=False), encoding="utf-8")


def _save_features(table: pd.DataFrame, ids: IdMap, path: Path) -> None:
    # The ids go into a column that no feature can be called: Parquet refuses two of one name.
    renamed = table.rename(columns=lambda name: f"feature:{name}")
    renamed.insert(0, _ID, ids.external)
    renamed.to_parquet(path, index=False)


def _holds(folder: Path, columns: Mapping[str, NDArray[Any]]) -> bool:
    """Read the interactions back, some at a time, and compare them with `columns`."""
    start = 0
    for batch in parquet.ParquetFile(folder / SEEN).iter_batches(1 << 20):
        rows = slice(start, start + len(batch))
        for name, column in columns.items():
            if not np.array_equal(batch[name].to_numpy(), column[rows]):
                return False
        start += len(batch)
    return all(start == len(column) for column in columns.values())


def read_about(folder: Path) -> dict[str, Any]:
    """Read dataset.json: name, fingerprint, roles, counts, origin and the files' SHA-256.

    Raises:
        HomeError: it is missing or damaged.
    """
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        if not isinstance(about["fingerprint"], str):
            raise TypeError("it has no fingerprint")
        if about.pop(_ITSELF, None) not in (_digest_of(about), None):  # None: an earlier version's
            raise ValueError(f"{ABOUT} has changed")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unreadable(folder, error) from error
    found: dict[str, Any] = about
    return found


def _digest_of(about: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()


def load_dataset(folder: Path) -> Dataset:
    """Read the Dataset in `folder`.

    Raises:
        HomeError: a file is missing, damaged or not the one that was saved.
    """
    about = read_about(folder)
    try:
        known: dict[str, str] = about.get("files", {})
        for name, digest in known.items():
            if sha256_of(folder / name) != digest:
                raise _not_as_saved(folder, f"{name} has changed")
        dataset = _read(folder, about)
    except (OSError, ValueError, KeyError, TypeError) as error:  # pyarrow's errors are ValueErrors
        raise _unreadable(folder, error) from error
    if not known and dataset.fingerprint != about["fingerprint"]:  # the first format of this
        raise _not_as_saved(folder, f"{dataset.fingerprint}, not {about['fingerprint']}")
    return known_as(dataset, about["fingerprint"])


def count(folder: Path) -> tuple[int, int, int]:
    """Return how many interactions, users and items are in `folder`; reads the files' ends only.

    Raises:
        HomeError: a file is missing or damaged.
    """
    try:
        rows = [parquet.read_metadata(folder / name).num_rows for name in (SEEN, USERS, ITEMS)]
    except (OSError, ValueError) as error:
        raise _unreadable(folder, error) from error
    return rows[0], rows[1], rows[2]


def find_ids(
    folder: Path, external: NDArray[np.object_], side: Side, folded: bool = False
) -> IntArray:
    """Return the index in the data in `folder` of each of `external`, −1 where it is unknown.

    With `folded`, ids that differ by spaces at their ends or by case are the same.
    """
    import pyarrow.compute as pc  # type: ignore[import-untyped]

    try:
        table = parquet.read_table(folder / (USERS if side == "user" else ITEMS), columns=[_ID])
        known, wanted = table[_ID].cast(pa.string()), pa.array(external, pa.string())
        if folded:
            known, wanted = (pc.utf8_lower(pc.utf8_trim_whitespace(one)) for one in (known, wanted))
        found = pc.index_in(wanted, known)
    except (OSError, ValueError) as error:
        raise _unreadable(folder, error) from error
    codes: IntArray = found.fill_null(-1).to_numpy().astype(np.int32)
    return codes


def label_range(folder: Path) -> tuple[float, float] | None:
    """Return the least and the greatest label of the data in `folder`; None without any."""
    try:
        about = parquet.read_metadata(folder / SEEN)
    except (OSError, ValueError) as error:
        raise _unreadable(folder, error) from error
    place = about.schema.names.index(Columns.LABEL)
    groups = (about.row_group(n).column(place).statistics for n in range(about.num_row_groups))
    ranges = [(group.min, group.max) for group in groups if group is not None and group.has_min_max]
    return (min(low for low, _ in ranges), max(high for _, high in ranges)) if ranges else None


def read_empty(folder: Path) -> Dataset:
    """Return the data in `folder` without a user, an item or an interaction: fields and roles."""
    about = read_about(folder)
    known = tuple(Field(*entry) for entry in about["fields"])
    tables = {}
    for side, name in (("user", USERS), ("item", ITEMS)):
        try:
            columns = parquet.read_schema(folder / name).names
        except (OSError, ValueError) as error:
            raise _unreadable(folder, error) from error
        kinds = {field.name: field.kind for field in known if field.side == side}
        names = [column.removeprefix("feature:") for column in columns if column != _ID]
        tables[side] = pd.DataFrame(
            {
                name: pd.Series([], dtype=np.float64 if kinds.get(name) == "dense" else object)
                for name in names
            }
        )
    nothing = np.empty(0, np.int32)
    return Dataset(
        about["name"],
        IdMap([]),
        IdMap([]),
        Interactions(nothing, nothing, nothing.astype(np.float32), nothing.astype(np.int64)),
        users=tables["user"],
        items=tables["item"],
        fields=known,
        **_roles(about),
    )


def find_pairs(folder: Path, user: IntArray, item: IntArray) -> NDArray[np.bool_]:
    """Return which pairs of user and item indices the data in `folder` have; −1 is in none.

    Cost: one pass over two columns of the interactions, a row group at a time.
    """
    touched = np.zeros(int(user.max(initial=-1)) + 2, dtype=bool)
    touched[user] = True  # the last place stands for −1, and for users beyond
    touched[-1] = False
    wanted = user.astype(np.int64) << 32 | item
    found = [np.empty(0, np.int64)]
    try:
        file = parquet.ParquetFile(folder / SEEN)
        for batch in file.iter_batches(1 << 20, columns=[Columns.USER, Columns.ITEM]):
            users, items = (batch[n].to_numpy() for n in (Columns.USER, Columns.ITEM))
            rows = np.flatnonzero(touched[np.minimum(users, len(touched) - 1)])
            found.append(users[rows].astype(np.int64) << 32 | items[rows])
    except (OSError, ValueError) as error:
        raise _unreadable(folder, error) from error
    there: NDArray[np.bool_] = np.isin(wanted, np.concatenate(found))
    return there


def known_as(dataset: Dataset, fingerprint: str) -> Dataset:
    """Give `dataset` the fingerprint it is known by, where its content is not to be read for one.

    Data that grew are known by what they grew from and by what was added.
    """
    dataset.__dict__["fingerprint"] = fingerprint  # where functools.cached_property looks first
    return dataset


def _unreadable(folder: Path, error: Exception) -> HomeError:
    return HomeError(f"the data in {folder} cannot be read ({error}); run `whyrec ingest` again")


def _not_as_saved(folder: Path, what: str) -> HomeError:
    return HomeError(
        f"the data in {folder} are not those that were saved there ({what}); run `whyrec ingest` "
        "again"
    )


def _read(folder: Path, about: dict[str, Any]) -> Dataset:
    fields = tuple(Field(*entry) for entry in about["fields"])
    seen = parquet.read_table(folder / SEEN)
    user_ids, users = _load_features(folder / USERS, fields, "user")
    item_ids, items = _load_features(folder / ITEMS, fields, "item")
    user, item, label, time = (
        seen[name].to_numpy() for name in (Columns.USER, Columns.ITEM, Columns.LABEL, Columns.TIME)
    )
    return Dataset(
        name=about["name"],
        user_ids=user_ids,
        item_ids=item_ids,
        interactions=Interactions(
            user.astype(np.int32, copy=False),
            item.astype(np.int32, copy=False),
            label.astype(np.float32, copy=False),
            time.astype(np.int64, copy=False),
        ),
        users=users,
        items=items,
        fields=fields,
        **_roles(about),
    )


def _roles(about: dict[str, Any]) -> dict[str, Any]:
    names = ("liked_from", "has_labels", "has_times")
    return {"noun": Noun(*about["noun"]), **{name: about[name] for name in names}}


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
