"""Intervals, paired comparisons, and the smallest difference that so many cases can show.

All functions are pure, over arrays with a row a case; NaN is a case without a value. `clusters`
are the indices of the questions behind the cases: wordings of one question are drawn together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from math import comb, sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.scoring.calibration import wilson

Values = NDArray[np.float64]
DRAWS = 2000
"""Bootstrap samples."""
LEVEL = 0.95
POWER = 0.8
_BLOCK = 200
_BLOCK_NUMBERS = 2_000_000
_SAME = 1e-12


@dataclass(frozen=True)
class Estimate:
    """A mean with its interval."""

    mean: float
    low: float
    high: float
    n: int
    """Cases with a value."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Difference:
    """Variant minus baseline on the same cases."""

    mean: float
    low: float
    high: float
    n: int
    """Questions compared."""
    better: int
    """Questions with a higher value."""
    worse: int
    p: float
    """Two-sided sign test."""
    smallest: float
    """Smallest true difference that would be seen in 80 of 100 such comparisons."""
    adjusted_p: float = 1.0
    """After Holm over the family."""

    @property
    def seen(self) -> bool:
        """Whether chance is ruled out: by the sign test after Holm, and by the interval."""
        return self.adjusted_p < 1 - LEVEL and not self.low <= 0 <= self.high

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"difference_seen": self.seen}


def estimates(
    values: Values, clusters: NDArray[Any], seed: int, is_share: Sequence[bool]
) -> list[Estimate]:
    """Return the mean of each column with a percentile bootstrap interval over clusters.

    Where every value is the same the bootstrap has no width; for shares of 0 or 1 the interval is
    then Wilson's, which says what so few cases leave open.

    Args:
        values: (n, m) values of m metrics.
        clusters: (n,) question behind each case.
        seed: of the bootstrap.
        is_share: (m,) whether a metric lies on 0 … 1.
    """
    sums, sizes = _by_cluster(values, clusters)
    lows, highs = _intervals(sums, sizes, seed)
    found = []
    for column in range(values.shape[1]):
        n = int(sizes[:, column].sum())
        if n == 0:
            found.append(Estimate(float("nan"), float("nan"), float("nan"), 0))
            continue
        present = values[~np.isnan(values[:, column]), column]
        mean = float(sums[:, column].sum() / n)
        low, high = float(lows[column]), float(highs[column])
        if np.ptp(present) == 0:
            n_clusters = int((sizes[:, column] > 0).sum())
            known = is_share[column] and mean in (0.0, 1.0)
            low, high = wilson(mean, n_clusters) if known else (mean, mean)
        found.append(Estimate(mean, low, high, n))
    return found


def compare(
    baseline: Values, variant: Values, clusters: NDArray[Any], seed: int
) -> list[Difference]:
    """Compare two variants on the same cases, metric by metric; Holm over all of them.

    Args:
        baseline: (n, m) values of the one.
        variant: (n, m) values of the other, of the same cases in the same order.
        clusters: (n,) question behind each case.
        seed: of the bootstrap.
    """
    sums, sizes = _by_cluster(variant - baseline, clusters)
    lows, highs = _intervals(sums, sizes, seed)
    found = []
    family = variant.shape[1]
    for column in range(family):
        there = sizes[:, column] > 0
        each = sums[there, column] / sizes[there, column]
        if not len(each):
            found.append(_NOTHING)
            continue
        better, worse = int((each > _SAME).sum()), int((each < -_SAME).sum())
        found.append(
            Difference(
                float(sums[there, column].sum() / sizes[there, column].sum()),
                float(lows[column]),
                float(highs[column]),
                len(each),
                better,
                worse,
                sign_test(better, worse),
                smallest_difference(each, family),
            )
        )
    return adjusted(found)


_NOTHING = Difference(np.nan, np.nan, np.nan, 0, 0, 0, 1.0, np.nan)


def adjusted(family: Sequence[Difference]) -> list[Difference]:
    """Return the comparisons of one family with their p values adjusted (Holm)."""
    ps = holm([one.p for one in family])
    return [replace(one, adjusted_p=p) for one, p in zip(family, ps, strict=True)]


def sign_test(better: int, worse: int) -> float:
    """Return the two-sided p of the exact sign test; ties are left out (McNemar's for 0 and 1)."""
    n, fewer = better + worse, min(better, worse)
    if n == 0:
        return 1.0
    if n > 1000:  # the exact sum is of no more use there
        z = (abs(better - worse) - 1) / sqrt(n)
        return min(1.0, 2 * (1 - NormalDist().cdf(z)))
    tail: int = sum(comb(n, k) for k in range(fewer + 1))
    return min(1.0, 2 * tail / float(2**n))


def holm(ps: Sequence[float]) -> list[float]:
    """Return p values adjusted for being many (Holm 1979)."""
    order = np.argsort(ps, kind="stable")
    found = [1.0] * len(ps)
    highest = 0.0
    for rank, at in enumerate(order):
        highest = max(highest, min(1.0, (len(ps) - rank) * ps[at]))
        found[at] = highest
    return found


def smallest_difference(differences: Values, family: int = 1) -> float:
    """Return the smallest mean difference these cases can show, at 95 % and with 80 % power.

    Never less than what the sign test needs: so many cases that differ, all the same way.
    """
    n = len(differences)
    alpha = (1 - LEVEL) / family
    z = NormalDist().inv_cdf(1 - alpha / 2) + NormalDist().inv_cdf(POWER)
    spread: float = np.std(differences, ddof=1).item() if n > 1 else np.inf
    needed = next(k for k in range(1, 10_000) if 2 * 0.5**k < alpha)
    largest = min(float(np.abs(differences).max()) or 1.0, 1.0)
    return float(max(z * spread / sqrt(n), min(1.0, needed / n) * largest))


def _by_cluster(values: Values, clusters: NDArray[Any]) -> tuple[Values, Values]:
    """Return each cluster's sum and number of values, (clusters, m) each."""
    there = ~np.isnan(values)
    n = int(clusters.max()) + 1 if len(clusters) else 0
    sums, sizes = np.zeros((n, values.shape[1])), np.zeros((n, values.shape[1]))
    np.add.at(sums, clusters, np.where(there, values, 0.0))
    np.add.at(sizes, clusters, there)
    return sums, sizes


def _intervals(sums: Values, sizes: Values, seed: int) -> tuple[Values, Values]:
    """Return percentile bootstrap intervals of Σ sums / Σ sizes by column, clusters drawn whole."""
    n, m = sums.shape
    if n == 0:
        return np.full(m, np.nan), np.full(m, np.nan)
    generator = np.random.default_rng(seed)
    means = np.full((DRAWS, m), np.nan)
    block = max(1, min(_BLOCK, _BLOCK_NUMBERS // n))
    for start in range(0, DRAWS, block):
        size = min(block, DRAWS - start)
        drawn = generator.integers(0, n, size=(size, n)) + n * np.arange(size)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n).astype(float)
        totals = counts @ sizes
        np.divide(counts @ sums, totals, out=means[start : start + size], where=totals > 0)
    low, high = np.full(m, np.nan), np.full(m, np.nan)
    some = ~np.isnan(means).all(axis=0)
    tails = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    if some.any():
        low[some], high[some] = np.nanquantile(means[:, some], tails, axis=0)
    return low, high
