"""Training samples produced per CPU-second: negatives drawn, users' and items' codes looked up.

    python -m benchmarks.negatives

One negative per positive, batches of 4,096 samples, the fields of `notebook_data`, in random order.
Ours draws in numba and names every user, item and code of a batch once, which is what its training
step reads. Beside it two producers in vectorised numpy, which give every sample its padded codes
and values, as a plain network reads them:

* *by batch*, as is usual: draw, look up what is seen in scipy's matrix, draw again, gather;
* *by epoch*, the best we know: negatives for a whole epoch, what is seen found by binary search
  among sorted user·n_items + item keys, then gathered batch by batch;

and the second once more with distinct rows and codes named as ours are, instead of the gather.
Median of runs in turn.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", OMP_WAIT_POLICY="passive")

import numpy as np  # noqa: E402

from benchmarks.notebook_data import movielens, synthetic  # noqa: E402
from ingest.dataset.schema import Dataset  # noqa: E402
from recsys.config import DeepFMConfig, TrainingConfig  # noqa: E402
from recsys.examples.batches import PairBatch, PairBatches  # noqa: E402
from recsys.examples.features import Bags, FeatureSpace  # noqa: E402
from recsys.examples.inputs import Inputs  # noqa: E402
from recsys.examples.sampling import NegativeSampler  # noqa: E402
from recsys.network.touched import Toucher  # noqa: E402

BATCH = 4096


class Numpy:
    """The vectorised producers."""

    def __init__(self, inputs: Inputs) -> None:
        self.matrix = inputs.matrix
        n_users, self.n_items = self.matrix.shape
        self.user = np.repeat(np.arange(n_users), np.diff(self.matrix.indptr))
        self.item = self.matrix.indices.astype(np.int64)
        self.keys = self.user * self.n_items + self.item  # ascending
        self.users = padded(inputs.users(np.arange(inputs.n_users)))
        self.items = padded(inputs.items())
        self.flags = [np.zeros(n, bool) for n in (n_users, self.n_items, inputs.space.n_codes)]
        self.marks = [np.empty(len(flags), np.int32) for flags in self.flags]

    def looked_up(self, users: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw one unseen item for each of `users`, by the matrix."""
        drawn = rng.integers(0, self.n_items, len(users))
        wrong = np.arange(len(users))
        while len(wrong):
            wrong = wrong[np.asarray(self.matrix[users[wrong], drawn[wrong]]).ravel() > 0]
            drawn[wrong] = rng.integers(0, self.n_items, len(wrong))
        return drawn

    def searched(self, users: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw one unseen item for each of `users`, by binary search."""
        drawn = rng.integers(0, self.n_items, len(users))
        wrong = np.arange(len(users))
        while len(wrong):
            keys = users[wrong] * self.n_items + drawn[wrong]
            place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
            wrong = wrong[self.keys[place] == keys]
            drawn[wrong] = rng.integers(0, self.n_items, len(wrong))
        return drawn

    def by_batch(self, rng: np.random.Generator) -> int:
        """Make every batch of an epoch; return the number of samples."""
        made = 0
        for rows in self.batches(rng):
            drawn = self.looked_up(self.user[rows], rng)
            made += self.gather(self.user[rows], self.item[rows], drawn)
        return made

    def by_epoch(self, rng: np.random.Generator, named: bool = False) -> int:
        """Make every batch of an epoch; return the number of samples."""
        drawn = self.searched(self.user, rng)
        made = 0
        for rows in self.batches(rng):
            last = self.name if named else self.gather
            made += last(self.user[rows], self.item[rows], drawn[rows])
        return made

    def batches(self, rng: np.random.Generator) -> Iterator[np.ndarray]:
        order = rng.permutation(len(self.user))
        return (order[at : at + BATCH // 2] for at in range(0, len(order), BATCH // 2))

    def gather(self, users: np.ndarray, items: np.ndarray, drawn: np.ndarray) -> int:
        """Gather codes and values of every sample, (B, most) each."""
        users, items = np.concatenate([users, users]), np.concatenate([items, drawn])
        labels = np.repeat(np.array([1, 0], np.float32), len(drawn))
        gathered = [table.take(users, axis=0) for table in self.users]
        gathered += [table.take(items, axis=0) for table in self.items]
        return len(labels) * bool(gathered)

    def name(self, users: np.ndarray, items: np.ndarray, drawn: np.ndarray) -> int:
        """Name distinct users, items and codes, and the place of each."""
        users, items = np.concatenate([users, users]), np.concatenate([items, drawn])
        labels = np.repeat(np.array([1, 0], np.float32), len(drawn))
        user_rows, user = self.number(0, users)
        item_rows, item = self.number(1, items)
        sides = (self.users[0], user_rows), (self.items[0], item_rows)
        codes = np.concatenate([table.take(rows, axis=0).ravel() for table, rows in sides])
        self.number(2, codes)
        return len(labels) * (len(user) == len(item))

    def number(self, which: int, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the distinct `ids`, ascending, and the place of each among them."""
        flags, mark = self.flags[which], self.marks[which]
        flags[ids] = True
        found = np.flatnonzero(flags)
        flags[found] = False
        mark[found] = np.arange(len(found), dtype=np.int32)
        return found, mark.take(ids)


def padded(bags: Bags) -> tuple[np.ndarray, np.ndarray]:
    """Return codes and values of every row side by side, (n_rows, most), filled up with zeros."""
    ends = bags.offsets[:: bags.n_fields]
    lengths = np.diff(ends)
    codes = np.zeros((bags.n_rows, lengths.max()), np.int32)
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

    drawing = {
        "ours": lambda: len(sampler.draw(theirs.user, 1, rng)),
        "numpy by batch": lambda: sum(
            len(theirs.looked_up(theirs.user[rows], rng)) for rows in theirs.batches(rng)
        ),
        "numpy by epoch": lambda: len(theirs.searched(theirs.user, rng)),
    }
    making = {
        "ours": ours,
        "numpy by batch": lambda: theirs.by_batch(rng),
        "numpy by epoch": lambda: theirs.by_epoch(rng),
        "numpy by epoch, named": lambda: theirs.by_epoch(rng, named=True),
    }
    print(f"{dataset.name}: {len(dataset.interactions):,} interactions")
    for what, ways in (("negatives alone", drawing), ("negatives and gather", making)):
        rates = per_second(ways, rounds)
        print(f"  {what:<44}ours {rates['ours'] / 1e6:6.1f}M/CPU-s")
        for name in list(ways)[1:]:
            print(
                f"    {name:<42}{rates[name] / 1e6:11.2f}M/CPU-s"
                f"{rates['ours'] / rates[name]:8.1f}x",
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
