"""Items by meaning: a text for every item, and the search among the texts' embeddings.

This is the project's one use of langchain-community: its DataFrame loader makes the documents.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from ingest.dataset.schema import Dataset
from ingest.errors import AskerError
from ingest.index.chroma import Chroma
from ingest.index.embedding import Embedder
from ingest.index.profiles import attribute_texts, one_line

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection
    from langchain_core.documents import Document

_SPARE = 50  # fetched beyond what is asked, so that ties at the end can be put in order


def item_texts(dataset: Dataset) -> list[str]:
    """Return title and attributes of every item as one text; empty where nothing is known of it."""
    titles = [""] * dataset.n_items if dataset.titles is None else dataset.titles
    parts = [[one_line(title) if isinstance(title, str) else "" for title in titles]]
    for name, texts in attribute_texts(dataset, "item").items():
        parts.append([f"{name}: {text}" if text else "" for text in texts])
    return [". ".join(filter(None, known)) for known in zip(*parts, strict=True)]


def item_documents(dataset: Dataset) -> list[Document]:
    """Return one document for every distinct item text, in the order of the items.

    Items with the same text have the same meaning: they share a document, and a search finds all.
    The metadata name the first of them and say how many they are.
    """
    with warnings.catch_warnings():
        # langchain-community announces its sunset on import; this loader is all we use of it.
        warnings.filterwarnings("ignore", "`langchain-community` is being sunset")
        from langchain_community.document_loaders.dataframe import DataFrameLoader

    frame = pd.DataFrame({"text": item_texts(dataset), "item_id": dataset.item_ids.external})
    frame["n_items"] = frame.groupby("text")["text"].transform("size")
    known = frame[frame["text"] != ""].drop_duplicates("text")
    return list(DataFrameLoader(known, page_content_column="text").lazy_load())


class ItemIndex:
    """The search for items by meaning."""

    def __init__(
        self, dataset: Dataset, chroma: Chroma, collection: Collection | None, embedder: Embedder
    ) -> None:
        self.dataset = dataset
        self._chroma = chroma
        self._collection = collection
        self._embedder = embedder

    @property
    def searchable(self) -> bool:
        """Whether the items have any text to be searched."""
        return self._collection is not None

    def search(self, text: str, n: int) -> list[tuple[int, float]]:
        """Return the `n` items nearest in meaning to `text`, as (index, cosine similarity).

        Raises:
            AskerError: the text is empty, or the items have neither titles nor attributes.
        """
        if n < 1:
            raise ValueError(f"n must be at least 1, not {n}")
        if not text.strip():
            raise AskerError("the text to search for is empty; say in words what is wanted")
        if self._collection is None:
            raise AskerError(
                f"the {self.dataset.noun.many} of {self.dataset.name} have neither titles nor "
                "attributes, so they cannot be searched by meaning"
            )
        vector = self._embedder.query(text)
        with self._chroma.guarded():
            found = self._collection.query(
                query_embeddings=vector[None],
                n_results=min(n + _SPARE, self._collection.count()),
                include=["distances", "documents"],
            )
        near = zip((found["documents"] or [[]])[0], (found["distances"] or [[]])[0], strict=True)
        ranked = sorted((distance, item) for text, distance in near for item in self._items(text))
        return [(item, 1.0 - distance) for distance, item in ranked[:n]]

    def _items(self, text: str) -> list[int]:
        return self._items_of.get(text, [])

    @cached_property
    def _items_of(self) -> Mapping[str, list[int]]:
        """Item indices by their text."""
        items: dict[str, list[int]] = {}
        for item, text in enumerate(item_texts(self.dataset)):
            items.setdefault(text, []).append(item)
        return items
