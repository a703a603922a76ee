import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ingest.dataset.schema import Dataset
from ingest.errors import AskerError, OperationError
from ingest.index.embedding import PACKAGED, Embedder, embedding_model
from ingest.index.indexing import build_index
from ingest.index.meanings import item_documents, item_texts
from ingest.index.store import Index, open_index


@pytest.fixture(scope="module")
def twins(films: Dataset) -> Dataset:
    """The films, with 107 and 108 alike in everything that is known of them."""
    items = films.items
    items.loc[7, "year"] = 1954.0
    return replace(films, items=items)


@pytest.fixture(scope="module")
def folder(twins: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("meanings")
    build_index(twins, folder)
    return folder


@pytest.fixture
def index(folder: Path, twins: Dataset) -> Iterator[Index]:
    with open_index(folder, twins) as opened:
        yield opened


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder(PACKAGED)


def test_a_text_holds_the_title_and_what_is_known_of_the_item(films: Dataset) -> None:
    texts = item_texts(films)
    assert texts[3] == "Casablanca. year: 1942. genres: Drama, Romance"
    assert texts[4] == "Heat. genres: Crime, Drama"


def test_items_of_which_nothing_is_known_have_no_text(films: Dataset) -> None:
    bare = replace(films, items=films.items[["title"]], fields=films.fields_of("user"))
    titles = bare.items
    titles.loc[[0, 5], "title"] = None
    assert item_texts(replace(bare, items=titles))[::5] == ["", ""]
    nothing = replace(bare, items=pd.DataFrame(index=range(8)))
    assert item_texts(nothing) == [""] * 8
    assert item_documents(nothing) == []


def test_items_with_one_text_share_a_document(twins: Dataset) -> None:
    documents = item_documents(twins)
    assert [document.metadata for document in documents[-2:]] == [
        {"item_id": "106", "n_items": 1},
        {"item_id": "107", "n_items": 2},
    ]
    assert documents[-1].page_content == "Sabrina. year: 1954. genres: Comedy, Romance"
    assert len(documents) == 7


def test_the_model_is_what_the_environment_names(tmp_path: Path) -> None:
    assert embedding_model({}) == embedding_model({"WHYREC_EMBEDDINGS": " "}) == PACKAGED
    assert embedding_model({"WHYREC_EMBEDDINGS": str(tmp_path)}) == str(tmp_path)
    assert embedding_model({"WHYREC_EMBEDDINGS": "owner/model"}) == "owner/model"


def test_a_model_that_cannot_be_loaded_is_named_with_the_mend(tmp_path: Path) -> None:
    with pytest.raises(OperationError, match="no_such_package .* is not installed; run `pip"):
        Embedder("package:no_such_package").query("hello")
    with pytest.raises(OperationError, match=f"{tmp_path} cannot be loaded .* WHYREC_EMBEDDINGS"):
        Embedder(str(tmp_path)).query("hello")


@pytest.mark.slow
def test_a_search_finds_what_is_meant(index: Index, twins: Dataset) -> None:
    for text, title in (
        ("monsters in outer space", "Alien"),
        ("a shark", "Jaws"),
        ("a policeman hunts a gangster", "Heat"),
        ("love in wartime Morocco", "Casablanca"),
    ):
        assert twins.title(index.items.search(text, 1)[0][0]) == title


@pytest.mark.slow
def test_the_similarity_is_the_cosine_of_the_two_embeddings(
    index: Index, twins: Dataset, embedder: Embedder
) -> None:
    texts = item_texts(twins)
    vectors, asked = embedder.documents(texts), embedder.query("love in wartime")
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(8), abs=1e-5)
    found = index.items.search("love in wartime", 8)
    assert [item for item, _ in found][0] == 3
    assert sorted(item for item, _ in found) == list(range(8))
    for item, similarity in found:
        assert similarity == pytest.approx(float(vectors[item] @ asked), abs=1e-5)
    similarities = [similarity for _, similarity in found]
    assert similarities == sorted(similarities, reverse=True)


@pytest.mark.slow
def test_items_alike_are_all_found_in_item_order(index: Index, twins: Dataset) -> None:
    (one, a), (other, b) = index.items.search("Sabrina", 2)
    assert (one, other) == (6, 7) and a == b
    assert index.items.search("Sabrina", 1) == [(6, a)]
    item, similarity = index.items.search(item_texts(twins)[0], 1)[0]
    assert item == 0 and similarity == pytest.approx(1, abs=1e-5)


@pytest.mark.slow
def test_texts_get_the_same_bits_in_any_order(embedder: Embedder, twins: Dataset) -> None:
    texts = item_texts(twins)
    assert np.array_equal(embedder.documents(texts[::-1])[::-1], embedder.documents(texts))


@pytest.mark.slow
def test_the_number_of_threads_changes_no_bit_and_is_left_as_it_was(embedder: Embedder) -> None:
    import torch

    before = torch.get_num_threads()
    try:
        vectors = []
        for threads in (1, 2):
            torch.set_num_threads(threads)
            vectors.append(embedder.query("love in wartime"))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert np.array_equal(vectors[0], vectors[1])


@pytest.mark.slow
def test_the_packaged_model_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: socket.socket, address: Any) -> None:
        asked.append(address)
        raise OSError("no network")

    asked: list[Any] = []
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *address, **_: refuse(None, address))  # type: ignore[arg-type]
    assert len(Embedder(PACKAGED).query("hello")) == 384
    assert asked == []


@pytest.mark.slow
def test_another_model_folder_can_be_used_and_is_remembered(
    twins: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ingest.index.embedding import _location

    monkeypatch.setenv("WHYREC_EMBEDDINGS", _location(PACKAGED)[0])
    build_index(twins, tmp_path)
    monkeypatch.delenv("WHYREC_EMBEDDINGS")
    with open_index(tmp_path, twins) as index:
        assert twins.title(index.items.search("a shark", 1)[0][0]) == "Jaws"


@pytest.mark.slow
def test_an_empty_text_and_a_length_of_none_are_refused(index: Index) -> None:
    with pytest.raises(AskerError, match="empty"):
        index.items.search("  \n", 3)
    with pytest.raises(ValueError, match="at least 1"):
        index.items.search("love", 0)
