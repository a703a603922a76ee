"""The best items of many users with exact scores, though few items are scored exactly.

Every pair is first scored in 16-bit whole numbers (`coarse_tiles`), with a bound of how far that
can be from the exact score. Who is further below a user's n-th best than twice the bound is not
among the n best; only the others are scored exactly. So the lists and their scores are, bit for
bit, those of scoring everything.

The bound. With u = 2⁻²⁴, s the scale of a layer's inputs x, V ≈ cW its weights as whole numbers and
R = W − V/c what they leave out, an input error ‖δ‖ ≤ e becomes, in the layer's output,

    e' = ‖W‖₂ e + ‖R‖₂ (‖x‖ + e) + (n_in + 8) u (‖W‖_F ‖x‖ + ‖b‖) + ½ √n_out / s',

for ‖Wδ‖ ≤ ‖W‖₂ ‖δ‖, the third term covers what float32 rounds on both ways, the last the rounding
to whole numbers for the layer after; ReLU brings no two numbers further apart. Scales are chosen
from bounds of ‖x‖ so that no whole number can leave its range.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ingest.dataset.schema import FloatArray
from recsys.scoring.inference import Items, Network, Side
from recsys.scoring.topn import NO_ITEM, top_items

Pairs = NDArray[np.int32]
_UNIT = 2.0**-24
_MOST = 32_767
_LEAST = 1e-30
"""Stands for zero where something is divided by it."""
_LEAST_USERS = 8
"""For fewer users at once, laying out the items costs more than it saves."""
_LEAST_SHARE = 16
"""So many items there must be for each one in the list."""


class _Layer(NamedTuple):
    """A hidden layer in whole numbers, and what is needed to bound its errors."""

    weight: FloatArray  # (out, in), as it is
    bias: FloatArray  # (out,)
    pairs: Pairs  # (out, in / 2)
    scale: float  # the whole numbers are the weights times this
    norm: float  # ‖W‖₂
    lost: float  # ‖W − V / scale‖₂


class _Plan(NamedTuple):
    """How one block of users is scored, and how far from the truth at most."""

    factors: FloatArray  # one a layer
    offsets: FloatArray  # one a unit
    error: float


class Screen:
    """Scores blocks of users, all but their best items by a bound only."""

    def __init__(self, network: Network, items: Items) -> None:
        """Take the items laid out as tiles, and a network of at least two hidden layers."""
        weights, self._widths = network.packed_head
        self._network, self._items = network, items
        self._layers, self._last = _whole_layers(weights, self._widths)
        self._reach = float(np.abs(items.hidden).max())
        self._highest = items.hidden.max(axis=0)
        self._coarse: tuple[int, Pairs] | None = None

    @staticmethod
    def suits(network: Network, items: Items) -> bool:
        """Tell whether this network can be screened on this machine."""
        if not items.tiles.size or len(network.layers) <= 2:
            return False
        if not all(np.isfinite(part).all() for layer in network.layers for part in layer):
            return False
        from recsys.scoring.coarse_tiles import AVAILABLE

        return AVAILABLE

    def pays(self, n_users: int, n: int) -> bool:
        """Tell whether lists of `n` for so many users come sooner than scoring everything."""
        return n_users >= _LEAST_USERS and n * _LEAST_SHARE <= len(self._items.own)

    def block(self, users: Side, n: int, seen: sparse.csr_array) -> FloatArray:
        """Return y of all that may be among the `n` best not `seen`, (n_users, n_items), else -inf.

        Cost: half that of `Network.block`.
        """
        from recsys.scoring.coarse_tiles import score_coarsely
        from recsys.scoring.head_tiles import score_some

        own, shift = self._network.user_terms(users)
        largest = np.max([self._reach, np.abs(shift).max(), _LEAST])
        if not np.isfinite(largest + self._fm_size(users)):
            return self._network.block(users, self._items)
        exponent = int(np.floor(np.log2((_MOST // 2 - 1) / largest)))
        plan = self._plan(users, shift, 2.0**exponent)
        out = np.empty((len(own), len(self._items.own)), np.float32)
        pairs = _in_pairs(np.rint(np.ldexp(shift, exponent)))
        layers = (
            np.concatenate([layer.pairs.ravel() for layer in self._layers]),
            plan.factors,
            plan.offsets,
            self._last,
        )
        score_coarsely(
            (own, users.vector, pairs),
            self._items.tiles,
            self._coarse_tiles(exponent),
            layers,
            self._widths,
            out,
        )
        out[np.repeat(np.arange(len(out)), np.diff(seen.indptr)), seen.indices] = -np.inf
        last = top_items(out, n)[:, -1]
        worst = np.where(last == NO_ITEM, -np.inf, out[np.arange(len(out)), last])
        least = np.nextafter(np.float32(worst - 2 * plan.error), np.float32(-np.inf))
        head, items = self._network.packed_head, self._items
        score_some(
            own, users.vector, shift, (items.own, items.vector, items.hidden), *head, least, out
        )
        return out

    def _plan(self, users: Side, shift: FloatArray, scale: float) -> _Plan:
        """Choose the scales of a block's layers and bound the error of its scores."""
        most = np.maximum(self._padded(self._highest) + shift.max(axis=0), 0)
        size = float(np.linalg.norm(most.astype(np.float64)))
        error = np.sqrt(len(most)) / scale + 2 * _UNIT * size
        factors, offsets = [], []
        for depth, layer in enumerate(self._layers):
            bias = float(np.linalg.norm(layer.bias))
            spread = float(np.linalg.norm(layer.weight)) * size + bias
            rounded = (layer.weight.shape[1] + 8) * _UNIT * spread
            reach = np.linalg.norm(layer.weight, axis=1) * (size + error) + np.abs(layer.bias)
            error = layer.norm * error + layer.lost * (size + error) + rounded
            size = layer.norm * size + bias
            following = 1.0
            if depth < len(self._layers) - 1:
                following = (_MOST - 1) / (float(reach.max()) * 1.001 + _LEAST)
                error += 0.51 * np.sqrt(len(layer.bias)) / following
            factors.append(following / (scale * layer.scale))
            offsets.append(layer.bias * following)
            scale = following
        last = float(np.linalg.norm(self._last))
        n_terms = users.vector.shape[1] + len(self._last) + 8
        error = last * error + 2 * n_terms * _UNIT * (last * size + self._fm_size(users))
        return _Plan(
            np.array(factors, np.float32), np.concatenate(offsets).astype(np.float32), 1.01 * error
        )

    def _fm_size(self, users: Side) -> float:
        """Bound the sum of the absolute values that make up the rest of a score."""
        own, vector, *_ = self._items
        longest = [float(np.linalg.norm(v, axis=1).max()) for v in (users.vector, vector)]
        terms = users.own, own, self._network.bias, self._network.layers[-1][1]
        return longest[0] * longest[1] + sum(float(np.abs(term).max()) for term in terms)

    def _coarse_tiles(self, exponent: int) -> Pairs:
        """Return the items' halves of the first layer times 2^exponent; the last kept for later."""
        if self._coarse is None or self._coarse[0] != exponent:
            first = 1 + self._items.vector.shape[1]
            whole = np.rint(np.ldexp(self._items.tiles[:, first:], exponent)).astype(np.int16)
            pairs = np.stack([whole[:, 0::2], whole[:, 1::2]], axis=-1)
            self._coarse = exponent, np.ascontiguousarray(pairs).view(np.int32)[..., 0]
        return self._coarse[1]

    def _padded(self, row: FloatArray) -> FloatArray:
        padded: FloatArray = np.pad(row, (0, int(self._widths[0]) - len(row)))
        return padded


def _whole_layers(packed: FloatArray, widths: NDArray[np.int64]) -> tuple[list[_Layer], FloatArray]:
    """Return the layers of a head packed as `head_tiles` wants it, and the last one's weights."""
    layers, place = [], 0
    for n_in, n_out in zip(widths[:-1], widths[1:], strict=True):
        weight = packed[place : place + n_out * n_in].reshape(n_out, n_in)
        place += n_out * n_in
        bias = packed[place : place + n_out]
        place += n_out
        exact = weight.astype(np.float64)
        # Σ|v| · 32,767 < 2³¹ in every row, rounding included
        row_sum, largest = float(np.abs(exact).sum(axis=1).max()), float(np.abs(exact).max())
        scale = min((65_535 - n_in) / max(row_sum, _LEAST), _MOST / max(largest, _LEAST))
        whole = np.rint(exact * scale)
        layers.append(
            _Layer(
                weight,
                bias,
                _in_pairs(whole),
                scale,
                float(np.linalg.norm(exact, 2)),
                float(np.linalg.norm(exact - whole / scale, 2)),
            )
        )
    return layers, packed[place:]


def _in_pairs(whole: NDArray[np.floating]) -> Pairs:
    """Return whole numbers (n, 2m) as int32, (n, m), two of 16 bits in each."""
    return np.ascontiguousarray(whole.astype("<i2")).view("<i4")
