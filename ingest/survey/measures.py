"""What a data set looks like: how much each user and item has, times, labels and attributes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ingest.dataset.schema import Dataset, Field
from ingest.survey.summary import summary

MOST_BINS = 24
MOST_VALUES = 20
"""Categories that are listed, most frequent first; the others are counted together."""


def survey(dataset: Dataset) -> dict[str, Any]:
    """Return the profile of a data set as JSON types.

    It is `ingest.survey.summary.summary` with distributions beside it. A histogram is a list of
    `{from, to, count}`; `to` is included where the bounds are counts of interactions, else only in
    the last one. Cost: a few passes over the
    interactions and one over each attribute.
    """
    seen = dataset.interactions
    per_user = np.bincount(seen.user, minlength=dataset.n_users)
    per_item = np.bincount(seen.item, minlength=dataset.n_items)
    holds = summary(dataset)
    return {
        **holds,
        "sparsity": 1.0 - holds["density"],
        "per_user": _activity(per_user),
        "per_item": _activity(per_item),
        "time_histogram": _time_histogram(seen.time) if holds["time_span"] else None,
        "label_distribution": _numbers(seen.label) if holds["labels"] else None,
        "attributes": [_attribute(dataset, field) for field in dataset.fields],
    }


def _activity(counts: NDArray[np.int64]) -> dict[str, Any]:
    """Return how interactions are spread over users, or over items; those without any apart."""
    some = np.sort(counts[counts > 0])[::-1]
    total = int(some.sum())
    edges = 2 ** np.arange(int(some.max(initial=1)).bit_length() + 1)
    return {
        "with_none": int((counts == 0).sum()),
        **_spread(some),
        "share_of_top_percent": {
            str(percent): _share(some, percent, total) for percent in (1, 10, 50)
        },
        "histogram": [
            {"from": int(low), "to": int(high) - 1, "count": int(count)}
            for low, high, count in zip(
                edges, edges[1:], np.histogram(some, edges)[0], strict=False
            )
        ],
        "by_rank": _by_rank(some),
    }


def _share(some: NDArray[np.int64], percent: int, total: int) -> float:
    """Return which part of the interactions the most active `percent` have."""
    most = int(np.ceil(len(some) * percent / 100))
    return float(some[:most].sum() / total) if total else 0.0


def _by_rank(some: NDArray[np.int64]) -> list[list[int]]:
    """Return (rank, count) at ranks that grow by a constant factor: the long tail's curve."""
    if not len(some):
        return []
    ranks = np.unique(np.geomspace(1, len(some), 60).round().astype(np.int64))
    return [[int(rank), int(some[rank - 1])] for rank in ranks]


def _spread(values: NDArray[Any]) -> dict[str, float | None]:
    if not len(values):
        return dict.fromkeys(("least", "quarter", "median", "three_quarters", "greatest", "mean"))
    least, quarter, median, upper, greatest = np.percentile(values, [0, 25, 50, 75, 100])
    return {
        "least": float(least),
        "quarter": float(quarter),
        "median": float(median),
        "three_quarters": float(upper),
        "greatest": float(greatest),
        "mean": float(np.mean(values, dtype=np.float64)),
    }


def _time_histogram(times: NDArray[np.int64]) -> list[dict[str, Any]]:
    counts, edges = np.histogram(times, bins=MOST_BINS)
    moments = [datetime.fromtimestamp(float(edge), UTC).strftime("%Y-%m-%d") for edge in edges]
    return _bins(moments, counts)


def _numbers(values: NDArray[Any]) -> dict[str, Any]:
    """Return the distribution of numbers: each value's count where there are few, else bins."""
    present = values[np.isfinite(values)].astype(np.float64)
    distinct, counts = np.unique(present, return_counts=True)
    few = len(distinct) <= MOST_BINS
    found: dict[str, Any] = {"distinct": len(distinct), **_spread(present)}
    if few:
        found["values"] = _counted(distinct.tolist(), counts)
    else:
        counts, edges = np.histogram(present, bins=_edges(present))
        found["histogram"] = _bins(edges.tolist(), counts)
    return found


def _edges(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return equal bins; for whole numbers each holds equally many of them."""
    least, greatest = float(values.min()), float(values.max())
    if (values == np.floor(values)).all():
        width = np.ceil((greatest - least + 1) / MOST_BINS)
        return np.arange(least, greatest + width + 1, width)
    return np.linspace(least, greatest, MOST_BINS + 1)


def _bins(edges: Sequence[Any], counts: ArrayLike) -> list[dict[str, Any]]:
    triples = zip(edges, edges[1:], np.asarray(counts).tolist(), strict=False)
    return [{"from": low, "to": high, "count": count} for low, high, count in triples]


def _counted(values: Sequence[Any], counts: ArrayLike) -> list[dict[str, Any]]:
    pairs = zip(values, np.asarray(counts).tolist(), strict=True)
    return [{"value": value, "count": count} for value, count in pairs]


def _attribute(dataset: Dataset, field: Field) -> dict[str, Any]:
    column = (dataset.users if field.side == "user" else dataset.items)[field.name]
    found = {"name": field.name, "side": field.side, "kind": field.kind}
    if field.kind == "dense":
        numbers = column.to_numpy(np.float64)
        return {**found, "missing": int(np.isnan(numbers).sum()), **_numbers(numbers)}
    if field.kind == "multi":
        empty = int((column.map(len) == 0).sum())
        column = column.explode()
        return {**found, "missing": empty, **_categories(column.dropna())}
    return {**found, "missing": int(column.isna().sum()), **_categories(column.dropna())}


def _categories(column: pd.Series) -> dict[str, Any]:
    """Return the most frequent categories, of equal counts the alphabetically first."""
    counts = column.value_counts().rename_axis("value").reset_index(name="count")
    counts = counts.sort_values(["count", "value"], ascending=[False, True], ignore_index=True)
    shown = counts.head(MOST_VALUES)
    return {
        "distinct": len(counts),
        "values": _counted(shown["value"].tolist(), shown["count"]),
        "others": int(counts["count"].iloc[MOST_VALUES:].sum()),
    }
