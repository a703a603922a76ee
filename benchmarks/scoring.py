"""CPU time and memory of scoring every item, exactly: for one user, and for all users of a set.

    python -m benchmarks.scoring [--peers FOLDER] [--threads 2] [--large]

One user: the top 10 of 27,278 items against the naive way, which puts every (user, item) pair
through the network as training does, in torch; weights as drawn, which cost what trained ones do.
All users: 6,000 x 3,200, top 10 of the unseen with their scores, of a network trained for two
epochs, against LibRecommender's `recommend_user`, asked for one user a call, for the list that
suits it best, and for 300 at once. `--large`: what 2,000 lists from 27,000 items of a network with
138,000 users take, memory above all. MLP 128-64-32 with batch normalisation, the fields of
`notebook_data`. Median of runs in turn.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

THREADS = next((sys.argv[n + 1] for n, word in enumerate(sys.argv) if word == "--threads"), "1")
WAIT_POLICY = "passive"
os.environ.update(
    OMP_NUM_THREADS=THREADS,
    OPENBLAS_NUM_THREADS=THREADS,
    MKL_NUM_THREADS=THREADS,
    OMP_WAIT_POLICY=WAIT_POLICY,
)

import numpy as np  # noqa: E402
import torch  # noqa: E402

from benchmarks import peers  # noqa: E402
from benchmarks.generate import SHAPES  # noqa: E402
from benchmarks.notebook_data import synthetic  # noqa: E402
from ingest.dataset.schema import Dataset, FloatArray  # noqa: E402
from recsys.checkpoint import TrainedModel  # noqa: E402
from recsys.config import DeepFMConfig, TrainingConfig  # noqa: E402
from recsys.examples.features import CodeArray, FeatureSpace  # noqa: E402
from recsys.examples.inputs import Inputs  # noqa: E402
from recsys.network.deepfm import DeepFM  # noqa: E402
from recsys.scoring.calibration import Calibration  # noqa: E402
from recsys.scoring.inference import Weights  # noqa: E402
from recsys.scoring.scorer import Scorer  # noqa: E402
from recsys.scoring.topn import top_items  # noqa: E402
from recsys.training.fitting import Fitting, build_network, export  # noqa: E402

ONE_USER = (2_000, 27_278, 200_000)
ALL_USERS = (6_000, 3_200, 600_000)


def drawn(dataset: Dataset, k: int) -> tuple[Scorer, DeepFM, Inputs]:
    """Return a scorer with drawn weights, and the network it stands for."""
    config = DeepFMConfig(embed_size=k, hidden_units=(128, 64, 32), use_bn=True, init_std=0.3)
    space = FeatureSpace.from_dataset(dataset, config)
    inputs = Inputs(space, dataset, ())
    model = build_network(space, config, seed=0).eval()
    return scorer_of(config, space, export(model), dataset, inputs), model, inputs


def trained(dataset: Dataset, k: int) -> Scorer:
    """Return a scorer of a network that has seen the data twice."""
    config = DeepFMConfig(embed_size=k, hidden_units=(128, 64, 32), use_bn=True)
    space = FeatureSpace.from_dataset(dataset, config)
    inputs = Inputs(space, dataset, ())
    training = TrainingConfig(n_epochs=2, batch_size=4096, metric="log_loss")
    fit = Fitting(inputs, dataset, config, training, seed=0).run(2, quiet=True)
    return scorer_of(config, space, fit.weights, dataset, inputs)


def scorer_of(
    config: DeepFMConfig, space: FeatureSpace, weights: Weights, dataset: Dataset, inputs: Inputs
) -> Scorer:
    """Put a scorer together."""
    model = TrainedModel(
        config=config,
        training=TrainingConfig(),
        space=space,
        weights=weights,
        calibration=Calibration(),
        data_fingerprint=dataset.fingerprint,
        seed=0,
    )
    return Scorer(model, dataset, inputs)


def milliseconds(ways: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the median CPU milliseconds of each way, in turn; the first round is left out."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds + 1):
        for name, way in ways.items():
            start = time.process_time()
            way()
            times[name].append(1e3 * (time.process_time() - start))
    return {name: statistics.median(found[1:]) for name, found in times.items()}


def one_user(rounds: int) -> None:
    """Time one user's list at K = 16 and 64."""
    dataset = synthetic(*ONE_USER)
    for k, target in ((16, 5), (64, 16)):
        scorer, model, inputs = drawn(dataset, k)
        users, everything = np.zeros(inputs.n_items, np.int64), np.arange(inputs.n_items)

        @torch.no_grad()
        def naive(
            model: DeepFM = model,
            inputs: Inputs = inputs,
            users: CodeArray = users,
            everything: CodeArray = everything,
        ) -> FloatArray:
            y: FloatArray = model(
                model.fields(inputs.users(users)), model.fields(inputs.items(everything))
            ).numpy()
            return y

        def ours(scorer: Scorer = scorer) -> FloatArray:
            y: FloatArray = scorer.raw_all(np.array([0]))[0]
            return y

        difference = float(np.abs(naive() - ours()).max())
        assert difference < 1e-3, f"the two ways differ by {difference}"
        found = milliseconds(
            {
                "ours": lambda: top_items(ours()[None], 10),
                "naive": lambda: top_items(naive()[None], 10),
            },
            rounds,
        )
        print(
            f"one user, {inputs.n_items:,} items, K={k}: {found['ours']:.1f} CPU-ms, naive "
            f"{found['naive']:.1f}, {found['naive'] / found['ours']:.1f}x (aim {target}x); "
            f"scores differ by {difference:.1e}",
            flush=True,
        )


def all_users(peers_folder: Path, k: int) -> None:
    """Time the lists of all users, and the peer's for some of them."""
    dataset = synthetic(*ALL_USERS)
    ours = lists(trained(dataset, k), dataset, np.arange(dataset.n_users))
    if "LibRecommender" not in peers.present(peers_folder):
        print(
            "  LibRecommender is not installed, so there is nothing to compare with: `make peers`"
        )
        return
    command = [peers.python_of(peers_folder), Path(__file__).parent / "peer_scoring.py"]
    done = subprocess.run(
        [str(part) for part in [*command, *ALL_USERS[:2], k]],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print("LibRecommender failed:", done.stderr.strip().splitlines()[-1])
        return
    for group, theirs in json.loads(done.stdout.splitlines()[-1]).items():
        print(
            f"  LibRecommender's recommend_user, {group:>3} a call: {theirs:5,.0f} users/CPU-s, "
            f"ours is {ours / theirs:.1f}x (aim 25x)",
            flush=True,
        )


def lists(scorer: Scorer, dataset: Dataset, users: np.ndarray) -> float:
    """Time the top 10 of `users`, print that and the memory it takes; return users a CPU-second."""
    scorer.top(users[:8], 10)
    took = milliseconds({"ours": lambda: scorer.top(users, 10)}, rounds=3)["ours"]
    ours = 1e3 * len(users) / took
    tracemalloc.start()  # numpy's memory counts
    scorer.top(users, 10)
    most = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    print(
        f"lists of {len(users):,} users, {dataset.n_users:,} x {dataset.n_items:,}, "
        f"K={scorer.network.table.shape[1] - 1}: {ours:,.0f} users/CPU-s; {most:.0f} MiB at most",
        flush=True,
    )
    return ours


def large() -> None:
    """Time lists where users and items are many."""
    dataset = synthetic(*SHAPES["20M"])
    for k in (16, 64):
        lists(drawn(dataset, k)[0], dataset, np.arange(2_000))


def main() -> None:
    """Print both comparisons."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--peers", type=Path, default=peers.DEFAULT)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", default="1")
    parser.add_argument("--large", action="store_true", help="only the largest set")
    given = parser.parse_args()
    torch.set_num_threads(int(THREADS))
    print(f"{THREADS} thread(s), OMP_WAIT_POLICY={WAIT_POLICY}")
    if given.large:
        large()
        return
    one_user(given.rounds)
    for k in (16, 64):
        all_users(given.peers, k)


if __name__ == "__main__":
    main()
