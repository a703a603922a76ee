"""One hidden layer over all pairs of two sides, without holding that layer in memory."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class _PairwiseRelu(torch.autograd.Function):
    """y[u, i] = Σₕ wₕ · relu(users[u, h] + items[i, h]), one hidden unit at a time.

    The expanded layer, (n_users, n_items, H), is never made: each unit is an outer sum, made anew
    in the backward pass. With aₕ[u, i] = dy[u, i] where unit h is active, the gradients are wₕ
    times the row and column sums of aₕ, and Σ aₕ · (users + items) follows from the same sums.
    """

    @staticmethod
    def forward(ctx: Any, users: Tensor, items: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(users, items, weight)
        y = users.new_zeros(len(users), len(items))
        unit = torch.empty_like(y)
        for u, i, w in zip(users.T.contiguous(), items.T.contiguous(), weight, strict=True):
            torch.add(u[:, None], i[None], out=unit)
            y.add_(unit.relu_(), alpha=w.item())
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor, Tensor, Tensor]:
        dy: Tensor = gradients[0]
        users, items, weight = ctx.saved_tensors
        unit = torch.empty_like(dy)
        over_items, over_users = torch.ones_like(dy[0]), torch.ones_like(dy[:, 0])
        rows, columns = [], []
        for u, i in zip(users.T.contiguous(), items.T.contiguous(), strict=True):
            torch.add(u[:, None], i[None], out=unit)
            active = torch.ops.aten.threshold_backward(dy, unit, 0)  # dy where unit > 0
            rows.append(active @ over_items)
            columns.append(over_users @ active)
        by_user, by_item = torch.stack(rows, dim=1), torch.stack(columns, dim=1)
        d_weight = (by_user * users).sum(0) + (by_item * items).sum(0)
        return by_user * weight, by_item * weight, d_weight


def pairwise_relu(users: Tensor, items: Tensor, weight: Tensor) -> Tensor:
    """Return Σₕ wₕ · relu(users[u, h] + items[i, h]) for every pair, (n_users, n_items).

    Args:
        users: one side's half of the pre-activation, (n_users, H).
        items: the other side's half, (n_items, H).
        weight: of the output layer, (H,).
    """
    y: Tensor = _PairwiseRelu.apply(users, items, weight)  # type: ignore[no-untyped-call]
    return y
