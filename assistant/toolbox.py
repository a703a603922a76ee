"""What can be computed about users and items: external ids in, rows of plain JSON types out.

Every number an answer may show comes from a row made here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.evidence import Row
from assistant.filters import All
from ingest.errors import AskerError
from ingest.ids import IntArray
from ingest.profiles import without_attributes
from ingest.schema import Dataset
from recsys.neighbours import Neighbours, shared_items
from recsys.ranking import By, Mask, Recommender, percentiles

if TYPE_CHECKING:
    from ingest.store import Index

N_NEIGHBOURS = 10
"""How many of the nearest users an answer looks at and names."""
N_LIKED = 3
"""How many of the items a user liked are named beside a suggestion."""
N_PROFILES = 3
"""How many similar users' profiles stand beside an answer."""
N_CANDIDATES = 50
"""How many users Chroma proposes, of whom the exact Jaccard chooses."""
MEANING_CANDIDATES = 100
"""How many items nearest in meaning to a topic are ranked for a user."""


@dataclass(frozen=True, eq=False)
class Toolbox:
    """The functions behind the tools, over one home's data, model and index."""

    dataset: Dataset
    recommender: Recommender
    index: Index

    def similar_users(self, user_id: str, k: int = N_NEIGHBOURS) -> list[Row]:
        """Return the `k` users whose item sets are most like the user's, by exact Jaccard."""
        user = self.user(user_id)
        return self._neighbour_rows(self.recommender.nearest(user, k), self.recommender.seen(user))

    def user_similarity(self, user_id: str, other_id: str) -> list[Row]:
        """Return the Jaccard similarity of two users, one row, with the sizes behind it."""
        one, other = self.user(user_id), self.user(other_id)
        own, others = self.recommender.seen(one), self.recommender.seen(other)
        shared = shared_items(self.recommender.matrix, other, own)
        union = len(own) + len(others) - len(shared)
        return [
            {
                "user_id": user_id,
                "other_id": other_id,
                "jaccard": len(shared) / union if union else 0.0,
                "intersection": len(shared),
                "union": union,
                "n_items": len(own),
                "n_items_other": len(others),
                "shared_items": self._ids(shared),
                "shared_titles": [self.dataset.title(item) for item in shared[:5]],
            }
        ]

    def recommend(
        self,
        user_id: str,
        n: int,
        by: By = "both",
        filters: All | None = None,
        among_neighbours: int | None = None,
        topic: str | None = None,
    ) -> list[Row]:
        """Return the best `n` unseen items for the user, best first.

        Args:
            user_id: a user of the data.
            n: how many.
            by: the order: DeepFM and neighbours together, or one of them.
            filters: conditions an item must meet before it is ranked.
            among_neighbours: consider only what this many nearest users have.
            topic: consider only the items nearest to this text in meaning.
        """
        user = self.user(user_id)
        allowed = self._allowed(user, filters, among_neighbours, topic)
        ranking = self.recommender.rank(user, n, by, allowed)
        near = self.recommender.nearest(user, N_NEIGHBOURS)
        taste = self._taste(user)
        alike = self._liked_alike(user, ranking.item)
        return [
            {
                **self._item_row(int(item)),
                "rank": rank,
                "score": float(score),
                "percentile": float(percentile),
                "votes": float(votes),
                "n_unseen": ranking.n_unseen,
                "n_allowed": ranking.n_allowed,
                **self._support_row(int(item), near),
                "taste": self._shared_taste(int(item), taste),
                "liked": alike[rank - 1],
            }
            for rank, (item, score, percentile, votes) in enumerate(
                zip(ranking.item, ranking.score, ranking.percentile, ranking.votes, strict=True),
                start=1,
            )
        ]

    def popular(self, n: int, filters: All | None = None) -> list[Row]:
        """Return the `n` items most users have: not personal, for those the data do not know."""
        allowed = filters.mask(self.dataset) if filters else None
        items = self.recommender.popular(n, allowed)
        return [
            self._item_row(int(item)) | {"rank": rank} for rank, item in enumerate(items, start=1)
        ]

    def deepfm_score(self, user_id: str, item_ids: Sequence[str]) -> list[Row]:
        """Return DeepFM's score of each item for the user, its place and its support."""
        user = self.user(user_id)
        items = np.array([self.item(item_id) for item_id in item_ids], dtype=np.int32)
        scores = self.recommender.scores(user)
        unseen = self.recommender.unseen(user)
        near = self.recommender.nearest(user, N_NEIGHBOURS)
        taste = self._taste(user)
        alike = self._liked_alike(user, items)
        return [
            {
                **self._item_row(int(item)),
                "score": float(scores[item]),
                "percentile": float(percentile),
                "place": 1 + int((scores[unseen] > scores[item]).sum()),
                "n_unseen": int(unseen.sum()),
                "mean_score": float(scores[unseen].mean()) if unseen.any() else None,
                "seen": not bool(unseen[item]),
                "label": self._label(user, int(item)),
                **self._support_row(int(item), near),
                "taste": self._shared_taste(int(item), taste),
                "liked": liked,
            }
            for item, percentile, liked in zip(
                items, percentiles(scores[items], scores[unseen]), alike, strict=True
            )
        ]

    def user_profile(self, user_id: str) -> list[Row]:
        """Return what the data say of the user, one row: profile and how many items."""
        user = self.user(user_id)
        document = self.index.users.documents([user_id])[0]
        return [
            {
                "user_id": user_id,
                "n_items": len(self.recommender.seen(user)),
                "profile": document.text,
            }
        ]

    def similar_profiles(self, user_id: str, n: int = N_PROFILES) -> list[Row]:
        """Return the profiles of the `n` users most like the user, less their attributes.

        Chroma proposes candidates by vector distance; the exact Jaccard orders them.
        """
        user = self.user(user_id)
        own = self.recommender.seen(user)
        if not len(own):
            return []
        proposed = set(self.index.users.nearest(own, N_CANDIDATES))
        near = self.recommender.nearest(user, N_CANDIDATES)
        exact = (
            self._neighbour(*map(int, numbers))
            for numbers in zip(near.user, near.intersection, near.union, strict=True)
        )
        rows = [row for row in exact if row["user_id"] in proposed][:n]
        documents = self.index.users.documents([row["user_id"] for row in rows])
        return [
            row | {"profile": without_attributes(document.text)}
            for row, document in zip(rows, documents, strict=True)
        ]

    def find_items(self, text: str, n: int = 10) -> list[Row]:
        """Return the `n` items whose title and attributes are nearest in meaning to the text."""
        return [
            self._item_row(item) | {"similarity": similarity}
            for item, similarity in self.index.items.search(text, n)
        ]

    def user(self, user_id: str) -> int:
        """Return the index of a user; raises AskerError when the data have no such user."""
        user = self.dataset.user_ids.code(user_id)
        if user is None:
            raise AskerError(
                f"user {user_id} is not in the data set {self.dataset.name}; check the id"
            )
        return user

    def item(self, item_id: str) -> int:
        """Return the index of an item; raises AskerError when the data have no such item."""
        item = self.dataset.item_ids.code(item_id)
        if item is None:
            noun = self.dataset.noun.one
            raise AskerError(
                f"{noun} {item_id} is not in the data set {self.dataset.name}; check the id"
            )
        return item

    def _allowed(
        self, user: int, filters: All | None, among_neighbours: int | None, topic: str | None
    ) -> Mask | None:
        """Return the items to be ranked, (n_items,), or None for all."""
        if not filters and among_neighbours is None and topic is None:
            return None
        allowed = (
            filters.mask(self.dataset) if filters else np.ones(self.dataset.n_items, dtype=bool)
        )
        if among_neighbours is not None:
            near = self.recommender.nearest(user, among_neighbours)
            had = np.zeros(self.dataset.n_items, dtype=bool)
            had[self.recommender.matrix[near.user].indices] = True
            allowed &= had
        if topic is not None:
            meant = np.zeros(self.dataset.n_items, dtype=bool)
            meant[[item for item, _ in self.index.items.search(topic, MEANING_CANDIDATES)]] = True
            allowed &= meant
        return allowed

    def _ids(self, items: IntArray) -> list[str]:
        return [str(self.dataset.item_ids.external[item]) for item in items]

    def _neighbour_rows(self, near: Neighbours, own: IntArray) -> list[Row]:
        rows = []
        for user, intersection, union in zip(near.user, near.intersection, near.union, strict=True):
            shared = shared_items(self.recommender.matrix, int(user), own)
            rows.append(
                {
                    **self._neighbour(int(user), int(intersection), int(union)),
                    "shared_items": self._ids(shared),
                    "shared_titles": [
                        self.dataset.title(item) for item in self._best_known(shared)
                    ],
                }
            )
        return rows

    def _best_known(self, items: IntArray, n: int = 3) -> IntArray:
        """Return the `n` items of a set that the fewest users have: sharing those says most."""
        return items[np.lexsort((items, self.recommender.audience.n_users_of[items]))][:n]

    def _neighbour(self, user: int, intersection: int, union: int) -> Row:
        return {
            "user_id": str(self.dataset.user_ids.external[user]),
            "jaccard": intersection / union,
            "intersection": intersection,
            "union": union,
        }

    def _item_row(self, item: int) -> Row:
        return {
            "item_id": str(self.dataset.item_ids.external[item]),
            "title": self.dataset.title(item),
            "attributes": self._attributes(item),
            "n_users": int(self.recommender.audience.n_users_of[item]),
        }

    def _attributes(self, item: int) -> dict[str, Any]:
        """Return what the data say of an item, missing values left out."""
        row = self.dataset.items.iloc[item]
        found: dict[str, Any] = {}
        for field in self.dataset.fields_of("item"):
            value = row[field.name]
            if field.kind == "multi":
                if len(value):
                    found[field.name] = list(value)
            elif field.kind == "dense":
                if np.isfinite(value):
                    found[field.name] = int(value) if float(value).is_integer() else float(value)
            elif isinstance(value, str):
                found[field.name] = value
        return found

    def _support_row(self, item: int, near: Neighbours) -> Row:
        """Return which of the nearest users have the item, and how many were looked at."""
        column = self.recommender.audience.by_item
        audience = column.indices[column.indptr[item] : column.indptr[item + 1]]
        have = np.isin(near.user, audience)
        places = np.flatnonzero(have)
        rows = zip(near.user[have], near.intersection[have], near.union[have], strict=True)
        return {
            "neighbours": [
                self._neighbour(int(user), int(both), int(either)) | {"place": int(place) + 1}
                for place, (user, both, either) in zip(places, rows, strict=True)
            ],
            "n_neighbours": len(near),
        }

    def _label(self, user: int, item: int) -> float | None:
        """Return the user's label of the item; None when unseen or without labels."""
        seen = self.dataset.interactions
        if not self.dataset.has_labels:
            return None
        rows = np.flatnonzero((seen.user == user) & (seen.item == item))
        return float(seen.label[rows[0]]) if len(rows) else None

    def _taste(self, user: int) -> dict[tuple[str, str], tuple[int, int]]:
        """Return how often each attribute value stands in what the user liked, with of how many.

        Where labels do not grade, everything the user has counts as liked.
        """
        liked = self.dataset.interactions.item[self._liked_rows(user)]
        counts: dict[tuple[str, str], tuple[int, int]] = {}
        for field in self.dataset.fields_of("item"):
            if field.kind == "dense":
                continue
            values = self.dataset.items[field.name].iloc[liked]
            values = values.explode() if field.kind == "multi" else values
            for value, count in values.dropna().value_counts().items():
                counts[field.name, str(value)] = (int(count), len(liked))
        return counts

    def _liked_alike(self, user: int, items: IntArray) -> list[list[Row]]:
        """Return, for each item, what the user liked whose audience is most like the item's.

        Likeness is the Jaccard of the two sets of users; the item itself is left out.
        """
        rows = self._liked_rows(user)
        liked, label = self.dataset.interactions.item[rows], self.dataset.interactions.label
        audience = self.recommender.audience
        both = (audience.by_item[items] @ audience.by_item[liked].T).toarray().astype(np.int64)
        sizes = audience.n_users_of.astype(np.int64)
        either = sizes[items][:, None] + sizes[liked][None, :] - both
        jaccard = both / np.maximum(either, 1)
        jaccard[items[:, None] == liked[None, :]] = 0.0
        found = []
        for place in range(len(items)):
            best = np.lexsort((liked, -jaccard[place]))[:N_LIKED]
            found.append(
                [
                    {
                        "item_id": str(self.dataset.item_ids.external[liked[one]]),
                        "title": self.dataset.title(liked[one]),
                        "label": float(label[rows[one]]) if self.dataset.has_labels else None,
                        "jaccard": float(jaccard[place, one]),
                        "intersection": int(both[place, one]),
                        "union": int(either[place, one]),
                    }
                    for one in best
                    if jaccard[place, one] > 0
                ]
            )
        return found

    def _liked_rows(self, user: int) -> IntArray:
        """Return the rows of what the user liked; of all he has, where labels do not grade."""
        rows = self._rows_of(user)
        if self.dataset.liked_from is None:
            return rows
        return rows[self.dataset.interactions.label[rows] >= self.dataset.liked_from]

    def _rows_of(self, user: int) -> IntArray:
        return np.flatnonzero(self.dataset.interactions.user == user).astype(np.int32)

    def _shared_taste(self, item: int, taste: dict[tuple[str, str], tuple[int, int]]) -> list[Row]:
        """Return the item's attribute values among what the user liked, most frequent first."""
        rows = []
        for name, value in self._attributes(item).items():
            for one in value if isinstance(value, list) else [value]:
                if (name, str(one)) in taste:
                    count, of = taste[name, str(one)]
                    rows.append({"field": name, "value": str(one), "count": count, "of": of})
        return sorted(rows, key=lambda row: (-row["count"], row["value"]))
