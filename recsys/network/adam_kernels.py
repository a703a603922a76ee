"""Compiled loops of `recsys.network.lazy_adam`; import this inside the function that needs one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, error_model="numpy")
def settle_rows(
    table: Any,
    mean: Any,
    square: Any,
    rows: Any,
    last: Any,
    debt: Any,
    decay: Any,
    step: Any,
    beta1: Any,
    beta2: Any,
    eps: Any,
) -> None:
    """Give `rows` all the steps since they were last touched, as `LazyAdam` says."""
    for row in rows:
        gap = step - last[row]
        if gap == 0 or last[row] == 0:
            continue
        floor = np.float32(eps * np.sqrt(1 - beta2 ** last[row]))
        owed = np.float32(debt[row])
        shrink, shrink_square = np.float32(beta1**gap), np.float32(beta2**gap)
        for j in range(table.shape[1]):
            table[row, j] -= owed * mean[row, j] / (np.sqrt(square[row, j]) + floor)
            mean[row, j] *= shrink
            square[row, j] *= shrink_square
        last[row], debt[row], decay[row] = step, 0.0, 1.0


@njit(cache=True, error_model="numpy")
def step_rows(
    table: Any,
    gradient: Any,
    mean: Any,
    square: Any,
    rows: Any,
    last: Any,
    debt: Any,
    decay: Any,
    step: Any,
    lr: Any,
    beta1: Any,
    beta2: Any,
    eps: Any,
) -> None:
    """Take Adam's step number `step` with the gradient of `rows`; all others only owe more."""
    root = np.sqrt(1 - beta2**step)
    rate = lr * root / (1 - beta1**step)
    ratio = beta1 / np.sqrt(beta2) if beta2 > 0 else 0.0
    for row in range(len(debt)):
        decay[row] *= ratio
        debt[row] += rate * decay[row]
    size, floor = np.float32(rate), np.float32(eps * root)
    keep, add = np.float32(beta1), np.float32(1 - beta1)
    keep_square, add_square = np.float32(beta2), np.float32(1 - beta2)
    for r in range(len(rows)):
        row = rows[r]
        for j in range(table.shape[1]):
            g = gradient[r, j]
            mean[row, j] = keep * mean[row, j] + add * g
            square[row, j] = keep_square * square[row, j] + add_square * g * g
            table[row, j] -= size * mean[row, j] / (np.sqrt(square[row, j]) + floor)
        last[row], debt[row], decay[row] = step, 0.0, 1.0
