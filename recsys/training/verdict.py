"""Whether a model was worth training, read from the story beside it."""

from __future__ import annotations

import json
from pathlib import Path


def weakness(folder: Path) -> str:
    """Return in a sentence why the model of `folder` deserves little trust; empty where it does."""
    try:
        told = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    baseline = told.get("baseline", {})
    if "ndcg" in baseline and told["ndcg"] <= baseline["ndcg"]:
        return (
            "on what was held out DeepFM ranks no better than popularity does (NDCG@10 "
            f"{told['ndcg']:.3f}, popularity {baseline['ndcg']:.3f})"
        )
    if "rmse" in baseline and told["rmse"] >= baseline["rmse"]:
        return (
            "on what was held out DeepFM's error is no lower than that of user and item means "
            f"(RMSE {told['rmse']:.3f}, means {baseline['rmse']:.3f})"
        )
    if not {"ndcg", "rmse"} & set(told):
        return "too little was held out to measure it, so nothing is known of how good it is"
    return ""
