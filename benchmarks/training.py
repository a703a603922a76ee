"""Training samples per CPU-second of DeepFM, here and in its peers, with the quality they reach.

    python -m benchmarks.peers /tmp/peers                         once; some minutes
    python -m benchmarks.training --peers /tmp/peers
    python -m benchmarks.training --seeds 30 --batches 512 --threads 1    quality alone, no peers

K = 64, MLP 128-64-32 with batch normalisation (RecBole's DeepFM has none), Adam, binary cross
entropy with one fresh uniform negative per positive, the fields of `notebook_data`. All train on
the same interactions for the same number of epochs in batches of the same size. The peers'
negatives are drawn beforehand, outside the clock; ours in training, inside it. Only the training
loop is timed, in CPU seconds of all threads, each contender in a process of its own, in turn; the
first epoch of a process (compilation, first touch) counts for the quality but not for the time.
Quality is log-loss and ROC-AUC on every user's held-out last fifth, with one fixed unseen negative
each, after the epoch that was best. `--seeds` says whether our steps reach what PyTorch's own
reach: both train from the same seeds, which draw the same weights, batches and negatives.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks import peers
from benchmarks.notebook_data import movielens, synthetic, write_pairs
from benchmarks.peer_training import Clock
from ingest.dataset.schema import Dataset, FloatArray

OURS, PLAIN = "whyrec", "whyrec, plain steps"
WAIT_POLICY = "passive"


class Result(NamedTuple):
    """What one process came to."""

    cpu: list[float]  # seconds of every epoch but the first
    wall: list[float]
    scores: NDArray[np.float64]  # (n_epochs, n_test)  probabilities after each epoch


def train_here(
    dataset: Dataset, pairs: Path, out: Path, batch: int, lr: float, plain: bool, seed: int
) -> None:
    """Train whyrec's DeepFM on `dataset` as `Fitting` does and write times and test scores."""
    import torch

    from recsys.config import DeepFMConfig, TrainingConfig
    from recsys.examples.features import FeatureSpace
    from recsys.examples.inputs import Inputs
    from recsys.network.steps import PlainSteps
    from recsys.training.fitting import Fitting

    data = np.load(pairs)
    config = DeepFMConfig(embed_size=64, hidden_units=(128, 64, 32), use_bn=True)
    training = TrainingConfig(
        n_epochs=int(data["n_epochs"]), lr=lr, batch_size=batch, metric="log_loss"
    )
    inputs = Inputs(FeatureSpace.from_dataset(dataset, config), dataset, ())
    fitting = Fitting(inputs, dataset, config, training, seed)
    if plain:
        fitting._steps = PlainSteps(fitting.model, inputs, training)
    clock = Clock()

    def score() -> FloatArray:
        model = fitting.model.eval()
        with torch.no_grad():
            y = model(
                model.fields(inputs.users(data["test_user"])),
                model.fields(inputs.items(data["test_item"])),
            )
        found: FloatArray = torch.sigmoid(y).numpy()
        return found

    for epoch in range(1, training.n_epochs + 1):
        clock.time(partial(fitting._epoch, epoch, lambda n: None), score)
    np.savez(out, cpu=clock.cpu, wall=clock.wall, scores=np.stack(clock.scores))


def run(
    contender: str,
    given: argparse.Namespace,
    data: str,
    folder: Path,
    batch: int,
    threads: int,
    seed: int = 0,
) -> Result | None:
    """Train one contender in a process of its own."""
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": str(threads),
        "OMP_WAIT_POLICY": WAIT_POLICY,
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    out = folder / "out.npz"
    settings: list[object]
    if contender in (OURS, PLAIN):
        settings = ["-m", "benchmarks.training", "--worker", contender, "--data", data]
        settings += ["--folder", folder, "--batches", batch, "--threads", threads]
        settings += ["--lr", given.lr, "--seed", seed]
        python = sys.executable
    else:
        settings = [Path(__file__).parent / "peer_training.py", contender, folder / "pairs.npz"]
        settings += [out, batch, threads, given.lr, seed]
        python = str(peers.python_of(given.peers))
    done = subprocess.run(
        [python, *map(str, settings)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(f"{contender} failed: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return None
    result = np.load(out)
    return Result(list(result["cpu"][1:]), list(result["wall"][1:]), result["scores"])


def dataset_named(name: str) -> Dataset:
    """Return `ml-100k`, or a synthetic set `users,items,interactions`."""
    return movielens() if name == "ml-100k" else synthetic(*map(int, name.split(",")))


def compare(given: argparse.Namespace, data: str) -> None:
    """Train every contender on one data set, for all numbers of threads and batch sizes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        train = write_pairs(dataset_named(data), folder / "pairs.npz", given.epochs)
        for threads in given.threads:
            for batch in given.batches:
                if given.seeds:
                    over_seeds(given, data, folder, batch, threads)
                    continue
                print(
                    f"\n{data}: {2 * len(train.interactions):,} samples an epoch, batch {batch}, "
                    f"lr {given.lr:g}, {threads} thread(s), OMP_WAIT_POLICY={WAIT_POLICY}, "
                    f"median of {given.rounds} x {given.epochs - 1} epochs in turn",
                    flush=True,
                )
                table(given, data, folder, batch, threads, 2 * len(train.interactions))


def table(
    given: argparse.Namespace, data: str, folder: Path, batch: int, threads: int, samples: int
) -> None:
    """Train all contenders in turn, some rounds, and print a line for each."""
    contenders = [OURS, *([PLAIN] if given.plain else []), *peers.present(given.peers)]
    results: dict[str, list[Result]] = {}
    for _ in range(given.rounds):
        for one in contenders:
            result = run(one, given, data, folder, batch, threads)
            if result is not None:
                results.setdefault(one, []).append(result)
    rate = {one: samples / median(result.cpu for result in found) for one, found in results.items()}
    labels = np.load(folder / "pairs.npz")["test_label"]
    print(
        f"{'':<22}{'samples/CPU-s':>14}{'samples/s':>12}{'ours is':>9}"
        f"{'log-loss':>10}{'AUC':>8}{'epoch':>7}"
    )
    for one, found in results.items():
        loss, auc, epoch = best_epoch(labels, found[0].scores)
        wall = samples / median(result.wall for result in found)
        print(
            f"{one:<22}{rate[one]:>14,.0f}{wall:>12,.0f}"
            f"{rate[OURS] / rate[one]:>8.2f}x{loss:>10.4f}{auc:>8.4f}{epoch:>7}",
            flush=True,
        )


def over_seeds(
    given: argparse.Namespace, data: str, folder: Path, batch: int, threads: int
) -> None:
    """Train with our steps and with plain ones from the same seeds; print the quality of both."""
    labels = np.load(folder / "pairs.npz")["test_label"]
    found: dict[str, list[tuple[float, float]]] = {OURS: [], PLAIN: []}
    for seed in range(given.seeds):
        for one in found:
            result = run(one, given, data, folder, batch, threads, seed)
            if result is None:
                return
            found[one].append(best_epoch(labels, result.scores)[:2])
    ours, plain = (np.array(found[one]) for one in (OURS, PLAIN))  # (seeds, 2)  log-loss, AUC
    print(f"\n{data}, batch {batch}, lr {given.lr:g}, {given.seeds} seeds, mean and deviation")
    print(f"{'':<22}{'log-loss':>16}{'AUC':>16}")
    for name, values in ((OURS, ours), (PLAIN, plain), ("difference", ours - plain)):
        pairs = zip(values.mean(axis=0), values.std(axis=0, ddof=1), strict=True)
        print(f"{name:<22}" + "".join(f"{mean:>9.4f} ±{sd:.4f}" for mean, sd in pairs))
    errors = (ours - plain).std(axis=0, ddof=1) / np.sqrt(given.seeds)
    print(f"{'its standard error':<22}" + "".join(f"{error:>16.4f}" for error in errors))


def median(rounds: Iterable[list[float]]) -> float:
    """Return the median of the epochs of all rounds."""
    return statistics.median(seconds for one in rounds for seconds in one)


def best_epoch(labels: FloatArray, scores: NDArray[np.float64]) -> tuple[float, float, int]:
    """Return log-loss and AUC of the epoch with the least log-loss, and which it is."""
    from recsys.evaluation.metrics import log_loss, roc_auc

    losses = [log_loss(labels, one) for one in scores]
    best = int(np.argmin(losses))
    return losses[best], roc_auc(labels, scores[best]), best + 1


def main() -> None:
    """Compare, or be one of the processes that are compared."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peers", type=Path, default=peers.DEFAULT)
    parser.add_argument("--data", nargs="+", default=["ml-100k"], help="ml-100k or U,I,N")
    parser.add_argument("--batches", type=int, nargs="+", default=[4096, 512])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--seeds", type=int, default=0, help="only quality, over so many seeds")
    parser.add_argument("--plain", action="store_true", help="our plain steps as well")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker is None:
        if given.seeds == 1 or given.seeds < 0:
            parser.error("--seeds: a deviation needs two seeds at least")
        if not given.seeds and not peers.present(given.peers):
            print(f"no peers in {given.peers}, so there is nothing to compare with: `make peers`")
        for data in given.data:
            compare(given, data)
        return
    import torch

    torch.set_num_threads(given.threads[0])
    from dataclasses import replace

    from ingest.dataset.split import split_chronological

    dataset = dataset_named(given.data[0])
    seen = dataset.interactions
    train = replace(dataset, interactions=seen.take(split_chronological(seen).train))
    train_here(
        train,
        given.folder / "pairs.npz",
        given.folder / "out.npz",
        given.batches[0],
        given.lr,
        given.worker == PLAIN,
        given.seed,
    )


if __name__ == "__main__":
    main()
