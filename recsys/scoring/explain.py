"""Why DeepFM gives a user and an item their score: exact parts of the raw score, and ablations.

With uₐ the embedding of user field a and V the sum of the item's field embeddings, y falls apart
without remainder into

    y(u, i) = w₀ + own(u) + own(i) + Σₐ ⟨uₐ, V(i)⟩ + MLP(u, i)

where own holds the linear terms and pairs of one side. A history field is a weighted sum, so its
part falls apart once more into one number for every item of the history. Parts are told against
the mean over the user's unseen items: what is the same for all of them explains nothing. A field
of the item is taken out by putting the mean item's in its place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.dataset.ids import IntArray
from recsys.examples.features import Bags
from recsys.scoring.inference import Side
from recsys.scoring.scorer import Scorer

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class FieldPart:
    """What one field of the user does to the score."""

    name: str
    pairs: float
    """⟨uₐ, V(i)⟩: its FM pairs with the fields of the item, against the mean unseen item."""
    ablation: float
    """How much y, against the mean unseen item, falls when the field is neutralised (zero)."""


@dataclass(frozen=True)
class ItemPart:
    """What one field of the item does to the score."""

    name: str
    ablation: float
    """How much y falls when the mean of the field over all items stands in its place."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """The parts of one raw score; `item + mlp + Σ pairs` is y against the mean unseen item."""

    score: float
    """As answers give it: a probability, or a rating."""
    raw: float
    """y of the equation."""
    logit: float
    """What the score is calibrated from: y, less the user's level."""
    against_mean: float
    """y less its mean over the user's unseen items."""
    item: float
    """own(i): the item's linear terms and its own pairs, much the same as its popularity."""
    mlp: float
    fields: tuple[FieldPart, ...]
    item_fields: tuple[ItemPart, ...]
    history: IntArray
    """The user's items, oldest first."""
    history_parts: Numbers
    """What each of them adds through the history fields' pairs, same length."""


def explain(scorer: Scorer, user: int, items: NDArray[np.integer]) -> list[Explanation]:
    """Take the scores of a known `user` and each of `items` apart.

    Cost: one pass over all items for every field of the user, whatever the number of `items`.
    """
    network = scorer.network
    bags = scorer.inputs.users(np.array([user]))
    fields = network.fields(bags)  # (1, n_fields, K + 1)
    side = network.side(fields, "user")
    unseen = _unseen(scorer, user)

    def against_mean(values: NDArray[np.floating]) -> Numbers:
        """Take each row's mean over the unseen items off and keep the asked, → (n, n_asked)."""
        wide = values.astype(np.float64)
        centred: Numbers = (wide - wide[:, unseen].mean(axis=1, keepdims=True))[:, items]
        return centred

    whole = network.block(side, scorer.items)
    pairs = fields[0, :, :-1] @ scorer.items.vector.T  # (n_fields, n_items)
    plain = scorer.items.own + pairs.sum(axis=0) + side.own + network.bias
    ablated = _without_each(scorer, fields)
    fall = against_mean(whole) - against_mean(ablated)
    names = [field.name for field in scorer.trained.space.of("user")]
    vectors = scorer.items.vector
    centred = vectors[items] - vectors[unseen].mean(axis=0, dtype=np.float64)  # (n_asked, K)
    history, told_history = _history_parts(scorer, user, bags, centred)
    told_pairs, told_own = against_mean(pairs), against_mean(scorer.items.own[None])[0]
    told_whole, told_mlp = against_mean(whole)[0], against_mean(whole - plain)[0]
    logits, scores = scorer.finished(user, whole[0])
    of_items = _item_parts(scorer, side, items)
    return [
        Explanation(
            score=float(scores[item]),
            raw=float(whole[0, item]),
            logit=float(logits[item]),
            against_mean=float(told_whole[at]),
            item=float(told_own[at]),
            mlp=float(told_mlp[at]),
            fields=tuple(map(FieldPart, names, told_pairs[:, at].tolist(), fall[:, at].tolist())),
            item_fields=of_items[at],
            history=history,
            history_parts=told_history[:, at],
        )
        for at, item in enumerate(items)
    ]


def _unseen(scorer: Scorer, user: int) -> NDArray[np.bool_]:
    """Return which items the user has not seen, all where they have seen everything."""
    matrix = scorer.inputs.matrix
    unseen = np.ones(scorer.inputs.n_items, dtype=bool)
    unseen[matrix.indices[slice(*matrix.indptr[user : user + 2])]] = False
    return unseen if unseen.any() else ~unseen


def _item_parts(
    scorer: Scorer, user: Side, items: NDArray[np.integer]
) -> list[tuple[ItemPart, ...]]:
    """Return what each field of each of `items` does to its score for one user's side."""
    network = scorer.network
    fields = network.fields(scorer.inputs.items(items))  # (n, n_fields, K + 1)

    def raw(fields: NDArray[np.float32]) -> NDArray[np.float64]:
        y = network.block(user, network.items(network.side(fields, "item")))
        wide: Numbers = y[0].astype(np.float64)
        return wide

    whole, names = raw(fields), [field.name for field in scorer.trained.space.of("item")]
    n_items, n_fields = fields.shape[:2]
    neutral = np.repeat(fields[None], n_fields, axis=0)  # (without field f, item, field, K + 1)
    neutral[np.arange(n_fields), :, np.arange(n_fields)] = scorer.mean_item_fields[:, None]
    left = raw(neutral.reshape(-1, *fields.shape[1:])).reshape(n_fields, n_items)
    return [tuple(map(ItemPart, names, fall.tolist())) for fall in (whole - left).T]


def _without_each(scorer: Scorer, fields: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return y of all items with one field of the user neutralised after the other, (F, n_items).

    They are scored at once, as that many users.
    """
    n_fields = fields.shape[1]
    neutral = np.repeat(fields, n_fields, axis=0)
    neutral[np.arange(n_fields), np.arange(n_fields)] = 0.0
    side: Side = scorer.network.side(neutral, "user")
    return scorer.network.block(side, scorer.items)


def _history_parts(
    scorer: Scorer, user: int, bags: Bags, items: Numbers
) -> tuple[IntArray, Numbers]:
    """Return the user's items and Σ over history fields of ⟨w · v, V⟩, (n, n_asked)."""
    histories = scorer.inputs.histories
    own = histories.items[slice(*histories.offsets[user : user + 2])]
    vectors = np.zeros((len(own), scorer.items.vector.shape[1]), np.float32)
    for f, field in enumerate(scorer.trained.space.of("user")):
        if field.kind == "history":
            bag = slice(bags.offsets[f], bags.offsets[f + 1])  # one code per item, in order
            embedded = scorer.network.table[bags.codes[bag], :-1]
            vectors += embedded * bags.values[bag, None]
    parts: Numbers = vectors @ items.T
    return own, parts
