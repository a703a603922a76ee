"""A Dataset on disk."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pytest
from pyarrow import parquet

from ingest.dataset.schema import Dataset, Field
from ingest.errors import HomeError, OperationError
from ingest.home.tables import load_dataset, save_dataset


def test_what_is_saved_comes_back_the_same(films: Dataset, tmp_path: Path) -> None:
    save_dataset(films, tmp_path)
    loaded = load_dataset(tmp_path)
    assert loaded.fingerprint == films.fingerprint
    assert loaded.name == films.name
    assert (loaded.noun, loaded.liked_from) == (films.noun, films.liked_from)
    assert loaded.fields == films.fields
    pd.testing.assert_frame_equal(loaded.users, films.users)
    pd.testing.assert_frame_equal(loaded.items, films.items)


def test_movielens_comes_back_the_same(ml100k: Dataset, tmp_path: Path) -> None:
    save_dataset(ml100k, tmp_path)
    assert load_dataset(tmp_path).fingerprint == ml100k.fingerprint


def test_a_feature_may_be_called_id(films: Dataset, tmp_path: Path) -> None:
    users = films.users.assign(id="x").astype({"id": object})
    data = replace(films, users=users, fields=(*films.fields, Field("id", "sparse", "user")))
    save_dataset(data, tmp_path)
    assert load_dataset(tmp_path).fingerprint == data.fingerprint


def test_an_all_missing_feature_comes_back_missing(films: Dataset, tmp_path: Path) -> None:
    data = replace(films, users=films.users.assign(gender=pd.Series([None] * 7, dtype=object)))
    save_dataset(data, tmp_path)
    assert load_dataset(tmp_path).users["gender"].tolist() == [None] * 7


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("dataset.json", "cannot be read"),
        ("interactions.parquet", "interactions.parquet has changed"),
        ("users.parquet", "users.parquet has changed"),
    ],
)
def test_a_truncated_file_is_a_sentence(
    films: Dataset, tmp_path: Path, name: str, what: str
) -> None:
    save_dataset(films, tmp_path)
    path = tmp_path / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(HomeError, match=f"{what}.*run `whyrec ingest` again"):
        load_dataset(tmp_path)


@pytest.mark.parametrize("name", ["dataset.json", "items.parquet"])
def test_a_removed_file_is_a_sentence(films: Dataset, tmp_path: Path, name: str) -> None:
    save_dataset(films, tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(HomeError, match="run `whyrec ingest` again"):
        load_dataset(tmp_path)


def test_tables_of_another_data_set_are_refused(films: Dataset, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for folder, data in ((one, films), (two, replace(films, users=films.users.assign(age=1.0)))):
        folder.mkdir()
        save_dataset(data, folder)
    (two / "users.parquet").replace(one / "users.parquet")
    with pytest.raises(HomeError, match="are not those that were saved there"):
        load_dataset(one)


def test_what_is_on_the_disk_is_compared_before_it_counts(
    films: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgetful(table: pa.Table, path: Path, **options: Any) -> None:
        write(table.slice(0, len(table) - 1), path, **options)

    write = parquet.write_table
    monkeypatch.setattr("ingest.home.tables.parquet.write_table", forgetful)
    with pytest.raises(OperationError, match="does not hold what was written there"):
        save_dataset(films, tmp_path)
    assert not (tmp_path / "dataset.json").exists()


def test_tables_of_the_first_format_are_checked_by_their_content(
    films: Dataset, tmp_path: Path
) -> None:
    save_dataset(films, tmp_path)
    about = json.loads((tmp_path / "dataset.json").read_text())
    del about["files"], about["counts"], about["origin"], about["sha256"]
    (tmp_path / "dataset.json").write_text(json.dumps(about))
    assert load_dataset(tmp_path).fingerprint == films.fingerprint
    (tmp_path / "dataset.json").write_text(json.dumps(about | {"fingerprint": "0" * 16}))
    with pytest.raises(HomeError, match="are not those that were saved there"):
        load_dataset(tmp_path)


def test_a_description_that_says_something_else_is_refused(films: Dataset, tmp_path: Path) -> None:
    save_dataset(films, tmp_path)
    path = tmp_path / "dataset.json"
    assert json.loads(path.read_text())["noun"] == ["film", "films"]
    path.write_text(path.read_text().replace('"films"', '"filme"'))
    with pytest.raises(HomeError, match="dataset.json has changed.*run `whyrec ingest` again"):
        load_dataset(tmp_path)


def test_a_description_without_its_entries_is_refused(films: Dataset, tmp_path: Path) -> None:
    save_dataset(films, tmp_path)
    (tmp_path / "dataset.json").write_text(json.dumps({"name": "x"}))
    with pytest.raises(HomeError, match="cannot be read"):
        load_dataset(tmp_path)
