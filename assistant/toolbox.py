"""What can be computed about users and items: external ids in, rows of plain JSON types out.

Every number an answer may show comes from a row made here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from assistant.asking.filters import All
from assistant.evidence import Row
from assistant.rows import Rows
from ingest.index.profiles import without_attributes
from recsys.lists.ranking import By, Mask, percentiles
from recsys.neighbours.audience import shared_items

N_NEIGHBOURS = 10
"""How many of the nearest users an answer looks at and names."""
N_PROFILES = 3
"""How many similar users' profiles stand beside an answer."""
N_CANDIDATES = 50
"""How many users Chroma proposes, of whom the exact Jaccard chooses."""
MEANING_CANDIDATES = 100
"""How many items nearest in meaning to a topic are ranked for a user."""


@dataclass(frozen=True, eq=False)
class Toolbox(Rows):
    """What every answer stands on: lists, scores, neighbours and profiles of known users."""

    def similar_users(self, user_id: str, k: int = N_NEIGHBOURS) -> list[Row]:
        """Return the `k` users whose item sets are most like the user's, by exact Jaccard."""
        user = self.user(user_id)
        return self.neighbour_rows(self.recommender.nearest(user, k), self.recommender.seen(user))

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
                "shared_items": self.ids(shared),
                "shared_titles": [self.dataset.title(item) for item in shared[:5]],
            }
        ]

    def recommend(
        self,
        user_id: str,
        n: int = 5,
        by: By = "both",
        filters: All | None = None,
        among_neighbours: int | None = None,
        topic: str | None = None,
        offset: int = 0,
        least_score: float | None = None,
        liked_by: str | None = None,
    ) -> list[Row]:
        """Return the best `n` unseen items for the user, best first.

        Args:
            user_id: a user of the data.
            n: how many.
            by: the order: DeepFM and neighbours together, or one of them.
            filters: conditions an item must meet before it is ranked.
            among_neighbours: consider only what this many nearest users have.
            topic: consider only the items nearest to this text in meaning.
            offset: how many of the best to pass over.
            least_score: consider only items DeepFM scores at least so high.
            liked_by: consider only what this other user liked.
        """
        user = self.user(user_id)
        allowed = self.allowed(user, filters, among_neighbours, topic)
        for bound in (self._scored(user, least_score), self._liked_by(liked_by)):
            if bound is not None:
                allowed = bound if allowed is None else allowed & bound
        ranking = self.recommender.rank(user, n + offset, by, allowed).after(offset)
        near = self.recommender.nearest(user, N_NEIGHBOURS)
        taste = self.taste(user)
        alike = self.liked_alike(user, ranking.item)
        return [
            {
                **self.item_row(int(item)),
                "rank": rank,
                "score": float(score),
                "percentile": float(percentile),
                "votes": float(votes),
                "n_unseen": ranking.n_unseen,
                "n_allowed": ranking.n_allowed,
                **self.support_row(int(item), near),
                "taste": self.shared_taste(int(item), taste),
                "liked": alike[rank - 1 - offset],
            }
            for rank, (item, score, percentile, votes) in enumerate(
                zip(ranking.item, ranking.score, ranking.percentile, ranking.votes, strict=True),
                start=1 + offset,
            )
        ]

    def popular(self, n: int = 5, filters: All | None = None, least: bool = False) -> list[Row]:
        """Return the `n` items most users have, or the least: not personal, for strangers."""
        allowed = filters.mask(self.dataset) if filters else None
        items = self.recommender.popular(self.dataset.n_items if least else n, allowed)
        items = items[::-1][:n] if least else items
        return [
            self.item_row(int(item)) | {"rank": rank} for rank, item in enumerate(items, start=1)
        ]

    def deepfm_score(self, user_id: str, item_ids: Sequence[str]) -> list[Row]:
        """Return DeepFM's score of each item for the user, its place and its support."""
        user = self.user(user_id)
        items = np.array([self.item(item_id) for item_id in item_ids], dtype=np.int32)
        scores = self.recommender.scores(user)
        unseen = self.recommender.unseen(user)
        near = self.recommender.nearest(user, N_NEIGHBOURS)
        taste = self.taste(user)
        alike = self.liked_alike(user, items)
        return [
            {
                **self.item_row(int(item)),
                "score": float(scores[item]),
                "percentile": float(percentile),
                "place": 1 + int((scores[unseen] > scores[item]).sum()),
                "n_unseen": int(unseen.sum()),
                "mean_score": float(scores[unseen].mean()) if unseen.any() else None,
                "seen": not bool(unseen[item]),
                "label": self.label(user, int(item)),
                **self.support_row(int(item), near),
                "taste": self.shared_taste(int(item), taste),
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
        rows = self._alike(user_id, n)
        documents = self.index.users.documents([row["user_id"] for row in rows])
        return [
            row | {"profile": without_attributes(document.text)}
            for row, document in zip(rows, documents, strict=True)
        ]

    def profiles(self, user_ids: Sequence[str], n_alike: int = N_PROFILES) -> list[Row]:
        """Return `user_profile` of each user and `similar_profiles` of the first, read at once."""
        alike = self._alike(user_ids[0], n_alike) if user_ids and n_alike else []
        wanted = [*user_ids, *(row["user_id"] for row in alike)]
        texts = [document.text for document in self.index.users.documents(wanted)]
        own = [
            {
                "user_id": user_id,
                "n_items": len(self.recommender.seen(self.user(user_id))),
                "profile": text,
            }
            for user_id, text in zip(user_ids, texts, strict=False)
        ]
        near = [
            row | {"profile": without_attributes(text)}
            for row, text in zip(alike, texts[len(user_ids) :], strict=True)
        ]
        return [*own, *near]

    def _alike(self, user_id: str, n: int) -> list[Row]:
        """Return the `n` users most like the user among those whom Chroma proposes."""
        user = self.user(user_id)
        own = self.recommender.seen(user)
        if not len(own):
            return []
        proposed = set(self.index.users.nearest(own, N_CANDIDATES))
        near = self.recommender.nearest(user, N_CANDIDATES)
        external = self.dataset.user_ids.external
        found = (
            self.neighbour(*map(int, numbers))
            for numbers in zip(near.user, near.intersection, near.union, strict=True)
            if external[numbers[0]] in proposed
        )
        return list(islice(found, n))

    def find_items(self, text: str, n: int = 10) -> list[Row]:
        """Return the `n` items whose title and attributes are nearest in meaning to the text."""
        return [
            self.item_row(item) | {"similarity": similarity}
            for item, similarity in self.index.items.search(text, n)
        ]

    def _scored(self, user: int, least_score: float | None) -> Mask | None:
        if least_score is None:
            return None
        high: Mask = self.recommender.scores(user) >= least_score
        return high

    def _liked_by(self, other_id: str | None) -> Mask | None:
        if other_id is None:
            return None
        liked = np.zeros(self.dataset.n_items, dtype=bool)
        liked[self.dataset.interactions.item[self.liked_rows(self.user(other_id))]] = True
        return liked

    def allowed(
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
