"""A trained DeepFM in numpy: what answers need, without importing torch.

What an item brings to every pair is worked out once (`Network.side`): the FM terms of its own
fields, the sum of its embeddings, and its half of the first layer, W₁[u; i] = W₁ᵤu + W₁ᵢi. A pair
then costs one inner product and the rest of the MLP. Batch normalisation is folded into the layers.
Where the items are many or the MLP is deep the pairs are compiled (`recsys.scoring.head_tiles`);
less is not worth loading numba for one answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ingest.dataset.schema import FloatArray
from recsys.examples.features import Bags

Weights = Mapping[str, FloatArray]
_BN_EPSILON = 1e-5
_BLOCK_ITEMS = 1024
"""Items whose hidden layers are worked out at once: half a MiB, which stays in a core's cache."""
_WORTH = 1 << 18
"""Multiplications for one user's scores from which they are compiled: a millisecond of numpy's, and
0.3 s of loading numba once."""


class Side(NamedTuple):
    """What n users, or n items, bring to every pair they enter."""

    own: FloatArray  # (n,)
    vector: FloatArray  # (n, K)
    hidden: FloatArray  # (n, H); H is 0 without an MLP

    def mean(self) -> Side:
        """Return the average of the rows as one row."""
        return Side(*(part.mean(axis=0, keepdims=True, dtype=np.float32) for part in self))


class Items(NamedTuple):
    """What n items bring, laid out for `Network.block`."""

    own: FloatArray  # (n,)
    vector: FloatArray  # (n, K)
    hidden: FloatArray  # (n, H)
    tiles: FloatArray  # (n_tiles, 1 + K + H, LANES), see `head_tiles`; n_tiles is 0 where few


class Network:
    """The weights of one DeepFM, ready to score."""

    def __init__(self, weights: Weights, n_user_fields: int) -> None:
        """Take a state dict of `deepfm.DeepFM` as arrays."""
        self.table = weights["table"]  # (n_codes, K + 1)
        self.bias = np.float32(weights["bias"])
        self.layers = _folded_layers(weights)
        self._user_width = n_user_fields * (self.table.shape[1] - 1)

    def fields(self, bags: Bags) -> FloatArray:
        """Embed bags: (n_rows, n_fields, K + 1)."""
        shape = (len(bags.offsets) - 1, len(self.table))
        features = sparse.csr_array((bags.values, bags.codes, bags.offsets), shape=shape)
        pooled: FloatArray = features @ self.table
        return pooled.reshape(bags.n_rows, bags.n_fields, -1)

    def side(self, fields: FloatArray, which: Literal["user", "item"]) -> Side:
        """Sum up one side's fields, (n, n_fields, K + 1)."""
        embedded = fields[..., :-1]
        vector = embedded.sum(axis=1)
        within = 0.5 * (vector**2 - (embedded**2).sum(axis=1)).sum(axis=1)
        hidden = np.empty((len(fields), 0), np.float32)
        if self.layers:
            weight = self.layers[0][0]
            half = (
                weight[:, : self._user_width] if which == "user" else weight[:, self._user_width :]
            )
            hidden = row_product(embedded.reshape(len(fields), -1), np.ascontiguousarray(half.T))
        return Side(fields[..., -1].sum(axis=1) + within, vector, hidden)

    def items(self, side: Side) -> Items:
        """Lay out the side of items once for all blocks."""
        work = side.vector.shape[1] + sum(weight.size for weight, _ in self.layers[1:])
        if not self.layers or len(side.own) * work < _WORTH:
            none = np.empty((0, 0, 0), np.float32)
            return Items(side.own, np.asfortranarray(side.vector), side.hidden, none)
        from recsys.scoring.head_tiles import LANES, ROWS

        rows = np.concatenate([side.own[:, None], side.vector, _filled(side.hidden, ROWS)], axis=1)
        tiles = _filled(rows.T, LANES).reshape(rows.shape[1], -1, LANES)
        return Items(*side, np.ascontiguousarray(tiles.transpose(1, 0, 2)))

    def block(self, users: Side, items: Items) -> FloatArray:
        """Return y of every user with every item, (n_users, n_items)."""
        if items.tiles.size:
            return self._compiled_block(users, items)
        with _blas().limit(limits=1, user_api="blas"):
            return self._plain_block(users, items)

    def _compiled_block(self, users: Side, items: Items) -> FloatArray:
        from recsys.scoring.head_tiles import score_tiles

        y = np.empty((len(users.own), len(items.own)), np.float32)
        own, shift = self.user_terms(users)
        score_tiles(own, users.vector, shift, items.tiles, *self.packed_head, y)
        return y

    def user_terms(self, users: Side) -> tuple[FloatArray, FloatArray]:
        """Return `own` and `shift` of users as `head_tiles` wants them."""
        from recsys.scoring.head_tiles import ROWS

        own = users.own + (self.bias + self.layers[-1][1])
        return own, _filled(users.hidden + self.layers[0][1], ROWS)

    @cached_property
    def packed_head(self) -> tuple[FloatArray, NDArray[np.int64]]:
        """Return the weights after the first layer and the hidden widths as `head_tiles` wants."""
        from recsys.scoring.head_tiles import ROWS

        parts = []
        for weight, bias in self.layers[1:-1]:
            filled = _filled(_filled(weight, ROWS).T, ROWS).T
            parts += [filled.ravel(), _filled(bias[None], ROWS)[0]]
        parts.append(_filled(self.layers[-1][0], ROWS)[0])
        widths = [-(-len(bias) // ROWS) * ROWS for _, bias in self.layers[:-1]]
        return np.concatenate(parts), np.array(widths)

    def _plain_block(self, users: Side, items: Items) -> FloatArray:
        y = row_product(users.vector, items.vector.T)
        y += users.own[:, None]
        y += items.own + self.bias
        if self.layers:
            shifts = self._shifts(users.hidden + self.layers[0][1])
            for start in range(0, y.shape[1], _BLOCK_ITEMS):
                block = items.hidden[start : start + _BLOCK_ITEMS]
                for row, *shift in zip(y, *shifts, strict=True):
                    row[start : start + _BLOCK_ITEMS] += self._head(block, shift)
        return y

    def _shifts(self, hidden: FloatArray) -> list[FloatArray]:
        """Return what `_head` has to add at each layer for n rows of `hidden`, (n, width) each."""
        shifts = [hidden]
        for weight, bias in self.layers[1:]:
            shifts.append(row_product(shifts[-1], np.ascontiguousarray(weight.T)) + bias)
        return shifts

    def _head(self, hidden: FloatArray, shifts: list[FloatArray]) -> FloatArray:
        """Finish the MLP from the first layer's pre-activation, `hidden` + shift, (n, H) → (n,).

        relu(x + s) = max(x, −s) + s, and W(max(x, −s) + s) + b = W max(x, −s) + (W s + b): what is
        added travels beside the rows, which each layer passes over once.
        """
        for (weight, _), shift in zip(self.layers[1:], shifts[:-1], strict=True):
            hidden = np.maximum(hidden, -shift) @ weight.T
        y: FloatArray = hidden[:, 0] + shifts[-1]
        return y


@cache
def _blas() -> Any:
    """Return what limits numpy's BLAS to one thread.

    The products here are too small to share out: a second thread adds nothing but its waiting,
    which OpenBLAS does by spinning, up to forty times the work itself on a busy machine.
    """
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

    return ThreadpoolController()


def _filled(matrix: FloatArray, step: int) -> FloatArray:
    """Return `matrix` with columns of zeros up to a multiple of `step`."""
    filled: FloatArray = np.pad(matrix, ((0, 0), (0, -matrix.shape[1] % step)))
    return filled


def row_product(left: FloatArray, right: FloatArray) -> FloatArray:
    """Return left @ right, every row with the same bits whatever rows stand beside it.

    A BLAS rounds differently for matrices of different shape and spends threads on small ones.
    This is numpy's own loop: one user scores exactly as in a batch, on one thread, in 0.2 ms for
    27,278 items. It is fastest where the rows of `right` are contiguous.
    """
    product: FloatArray = np.einsum("uk,ki->ui", left, right, optimize=False)
    return product


def _folded_layers(weights: Weights) -> list[tuple[FloatArray, FloatArray]]:
    """Return (weight, bias) of every layer, each batch normalisation folded into the one before."""
    layers = []
    depth = 0
    while f"layers.{depth}.weight" in weights:
        weight, bias = weights[f"layers.{depth}.weight"], weights[f"layers.{depth}.bias"]
        norm = f"norms.{depth}."
        if norm + "weight" in weights:
            scale = weights[norm + "weight"] / np.sqrt(weights[norm + "running_var"] + _BN_EPSILON)
            bias = (bias - weights[norm + "running_mean"]) * scale + weights[norm + "bias"]
            weight = weight * scale[:, None]
        layers.append((np.ascontiguousarray(weight), bias))
        depth += 1
    return layers
