"""An index that is behind: what changed is put over it, as if it had been indexed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ingest.dataset.ids import IdMap
from ingest.dataset.matrix import interaction_matrix
from ingest.dataset.schema import Dataset, Interactions
from ingest.growth.growing import Grown, first_addition, grow
from ingest.growth.overlay import with_changes
from ingest.index.indexing import build_index
from ingest.index.profiles import write_profiles
from ingest.index.store import Index, open_index
from ingest.index.vectors import VectorConfig

N_USERS, N_ITEMS = 80, 40


def random_table(seed: int, users: list[str], items: list[str], n: int) -> Dataset:
    rng = np.random.default_rng(seed)
    pairs = rng.choice(len(users) * len(items), n, replace=False)
    user_ids, item_ids = IdMap(users), IdMap(items)
    return Dataset(
        name="random",
        user_ids=user_ids,
        item_ids=item_ids,
        interactions=Interactions(
            user_ids.codes([users[p // len(items)] for p in pairs]),
            item_ids.codes([items[p % len(items)] for p in pairs]),
            rng.integers(1, 6, n).astype(np.float32),
            rng.integers(0, 1000, n).astype(np.int64),
        ),
        users=pd.DataFrame(index=range(len(users))),
        items=pd.DataFrame(index=range(len(items))),
    )


BASE = random_table(1, [f"u{k}" for k in range(N_USERS)], [f"i{k}" for k in range(N_ITEMS)], 700)
MORE = random_table(2, ["a0", "u3", "u44", "zz"], ["a1", "i7", "i12", "i39", "z2"], 14)


@pytest.fixture(scope="module", params=["whole directions", "projected directions"])
def index(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Index]:
    folder = tmp_path_factory.mktemp("index")
    projected = request.param.startswith("projected")
    build_index(BASE, folder, config=VectorConfig(raw_up_to=8, rank=6) if projected else None)
    with open_index(folder, BASE) as opened:
        yield opened


@pytest.fixture
def grown() -> Grown:
    return grow(BASE, first_addition(MORE, 1))


def distances(index: Index, grown: Grown, items: np.ndarray) -> dict[str, float]:
    """Return everybody's distance by the vectors of the data as they are, all of them compared."""
    dataset, vectors = grown.dataset, index.users.vectors
    matrix = interaction_matrix(dataset.interactions, dataset.n_users, dataset.n_items)
    stored = vectors.stored(matrix, np.zeros(dataset.n_users))
    far = np.square(stored.astype(np.float64) - vectors.asked_for(items)).sum(axis=1)
    return dict(zip(map(str, dataset.user_ids.external), far.tolist(), strict=True))


def assert_nearest(index: Index, grown: Grown, items: np.ndarray, n: int) -> None:
    far = distances(index, grown, items)
    found = index.users.nearest(items, n)
    assert len(set(found)) == n
    np.testing.assert_allclose([far[one] for one in found], sorted(far.values())[:n], atol=1e-5)


def test_the_nearest_are_those_of_all_vectors_as_they_are_now(index: Index, grown: Grown) -> None:
    now = with_changes(index, grown, 0)
    dataset = grown.dataset
    matrix = interaction_matrix(dataset.interactions, dataset.n_users, dataset.n_items)
    everybody = now.users.nearest_each(matrix, 10)
    for user in range(dataset.n_users):
        own = matrix[[user]].indices
        assert everybody[user] == now.users.nearest(own, 10)
        assert_nearest(now, grown, own, 10)


def test_newcomers_are_found_by_an_item_the_index_never_saw(tmp_path: Path, grown: Grown) -> None:
    build_index(BASE, tmp_path)
    z2 = grown.dataset.item_ids.codes(["z2"])
    seen = grown.dataset.interactions
    having = grown.dataset.user_ids.external[seen.user[seen.item == z2[0]]]
    with open_index(tmp_path, BASE) as opened:
        near = with_changes(opened, grown, 0).users.nearest(z2, len(having))
    assert set(near) == set(having) != set()


def test_profiles_are_those_of_the_data_as_they_are_now(index: Index, grown: Grown) -> None:
    now = with_changes(index, grown, 0)
    everyone = [str(user) for user in grown.dataset.user_ids.external]
    texts = write_profiles(grown.dataset)
    changed = {"a0", "u3", "u44", "zz"}
    before = dict(zip(BASE.user_ids.external, write_profiles(BASE), strict=True))
    for user, text, found in zip(everyone, texts, now.users.documents(everyone), strict=True):
        assert found.text == text
        assert (user in changed) == (before.get(user) != text)
        assert found.metadata["user_id"] == user


def test_an_index_that_knows_all_is_taken_as_it_is(index: Index, grown: Grown) -> None:
    assert with_changes(index, grown, 1) is index


def test_when_all_have_changed_all_are_still_found(index: Index) -> None:
    everyone = replace(BASE, interactions=BASE.interactions.take(np.arange(len(BASE.interactions))))
    grown = grow(BASE, first_addition(everyone, 1))
    now = with_changes(index, grown, 0)
    matrix = interaction_matrix(BASE.interactions, BASE.n_users, BASE.n_items)
    assert_nearest(now, grown, matrix[[5]].indices, 30)


def test_new_items_are_found_by_what_they_are_called(tmp_path: Path) -> None:
    def titled(ids: list[str], titles: list[str]) -> Dataset:
        table = random_table(0, ["u1", "u2"], ids, len(ids))
        return replace(table, items=pd.DataFrame({"title": pd.Series(titles, dtype=object)}))

    base = titled(["1", "2"], ["A cookbook of pasta", "Handbook of bridges"])
    build_index(base, tmp_path)
    grown = grow(base, first_addition(titled(["2", "3"], ["Steel bridges", "Sailing ships"]), 1))
    with open_index(tmp_path, base) as opened:
        now = with_changes(opened, grown, 0)
        assert now.items.search("boats on the sea", 1)[0][0] == 2
        found = dict(now.items.search("Steel bridges", 3))
        assert found[1] == pytest.approx(1.0, abs=1e-5)  # by its title as it is now
        assert len(found) == 3
