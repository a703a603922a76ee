import http.server
import json
import os
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from ingest.dataset.ids import IdMap
from ingest.dataset.matrix import interaction_matrix
from ingest.dataset.schema import Dataset, Interactions
from ingest.errors import AskerError, HomeError, OperationError
from ingest.index.chroma import DATABASE_FILE, chroma_server, connect
from ingest.index.indexing import build_index
from ingest.index.profiles import write_profiles
from ingest.index.recall import candidate_recall
from ingest.index.store import FILE, Index, open_index
from ingest.index.vectors import VectorConfig
from tests.fixtures_chroma import free_port


def without_item_texts(dataset: Dataset) -> Dataset:
    """The same without titles and item fields: no sentence model is needed to index it."""
    return replace(
        dataset,
        items=pd.DataFrame(index=range(dataset.n_items)),
        fields=dataset.fields_of("user"),
    )


def matrix_of(dataset: Dataset) -> sparse.csr_array:
    return interaction_matrix(dataset.interactions, dataset.n_users, dataset.n_items)


def from_matrix(matrix: sparse.csr_array) -> Dataset:
    """A data set of ids only, user and item i being called i."""
    user, item = matrix.nonzero()
    n = len(user)
    return Dataset(
        name="generated",
        user_ids=IdMap(str(u) for u in range(matrix.shape[0])),
        item_ids=IdMap(str(i) for i in range(matrix.shape[1])),
        interactions=Interactions(
            user.astype(np.int32),
            item.astype(np.int32),
            np.ones(n, dtype=np.float32),
            np.arange(n, dtype=np.int64),
        ),
        users=pd.DataFrame(index=range(matrix.shape[0])),
        items=pd.DataFrame(index=range(matrix.shape[1])),
        has_labels=False,
        has_times=False,
    )


@pytest.fixture(scope="module")
def users(ml100k: Dataset) -> Dataset:
    return without_item_texts(ml100k)


@pytest.fixture(scope="module")
def folder(users: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The users of MovieLens-100K, indexed."""
    folder = tmp_path_factory.mktemp("index")
    build_index(users, folder)
    return folder


@pytest.fixture
def index(folder: Path, users: Dataset) -> Iterator[Index]:
    with open_index(folder, users) as opened:
        yield opened


@pytest.fixture
def few(films: Dataset) -> Dataset:
    return without_item_texts(films)


def test_the_exact_top_10_lie_within_50_candidates_for_99_percent_of_movielens(
    index: Index, users: Dataset
) -> None:
    own: list[set[int]] = [set() for _ in range(users.n_users)]
    audience: list[list[int]] = [[] for _ in range(users.n_items)]
    for user, item in zip(
        users.interactions.user.tolist(), users.interactions.item.tolist(), strict=True
    ):
        own[user].add(item)
        audience[item].append(user)
    matrix = matrix_of(users)
    found = index.users.nearest_each(matrix, 51)
    complete = 0
    for user, ids in enumerate(found):
        candidates = [c for c in users.user_ids.codes(ids).tolist() if c != user][:50]
        shared = Counter(chain.from_iterable(audience[item] for item in own[user]))
        size = len(own[user])
        jaccard = [shared[o] / (size + len(items) - shared[o]) for o, items in enumerate(own)]
        jaccard[user] = -1
        tenth = sorted(jaccard)[-10]
        # Neighbours tied at the tenth value are interchangeable: ten of all these must be there.
        nearer = {other for other, value in enumerate(jaccard) if value > tenth}
        tied = {other for other, value in enumerate(jaccard) if value == tenth}
        there = set(candidates)
        complete += nearer <= there and len(nearer) + len(tied & there) >= 10
    assert complete / users.n_users >= 0.99
    recall = candidate_recall(index.users, matrix, np.random.default_rng(0), sample=943)
    assert recall.complete == complete / users.n_users
    assert recall.complete <= recall.mean <= 1 and recall.n_users == 943


def test_recall_counts_what_is_missing(index: Index, users: Dataset) -> None:
    recall = candidate_recall(
        index.users, matrix_of(users), np.random.default_rng(0), sample=50, k=10, n_candidates=5
    )
    assert recall.complete == 0 and recall.mean <= 0.5


def test_a_known_user_is_nearest_to_his_own_items(index: Index, users: Dataset) -> None:
    matrix = matrix_of(users)
    for user in (0, 77, 942):
        assert index.users.nearest(matrix[[user]].indices, 3)[0] == users.user_ids.external[user]


def test_one_set_is_answered_as_it_is_among_many(index: Index, users: Dataset) -> None:
    matrix = matrix_of(users)[:120]
    many = index.users.nearest_each(matrix, 20)
    assert [index.users.nearest(matrix[[row]].indices, 20) for row in range(120)] == many


def test_a_second_build_answers_the_same(index: Index, users: Dataset, tmp_path: Path) -> None:
    build_index(users, tmp_path)
    with open_index(tmp_path, users) as other:
        matrix = matrix_of(users)[:100]
        assert other.users.nearest_each(matrix, 50) == index.users.nearest_each(matrix, 50)
    first, second = (json.loads((f / FILE).read_text()) for f in (index.chroma.folder, tmp_path))
    assert first["collections"] == second["collections"]


def test_stored_documents_are_the_profiles_in_the_order_asked(index: Index, users: Dataset) -> None:
    profiles = write_profiles(users)
    asked = ["943", "1", "78", "1"]
    found = index.users.documents(asked)
    assert [document.text for document in found] == [
        profiles[users.user_ids.codes([user_id])[0]] for user_id in asked
    ]
    counts = np.diff(matrix_of(users).indptr)
    assert [document.metadata for document in found] == [
        {"user_id": user_id, "n_items": counts[users.user_ids.codes([user_id])[0]]}
        for user_id in asked
    ]
    everyone = list(users.user_ids.external)
    assert [document.text for document in index.users.documents(everyone)] == profiles


def test_an_unknown_user_is_refused_by_name(index: Index) -> None:
    with pytest.raises(AskerError, match="user 9999 is not in the data set ml-100k"):
        index.users.documents(["1", "9999"])


def test_any_number_of_threads_read_the_same(index: Index, users: Dataset) -> None:
    matrix = matrix_of(users)

    def read(user: int) -> tuple[list[str], str]:
        near = index.users.nearest(matrix[[user]].indices, 10)
        return near, index.users.documents(near)[0].text

    rows = list(range(0, 160))
    alone = [read(user) for user in rows]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(read, rows)) == alone


def test_one_folder_is_opened_by_many_at_once(folder: Path, users: Dataset) -> None:
    def opened(_: int) -> str:
        with open_index(folder, users) as index:
            return index.users.documents(["78"])[0].text

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(opened, range(12)))) == 1


def test_users_without_items_are_read_but_never_near(few: Dataset, tmp_path: Path) -> None:
    build_index(few, tmp_path)
    with open_index(tmp_path, few) as index:
        seven, one = index.users.documents(["7", "1"])
        assert seven.text == "User 7 has no films yet.\nAttributes: gender M."
        assert seven.metadata == {"user_id": "7", "n_items": 0}
        assert one.metadata == {"user_id": "1", "n_items": 4}
        near = index.users.nearest(np.array([0], dtype=np.int32), 100)
        assert near[0] == "6" and sorted(near) == ["1", "2", "3", "4", "5", "6"]
        assert index.users.nearest(np.array([], dtype=np.int32), 5) == []
        with pytest.raises(ValueError, match="at least 1"):
            index.users.nearest(np.array([0], dtype=np.int32), 0)


def test_the_nearest_films_users_are_those_of_the_table(few: Dataset, tmp_path: Path) -> None:
    build_index(few, tmp_path)
    with open_index(tmp_path, few) as index:
        items = few.item_ids.codes(["101", "102", "103", "104"])
        # J with user 1: 2 has 3/5, 3 has 2/4, 4 has 2/6, 6 has 1/4, 5 has 0.
        assert index.users.nearest(items, 6) == ["1", "2", "3", "4", "6", "5"]


def test_equal_sets_come_in_the_order_of_their_users_and_are_quickly_indexed(
    tmp_path: Path,
) -> None:
    rows = np.zeros((1200, 6), dtype=np.float32)
    rows[:600, 0] = 1
    rows[600:, 1:3] = 1
    dataset = from_matrix(sparse.csr_array(rows))
    started = time.process_time()
    build_index(dataset, tmp_path)
    assert time.process_time() - started < 20  # equal points alone took 50 and more
    with open_index(tmp_path, dataset) as index:
        near = index.users.nearest(np.array([1, 2], dtype=np.int32), 30)
        assert near == [str(user) for user in range(600, 630)]


def test_above_5000_items_projected_vectors_still_find_the_neighbours(tmp_path: Path) -> None:
    generator = np.random.default_rng(5)
    n_users, n_items, n_groups = 1000, 5200, 40
    popularity = 1 / np.arange(1, n_items + 1) ** 0.8
    group = generator.integers(0, n_groups, n_items)
    taste = generator.dirichlet(np.full(n_groups, 0.15), n_users)
    sizes = np.clip(generator.lognormal(np.log(40), 0.8, n_users), 3, 800).astype(int)
    rows = []
    for user in range(n_users):
        weight = popularity * (taste[user][group] + 0.01)
        rows.append(generator.choice(n_items, sizes[user], False, weight / weight.sum()))
    matrix = sparse.csr_array(
        (
            np.ones(sizes.sum(), dtype=np.float32),
            (np.repeat(np.arange(n_users), sizes), np.concatenate(rows)),
        ),
        shape=(n_users, n_items),
    )
    dataset = from_matrix(matrix)
    build_index(dataset, tmp_path)
    with open_index(tmp_path, dataset) as index:
        assert index.users.vectors.dimension == 512 + 64 + 2
        recall = candidate_recall(index.users, matrix, np.random.default_rng(0))
    assert recall.mean >= 0.98


def test_ids_alone_can_be_indexed_but_not_searched_by_meaning(tmp_path: Path) -> None:
    dataset = from_matrix(sparse.csr_array(np.eye(3, 4, dtype=np.float32)))
    build_index(dataset, tmp_path)
    with open_index(tmp_path, dataset) as index:
        assert (
            index.users.documents(["0"])[0].text == "User 0 has 1 item.\nLast in the table: item 0."
        )
        assert not index.items.searchable
        with pytest.raises(AskerError, match="neither titles nor attributes"):
            index.items.search("anything", 3)


@pytest.mark.parametrize("n", [1, 2, 30])
def test_who_only_asks_writes_no_graph_into_the_home(tmp_path: Path, n: int) -> None:
    """A graph holds what lay in its writer's memory, which may be somebody since forgotten."""
    dataset = from_matrix(sparse.csr_array(np.eye(n, n + 1, dtype=np.float32)))
    build_index(dataset, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert any(path.name == "data_level0.bin" for path in before)
    with open_index(tmp_path, dataset) as index:
        assert index.users.nearest(np.array([0], np.int32), n)[0] == "0"
    after = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    changed = {path.name for path in before | after if before.get(path) != after.get(path)}
    assert changed <= {DATABASE_FILE}


def test_an_index_of_other_data_is_refused_by_name(
    folder: Path, users: Dataset, few: Dataset
) -> None:
    with pytest.raises(HomeError, match=f"made from other data .*films is {few.fingerprint}"):
        open_index(folder, few)


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def scribble(path: Path) -> None:
    path.write_bytes(b"\xff" * path.stat().st_size)


def remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def write(path: Path, text: str) -> None:
    path.write_text(text)


DAMAGES: list[tuple[str, Callable[[Path], None], str]] = [
    (DATABASE_FILE, truncate, "is damaged"),
    (DATABASE_FILE, scribble, "is damaged"),
    (DATABASE_FILE, remove, "is missing"),
    ("graph/data_level0.bin", truncate, "data_level0.bin is damaged"),
    ("graph/data_level0.bin", scribble, "data_level0.bin is damaged"),
    ("graph", remove, "is missing"),
    (FILE, truncate, "cannot be read"),
    (FILE, remove, "there is no index"),
    (FILE, lambda path: write(path, '{"format": 99}'), "another version"),
    (FILE, lambda path: write(path, '{"format": 1}'), "is damaged"),
]


@pytest.mark.parametrize(("name", "damage", "message"), DAMAGES)
def test_a_damaged_index_is_refused_with_the_mend(
    folder: Path,
    users: Dataset,
    tmp_path: Path,
    name: str,
    damage: Callable[[Path], None],
    message: str,
) -> None:
    copy = tmp_path / "index"
    shutil.copytree(folder, copy)
    graph = next(path for path in copy.iterdir() if path.is_dir())
    damage(graph / name.removeprefix("graph").lstrip("/") if "graph" in name else copy / name)
    with pytest.raises(HomeError, match=f"{message}.*run `whyrec index`"):
        open_index(copy, users)


def test_reading_a_small_index_again_and_again_leaves_it_good(few: Dataset, tmp_path: Path) -> None:
    build_index(few, tmp_path)
    for _ in range(3):
        with open_index(tmp_path, few) as index:
            assert index.users.nearest(few.item_ids.codes(["106", "107"]), 1) == ["5"]


def test_an_index_that_lost_users_is_incomplete(few: Dataset, tmp_path: Path) -> None:
    build_index(few, tmp_path)
    entry = json.loads((tmp_path / FILE).read_text())["collections"]["users"]
    chroma = connect(tmp_path, None)
    chroma.get(entry["name"]).delete(ids=["3"])
    chroma.close()
    with pytest.raises(HomeError, match=r"incomplete \(5 of 6 records in whyrec-"):
        open_index(tmp_path, few)


def test_the_servers_address_is_checked() -> None:
    assert chroma_server({}) is None and chroma_server({"WHYREC_CHROMA": " "}) is None
    assert chroma_server({"WHYREC_CHROMA": "http://[::1]:80/"}) == "http://[::1]:80"
    for wrong in ("localhost:8000", "http://", "ftp://a:1", "http://a:99999", "http://u:p@a:1"):
        with pytest.raises(AskerError, match="WHYREC_CHROMA must look like http://localhost:8000"):
            chroma_server({"WHYREC_CHROMA": wrong})


def test_a_real_server_gives_the_answers_of_the_embedded_database(
    index: Index, users: Dataset, server: str, tmp_path: Path
) -> None:
    build_index(users, tmp_path, server)
    assert not (tmp_path / DATABASE_FILE).exists()
    matrix = matrix_of(users)[:100]
    with open_index(tmp_path, users, server) as served:
        assert served.users.nearest_each(matrix, 50) == index.users.nearest_each(matrix, 50)
        for user_id in ("1", "78", "943"):
            assert served.users.documents([user_id]) == index.users.documents([user_id])
    names = [
        entry["name"] for entry in json.loads((tmp_path / FILE).read_text())["collections"].values()
    ]
    assert all(users.fingerprint in name for name in names)


def test_a_build_on_a_server_goes_on_where_one_was_cut_short(
    few: Dataset, server: str, tmp_path: Path
) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    first.mkdir()
    second.mkdir()
    build_index(few, first, server)
    entry = json.loads((first / FILE).read_text())["collections"]["users"]
    chroma = connect(first, server)
    chroma.get(entry["name"]).delete(ids=["2", "5"])
    chroma.close()
    with pytest.raises(HomeError, match=r"incomplete \(4 of 6 records in whyrec-"):
        open_index(first, few, server)
    build_index(few, second, server)
    for folder in (first, second):
        with open_index(folder, few, server) as index:
            assert len(index.users.documents(list(few.user_ids.external))) == 7


def test_a_collection_gone_from_the_server_is_named(
    few: Dataset, server: str, tmp_path: Path
) -> None:
    other = replace(few, liked_from=5.0)
    build_index(other, tmp_path, server)
    name = json.loads((tmp_path / FILE).read_text())["collections"]["users"]["name"]
    chroma = connect(tmp_path, server)
    chroma.client.delete_collection(name)
    chroma.close()
    with pytest.raises(HomeError, match=f"lacks the collection {name}"):
        open_index(tmp_path, other, server)


def test_looking_in_the_wrong_place_says_where_the_collections_are(
    folder: Path, users: Dataset, few: Dataset, server: str, tmp_path: Path
) -> None:
    with pytest.raises(HomeError, match="WHYREC_CHROMA is set to .*unset it, or run"):
        open_index(folder, users, server)
    build_index(few, tmp_path, server)
    with pytest.raises(HomeError, match=f"are in {server}, but WHYREC_CHROMA is not set"):
        open_index(tmp_path, few)


def test_a_server_that_is_down_or_no_chroma_is_told_from_a_damaged_index(
    few: Dataset, tmp_path: Path
) -> None:
    down = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(OperationError, match=f"{down} cannot be reached .* `chroma run`"):
        build_index(few, tmp_path, down)
    web = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    thread = threading.Thread(target=web.serve_forever, daemon=True)
    thread.start()
    try:
        with pytest.raises(OperationError, match="is not a Chroma server"):
            connect(tmp_path, f"http://127.0.0.1:{web.server_port}")
    finally:
        web.shutdown()
        web.server_close()
        thread.join()


def test_a_projection_can_be_asked_for(few: Dataset, tmp_path: Path) -> None:
    build_index(few, tmp_path, config=VectorConfig(raw_up_to=1, rank=4))
    with open_index(tmp_path, few) as index:
        assert index.users.nearest(few.item_ids.codes(["106", "107"]), 1) == ["5"]
