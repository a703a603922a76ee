"""All items of all users in 16-bit whole numbers: twice as fast as `head_tiles`, nearly as true.

Laid out as there, but two inputs of a layer share a lane, so that one instruction (VNNI's vpdpwssd)
makes two products for each of 16 items and adds them up. Whole numbers are exact: all rounding is
in how they were made, which `screen` does and bounds. Import this inside the function that needs
it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import binding, ir  # type: ignore[import-untyped]
from numba import config, njit, types
from numba.core.errors import TypingError
from numba.extending import intrinsic

from recsys.scoring.head_tiles import FEATURES, INT, LANES, ROWS

_OTHER_TARGET = bool(config.CPU_NAME or config.CPU_FEATURES)  # type: ignore[attr-defined]
AVAILABLE = {"+avx512f", "+avx512bw", "+avx512vnni"} <= FEATURES and not _OTHER_TARGET
"""Whether the processor has the instruction, and numba compiles for that processor."""
_WIDTH = 16
_WHOLE = ir.VectorType(ir.IntType(32), _WIDTH)
_PAIRS = ir.VectorType(ir.IntType(16), 2 * _WIDTH)
_HALF = np.float32(0.5)

binding.initialize_native_asmparser()


@njit(cache=True, nogil=True, fastmath={"contract"})
def score_coarsely(users: Any, tiles: Any, coarse: Any, layers: Any, widths: Any, out: Any) -> None:
    """Fill nearly y of n users with all items, `out` (n, n_items).

    Args:
        users: own (n,) and vector (n, K) as for `score_tiles`; the shifts as pairs, (n, H / 2).
        tiles: as for `score_tiles`.
        coarse: the items' halves of the first layer as pairs, (n_tiles, H / 2, LANES).
        layers: weights of each hidden layer after the first as pairs, (out, in / 2), one after the
            other; what turns each layer's sums into the numbers of the next, a factor a layer and
            an offset a unit; the weights of the last layer, of floats as are these.
        widths: of the hidden layers, at least two, multiples of `ROWS`.
        out: to fill.

    A pair is an int32 of two int16, the first in its lower half. No sum may leave its range.
    """
    own, vector, shift = users
    weights, factors, offsets, last = layers
    half = widths.max() // 2
    x, z = np.empty((half, LANES), np.int32), np.empty((2 * half, LANES), np.int32)
    y = np.empty((1, LANES), np.float32)
    for t in range(len(tiles)):
        tile = tiles[t]
        here = out[:, t * LANES : (t + 1) * LANES]  # the last tile is cut short
        for u in range(len(own)):
            _add_up_fields(own[u], vector[u], tile, y)
            for h in range(widths[0] // 2):
                _active_pairs(coarse[t], shift[u : u + 1], x, h)
            place, start = 0, 0
            for depth in range(1, len(widths)):
                n_in, n_out = widths[depth - 1] // 2, widths[depth]
                weight = weights[place : place + n_out * n_in].reshape(n_out, n_in)
                for row in range(0, n_out, ROWS):
                    _sum_products(weight, x[:n_in], z, row)
                offset = offsets[start : start + n_out]
                if depth < len(widths) - 1:
                    _narrow(z, factors[depth - 1], offset, x)
                else:
                    _finish(z, factors[depth - 1], offset, last, y)
                place += weight.size
                start += n_out
            for lane in range(here.shape[1]):
                here[u, lane] = y[0, lane]


@njit(nogil=True, fastmath={"contract"})
def _add_up_fields(own: Any, vector: Any, tile: Any, y: Any) -> None:
    """Fill `y` with a user's score of a tile but for the MLP."""
    for lane in range(LANES):
        y[0, lane] = own + tile[0, lane]
    for j in range(len(vector)):
        for lane in range(LANES):
            y[0, lane] += vector[j] * tile[1 + j, lane]


@njit(nogil=True, fastmath={"contract"})
def _narrow(z: Any, factor: Any, offset: Any, x: Any) -> None:
    """Fill the pairs `x` with relu(z · factor + offset), to the nearest whole number."""
    for r in range(len(offset) // 2):
        low, high = offset[2 * r] + _HALF, offset[2 * r + 1] + _HALF
        for lane in range(LANES):
            first = np.float32(z[2 * r, lane]) * factor + low
            second = np.float32(z[2 * r + 1, lane]) * factor + high
            x[r, lane] = np.int32(max(first, np.float32(0))) | (
                np.int32(max(second, np.float32(0))) << 16
            )


@njit(nogil=True, fastmath={"contract"})
def _finish(z: Any, factor: Any, offset: Any, last: Any, y: Any) -> None:
    """Add last · relu(z · factor + offset) to `y`."""
    for r in range(len(offset)):
        for lane in range(LANES):
            value = np.float32(z[r, lane]) * factor + offset[r]
            y[0, lane] += last[r] * max(value, np.float32(0))


def _intrinsic(typed: Callable[..., Any]) -> Any:
    """Let compiled code call what `typed` builds."""
    return intrinsic(typed)


@_intrinsic
def _active_pairs(context: Any, tile: Any, shift: Any, x: Any, row: Any) -> Any:
    """Fill row `row` of `x` with max(tile[row] + shift[0, row], 0), number by number."""
    _require_whole(tile, shift, x)

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        tile, shift, x, row = _arrays(context, builder, signature, values)
        added = builder.load(builder.gep(shift.data, [row]))
        added = builder.bitcast(_spread(builder, added), _PAIRS)
        none = ir.Constant(_PAIRS, [0] * 2 * _WIDTH)
        for source, target in zip(
            _columns(builder, tile.data, row), _columns(builder, x.data, row), strict=True
        ):
            pairs = builder.bitcast(builder.load(source, align=4), _PAIRS)
            total = builder.add(pairs, added)
            active = builder.select(builder.icmp_signed(">", total, none), total, none)
            builder.store(builder.bitcast(active, _WHOLE), target, align=4)
        return context.get_dummy_value()

    return types.void(tile, shift, x, types.int64), generate


@_intrinsic
def _sum_products(context: Any, weight: Any, x: Any, y: Any, row: Any) -> Any:
    """Fill y[row : row + ROWS] with weight[row : row + ROWS] @ x, pair times pair."""
    _require_whole(weight, x, y)

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        weight, x, y, row = _arrays(context, builder, signature, values)
        n_in = builder.extract_value(weight.shape, 1)
        rows = [builder.add(row, INT(r)) for r in range(ROWS)]
        weight_of = [builder.gep(weight.data, [builder.mul(r, n_in)]) for r in rows]
        before, loop = builder.block, builder.append_basic_block("inputs")
        builder.branch(loop)
        builder.position_at_end(loop)
        i = builder.phi(INT)
        sums = [[builder.phi(_WHOLE) for _ in range(LANES // _WIDTH)] for _ in rows]
        column = [builder.load(place, align=4) for place in _columns(builder, x.data, i)]
        following = builder.add(i, INT(1))
        i.add_incoming(INT(0), before)
        i.add_incoming(following, loop)
        for line, at in zip(sums, weight_of, strict=True):
            factor = _spread(builder, builder.load(builder.gep(at, [i])))
            for c, total in enumerate(line):
                total.add_incoming(ir.Constant(_WHOLE, [0] * _WIDTH), before)
                line[c] = _add_pair_products(builder, total, column[c], factor)
                total.add_incoming(line[c], loop)
        after = builder.append_basic_block("sums")
        builder.cbranch(builder.icmp_signed("<", following, n_in), loop, after)
        builder.position_at_end(after)
        for line, r in zip(sums, rows, strict=True):
            for total, at in zip(line, _columns(builder, y.data, r), strict=True):
                builder.store(total, at, align=4)
        return context.get_dummy_value()

    return types.void(weight, x, y, types.int64), generate


def _add_pair_products(builder: Any, total: Any, left: Any, right: Any) -> Any:
    """Return total + left · right, by the instruction's own name: LLVM's for it has changed."""
    kind = ir.FunctionType(_WHOLE, [_WHOLE] * 3)
    return builder.asm(kind, "vpdpwssd $3, $2, $0", "=v,0,v,v", [total, left, right], False)


def _require_whole(*arrays: Any) -> None:
    for array in arrays:
        if not isinstance(array, types.Array) or (array.ndim, array.layout) != (2, "C"):
            raise TypingError("the pairs want C-contiguous matrices")
        if array.dtype != types.int32:
            raise TypingError("the pairs want int32")


def _arrays(context: Any, builder: Any, signature: Any, values: Any) -> list[Any]:
    """Return the three matrices and the number of the row as LLVM sees them."""
    kinds = zip(signature.args[:3], values[:3], strict=True)
    return [context.make_array(kind)(context, builder, value) for kind, value in kinds] + [
        values[3]
    ]


def _columns(builder: Any, data: Any, row: Any) -> list[Any]:
    """Return pointers to the vectors of a row of an (…, LANES) matrix."""
    start = builder.mul(row, INT(LANES))
    places = [builder.add(start, INT(at)) for at in range(0, LANES, _WIDTH)]
    return [builder.bitcast(builder.gep(data, [at]), _WHOLE.as_pointer()) for at in places]


def _spread(builder: Any, pair: Any) -> Any:
    """Return a vector that holds `pair` everywhere."""
    index = ir.IntType(32)
    undefined = ir.Constant(_WHOLE, ir.Undefined)
    one = builder.insert_element(undefined, pair, index(0))
    nowhere = ir.Constant(ir.VectorType(index, _WIDTH), None)
    return builder.shuffle_vector(one, undefined, nowhere)
