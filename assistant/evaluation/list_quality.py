"""How good a list of items is: against held-out items, the recommender's own list, the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.dataset.matrix import interaction_matrix
from ingest.dataset.schema import Dataset
from recsys.evaluation import metrics

TOP = 10
"""Places of a list that count."""


@dataclass(frozen=True, eq=False)
class Shelf:
    """What the checks know of the data, made once."""

    dataset: Dataset
    n_users_of: NDArray[Any]
    """How many users have each item."""
    matrix: Any
    """Users × items, CSR."""

    @classmethod
    def of(cls, dataset: Dataset) -> Shelf:
        counts = np.bincount(dataset.interactions.item, minlength=dataset.n_items)
        matrix = interaction_matrix(dataset.interactions, dataset.n_users, dataset.n_items)
        return cls(dataset, counts, matrix)

    def seen_by(self, user: str | None) -> frozenset[str]:
        """Return the ids of the items a user has."""
        code = None if user is None else self.dataset.user_ids.code(user)
        if code is None:
            return frozenset()
        items = self.matrix.indices[self.matrix.indptr[code] : self.matrix.indptr[code + 1]]
        return frozenset(str(self.dataset.item_ids.external[item]) for item in items)

    def audience_of(self, item_id: str) -> int:
        """Return how many users have an item."""
        code = self.dataset.item_ids.code(item_id)
        return 0 if code is None else int(self.n_users_of[code])

    def values(self, item_id: str, name: str) -> frozenset[str]:
        """Return the values that an item has in a field."""
        code = self.dataset.item_ids.code(item_id)
        if code is None or name not in self.dataset.items.columns:
            return frozenset()
        value = self.dataset.items[name].iloc[code]
        many = value if isinstance(value, list | tuple) else [value]
        return frozenset(
            str(int(one)) if isinstance(one, float) and one.is_integer() else str(one)
            for one in many
            if one is not None and one == one
        )


def list_metrics(
    column: str, items: Sequence[str], truth: Sequence[str], own: Sequence[str]
) -> dict[str, float]:
    """Measure a list against held-out items and against the recommender's own."""
    found: dict[str, float] = {}
    if truth and items:
        top = list(dict.fromkeys(items))[:TOP]
        hits = np.zeros((1, TOP), bool)
        hits[0, : len(top)] = [item in truth for item in top]
        n_relevant = np.array([len(set(truth))])
        found[f"{column}.hit"] = float(metrics.hit_rate_at_k(hits)[0])
        found[f"{column}.ndcg"] = float(metrics.ndcg_at_k(hits, n_relevant)[0])
        found[f"{column}.mrr"] = float(metrics.reciprocal_rank_at_k(hits)[0])
    elif truth:
        found |= {f"{column}.{name}": 0.0 for name in ("hit", "ndcg", "mrr")}
    if own and items:
        first = own[: len(items)]
        found[f"{column}.overlap"] = len(set(first) & set(items)) / len(first)
        tau = kendall_tau([own.index(item) for item in dict.fromkeys(items) if item in own])
        if tau is not None:
            found[f"{column}.kendall_tau"] = tau
    return found


def kendall_tau(places: Sequence[int]) -> float | None:
    """Return Kendall's τ of an order against 0 1 2 …; None for fewer than two places."""
    n = len(places)
    if n < 2:
        return None
    order = np.asarray(places)
    pairs = np.sign(order[None, :] - order[:, None])[np.triu_indices(n, 1)]
    return float(pairs.sum() / len(pairs))


def spread_metrics(shown: Sequence[str], shelf: Shelf) -> dict[str, float]:
    """Measure how popular the items are, and how unlike each other."""
    codes = [shelf.dataset.item_ids.code(item) for item in shown]
    known = [code for code in codes if code is not None]
    if not known:
        return {}
    share = shelf.n_users_of[known].mean() / max(shelf.dataset.n_users, 1)
    found = {"shown.popularity": float(share)}
    fields = [f.name for f in shelf.dataset.fields_of("item") if f.kind == "multi"]
    if len(known) > 1 and fields:
        sets = [shelf.values(item, fields[0]) for item in dict.fromkeys(shown)]
        distances = [
            1 - len(one & other) / len(one | other) if one | other else 0.0
            for at, one in enumerate(sets)
            for other in sets[:at]
        ]
        if distances:
            found["shown.diversity"] = float(np.mean(distances))
    return found
