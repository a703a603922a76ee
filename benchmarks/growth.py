"""What each part costs as the data grow, from 100,000 to 20 million interactions, on one thread.

    python -m benchmarks.growth                                      # four sizes, minutes, 4 GB
    python -m benchmarks.growth 100k 1M
    python -m benchmarks.growth --picture docs/growth.png --json growth.json

CPU milliseconds; data of `benchmarks/generate.py`, seed 0, with the fields of `notebook_data`. The
network is the first notebook's, K = 64 and MLP 128-64-32 with batch normalisation; the recipe for
lists is `presets.ranking`. What is compiled is compiled before the clock starts.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", OMP_WAIT_POLICY="passive")

import numpy as np

from benchmarks.generate import SHAPES
from benchmarks.notebook_data import synthetic
from benchmarks.scoring import drawn
from ingest.dataset.schema import Dataset
from recsys import presets
from recsys.config import DeepFMConfig, TrainingConfig
from recsys.examples.features import FeatureSpace
from recsys.examples.inputs import Inputs
from recsys.examples.sampling import NegativeSampler
from recsys.neighbours.audience import Audience
from recsys.training.fitting import Fitting

BATCH, K = 4096, 50
ROUNDS = 5
PARTS = (
    "a training step of 4,096 pairs",
    "a training step of 256 users (recipe for lists)",
    "4,096 negatives",
    "top 10 for one user",
    "top 10 a user, all users",
    "50 Jaccard neighbours, one user",
    "50 Jaccard neighbours a user, all users",
)


def measure(size: str) -> dict[str, float]:
    """Return the CPU milliseconds of every part at one size."""
    dataset = synthetic(*SHAPES[size])
    times = [*training(dataset), *scoring(dataset), *jaccard(dataset)]
    return dict(zip(PARTS, times, strict=True))


def training(dataset: Dataset) -> Iterator[float]:
    """Time a step on pairs, a step of the recipe for lists, and 4,096 negatives."""
    config = DeepFMConfig(embed_size=64, hidden_units=(128, 64, 32), use_bn=True)
    yield step(dataset, config, TrainingConfig(batch_size=BATCH), 20)
    recipe = presets.ranking()
    yield step(dataset, recipe.config, recipe.training, 3)
    matrix = Inputs(FeatureSpace.from_dataset(dataset, config), dataset, ()).matrix
    sampler, rng = NegativeSampler(matrix), np.random.default_rng(0)
    users = np.sort(rng.permutation(dataset.interactions.user)[: 64 * BATCH])  # as in training
    yield per_unit(lambda: sampler.draw(users, 1, rng), len(users) / BATCH)


def step(dataset: Dataset, config: DeepFMConfig, training: TrainingConfig, n: int) -> float:
    """Time `n` steps in a row, their batches included."""
    inputs = Inputs(FeatureSpace.from_dataset(dataset, config), dataset, config.history)
    fitting = Fitting(inputs, dataset, config, training, seed=0)

    def batches() -> Iterator[object]:
        while True:
            yield from fitting._batches.epoch(fitting._rng)

    several = batches()

    def steps() -> None:
        for batch in islice(several, n):
            fitting._steps.step(batch, training.lr)  # type: ignore[arg-type]

    return per_unit(steps, n)


def scoring(dataset: Dataset) -> Iterator[float]:
    """Time lists for one user at a time, and for many."""
    scorer, _, _ = drawn(dataset, 64)
    users = np.random.default_rng(0).permutation(dataset.n_users)
    yield per_unit(lambda: [scorer.top(users[n : n + 1], 10) for n in range(10)], 10)
    some = users[:500]
    yield per_unit(lambda: scorer.top(some, 10), len(some))


def jaccard(dataset: Dataset) -> Iterator[float]:
    """Time the neighbours of one user at a time, and of many, once the bit columns are made."""
    config = DeepFMConfig(embed_size=1)
    matrix = Inputs(FeatureSpace.from_dataset(dataset, config), dataset, ()).matrix
    audience = Audience(matrix, patience=0)
    users = np.random.default_rng(0).permutation(dataset.n_users).astype(np.int32)

    def one_by_one() -> None:
        for user in users[:200]:
            own = matrix.indices[matrix.indptr[user] : matrix.indptr[user + 1]]
            audience.nearest(own, K, exclude=int(user))

    yield per_unit(one_by_one, 200)
    many = users[:5000]
    yield per_unit(lambda: audience.nearest_all(many, K), len(many))


def per_unit(work: Callable[[], object], units: float) -> float:
    """Return the median CPU milliseconds of a unit over some rounds, after one to warm up."""
    seconds = []
    for _ in range(ROUNDS + 1):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return 1e3 * statistics.median(seconds[1:]) / units


def table(measured: dict[str, dict[str, float]]) -> str:
    """Return a Markdown table, a part a line and a size a column."""
    shapes = [f"{SHAPES[size][0]:,} × {SHAPES[size][1]:,}<br>{size}" for size in measured]
    lines = [f"| CPU ms | {' | '.join(shapes)} |", "|---" * (len(measured) + 1) + "|"]
    for part in PARTS:
        cells = [
            f"{found[part]:.2g}" if found[part] < 10 else f"{found[part]:,.0f}"
            for found in measured.values()
        ]
        lines.append(f"| {part} | {' | '.join(cells)} |")
    return "\n".join(lines)


def draw(measured: dict[str, dict[str, float]], file: Path) -> None:
    """Draw cost over interactions, both logarithmic, every line named at its end."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    sizes = np.array([SHAPES[size][2] for size in measured])
    lines = [[found[part] for found in measured.values()] for part in PARTS]
    slope = lines[-1][0] * sizes / sizes[0]
    ends = spread([*(line[-1] for line in lines), slope[-1]])
    figure, axes = pyplot.subplots(figsize=(10, 5.5), layout="constrained")
    for number, (part, line, end) in enumerate(zip(PARTS, lines, ends[:-1], strict=True)):
        axes.plot(sizes, line, "o-", color=f"C{number}", linewidth=1.8, markersize=4)
        axes.annotate(
            part,
            (sizes[-1], line[-1]),
            (sizes[-1] * 1.25, end),
            color=f"C{number}",
            va="center",
            fontsize=9,
        )
    axes.plot(sizes, slope, ":", color="0.6", linewidth=1)
    axes.annotate(
        "in proportion to the data",
        (sizes[-1], slope[-1]),
        (sizes[-1] * 1.25, ends[-1]),
        color="0.5",
        va="center",
        fontsize=9,
    )
    axes.set(xscale="log", yscale="log", xlabel="interactions", ylabel="CPU milliseconds")
    axes.set_xticks(sizes, [*measured])
    axes.minorticks_off()
    axes.set_xlim(sizes[0] * 0.8, sizes[-1] * 1.1)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="0.92")
    figure.savefig(file, dpi=150)


def spread(heights: list[float], least: float = 1.35) -> list[float]:
    """Return places for labels at about `heights`, each at least `least` times the one below."""
    places = [0.0] * len(heights)
    below = 0.0
    for n in np.argsort(heights):
        below = places[n] = max(heights[n], below * least)
    return places


def main() -> None:
    """Measure the sizes asked for; print the table, write the picture."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sizes", nargs="*", help=f"of {', '.join(SHAPES)}; default all")
    parser.add_argument("--json", type=Path, help="write the numbers to this file, too")
    parser.add_argument("--picture", type=Path, help="draw them into this PNG")
    asked = parser.parse_args()
    if unknown := set(asked.sizes) - set(SHAPES):
        parser.error(f"no such size: {', '.join(sorted(unknown))}; there are {', '.join(SHAPES)}")
    import torch

    torch.set_num_threads(1)
    print("1 thread, OMP_WAIT_POLICY=passive", flush=True)
    measured = {}
    for size in asked.sizes or SHAPES:
        measured[size] = measure(size)
        print(f"{size} done", flush=True)
    print(table(measured))
    if asked.json:
        asked.json.write_text(json.dumps(measured, indent=1) + "\n")
    if asked.picture:
        draw(measured, asked.picture)


if __name__ == "__main__":
    main()
