"""CPU time of scoring every item, exactly: for one user, and for all users of a set.

    python -m benchmarks.scoring [--peers FOLDER]

One user: the top 10 of 27,278 items against the naive way, which puts every (user, item) pair
through the network as training does, in torch. All users: 6,000 x 3,200, top 10 of the unseen with
their scores, against LibRecommender's `recommend_user`, asked for one user a call, for the list
that suits it best, and for 300 at once. MLP 128-64-32 with batch normalisation, the fields of
`notebook_data`; weights as drawn, which cost what trained ones do. Median of runs in turn.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
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
from benchmarks.notebook_data import synthetic  # noqa: E402
from ingest.dataset.schema import Dataset  # noqa: E402
from recsys.checkpoint import TrainedModel  # noqa: E402
from recsys.config import DeepFMConfig, TrainingConfig  # noqa: E402
from recsys.examples.features import FeatureSpace  # noqa: E402
from recsys.examples.inputs import Inputs  # noqa: E402
from recsys.network.deepfm import DeepFM  # noqa: E402
from recsys.scoring.calibration import Calibration  # noqa: E402
from recsys.scoring.scorer import Scorer  # noqa: E402
from recsys.scoring.topn import top_items  # noqa: E402
from recsys.training.fitting import build_network, export  # noqa: E402

ONE_USER = (2_000, 27_278, 200_000)
ALL_USERS = (6_000, 3_200, 600_000)


def drawn(dataset: Dataset, k: int) -> tuple[Scorer, DeepFM, Inputs]:
    """Return a scorer with drawn weights, and the network it stands for."""
    config = DeepFMConfig(embed_size=k, hidden_units=(128, 64, 32), use_bn=True, init_std=0.3)
    space = FeatureSpace.from_dataset(dataset, config)
    inputs = Inputs(space, dataset, ())
    model = build_network(space, config, seed=0).eval()
    trained = TrainedModel(
        config=config,
        training=TrainingConfig(),
        space=space,
        weights=export(model),
        calibration=Calibration(),
        data_fingerprint=dataset.fingerprint,
        seed=0,
    )
    return Scorer(trained, dataset, inputs), model, inputs


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
            users: np.ndarray = users,
            everything: np.ndarray = everything,
        ) -> np.ndarray:
            return model(
                model.fields(inputs.users(users)), model.fields(inputs.items(everything))
            ).numpy()

        def ours(scorer: Scorer = scorer) -> np.ndarray:
            return scorer.raw_all(np.array([0]))[0]

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
    scorer, _, inputs = drawn(dataset, k)
    users = np.arange(dataset.n_users)
    scorer.top(users[:2], 10)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = milliseconds({"ours": lambda: scorer.top(users, 10)}, rounds=3)["ours"]
    ours = 1e3 * len(users) / found
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(
        f"all users, {dataset.n_users:,} x {dataset.n_items:,}, K={k}: {ours:,.0f} users/CPU-s; "
        f"memory grew by {grown:.0f} MiB at most",
        flush=True,
    )
    if "LibRecommender" not in peers.present(peers_folder):
        print("LibRecommender is not installed; see peers.py")
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


def main() -> None:
    """Print both comparisons."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--peers", type=Path, default=peers.DEFAULT)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", default="1")
    given = parser.parse_args()
    torch.set_num_threads(int(THREADS))
    print(f"{THREADS} thread(s), OMP_WAIT_POLICY={WAIT_POLICY}")
    one_user(given.rounds)
    for k in (16, 64):
        all_users(given.peers, k)


if __name__ == "__main__":
    main()
