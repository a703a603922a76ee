"""Compiled loops of `recsys.network.head`; import this inside the function that needs one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

_LOOSE = {"reassoc", "contract"}
"""Sums may be taken in any order, which lets them fill vector registers; NaN stays NaN."""
_ROWS = 64
"""Rows summed in float32 before they are added up in float64."""


@njit(cache=True, fastmath=_LOOSE)
def column_moments(x: Any, mean: Any, variance: Any) -> None:
    """Fill the mean and the (biased) variance of every column of x (n, m), in one pass."""
    n, m = x.shape
    shift = x[0].copy()  # a value of the column's own size, against cancellation
    total, squares = np.zeros(m), np.zeros(m)
    part, part_squares = np.empty(m, np.float32), np.empty(m, np.float32)
    for start in range(0, n, _ROWS):
        part[:] = 0
        part_squares[:] = 0
        for r in range(start, min(start + _ROWS, n)):
            for c in range(m):
                off = x[r, c] - shift[c]
                part[c] += off
                part_squares[c] += off * off
        for c in range(m):
            total[c] += part[c]
            squares[c] += part_squares[c]
    for c in range(m):
        off_mean = total[c] / n
        mean[c] = shift[c] + off_mean
        variance[c] = max(squares[c] / n - off_mean * off_mean, 0.0)


@njit(cache=True, fastmath=_LOOSE)
def norm_relu(x: Any, mean: Any, scale: Any, shift: Any, out: Any) -> None:
    """Fill out with relu((x − mean) · scale + shift), column by column; NaN stays NaN."""
    for r in range(x.shape[0]):
        for c in range(x.shape[1]):
            value = (x[r, c] - mean[c]) * scale[c] + shift[c]
            out[r, c] = np.float32(0) if value < 0 else value


@njit(cache=True, fastmath=_LOOSE)
def norm_relu_backward(
    d: Any, out: Any, x: Any, mean: Any, root: Any, scale: Any, d_scale: Any, d_shift: Any
) -> None:
    """Turn d, the gradient by `out`, into that by x, in place, through batch normalisation.

    `root` is 1 / √(variance + ε); `d_scale`, `d_shift` receive the gradients of γ and β.
    """
    n, m = d.shape
    total, along = np.zeros(m), np.zeros(m)
    part, part_along = np.empty(m, np.float32), np.empty(m, np.float32)
    for start in range(0, n, _ROWS):
        part[:] = 0
        part_along[:] = 0
        for r in range(start, min(start + _ROWS, n)):
            for c in range(m):
                dz = d[r, c] if out[r, c] > 0 else np.float32(0)
                part[c] += dz
                part_along[c] += dz * (x[r, c] - mean[c])
        for c in range(m):
            total[c] += part[c]
            along[c] += part_along[c]
    slope, level = np.empty(m, np.float32), np.empty(m, np.float32)
    for c in range(m):
        d_shift[c] = total[c]
        d_scale[c] = along[c] * root[c]
        level[c] = total[c] / n
        slope[c] = along[c] * root[c] * root[c] / n
    for r in range(n):
        for c in range(m):
            dz = d[r, c] if out[r, c] > 0 else np.float32(0)
            d[r, c] = scale[c] * (dz - level[c] - (x[r, c] - mean[c]) * slope[c])
