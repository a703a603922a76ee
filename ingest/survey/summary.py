"""What a data set holds, in a few numbers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ingest.dataset.schema import Dataset


def summary(dataset: Dataset) -> dict[str, Any]:
    """Return counts, density, time span (ISO 8601, UTC), label range and fields, as JSON types."""
    seen = dataset.interactions
    n = len(seen)
    cells = dataset.n_users * dataset.n_items
    times = dataset.has_times and n > 0
    labels = dataset.has_labels and n > 0
    return {
        "name": dataset.name,
        "users": dataset.n_users,
        "items": dataset.n_items,
        "interactions": n,
        "density": n / cells if cells else 0.0,
        "time_span": [_moment(seen.time.min()), _moment(seen.time.max())] if times else None,
        "labels": [float(seen.label.min()), float(seen.label.max())] if labels else None,
        "liked_from": dataset.liked_from,
        "titles": dataset.titles is not None,
        "noun": {"one": dataset.noun.one, "many": dataset.noun.many},
        "fields": [
            {"name": field.name, "kind": field.kind, "side": field.side} for field in dataset.fields
        ],
        "fingerprint": dataset.fingerprint,
    }


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
