"""`--fail-under METRIC=VALUE`: what a run must reach, and the sentence where it does not."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ingest.errors import AskerError


@dataclass(frozen=True)
class Threshold:
    """A bound on a metric's mean; for faults and costs it is the most, else the least."""

    metric: str
    value: float


def read_thresholds(texts: Sequence[str]) -> list[Threshold]:
    """Read METRIC=VALUE options.

    Raises:
        AskerError: one is not of that form.
    """
    found = []
    for text in texts:
        metric, _, number = text.partition("=")
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if not metric or math.isnan(value):
            raise AskerError(f"--fail-under takes METRIC=VALUE, such as pass=0.95, not {text!r}")
        if metric.startswith("judge."):
            raise AskerError(f"--fail-under {metric}: what a judge says is no gate")
        found.append(Threshold(metric.strip(), value))
    return found


def broken_thresholds(results: Mapping[str, Any], thresholds: Sequence[Threshold]) -> list[str]:
    """Say which variants miss which threshold.

    Raises:
        AskerError: no variant has such a metric.
    """
    from assistant.evaluation.summary import LOWER_IS_BETTER

    broken = []
    known = sorted({name for one in results["variants"].values() for name in one["metrics"]})
    for threshold in thresholds:
        if threshold.metric not in known:
            near = difflib.get_close_matches(threshold.metric, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
            raise AskerError(f"--fail-under: no answer has the metric {threshold.metric!r}; {hint}")
        for name, variant in results["variants"].items():
            found = variant["metrics"].get(threshold.metric)
            lower = threshold.metric in LOWER_IS_BETTER
            if found is None:
                continue
            mean = found["mean"]
            if mean > threshold.value if lower else mean < threshold.value:
                side = "over" if lower else "under"
                broken.append(
                    f"{results['suite']}, {name}: {threshold.metric} is {mean:.4f}, {side} "
                    f"{threshold.value:g}"
                )
    return broken
