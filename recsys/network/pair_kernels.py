"""Compiled loops of `recsys.network.projected`; import this inside the function that needs one.

A *side* is a batch's distinct users or items as CSR bags (`features.Bags`); `slot` is the place of
every code among the distinct codes of the batch. All arrays are float32 unless they count.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

_LOOSE = {"reassoc", "contract"}
"""Sums may be taken in any order, which lets them fill vector registers; NaN stays NaN."""


@njit(cache=True, fastmath=_LOOSE)
def side_forward(
    table: Any, projected: Any, slot: Any, bags: Any, rows: Any, own: Any, vector: Any, hidden: Any
) -> None:
    """Sum up every row of a side: own (n,), vector (n, K), hidden (n, H).

    own = Σ linear + ½(|Σ e|² − Σ|e|²), e being the embedding of one field, itself a sum.
    """
    codes, values, offsets, n_fields = bags
    k = vector.shape[1]
    field = np.empty(k, np.float32)
    for r in range(len(rows)):
        linear = np.float32(0)
        squares = np.float32(0)
        vector[r] = 0
        hidden[r] = 0
        for bag in range(rows[r] * n_fields, (rows[r] + 1) * n_fields):
            field[:] = 0
            for place in range(offsets[bag], offsets[bag + 1]):
                code, value = slot[codes[place]], values[place]
                linear += value * table[code, k]
                for j in range(k):
                    field[j] += value * table[code, j]
                for h in range(hidden.shape[1]):
                    hidden[r, h] += value * projected[code, h]
            for j in range(k):
                vector[r, j] += field[j]
                squares += field[j] * field[j]
        total = np.float32(0)
        for j in range(k):
            total += vector[r, j] * vector[r, j]
        own[r] = linear + np.float32(0.5) * (total - squares)


@njit(cache=True, fastmath=_LOOSE)
def pair_forward(user: Any, item: Any, user_side: Any, item_side: Any, y: Any, hidden: Any) -> None:
    """Fill y (B,) and the first pre-activation, hidden (B, H), of pairs of two sides' rows."""
    own_u, vector_u, hidden_u = user_side
    own_i, vector_i, hidden_i = item_side
    for r in range(len(y)):
        u, i = user[r], item[r]
        product = np.float32(0)
        for j in range(vector_u.shape[1]):
            product += vector_u[u, j] * vector_i[i, j]
        y[r] = own_u[u] + own_i[i] + product
        for h in range(hidden.shape[1]):
            hidden[r, h] = hidden_u[u, h] + hidden_i[i, h]


@njit(cache=True, fastmath=_LOOSE)
def pair_backward(
    user: Any,
    item: Any,
    dy: Any,
    d_hidden: Any,
    user_side: Any,
    item_side: Any,
    d_user: Any,
    d_item: Any,
) -> None:
    """Add the gradients of `pair_forward` to `d_user` and `d_item`, shaped as the sides are."""
    _, vector_u, _ = user_side
    _, vector_i, _ = item_side
    d_own_u, d_vector_u, d_hidden_u = d_user
    d_own_i, d_vector_i, d_hidden_i = d_item
    for r in range(len(dy)):
        u, i, d = user[r], item[r], dy[r]
        d_own_u[u] += d
        d_own_i[i] += d
        for j in range(vector_u.shape[1]):
            d_vector_u[u, j] += d * vector_i[i, j]
        for j in range(vector_u.shape[1]):
            d_vector_i[i, j] += d * vector_u[u, j]
        for h in range(d_hidden.shape[1]):
            d_hidden_u[u, h] += d_hidden[r, h]
        for h in range(d_hidden.shape[1]):
            d_hidden_i[i, h] += d_hidden[r, h]


@njit(cache=True, fastmath=_LOOSE)
def side_backward(
    table: Any,
    slot: Any,
    bags: Any,
    rows: Any,
    vector: Any,
    d_side: Any,
    d_table: Any,
    d_projected: Any,
) -> None:
    """Add the gradients of `side_forward` to `d_table` and `d_projected`.

    ∂own/∂e = Σe − e for the embedding e of a field.
    """
    codes, values, offsets, n_fields = bags
    d_own, d_vector, d_hidden = d_side
    k = vector.shape[1]
    d_field = np.empty(k, np.float32)
    for r in range(len(rows)):
        d = d_own[r]
        for bag in range(rows[r] * n_fields, (rows[r] + 1) * n_fields):
            for j in range(k):
                d_field[j] = d_vector[r, j] + d * vector[r, j]
            for place in range(offsets[bag], offsets[bag + 1]):
                code, value = slot[codes[place]], d * values[place]
                for j in range(k):
                    d_field[j] -= value * table[code, j]
            for place in range(offsets[bag], offsets[bag + 1]):
                code, value = slot[codes[place]], values[place]
                d_table[code, k] += d * value
                for j in range(k):
                    d_table[code, j] += value * d_field[j]
                for h in range(d_hidden.shape[1]):
                    d_projected[code, h] += value * d_hidden[r, h]
