"""Users per CPU-second of LibRecommender's `recommend_user`; `scoring.py` runs this.

    python peer_scoring.py N_USERS N_ITEMS K

`recommend_user` takes one user or a list of them. A list is expanded into all its pairs at once, so
how long it is decides the speed, and everybody in one call would need tens of gigabytes. Prints
a JSON object: users a CPU-second for each length, after a warm-up. The model is not trained.
"""

from __future__ import annotations

import json
import os
import sys
import time

import numpy as np
import peer_training

GROUPS = (1, 5, 20, 300)
"""Users a call; of the last kind one call is timed, of the others a twentieth of the users."""


def main() -> None:
    """Print the figure."""
    n_users, n_items, k = map(int, sys.argv[1:])
    peer_training.K = k
    rng = np.random.default_rng(0)
    n = 100 * n_users
    genres = rng.integers(1, 19, (n_items, 3))
    data = {
        "n_epochs": 1,
        "user0": np.concatenate([np.arange(n_users), rng.integers(0, n_users, n)]),
        "item0": np.concatenate([np.arange(n_users) % n_items, rng.integers(0, n_items, n)]),
        "label0": np.ones(n + n_users, np.float32),
        "gender": rng.integers(0, 2, n_users),
        "occupation": rng.integers(0, 21, n_users),
        "age": rng.normal(size=n_users).astype(np.float32),
        "genres": genres,
    }
    threads = int(os.environ["OMP_NUM_THREADS"])
    model, _ = peer_training.librecommender_model(data, 4096, 1e-3, 0, threads)
    from libreco.training.dispatch import get_trainer

    model.build_model()
    model.model_built = True
    model.trainer = get_trainer(model)
    model.assign_tf_variables_oov()
    model.default_recs = np.arange(10)
    rates = {}
    for group in GROUPS:
        model.recommend_user(list(range(min(group, 20))), 10)
        calls = max(1, n_users // 20 // group)
        start = time.process_time()
        for first in range(0, calls * group, group):
            model.recommend_user(list(range(first, first + group)), 10)
        rates[group] = calls * group / (time.process_time() - start)
    print(json.dumps(rates))


if __name__ == "__main__":
    main()
