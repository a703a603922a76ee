"""A batch of pairs through the embeddings and the first layer, each embedding projected once.

The MLP's first layer over concatenated field embeddings is a sum over fields of projected rows,
W₁[e₁; …; e_F] = Σ W₁f e_f. So only the codes that a batch touches are projected, once each; every
distinct user and item of the batch sums its own codes; and a pair costs one addition of H numbers
and one inner product. What comes out is what `DeepFM.forward` computes, gradients included, for the
cost of the distinct rows instead of that of all pairs. `recsys.network.deepfm` has the equation.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ingest.dataset.schema import FloatArray
from recsys.examples.features import CodeArray
from recsys.network.scratch import Scratch
from recsys.network.touched import Touched

_Side = tuple[FloatArray, FloatArray, FloatArray]


class Projection:
    """Embeds batches of pairs; a `backward` belongs to the `forward` before it."""

    def __init__(self) -> None:
        self._scratch = Scratch()

    def forward(
        self, rows: FloatArray, weight: FloatArray, bias: FloatArray, touched: Touched
    ) -> tuple[FloatArray, FloatArray]:
        """Return FM and linear terms, (B,), and the first layer's pre-activation, (B, H).

        Args:
            rows: the table's rows `touched.codes`, (n_codes, K + 1).
            weight: of the first layer, (H, F · K); H is 0 without an MLP.
            bias: of the first layer, (H,).
            touched: the batch.
        """
        from recsys.network.pair_kernels import pair_forward, side_forward

        self._rows, self._weight, self._touched = rows, weight, touched
        n_hidden, k = len(weight), rows.shape[1] - 1
        projected = self._scratch.array("projected", len(rows), n_hidden)
        project(rows, weight, touched.blocks, projected)
        self._sides = []
        for name, bags, of in touched.sides():
            side = self._side(name, len(of), k, n_hidden)
            own, vector, hidden = side
            side_forward(rows, projected, touched.slot, tuple(bags), of, own, vector, hidden)
            self._sides.append(side)
        self._sides[1][2][:] += bias
        y = np.empty(len(touched.user), np.float32)
        hidden = self._scratch.array("hidden", len(y), n_hidden)
        pair_forward(touched.user, touched.item, self._sides[0], self._sides[1], y, hidden)
        return y, hidden

    def backward(
        self, dy: FloatArray, d_hidden: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the gradients by `rows`, `weight` and `bias`."""
        from recsys.network.pair_kernels import pair_backward, side_backward

        touched, rows, (users, items) = self._touched, self._rows, self._sides
        n_hidden, k = len(self._weight), rows.shape[1] - 1
        d_users = self._side("d users", len(users[0]), k, n_hidden)
        d_items = self._side("d items", len(items[0]), k, n_hidden)
        for part in (*d_users, *d_items):
            part.fill(0)
        pair_backward(touched.user, touched.item, dy, d_hidden, users, items, d_users, d_items)
        d_rows = self._scratch.zeros("d rows", *rows.shape)
        d_projected = self._scratch.zeros("d projected", len(rows), n_hidden)
        for (_, bags, of), (_, vector, _), d_side in zip(
            touched.sides(), self._sides, (d_users, d_items), strict=True
        ):
            side_backward(rows, touched.slot, tuple(bags), of, vector, d_side, d_rows, d_projected)
        d_weight = project_back(rows, self._weight, touched.blocks, d_projected, d_rows)
        return d_rows, d_weight, d_items[2].sum(axis=0)

    def _side(self, name: str, n: int, k: int, n_hidden: int) -> _Side:
        """Return room for own (n,), vector (n, K) and hidden (n, H) of one side."""
        return (
            self._scratch.array(f"{name} own", n),
            self._scratch.array(f"{name} vector", n, k),
            self._scratch.array(f"{name} hidden", n, n_hidden),
        )


def project(table: FloatArray, weight: FloatArray, blocks: CodeArray, out: FloatArray) -> None:
    """Fill `out`, (n, H), with every row's part of the first layer, by its field's columns of W₁.

    Args:
        table: embeddings and linear weights, (n, K + 1), field by field.
        weight: W₁, (H, F · K).
        blocks: where each field's rows begin, (F + 1,).
        out: what to fill.
    """
    k = table.shape[1] - 1
    for f, (start, end) in enumerate(zip(blocks[:-1], blocks[1:], strict=True)):
        block = weight[:, f * k : (f + 1) * k]
        torch.mm(_tensor(table[start:end, :k]), _tensor(block).T, out=_tensor(out[start:end]))


def project_back(
    table: FloatArray,
    weight: FloatArray,
    blocks: CodeArray,
    d_projected: FloatArray,
    d_table: FloatArray,
) -> FloatArray:
    """Return the gradient of `project` by W₁, (H, F · K), and add that by the rows to `d_table`."""
    k = table.shape[1] - 1
    d_weight = np.empty_like(weight)
    for f, (start, end) in enumerate(zip(blocks[:-1], blocks[1:], strict=True)):
        columns = slice(f * k, (f + 1) * k)
        d, rows = _tensor(d_projected[start:end]), _tensor(table[start:end, :k])
        d_weight[:, columns] = torch.mm(d.T, rows).numpy()
        _tensor(d_table[start:end, :k]).addmm_(d, _tensor(weight[:, columns]))
    return d_weight


def _tensor(array: FloatArray) -> Tensor:
    """Return the same memory as a tensor.

    torch makes the products here: numpy's BLAS has threads of its own, which wait by spinning.
    """
    return torch.from_numpy(array)
