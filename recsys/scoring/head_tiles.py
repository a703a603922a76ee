"""A deep MLP over all items of all users, as fast as the processor multiplies.

Items lie in *tiles* of `LANES`: a (1 + K + H, LANES) array of one tile's own terms, vectors and
halves of the first layer, so that what one user needs of 64 items is 50 KB in a row. A tile stays
in the cache while every user of the block passes over it, and a user's hidden layers over one tile
never leave it. Every number is summed in the order of the input's rows, whatever tile or block it
stands in, so an item scores the same bits everywhere.

The products are made by `_add_products`, a register tile in LLVM's vectors: what numba makes of the
same loops keeps its sums in memory and is half as fast. See `inference.Network` for the equation
and for the same in plain numpy; import this inside the function that needs it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.core.codegen import get_host_cpu_features
from numba.core.errors import TypingError
from numba.extending import intrinsic

FEATURES = {"", *get_host_cpu_features().split(",")}  # type: ignore[no-untyped-call]
_WIDTH, _COLUMNS = next(
    tile
    for feature, tile in (("+avx512f", (16, 4)), ("+avx2", (8, 3)), ("", (4, 4)))
    if feature in FEATURES
)
"""Floats in a vector register, and registers side by side: with `ROWS` rows of sums, a column of
input and one weight they fill the 32 (AVX2: 16) registers there are."""
LANES = _WIDTH * _COLUMNS
ROWS = 4
"""Widths of layers are filled up with zeros to a multiple of this."""


@njit(cache=True, nogil=True, fastmath={"contract"})
def score_tiles(
    own: Any, vector: Any, shift: Any, tiles: Any, weights: Any, widths: Any, out: Any
) -> None:
    """Fill y of n users with all items, `out` (n, n_items).

    Args:
        own: (n,), everything that a user's pairs have in common.
        vector: (n, K).
        shift: the user's half of the first layer and its bias, (n, H).
        tiles: (n_tiles, 1 + K + H, LANES).
        weights: weight (out, in) and bias (out,) of each hidden layer after the first and the
            weights of the last, one after the other.
        widths: of the hidden layers, H first, multiples of `ROWS`.
        out: to fill.
    """
    room = _room(widths)
    for t in range(len(tiles)):
        here = out[:, t * LANES : (t + 1) * LANES]  # the last tile is cut short
        for u in range(len(own)):
            y = _score_tile(own[u], vector[u : u + 1], shift[u], tiles[t], weights, widths, room)
            for lane in range(here.shape[1]):
                here[u, lane] = y[0, lane]


@njit(cache=True, nogil=True, fastmath={"contract"})
def score_some(
    own: Any, vector: Any, shift: Any, items: Any, weights: Any, widths: Any, least: Any, out: Any
) -> None:
    """Replace what `out` holds by y where it is `least` or more, and by -inf where it is not.

    Args:
        own: as for `score_tiles`, as are vector, shift, weights and widths.
        vector: of the users.
        shift: of the users.
        items: own (n_items,), vector (n_items, K) and hidden (n_items, up to H) of the items.
        weights: of the layers.
        widths: of the layers.
        least: (n,).
        out: (n, n_items); -inf stays.
    """
    own_of, vector_of, hidden_of = items
    k, n_hidden = vector.shape[1], hidden_of.shape[1]
    room, place = _room(widths), np.empty(LANES, np.int64)
    tile = np.zeros((1 + k + widths[0], LANES), np.float32)
    for u in range(len(own)):
        held = 0
        for i in range(out.shape[1]):
            if out[u, i] > -np.inf and out[u, i] >= least[u]:
                place[held] = i
                tile[0, held] = own_of[i]
                for j in range(k):
                    tile[1 + j, held] = vector_of[i, j]
                for h in range(n_hidden):
                    tile[1 + k + h, held] = hidden_of[i, h]
                held += 1
            out[u, i] = -np.inf
            if held == LANES or (i == out.shape[1] - 1 and held):
                y = _score_tile(own[u], vector[u : u + 1], shift[u], tile, weights, widths, room)
                for lane in range(held):
                    out[u, place[lane]] = y[0, lane]
                held = 0


@njit(nogil=True)
def _room(widths: Any) -> Any:
    """Return scratch for `_score_tile`: two layers and the scores."""
    most = widths.max()
    return (
        np.empty((most, LANES), np.float32),
        np.empty((most, LANES), np.float32),
        np.empty((1, LANES), np.float32),
    )


@njit(nogil=True, fastmath={"contract"})
def _score_tile(
    own: Any, vector: Any, shift: Any, tile: Any, weights: Any, widths: Any, room: Any
) -> Any:
    """Return y of one user with the items of one tile, (1, LANES), in the scratch `room`."""
    x, z, y = room
    k = vector.shape[1]
    for lane in range(LANES):
        y[0, lane] = own + tile[0, lane]
    _add_row(vector, tile[1 : 1 + k], y, 0)
    for h in range(widths[0]):
        for lane in range(LANES):
            x[h, lane] = max(tile[1 + k + h, lane] + shift[h], np.float32(0))
    _head(weights, widths, x, z, y)
    return y


@njit(cache=True, nogil=True, fastmath={"contract"})
def _head(weights: Any, widths: Any, x: Any, z: Any, y: Any) -> None:
    """Add to `y` what the layers make of the first layer's output `x`; `z` is scratch."""
    place, n_in = 0, widths[0]
    for n_out in widths[1:]:
        weight = weights[place : place + n_out * n_in].reshape(n_out, n_in)
        place += weight.size
        for row in range(n_out):
            z[row] = weights[place + row]
        for row in range(0, n_out, ROWS):
            _add_rows(weight, x[:n_in], z, row)
        for row in range(n_out):
            for lane in range(LANES):
                z[row, lane] = max(z[row, lane], np.float32(0))
        place += n_out
        n_in = n_out
        x, z = z, x
    _add_row(weights[place:].reshape(1, n_in), x[:n_in], y, 0)


def _add_products(n_rows: int) -> Any:
    """Return y[row : row + n_rows] += weight[row : row + n_rows] @ x, for LANES columns."""

    def typed(context: Any, weight: Any, x: Any, y: Any, row: Any) -> Any:
        for array in (weight, x, y):
            if not isinstance(array, types.Array) or (array.ndim, array.layout) != (2, "C"):
                raise TypingError("the products want three C-contiguous matrices")
        return types.void(weight, x, y, types.int64), generate

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        weight, x, y = (
            context.make_array(kind)(context, builder, value)
            for kind, value in zip(signature.args[:3], values[:3], strict=True)
        )
        n_in = builder.extract_value(weight.shape, 1)
        rows = [builder.add(values[3], INT(r)) for r in range(n_rows)]
        weight_of = [builder.gep(weight.data, [builder.mul(row, n_in)]) for row in rows]
        places = [_columns(builder, y.data, row) for row in rows]
        start = [[builder.load(place, align=4) for place in line] for line in places]
        before, loop = builder.block, builder.append_basic_block("inputs")
        builder.branch(loop)
        builder.position_at_end(loop)
        i = builder.phi(INT)
        sums = [[builder.phi(_VECTOR) for _ in line] for line in places]
        column = [builder.load(place, align=4) for place in _columns(builder, x.data, i)]
        following = builder.add(i, INT(1))
        i.add_incoming(INT(0), before)
        i.add_incoming(following, loop)
        for line, at, first in zip(sums, weight_of, start, strict=True):
            factor = _spread(builder, builder.load(builder.gep(at, [i])))
            for c, total in enumerate(line):
                product = builder.fmul(factor, column[c], flags=("contract",))
                total.add_incoming(first[c], before)
                line[c] = builder.fadd(total, product, flags=("contract",))
                total.add_incoming(line[c], loop)
        after = builder.append_basic_block("sums")
        builder.cbranch(builder.icmp_signed("<", following, n_in), loop, after)
        builder.position_at_end(after)
        for line, place in zip(sums, places, strict=True):
            for total, at in zip(line, place, strict=True):
                builder.store(total, at, align=4)
        return context.get_dummy_value()

    return intrinsic(typed)


INT = ir.IntType(64)
_VECTOR = ir.VectorType(ir.FloatType(), _WIDTH)


def _columns(builder: Any, data: Any, row: Any) -> list[Any]:
    """Return pointers to the vectors of a row of an (…, LANES) matrix."""
    start = builder.mul(row, INT(LANES))
    return [
        builder.bitcast(
            builder.gep(data, [builder.add(start, INT(c * _WIDTH))]), _VECTOR.as_pointer()
        )
        for c in range(_COLUMNS)
    ]


def _spread(builder: Any, number: Any) -> Any:
    """Return a vector that holds `number` everywhere."""
    index = ir.IntType(32)
    undefined = ir.Constant(_VECTOR, ir.Undefined)
    one = builder.insert_element(undefined, number, index(0))
    return builder.shuffle_vector(one, undefined, ir.Constant(ir.VectorType(index, _WIDTH), None))


_add_rows, _add_row = _add_products(ROWS), _add_products(1)
