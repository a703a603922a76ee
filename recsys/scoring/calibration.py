"""From a raw score to an honest probability, and how honest it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ingest.dataset.schema import FloatArray


@dataclass(frozen=True)
class Calibration:
    """p = σ(slope · s + intercept), s being the raw score y.

    The probability answers one question: of an item the user did take and one unseen item drawn at
    random, how likely is this the one taken? (Platt, 1999, fitted on held-out interactions.)
    """

    slope: float = 1.0
    intercept: float = 0.0
    per_user: bool = False
    """s is the score less its user's level (`scoring.user_levels`): a loss that only compares the
    items of one user leaves that level open."""

    def probability(self, raw: FloatArray) -> FloatArray:
        """Return σ(slope · raw + intercept), same shape."""
        from scipy.special import expit

        p: FloatArray = expit(raw * np.float32(self.slope) + np.float32(self.intercept))
        return p


def fit_platt(raw: NDArray[Any], labels: NDArray[Any], per_user: bool) -> Calibration:
    """Fit slope and intercept by maximum likelihood; the identity when there is only one label.

    Labels are Platt's (n₊ + 1) / (n₊ + 2) and 1 / (n₋ + 2), so that a perfect separation stays
    finite. The slope is at least 0.1: calibration never turns a ranking round.
    """
    from scipy.optimize import minimize

    positive = np.asarray(labels) > 0
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    if not n_positive or not n_negative:
        return Calibration(per_user=per_user)
    x = np.asarray(raw, np.float64)
    target = np.where(positive, (n_positive + 1) / (n_positive + 2), 1 / (n_negative + 2))

    def loss(parameters: NDArray[Any]) -> tuple[float, NDArray[Any]]:
        z = np.exp(parameters[0]) * x + parameters[1]
        slack = 1 / (1 + np.exp(-np.clip(z, -700, 700))) - target
        value = np.mean(np.logaddexp(0, z) - target * z)
        gradient = [np.mean(slack * np.exp(parameters[0]) * x), np.mean(slack)]
        return float(value), np.array(gradient)

    bounds = [(np.log(0.1), np.log(1000.0)), (-50.0, 50.0)]
    found = minimize(loss, np.zeros(2), jac=True, method="L-BFGS-B", bounds=bounds).x
    return Calibration(float(np.exp(found[0])), float(found[1]), per_user)


class HowSure(NamedTuple):
    """What became of held-out predictions as high as one given."""

    low: float
    """The bin of probabilities it falls in: low ≤ p < high (p ≤ 1 in the last one)."""
    high: float
    observed: float
    """Share of the predictions in that bin that came true, in [0, 1]."""
    least: float
    """Wilson's 95 % interval of that share."""
    most: float
    n: int
    """How many held-out predictions fell in it."""


@dataclass(frozen=True, eq=False)
class Reliability:
    """Predictions in bins of equal width; arrays of equal length, empty bins left out.

    Half of the pairs a model is judged on are items that the user took, half are unseen ones drawn
    at random (`Calibration`); the observed share is of such pairs, not of lists.
    """

    low: NDArray[np.float64]
    """Where each bin begins; it ends 1 / n_bins later."""
    predicted: NDArray[np.float64]
    """Mean probability in each bin."""
    observed: NDArray[np.float64]
    """Share of positives in each bin."""
    count: NDArray[np.int64]
    n_bins: int = 10

    @property
    def error(self) -> float:
        """The expected calibration error: mean |predicted − observed|, weighted by count."""
        return float(np.average(np.abs(self.predicted - self.observed), weights=self.count))

    def how_sure(self, probability: float) -> HowSure | None:
        """Return what became of predictions like this one; None where there were none."""
        low = _bins(np.array([probability]), self.n_bins)[0] / self.n_bins
        at = np.flatnonzero(self.low == low)
        return self._bin(int(at[0])) if len(at) else None

    def to_json(self) -> list[dict[str, float]]:
        """Return one row a bin: low, high, predicted, observed, least, most, n."""
        return [
            {**self._bin(at)._asdict(), "predicted": float(self.predicted[at])}
            for at in range(len(self.low))
        ]

    def _bin(self, at: int) -> HowSure:
        low, observed, n = float(self.low[at]), float(self.observed[at]), int(self.count[at])
        return HowSure(low, low + 1 / self.n_bins, observed, *wilson(observed, n), n)

    @classmethod
    def from_json(cls, rows: Sequence[Mapping[str, float]]) -> Reliability | None:
        """Rebuild what `to_json` wrote; None where no bin is full."""
        if not rows:
            return None
        low, predicted, observed, n = (
            np.array([row[name] for row in rows]) for name in ("low", "predicted", "observed", "n")
        )
        width = rows[0]["high"] - rows[0]["low"]
        return cls(low, predicted, observed, n.astype(np.int64), round(1 / width))


def how_sure(reliability: Reliability | None, probability: float) -> HowSure | None:
    """Return what became of held-out predictions as high as `probability`.

    Args:
        reliability: of a model (`TrainedModel.reliability`); None for a model that has none.
        probability: a score of the ranking task.

    Returns:
        None where nothing like it was held out, so that nothing honest can be said.
    """
    return None if reliability is None else reliability.how_sure(probability)


def reliability(labels: NDArray[Any], probabilities: NDArray[Any], n_bins: int = 10) -> Reliability:
    """Compare probabilities with what happened, bin by bin."""
    p = np.asarray(probabilities, np.float64)
    bins = _bins(p, n_bins)
    count = np.bincount(bins, minlength=n_bins)
    full = count > 0
    mean = [np.bincount(bins, x, minlength=n_bins)[full] / count[full] for x in (p, labels)]
    return Reliability(np.flatnonzero(full) / n_bins, mean[0], mean[1], count[full], n_bins)


def cross_fitted(
    raw: NDArray[Any], labels: NDArray[Any], users: NDArray[Any], per_user: bool
) -> Reliability | None:
    """Return the reliability of Platt's curve on users it was not fitted on; None without pairs.

    Users with even and with odd index are each judged by the curve of the others.
    """
    if not len(labels):
        return None
    p = np.empty(len(labels), np.float32)
    for side in (0, 1):
        judged = np.asarray(users) % 2 == side
        fitted = fit_platt(raw[~judged], labels[~judged], per_user)
        p[judged] = fitted.probability(raw[judged])
    return reliability(labels, p)


def wilson(share: float, n: int, z: float = 1.959964) -> tuple[float, float]:
    """Return the interval of a share of `n` that Wilson (1927) gives, 95 % by default."""
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * float(np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)))
    return max(0.0, centre - half), min(1.0, centre + half)


def _bins(probabilities: NDArray[Any], n_bins: int) -> NDArray[np.int64]:
    return np.clip((np.asarray(probabilities, np.float64) * n_bins).astype(np.int64), 0, n_bins - 1)
