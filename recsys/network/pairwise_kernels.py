"""Compiled loops of `recsys.network.pairwise`; import this inside the function that needs one.

Items lie with one hidden unit a line, (H, n_items), and are taken in strips that stay in the cache
while all users pass over them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

_LOOSE = {"reassoc", "contract"}
"""Sums may be taken in any order, which lets them fill vector registers; NaN stays NaN."""
_STRIP = 512
"""Items at once: 16 hidden units of them are 32 KB."""


@njit(cache=True, fastmath=_LOOSE)
def relu_sums(users: Any, items: Any, weight: Any, y: Any) -> None:
    """Fill y[u, i] = Σₕ weight[h] · relu(users[u, h] + items[h, i])."""
    n_hidden, n_items = items.shape
    for start in range(0, n_items, _STRIP):
        strip = slice(start, start + _STRIP)
        for u in range(len(users)):
            row = y[u][strip]
            row[:] = 0
            for h in range(n_hidden):
                line, shift, factor = items[h][strip], users[u, h], weight[h]
                for i in range(len(row)):
                    row[i] += factor * max(line[i] + shift, np.float32(0))


@njit(cache=True, fastmath=_LOOSE)
def active_sums(users: Any, items: Any, dy: Any, by_user: Any, by_item: Any) -> None:
    """Add dy[u, i], where unit h is active, to by_user[u, h] and by_item[h, i]."""
    n_hidden, n_items = items.shape
    for start in range(0, n_items, _STRIP):
        strip = slice(start, start + _STRIP)
        for u in range(len(users)):
            row = dy[u][strip]
            for h in range(n_hidden):
                line, shift, column = items[h][strip], users[u, h], by_item[h][strip]
                total = np.float32(0)
                for i in range(len(row)):
                    active = row[i] * np.float32(line[i] + shift > 0)
                    total += active
                    column[i] += active
                by_user[u, h] += total
