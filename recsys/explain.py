"""Why DeepFM gives a user and an item their score: exact parts of the raw score, and ablations.

With uₐ the embedding of user field a and V the sum of the item's field embeddings, y falls apart
without remainder into

    y(u, i) = w₀ + own(u) + own(i) + Σₐ ⟨uₐ, V(i)⟩ + MLP(u, i)

where own holds the linear terms and pairs of one side. A history field is a weighted sum, so its
part falls apart once more into one number for every item of the history. Parts are told against
the mean over the user's unseen items: what is the same for all of them explains nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.ids import IntArray
from recsys.inference import Side
from recsys.scoring import Scorer

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class FieldPart:
    """What one field of the user does to the score."""

    name: str
    pairs: float
    """⟨uₐ, V(i)⟩: its FM pairs with the fields of the item, against the mean unseen item."""
    ablation: float
    """How much y, against the mean unseen item, falls when the field is neutralised (zero)."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """The parts of one raw score; `item + mlp + Σ pairs` is y against the mean unseen item."""

    score: float
    """As answers give it: a probability, or a rating."""
    raw: float
    """y of the equation."""
    against_mean: float
    """y less its mean over the user's unseen items."""
    item: float
    """own(i): the item's linear terms and its own pairs, much the same as its popularity."""
    mlp: float
    fields: tuple[FieldPart, ...]
    history: IntArray
    """The user's items, oldest first."""
    history_parts: Numbers
    """What each of them adds through the history fields' pairs, same length."""


def explain(scorer: Scorer, user: int, item: int) -> Explanation:
    """Take the score of a known `user` and `item` apart.

    Cost: one pass over all items for every field of the user.
    """
    network, inputs = scorer.network, scorer.inputs
    bags = inputs.users(np.array([user]))
    fields = network.fields(bags)  # (1, n_fields, K + 1)
    unseen = np.ones(inputs.n_items, dtype=bool)
    unseen[inputs.matrix.indices[slice(*inputs.matrix.indptr[user : user + 2])]] = False
    if not unseen.any():
        unseen[:] = True

    def against_mean(values: NDArray[np.floating]) -> Numbers:
        """Take each row's mean over the unseen items off, (n, n_items) → (n, n_items)."""
        wide = values.astype(np.float64)
        centred: Numbers = wide - wide[:, unseen].mean(axis=1, keepdims=True)
        return centred

    whole = network.block(network.side(fields, "user"), scorer.items)
    pairs = fields[0, :, :-1] @ scorer.items.vector.T  # (n_fields, n_items)
    plain = scorer.items.own + pairs.sum(axis=0) + network.side(fields, "user").own + network.bias
    ablated = np.concatenate([_without(scorer, fields, f) for f in range(bags.n_fields)])
    fall = against_mean(whole) - against_mean(ablated)
    names = [field.name for field in scorer.trained.space.of("user")]
    history, parts = _history_parts(scorer, user)
    return Explanation(
        score=float(scorer.score_pairs(np.array([user]), np.array([item]))[0]),
        raw=float(whole[0, item]),
        against_mean=float(against_mean(whole)[0, item]),
        item=float(against_mean(scorer.items.own[None])[0, item]),
        mlp=float(against_mean(whole - plain)[0, item]),
        fields=tuple(
            FieldPart(name, float(pair), float(lost))
            for name, pair, lost in zip(
                names, against_mean(pairs)[:, item], fall[:, item], strict=True
            )
        ),
        history=history,
        history_parts=against_mean(parts)[:, item] if len(history) else np.empty(0),
    )


def _without(scorer: Scorer, fields: NDArray[np.float32], f: int) -> NDArray[np.float32]:
    """Return y of all items with user field `f` neutralised, (1, n_items)."""
    neutral = fields.copy()
    neutral[:, f] = 0.0
    side: Side = scorer.network.side(neutral, "user")
    return scorer.network.block(side, scorer.items)


def _history_parts(scorer: Scorer, user: int) -> tuple[IntArray, NDArray[np.float32]]:
    """Return the user's items and, of each, Σ over history fields of ⟨w · v, V⟩, (n, n_items)."""
    histories = scorer.inputs.histories
    own = histories.items[slice(*histories.offsets[user : user + 2])]
    vectors = np.zeros((len(own), scorer.items.vector.shape[1]), np.float32)
    bags = scorer.inputs.users(np.array([user]))
    for f, field in enumerate(scorer.trained.space.of("user")):
        if field.kind == "history":
            bag = slice(bags.offsets[f], bags.offsets[f + 1])  # one code per item, in order
            embedded = scorer.network.table[bags.codes[bag], :-1]
            vectors += embedded * bags.values[bag, None]
    return own, vectors @ scorer.items.vector.T
