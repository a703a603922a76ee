"""What going on with training does to what was learnt: MovieLens-100K grows by users and items.

    python -m benchmarks.continuing --seeds 3

A fifth of the users, drawn by seed, and every interaction with a tenth of the items are kept back.
A model is trained on the rest, then goes on for a few epochs with all of the training part. NDCG@10
on each user's last 20 %, for old users and for new ones, beside a model trained on all from the
start; CPU seconds of one thread.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ingest.dataset.schema import Dataset
from ingest.loaders import load_source
from recsys import Model
from recsys.evaluate import hold_out
from recsys.evaluation import metrics
from recsys.evaluation.holdout import Holdout


def kept_back(train: Dataset, seed: int) -> tuple[Dataset, NDArray[np.bool_]]:
    """Return the data before they grew, and which users are new."""
    rng = np.random.default_rng(seed)
    new_user = rng.random(train.n_users) < 0.2
    new_item = rng.random(train.n_items) < 0.1
    seen = train.interactions
    known = ~new_user[seen.user] & ~new_item[seen.item]
    return replace(train, interactions=seen.take(np.flatnonzero(known))), new_user


def quality(model: Model, part: Holdout, users: NDArray[np.bool_]) -> float:
    """Return mean NDCG@10 of DeepFM's lists over some users; candidates are those of `part`."""
    top = part.lists(model.scorer.raw_all)
    relevant = np.diff(part.due.indptr)[part.users]
    values = metrics.ndcg_at_k(part.hits(top), relevant)
    return float(values[users[part.users]].mean())


def timed(fit: object) -> tuple[Model, float]:
    """Return what `fit` returns and its CPU seconds."""
    assert callable(fit)
    started = time.process_time()
    return fit(), time.process_time() - started


def main() -> None:
    """Print a line for every seed and every number of epochs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, nargs="+", default=[5, 10, 20])
    asked = parser.parse_args()
    part = hold_out(load_source("ml-100k"), "r80")
    for seed in range(asked.seeds):
        before, new = kept_back(part.train, seed)
        old_model, cost = timed(lambda b=before, s=seed: Model.fit(b, seed=s, verbose=0))
        over_all = Model.of(part.train, old_model.trained)
        tell(seed, "before it grew", over_all, part, new, cost)
        for epochs in asked.epochs:
            model, cost = timed(lambda m=old_model, e=epochs: m.fit_more(part.train, e, verbose=0))
            tell(seed, f"{epochs} epochs more", model, part, new, cost)
        anew, cost = timed(lambda s=seed: Model.fit(part.train, seed=s, verbose=0))
        tell(seed, "trained anew", anew, part, new, cost)


def tell(
    seed: int, what: str, model: Model, part: Holdout, new: NDArray[np.bool_], cost: float
) -> None:
    """Print one line."""
    print(
        f"seed {seed}  {what:16}  old users {quality(model, part, ~new):.4f}  "
        f"new users {quality(model, part, new):.4f}  {cost:5.0f} CPU-s",
        flush=True,
    )


if __name__ == "__main__":
    main()
