"""From a raw score to an honest probability, and how honest it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.schema import FloatArray


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


@dataclass(frozen=True, eq=False)
class Reliability:
    """Predictions in bins of equal width; arrays of equal length, empty bins left out."""

    predicted: NDArray[np.float64]
    """Mean probability in each bin."""
    observed: NDArray[np.float64]
    """Share of positives in each bin."""
    count: NDArray[np.int64]

    @property
    def error(self) -> float:
        """The expected calibration error: mean |predicted − observed|, weighted by count."""
        return float(np.average(np.abs(self.predicted - self.observed), weights=self.count))


def reliability(labels: NDArray[Any], probabilities: NDArray[Any], n_bins: int = 10) -> Reliability:
    """Compare probabilities with what happened, bin by bin."""
    p = np.asarray(probabilities, np.float64)
    bins = np.minimum((p * n_bins).astype(np.int64), n_bins - 1)
    count = np.bincount(bins, minlength=n_bins)
    full = count > 0
    mean = [np.bincount(bins, x, minlength=n_bins)[full] / count[full] for x in (p, labels)]
    return Reliability(mean[0], mean[1], count[full])
