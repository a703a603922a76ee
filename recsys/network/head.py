"""The MLP after its first layer, forward and backward, for training pairs on a CPU.

The same as `DeepFM.head` under autograd, in a third of the passes over memory: batch normalisation
and ReLU are one loop each way, and buffers are kept from step to step.
"""

from __future__ import annotations

from functools import cache
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ingest.dataset.schema import FloatArray
from recsys.network.deepfm import DeepFM
from recsys.network.scratch import Scratch

_WORTHWHILE = 1 << 21
"""Below so many multiplications a call of oneDNN costs more than it saves."""


class Head:
    """Runs the layers of one model; a `backward` belongs to the `forward` before it."""

    def __init__(self, model: DeepFM) -> None:
        self._model = model
        self._linears = [cast(nn.Linear, layer) for layer in model.layers[1:]]
        self._norms = [cast(nn.BatchNorm1d, norm) for norm in model.norms]
        self._scratch = Scratch()
        self._blocks: list[_Block] = []

    def forward(self, hidden: FloatArray) -> FloatArray:
        """Finish the MLP from the first layer's pre-activation, (B, H) → (B,)."""
        self._blocks = []
        for depth, linear in enumerate(self._linears):
            block = _Block(depth, hidden, self._norms[depth] if self._norms else None)
            active = block.activate(self._scratch)
            self._drop(block)
            self._blocks.append(block)
            x, weight, bias = torch.from_numpy(active), linear.weight.detach(), linear.bias.detach()
            hidden = _linear(x, weight, bias).numpy()
        return hidden[:, 0]

    def backward(self, dy: FloatArray) -> FloatArray:
        """Set the gradients of layers and norms and return that by `hidden`, (B, H)."""
        d = np.ascontiguousarray(dy)[:, None]
        for linear, block in zip(reversed(self._linears), reversed(self._blocks), strict=True):
            upstream = torch.from_numpy(d)
            set_gradient(linear.bias, d.sum(axis=0))
            set_gradient(
                linear.weight, _linear(upstream.T, torch.from_numpy(block.active).T).numpy()
            )
            d = _linear(upstream, linear.weight.detach().T).numpy()
            if block.kept is not None:
                d *= block.kept
            block.backward(d)
        return d

    def _drop(self, block: _Block) -> None:
        """Dropout, by the same draws as `DeepFM` makes."""
        rate = self._model.config.dropout_rate
        if rate:
            kept = torch.empty(block.active.shape)
            kept.bernoulli_(1 - rate, generator=self._model.generator)
            factor: FloatArray = kept.div_(1 - rate).numpy()
            block.active *= factor
            block.kept = factor


class _Block:
    """Batch normalisation, if any, and ReLU of one layer's output."""

    def __init__(self, depth: int, hidden: FloatArray, norm: nn.BatchNorm1d | None) -> None:
        self._depth, self._hidden, self._norm = depth, hidden, norm
        self.active = hidden
        self.kept: FloatArray | None = None

    def activate(self, scratch: Scratch) -> FloatArray:
        """Return what the next layer sees, and move the running moments."""
        self.active = scratch.array(f"active{self._depth}", *self._hidden.shape)
        if self._norm is None:
            np.maximum(self._hidden, 0, out=self.active)
            return self.active
        from recsys.network.head_kernels import column_moments, norm_relu

        norm, width = self._norm, self._hidden.shape[1]
        self._mean, variance = np.empty(width, np.float32), np.empty(width, np.float32)
        column_moments(self._hidden, self._mean, variance)
        self._root = 1 / np.sqrt(variance + np.float32(norm.eps))
        self._scale = self._root * norm.weight.detach().numpy()
        norm_relu(self._hidden, self._mean, self._scale, norm.bias.detach().numpy(), self.active)
        n = len(self._hidden)
        _move(norm.running_mean, self._mean, norm.momentum)
        _move(norm.running_var, variance * np.float32(n / max(n - 1, 1)), norm.momentum)
        return self.active

    def backward(self, d: FloatArray) -> None:
        """Turn the gradient by what the next layer saw into that by this one's output, in place."""
        if self._norm is None:
            d *= self.active > 0
            return
        from recsys.network.head_kernels import norm_relu_backward

        d_scale, d_shift = np.empty_like(self._mean), np.empty_like(self._mean)
        norm_relu_backward(
            d, self.active, self._hidden, self._mean, self._root, self._scale, d_scale, d_shift
        )
        set_gradient(self._norm.weight, d_scale)
        set_gradient(self._norm.bias, d_shift)


def set_gradient(parameter: Tensor, gradient: FloatArray | np.float32) -> None:
    """Write a gradient where the parameter keeps it."""
    if parameter.grad is None:
        parameter.grad = torch.empty_like(parameter)
    parameter.grad.numpy()[...] = gradient


def _move(running: Tensor | None, now: FloatArray, momentum: float | None) -> None:
    assert running is not None and momentum is not None
    values = running.numpy()
    values += np.float32(momentum) * (now - values)


def _linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return x @ weight.T + bias.

    By oneDNN where the processor has AVX-512: MKL, torch's usual library, uses it on Intel's
    processors only. oneDNN compiles every shape anew, so this is for shapes that come again.
    """
    if x.numel() * len(weight) >= _WORTHWHILE and _has_onednn():
        out: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
        return out
    return functional.linear(x, weight, bias)


@cache
def _has_onednn() -> bool:
    """Tell whether oneDNN's linear layer is there, is right, and has something to offer."""
    if torch.backends.cpu.get_cpu_capability() != "AVX512":
        return False
    try:
        ones = torch.arange(6.0).view(2, 3)
        out = torch.ops.mkldnn._linear_pointwise(ones, ones, None, "none", [], "")
    except (AttributeError, RuntimeError, TypeError):
        return False
    return bool(torch.equal(out, ones @ ones.T))
