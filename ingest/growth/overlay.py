"""An index that is behind the data, with what changed since put over it.

Users whose items or attributes changed are left out of what Chroma finds; their vectors are made
from the data as they are, compared exactly, and put among the others by distance. Their profiles
are written when they are asked for. So an addition is visible at once, no second process ever
writes to a collection, and the same holds for a Chroma server. `whyrec index` takes it all in.

Items that came since have no place in the vectors of those before. They get places of their own
behind them, where everybody in Chroma has 0, since nobody there has such an item; all that these
places add to a distance is what the asking set has there.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ingest.dataset.ids import IdMap, IntArray
from ingest.dataset.matrix import interaction_matrix
from ingest.dataset.schema import FloatArray
from ingest.growth.growing import Grown
from ingest.index.meanings import ItemIndex, item_texts
from ingest.index.profiles import ProfileWriter
from ingest.index.store import _SPARE, Index, StoredDocument, UserIndex
from ingest.index.vectors import InteractionVectors

_MOST_DROPPED = 200  # changed users that a first search allows for among what it finds


def with_changes(index: Index, grown: Grown, step: int) -> Index:
    """Return `index`, made when the data had `step` additions, as it answers for the data now.

    It shares the connection to Chroma with `index`.
    """
    if not (grown.user_changed > step).any() and not (grown.item_changed > step).any():
        return index
    return Index(
        ChangedUsers(index.users, grown, step), ChangedItems(index.items, grown, step), index.chroma
    )


class GrownVectors:
    """The map of an index from sets of items to vectors, for item indices as they are now."""

    def __init__(
        self, vectors: InteractionVectors, item_ids: IdMap, known: NDArray[np.bool_]
    ) -> None:
        """Take the index's `vectors`, the items now, and which of them the index knows."""
        before = IdMap(item_ids.external[known])
        new = np.flatnonzero(~known)
        self._order = np.concatenate([item_ids.codes(before.external), new])
        self._n_known = len(before)
        self._vectors = replace(
            vectors,
            n_items=len(item_ids),
            components=_with_rows(vectors.components, len(new)),
            scatter=_with_rows(vectors.scatter, len(new)),
        )

    def stored(self, matrix: sparse.csr_array, place: NDArray[np.float64]) -> FloatArray:
        """As `InteractionVectors.stored`, new items' places among the others."""
        return self._vectors.stored(matrix[:, self._order], place)

    def asked(self, matrix: sparse.csr_array) -> FloatArray:
        """As `InteractionVectors.asked`, new items' places among the others."""
        return self._vectors.asked(matrix[:, self._order])

    def asked_for(self, items: IntArray) -> FloatArray:
        """As `InteractionVectors.asked_for`."""
        distinct = np.unique(items)
        row = sparse.csr_array(
            (np.ones(len(distinct), np.float32), distinct, [0, len(distinct)]),
            shape=(1, self._vectors.n_items),
        )
        vector: FloatArray = self.asked(row)[0]
        return vector

    def for_chroma(self, asked: FloatArray) -> tuple[FloatArray, NDArray[np.float64]]:
        """Return vectors as Chroma knows them, and what the places left out add to a distance."""
        if self._vectors.components is not None:
            return asked, np.zeros(len(asked))
        new = asked[:, self._n_known : self._vectors.n_items]
        kept = np.delete(asked, np.s_[self._n_known : self._vectors.n_items], axis=1)
        return kept, np.square(new, dtype=np.float64).sum(axis=1)


def _with_rows(part: FloatArray | None, n: int) -> FloatArray | None:
    """Return `part` of a projection with `n` rows of 0 for items that it does not know."""
    return None if part is None else np.pad(part, ((0, n), (0, 0)))


class ChangedUsers(UserIndex):
    """The users of an index that is behind the data."""

    def __init__(self, index: UserIndex, grown: Grown, step: int) -> None:
        """Take the users whose change is newer than `step` out of what `index` finds.

        Cost: one pass over the interactions, then a vector for each of these users.
        """
        dataset = grown.dataset
        vectors: Any = GrownVectors(index.vectors, dataset.item_ids, grown.item_since <= step)
        super().__init__(dataset, index._chroma, vectors, index._collections, index._digests)
        changed = np.flatnonzero(grown.user_changed > step)
        is_changed = np.zeros(dataset.n_users, dtype=bool)
        is_changed[changed] = True
        seen = dataset.interactions
        self._theirs = replace(dataset, interactions=seen.take(is_changed[seen.user]))
        self._changed = {str(user_id) for user_id in dataset.user_ids.external[changed]}
        matrix = interaction_matrix(self._theirs.interactions, dataset.n_users, dataset.n_items)
        findable = np.flatnonzero(np.diff(matrix.indptr)).astype(np.int32)
        self._findable = [str(user_id) for user_id in dataset.user_ids.external[findable]]
        self._points = vectors.stored(matrix[findable], findable / dataset.n_users)

    def _search(self, vectors: FloatArray, n: int) -> list[list[str]]:
        if n < 1:
            raise ValueError(f"n must be at least 1, not {n}")
        asked, beyond = self.vectors.for_chroma(vectors)  # type: ignore[attr-defined]
        return [
            self._in_order(
                [*(ids for ids, _ in others), *self._findable],
                [*(distance + more for _, distance in others), *own],
            )[:n]
            for others, more, own in zip(
                self._unchanged(asked, n), beyond, self._distances(vectors), strict=True
            )
        ]

    def _unchanged(self, asked: FloatArray, n: int) -> list[list[tuple[str, float]]]:
        """Return at least `n` unchanged users for each vector, fewer only where there are none."""
        spare = min(len(self._changed), _MOST_DROPPED)
        while True:
            found = self._query(asked, n + _SPARE + spare)
            rows = [
                [(one, far) for one, far in zip(*row, strict=True) if one not in self._changed]
                for row in found
            ]
            if spare >= len(self._changed) or all(len(row) >= n for row in rows):
                return rows
            spare = len(self._changed)

    def _distances(self, vectors: FloatArray) -> NDArray[np.float64]:
        """Return the squared distance of each vector to each changed user with items."""
        asked, points = vectors.astype(np.float64), self._points.astype(np.float64)
        squares = np.square(asked).sum(axis=1)[:, None] + np.square(points).sum(axis=1)
        distances: NDArray[np.float64] = squares - 2 * asked @ points.T
        return distances

    def _read(self, user_ids: list[str]) -> dict[str, StoredDocument]:
        changed = [user_id for user_id in user_ids if user_id in self._changed]
        others = [user_id for user_id in user_ids if user_id not in self._changed]
        found = super()._read(others) if others else {}
        for user_id, user in zip(changed, self.dataset.user_ids.codes(changed), strict=True):
            n_items = int((self._theirs.interactions.user == user).sum())
            about = {"user_id": user_id, "n_items": n_items}
            found[user_id] = StoredDocument(self._writer.write(int(user)), about)
        return found

    @cached_property
    def _writer(self) -> ProfileWriter:
        return ProfileWriter(self._theirs)


class ChangedItems(ItemIndex):
    """The items of an index that is behind the data: new ones, and those with other features."""

    def __init__(self, index: ItemIndex, grown: Grown, step: int) -> None:
        """Take the items whose change is newer than `step` beside what `index` finds."""
        super().__init__(grown.dataset, index._chroma, index._collection, index._embedder)
        self._changed = np.flatnonzero(grown.item_changed > step)

    @property
    def searchable(self) -> bool:
        """Whether the items have any text to be searched."""
        return super().searchable or bool(self._texts)

    def search(self, text: str, n: int) -> list[tuple[int, float]]:
        """Return the `n` items nearest in meaning to `text`, as (index, cosine similarity)."""
        found: dict[int, float] = {}
        if super().searchable or not self._texts or n < 1 or not text.strip():
            found = dict(super().search(text, n))
        if self._texts:
            vector = self._embedder.query(text)
            near = self._points @ vector / np.linalg.norm(vector)
            for one, similarity in zip(self._texts, near.tolist(), strict=True):
                found |= dict.fromkeys(self._items(one), similarity)
        ranked = sorted((-similarity, item) for item, similarity in found.items())
        return [(item, -distance) for distance, item in ranked[:n]]

    @cached_property
    def _texts(self) -> list[str]:
        """The distinct texts of the changed items."""
        texts = item_texts(self.dataset)
        return list(dict.fromkeys(texts[item] for item in self._changed if texts[item]))

    @cached_property
    def _points(self) -> FloatArray:
        """Their embeddings, of length 1; worked out when something is searched for."""
        points = self._embedder.documents(self._texts)
        unit: FloatArray = points / np.linalg.norm(points, axis=1, keepdims=True)
        return unit
