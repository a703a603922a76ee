"""Training samples produced per CPU-second: negatives drawn, and users' and items' codes gathered.

    python -m benchmarks.negatives

A sample is a (user, item) pair with the place of every code that the network reads. Ours draws in
numba over CSR rows and names every user, item and code of a batch once. The other producer is
vectorised numpy, the best of its kind known to us: negatives for a whole epoch, those that hit one
of the user's own items found by binary search among sorted user·n_items + item keys and drawn
again, then one fancy index per side into padded code tables. One negative per positive, batches of
4,096, the fields of `notebook_data`. Median of runs in turn.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", OMP_WAIT_POLICY="passive")

import numpy as np  # noqa: E402

from benchmarks.notebook_data import movielens, synthetic  # noqa: E402
from ingest.dataset.schema import Dataset  # noqa: E402
from recsys.config import DeepFMConfig, TrainingConfig  # noqa: E402
from recsys.examples.batches import PairBatch, PairBatches  # noqa: E402
from recsys.examples.features import Bags, FeatureSpace  # noqa: E402
from recsys.examples.inputs import Inputs  # noqa: E402
from recsys.examples.sampling import NegativeSampler  # noqa: E402
from recsys.network.projected import Toucher  # noqa: E402

BATCH = 4096


class Numpy:
    """The vectorised producer."""

    def __init__(self, inputs: Inputs) -> None:
        matrix = inputs.matrix
        self.n_items = matrix.shape[1]
        self.user = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
        self.item = matrix.indices.astype(np.int64)
        self.keys = self.user * self.n_items + self.item  # ascending
        self.users = padded(inputs.users(np.arange(inputs.n_users)))
        self.items = padded(inputs.items())

    def negatives(self, users: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw one unseen item for each of `users`."""
        drawn = rng.integers(0, self.n_items, len(users))
        wrong = np.arange(len(users))
        while len(wrong):
            keys = users[wrong] * self.n_items + drawn[wrong]
            place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
            wrong = wrong[self.keys[place] == keys]
            drawn[wrong] = rng.integers(0, self.n_items, len(wrong))
        return drawn

    def epoch(self, rng: np.random.Generator) -> int:
        """Make every batch of an epoch; return the number of samples."""
        order = rng.permutation(len(self.user))
        drawn = self.negatives(self.user[order], rng)
        made = 0
        for start in range(0, len(order), BATCH // 2):
            rows = order[start : start + BATCH // 2]
            users = np.concatenate([self.user[rows], self.user[rows]])
            items = np.concatenate([self.item[rows], drawn[start : start + BATCH // 2]])
            labels = np.repeat(np.float32([1, 0]), len(rows))
            gathered = [table[users] for table in self.users] + [
                table[items] for table in self.items
            ]
            made += len(labels) * bool(gathered)
        return made


def padded(bags: Bags) -> tuple[np.ndarray, np.ndarray]:
    """Return codes and values of every row side by side, (n_rows, most), filled up with zeros."""
    ends = bags.offsets[:: bags.n_fields]
    lengths = np.diff(ends)
    codes = np.zeros((bags.n_rows, lengths.max()), np.int64)
    values = np.zeros(codes.shape, np.float32)
    inside = np.arange(codes.shape[1]) < lengths[:, None]
    codes[inside], values[inside] = bags.codes, bags.values
    return codes, values


def per_second(ways: dict[str, Callable[[], int]], rounds: int) -> dict[str, float]:
    """Return each way's median samples per CPU-second, tried in turn, the first round left out."""
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds + 1):
        for name, way in ways.items():
            start = time.process_time()
            made = way()
            rates[name].append(made / (time.process_time() - start))
    return {name: statistics.median(found[1:]) for name, found in rates.items()}


def compare(dataset: Dataset, rounds: int) -> None:
    """Print both producers' figures, with and without gathering."""
    config = DeepFMConfig(embed_size=64)
    space = FeatureSpace.from_dataset(dataset, config)
    inputs = Inputs(space, dataset, ())
    theirs, rng = Numpy(inputs), np.random.default_rng(0)
    batches = PairBatches(inputs, dataset, TrainingConfig(batch_size=BATCH))
    toucher = Toucher(np.array([field.start for field in space.fields]), space.n_codes)
    sampler = NegativeSampler(inputs.matrix)

    def ours() -> int:
        made = 0
        for batch in batches.epoch(rng):
            assert isinstance(batch, PairBatch)
            toucher.touch(batch)
            made += batch.labels.size
        return made

    negatives = per_second(
        {
            "ours": lambda: len(sampler.draw(theirs.user, 1, rng)),
            "numpy": lambda: len(theirs.negatives(theirs.user, rng)),
        },
        rounds,
    )
    both = per_second({"ours": ours, "numpy": lambda: theirs.epoch(rng)}, rounds)
    print(f"{dataset.name}: {len(dataset.interactions):,} interactions")
    for what, rates in (("negatives alone", negatives), ("negatives and gather", both)):
        print(
            f"  {what:<22}ours {rates['ours'] / 1e6:6.2f}M/CPU-s   "
            f"numpy {rates['numpy'] / 1e6:5.2f}M/CPU-s   {rates['ours'] / rates['numpy']:5.1f}x",
            flush=True,
        )


def main() -> None:
    """Compare on MovieLens-100K and on a larger set."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    print("1 thread, OMP_WAIT_POLICY=passive")
    for dataset in (movielens(), synthetic(6_040, 3_900, 1_000_000)):
        compare(dataset, given.rounds)


if __name__ == "__main__":
    main()
