"""A batch of pairs through the embeddings and the first layer, each embedding projected once.

The MLP's first layer over concatenated field embeddings is a sum over fields of projected rows,
W₁[e₁; …; e_F] = Σ W₁f e_f. So only the codes that a batch touches are projected, once each; every
distinct user and item of the batch sums its own codes; and a pair costs one addition of H numbers
and one inner product. What comes out is what `DeepFM.forward` computes, gradients included, for the
cost of the distinct rows instead of that of all pairs. See `recsys.deepfm` for the equation.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ingest.schema import FloatArray
from recsys.batches import PairBatch
from recsys.features import Bags, CodeArray

Places = NDArray[np.int32]


class Touched(NamedTuple):
    """What one batch touches, every row named once."""

    codes: CodeArray  # (n_codes,)  ascending
    slot: Places  # place among `codes` of every code of the feature space
    blocks: CodeArray  # (F + 1,)  where each field's codes begin among `codes`
    users: Bags
    user_rows: CodeArray  # (n_users,)  rows of `users`, distinct
    user: Places  # (B,)  place among `user_rows`
    items: Bags
    item_rows: CodeArray  # (n_items,)
    item: Places  # (B,)


class Toucher:
    """Finds what a batch touches; keeps scratch memory from one batch to the next."""

    def __init__(self, field_starts: CodeArray, n_codes: int) -> None:
        """Take where each field's codes begin, users' fields first, and the number of codes."""
        self._starts = np.append(field_starts, n_codes)
        self._scratch: dict[str, Places] = {"codes": np.empty(n_codes, np.int32)}

    def touch(self, batch: PairBatch) -> Touched:
        """Name every user, item and code of `batch` once. Cost: O(batch + all rows + all codes)."""
        from recsys.pair_kernels import number, number_codes

        n_each = batch.labels.shape[1]
        slot = self._scratch["codes"]
        user_rows, user = number(batch.user_rows, self._mark("users", batch.users.n_rows))
        item_rows, item = number(batch.item_rows.ravel(), self._mark("items", batch.items.n_rows))
        codes = number_codes(tuple(batch.users), user_rows, tuple(batch.items), item_rows, slot)
        return Touched(
            codes,
            slot,
            np.searchsorted(codes, self._starts),
            batch.users,
            user_rows,
            np.repeat(user, n_each),
            batch.items,
            item_rows,
            item,
        )

    def _mark(self, name: str, n: int) -> Places:
        if len(self._scratch.get(name, ())) != n:
            self._scratch[name] = np.empty(n, np.int32)
        return self._scratch[name]


class _Projected(torch.autograd.Function):
    """(rows, weight, bias) → (y without w₀ and MLP, first pre-activation) of a batch's pairs."""

    @staticmethod
    def forward(
        ctx: Any, rows: Tensor, weight: Tensor, bias: Tensor, touched: Touched
    ) -> tuple[Tensor, Tensor]:
        from recsys.pair_kernels import pair_forward, side_forward

        table = rows.numpy()
        n_hidden, k = len(weight), table.shape[1] - 1
        projected = project(table, weight.numpy(), touched.blocks)
        sides = []
        for bags, of in ((touched.users, touched.user_rows), (touched.items, touched.item_rows)):
            side = _empty(len(of), k, n_hidden)
            side_forward(table, projected, touched.slot, tuple(bags), of, *side)
            sides.append(side)
        sides[1][2][:] += bias.numpy()
        y = np.empty(len(touched.user), np.float32)
        hidden = np.empty((len(y), n_hidden), np.float32)
        pair_forward(touched.user, touched.item, sides[0], sides[1], y, hidden)
        ctx.save_for_backward(rows, weight)
        ctx.touched, ctx.sides = touched, sides
        return torch.from_numpy(y), torch.from_numpy(hidden)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor, Tensor, Tensor, None]:
        from recsys.pair_kernels import pair_backward, side_backward

        touched, sides = ctx.touched, ctx.sides
        rows, weight = (saved.numpy() for saved in ctx.saved_tensors)
        dy, d_hidden = (gradient.contiguous().numpy() for gradient in gradients)
        d_sides = [tuple(np.zeros_like(part) for part in side) for side in sides]
        pair_backward(touched.user, touched.item, dy, d_hidden, *sides, *d_sides)
        d_rows = np.zeros_like(rows)
        d_projected = np.zeros((len(rows), len(weight)), np.float32)
        for (bags, of), side, d_side in zip(
            ((touched.users, touched.user_rows), (touched.items, touched.item_rows)),
            sides,
            d_sides,
            strict=True,
        ):
            side_backward(rows, touched.slot, tuple(bags), of, side[1], d_side, d_rows, d_projected)
        d_weight = project_back(rows, weight, touched.blocks, d_projected, d_rows)
        return (
            torch.from_numpy(d_rows),
            torch.from_numpy(d_weight),
            torch.from_numpy(d_sides[1][2].sum(axis=0)),
            None,
        )


def _empty(n: int, k: int, n_hidden: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    return (
        np.empty(n, np.float32),
        np.empty((n, k), np.float32),
        np.empty((n, n_hidden), np.float32),
    )


def project(table: FloatArray, weight: FloatArray, blocks: CodeArray) -> FloatArray:
    """Return every row's part of the first layer, (n, H), each by its field's columns of W₁.

    Args:
        table: embeddings and linear weights, (n, K + 1), field by field.
        weight: W₁, (H, F · K).
        blocks: where each field's rows begin, (F + 1,).
    """
    k = table.shape[1] - 1
    out = np.empty((len(table), len(weight)), np.float32)
    for f, (start, end) in enumerate(zip(blocks[:-1], blocks[1:], strict=True)):
        block = weight[:, f * k : (f + 1) * k]
        np.matmul(table[start:end, :k], block.T, out=out[start:end])
    return out


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
        np.matmul(d_projected[start:end].T, table[start:end, :k], out=d_weight[:, columns])
        d_table[start:end, :k] += d_projected[start:end] @ weight[:, columns]
    return d_weight


def embed_pairs(
    rows: Tensor, weight: Tensor, bias: Tensor, touched: Touched
) -> tuple[Tensor, Tensor]:
    """Return FM and linear terms, (B,), and the first layer's pre-activation, (B, H).

    Args:
        rows: the table's rows `touched.codes`, (n_codes, K + 1), on the CPU.
        weight: of the first layer, (H, F · K); H is 0 without an MLP.
        bias: of the first layer, (H,).
        touched: the batch.
    """
    y, hidden = _Projected.apply(rows, weight, bias, touched)  # type: ignore[no-untyped-call]
    return y, hidden
