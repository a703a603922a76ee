"""How good the recipe for lists is after so many steps, and what that costs, as the data grow.

    python -m benchmarks.schedule 100k 1M            # 80 epochs of at most 25 steps
    python -m benchmarks.schedule 5M --epochs 20 40 80

Data of `generate.py`'s sizes with tastes and sessions, from a seed: a user's next ten items are
drawn without repetition by exp(popularity + taste + theme), where taste is the inner product of
a user's and an item's twelve hidden numbers and every session has a theme of its own. A day passes
between sessions, forty seconds between their items. The last 20 % of every history are held out.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", OMP_WAIT_POLICY="passive")

import numpy as np
import pandas as pd

from benchmarks.generate import HEAD, SHAPES, activity
from ingest.dataset.ids import IdMap, IntArray
from ingest.dataset.schema import Dataset, Field, FloatArray, Interactions
from recsys import presets
from recsys.evaluate import hold_out
from recsys.evaluation.baselines import Popularity
from recsys.training.telling import Record, Telling
from recsys.training.train import train_model

HIDDEN, SESSION = 12, 10
THEME = 1.5
"""How much more than taste a session's theme counts."""
_BLOCK = 256


def with_sessions(n_users: int, n_items: int, n_interactions: int, seed: int = 0) -> Dataset:
    """Draw a set in MovieLens' shape in which order tells. Cost: O(interactions · n_items / 10)."""
    rng = np.random.default_rng(seed)
    counts = activity(n_users, n_items, n_interactions, rng)
    popularity = -2 * np.log(rng.permutation(n_items) + HEAD)
    items = rng.normal(0, HIDDEN**-0.5, (n_items, HIDDEN)).astype(np.float32)
    users = rng.normal(size=(n_users, HIDDEN)).astype(np.float32)
    begins = range(0, n_users, _BLOCK)
    blocks = [
        (begin, *_block(users[begin : begin + _BLOCK], counts[begin:], popularity, items, rng))
        for begin in begins
    ]
    user, item, when = (
        np.concatenate(part)
        for part in zip(*((begin + u, i, t) for begin, u, i, t in blocks), strict=True)
    )
    ones = np.ones(len(user), np.float32)
    return Dataset(
        f"sessions {n_users} x {n_items}",
        IdMap(f"{u:07d}" for u in range(n_users)),
        IdMap(f"{i:07d}" for i in range(n_items)),
        Interactions(user.astype(np.int32), item.astype(np.int32), ones, when.astype(np.int64)),
        pd.DataFrame({"age": (35 + 10 * users[:, 0]).round().astype(np.float64)}),
        pd.DataFrame({"tags": pd.Series([_tags(row) for row in items], dtype=object)}),
        (Field("age", "dense", "user"), Field("tags", "multi", "item")),
    )


def _tags(hidden: FloatArray) -> tuple[str, ...]:
    return tuple(f"t{k}" for k in np.flatnonzero(hidden > 1.5 * HIDDEN**-0.5))


def _block(
    users: FloatArray,
    counts: np.ndarray,
    popularity: np.ndarray,
    items: FloatArray,
    rng: np.random.Generator,
) -> tuple[IntArray, IntArray, IntArray]:
    """Draw the sessions of some users side by side: user, item and time of each interaction."""
    left = counts[: len(users)].copy()
    base = (popularity + users @ items.T).astype(np.float32)  # −inf where it was taken
    rows, taken, times = [], [], []
    day = 0
    while left.any():
        asked = np.flatnonzero(left)
        theme = items[rng.integers(0, len(items), len(asked))]
        noise = np.log(rng.exponential(size=(len(asked), len(items))) + 1e-30).astype(np.float32)
        value = base[asked] + THEME * HIDDEN**0.5 * (theme @ items.T) - noise  # Gumbel's trick
        best = np.argpartition(-value, SESSION, axis=1)[:, :SESSION]
        order = np.argsort(-np.take_along_axis(value, best, axis=1), axis=1)
        best = np.take_along_axis(best, order, axis=1)
        row, place = np.nonzero(np.arange(SESSION) < left[asked, None])
        base[asked[row], best[row, place]] = -np.inf
        rows.append(asked[row])
        taken.append(best[row, place])
        times.append(86_400 * day + 40 * place)
        left[asked] -= np.minimum(left[asked], SESSION)
        day += 1
    return np.concatenate(rows), np.concatenate(taken), np.concatenate(times)


def measured(dataset: Dataset, n_epochs: int) -> Iterator[str]:
    """Train by the recipe in `n_epochs` and yield what was found on the way, and in the end."""
    part = hold_out(dataset, "r80")
    start = presets.ranking()
    recipe = presets.with_settings(start, n_epochs=n_epochs, patience=n_epochs)
    lines: list[str] = []
    began = time.process_time()

    def heard(stage: str, record: Record) -> None:
        if "ndcg" in record:
            seconds = time.process_time() - began
            lines.append(f"{record['epoch']:>4.0f} epochs: {record['ndcg']:.4f}, {seconds:,.0f} s")

    trained = train_model(part.train, *recipe, tell=Telling(heard))
    seconds = time.process_time() - began
    from recsys.scoring.scorer import Scorer

    found = part.list_metrics(part.lists(Scorer(trained, part.train).raw_all))
    popular = part.list_metrics(part.lists(Popularity(part.seen).score_all))
    yield from lines
    yield (
        f"in the end, on the test part: NDCG@10 {found['ndcg']:.4f} after {seconds:,.0f} CPU-s; "
        f"popularity {popular['ndcg']:.4f}"
    )


def main() -> None:
    """Train at the sizes asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sizes", nargs="+", choices=SHAPES)
    parser.add_argument("--epochs", type=int, nargs="+", default=[80])
    asked = parser.parse_args()
    for size in asked.sizes:
        dataset = with_sessions(*SHAPES[size])
        for n_epochs in asked.epochs:
            print(f"{size}, at most {n_epochs} epochs; NDCG@10 on the cut, CPU seconds", flush=True)
            for line in measured(dataset, n_epochs):
                print(f"  {line}", flush=True)


if __name__ == "__main__":
    main()
