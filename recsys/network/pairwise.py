"""One hidden layer over all pairs of two sides, without holding that layer in memory.

On a CPU the sums are compiled (`recsys.network.pairwise_kernels`), elsewhere torch makes them.
"""

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
        y = users.new_empty(len(users), len(items))
        _relu_sums(users, items, weight, y)
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor, Tensor, Tensor]:
        users, items, weight = ctx.saved_tensors
        by_user, by_item = _active_sums(users, items, gradients[0])
        d_weight = (by_user * users).sum(0) + (by_item * items).sum(0)
        return by_user * weight, by_item * weight, d_weight


def _relu_sums(users: Tensor, items: Tensor, weight: Tensor, y: Tensor) -> None:
    if y.device.type == "cpu":
        from recsys.network import pairwise_kernels

        lines = items.T.contiguous().numpy()
        pairwise_kernels.relu_sums(users.contiguous().numpy(), lines, weight.numpy(), y.numpy())
    else:
        relu_sums_anywhere(users, items, weight, y)


def relu_sums_anywhere(users: Tensor, items: Tensor, weight: Tensor, y: Tensor) -> None:
    """Write y[u, i] as above, on any device; nothing waits for it."""
    y.zero_()
    unit = torch.empty_like(y)
    for u, i, w in zip(users.T.contiguous(), items.T.contiguous(), weight, strict=True):
        torch.add(u[:, None], i[None], out=unit)
        y.addcmul_(unit.relu_(), w)


def _active_sums(users: Tensor, items: Tensor, dy: Tensor) -> tuple[Tensor, Tensor]:
    """Return the row and column sums of every aₕ, (n_users, H) and (n_items, H)."""
    if dy.device.type == "cpu":
        from recsys.network import pairwise_kernels

        lines, by_user = items.T.contiguous(), torch.zeros_like(users)
        by_item = torch.zeros_like(lines)
        pairwise_kernels.active_sums(
            users.contiguous().numpy(),
            lines.numpy(),
            dy.contiguous().numpy(),
            by_user.numpy(),
            by_item.numpy(),
        )
        return by_user, by_item.T
    return active_sums_anywhere(users, items, dy)


def active_sums_anywhere(users: Tensor, items: Tensor, dy: Tensor) -> tuple[Tensor, Tensor]:
    """Return what `_active_sums` does, on any device."""
    unit = torch.empty_like(dy)
    over_items, over_users = torch.ones_like(dy[0]), torch.ones_like(dy[:, 0])
    rows, columns = [], []
    for u, i in zip(users.T.contiguous(), items.T.contiguous(), strict=True):
        torch.add(u[:, None], i[None], out=unit)
        active = torch.ops.aten.threshold_backward(dy, unit, 0)  # dy where unit > 0
        rows.append(active @ over_items)
        columns.append(over_users @ active)
    return torch.stack(rows, dim=1), torch.stack(columns, dim=1)


def pairwise_relu(users: Tensor, items: Tensor, weight: Tensor) -> Tensor:
    """Return Σₕ wₕ · relu(users[u, h] + items[i, h]) for every pair, (n_users, n_items).

    Args:
        users: one side's half of the pre-activation, (n_users, H).
        items: the other side's half, (n_items, H).
        weight: of the output layer, (H,).
    """
    y: Tensor = _PairwiseRelu.apply(users, items, weight)  # type: ignore[no-untyped-call]
    return y
