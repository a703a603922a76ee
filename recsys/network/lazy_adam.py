"""Adam for an embedding table of which a step touches few rows, at the cost of those rows.

Plain Adam moves every row at every step, touched or not: a row without a gradient coasts on its
running means. Between two touches these only shrink, m by β₁ and v by β₂ a step, so with c_t the
learning rate and bias corrections of step t, j steps after the last touch the row moves by

    c_t · β₁ʲ m / (√(β₂ʲ v) + ε√(1 − β₂ᵗ))  ≈  c_t · (β₁/√β₂)ʲ · m / (√v + ε√(1 − β₂ˢ)),

s being the step of the last touch. The right side is one number per row and step times a constant
vector: the numbers are summed as they fall due (`debt`) and paid when the row is next read. The two
sides differ in ε alone, by less than (1 − β₂^(j/2)) of the share of ε in the denominator, and by
nothing where ε is small beside √v̂; Adam is otherwise followed step by step.
"""

from __future__ import annotations

import numpy as np

from ingest.dataset.schema import FloatArray
from recsys.examples.features import CodeArray


class LazyAdam:
    """Adam (Kingma, Ba, 2015) over the rows of a table, which it changes in place."""

    def __init__(
        self, table: FloatArray, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8
    ) -> None:
        """Take the table, (n, width)."""
        self._table, self._betas, self._eps = table, betas, eps
        self._mean, self._square = np.zeros_like(table), np.zeros_like(table)
        self._last = np.zeros(len(table), np.int64)
        self._debt, self._decay = np.zeros(len(table)), np.zeros(len(table))
        self._n_steps = 0

    def settle(self, rows: CodeArray | None = None) -> None:
        """Bring `rows`, or all, up to date; read no row before. Cost: O(rows · width)."""
        from recsys.network.adam_kernels import settle_rows

        settle_rows(
            self._table,
            self._mean,
            self._square,
            np.arange(len(self._table)) if rows is None else rows,
            self._last,
            self._debt,
            self._decay,
            self._n_steps,
            *self._betas,
            self._eps,
        )

    def step(self, rows: CodeArray, gradient: FloatArray, lr: float) -> None:
        """Take one step: `gradient`, (len(rows), width), for distinct settled `rows`, 0 for others.

        Cost: O(rows · width + n).
        """
        from recsys.network.adam_kernels import step_rows

        self._n_steps += 1
        step_rows(
            self._table,
            gradient,
            self._mean,
            self._square,
            rows,
            self._last,
            self._debt,
            self._decay,
            self._n_steps,
            lr,
            *self._betas,
            self._eps,
        )
