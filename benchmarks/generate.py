"""Interactions in MovieLens' shape, of any size, from a seed: what every benchmark here runs on.

    python -m benchmarks.generate 943 1682 100000 --seed 0 interactions.parquet

Users' activity is 20 plus a Lomax variate (a power law with tail exponent 1.85), cut at a third of
the items. Items are drawn with a weight that falls as (rank + 200)^-2, no pair twice. With as many
users, items and interactions as ML-20M that gives a median activity of 69, a best-known item that
39 % of the users have, and 87 % of the interactions in the best-known tenth of the items. Users
have no taste, so who is near whom is chance and the Jaccard of neighbours is lower than in real
data: the harder case for an exact search, because less can be skipped.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import sparse

SHAPES = {
    "100k": (943, 1_682, 100_000),
    "1M": (6_040, 3_900, 1_000_000),
    "5M": (34_000, 11_000, 5_000_000),
    "20M": (138_493, 26_744, 20_000_263),
}
"""(users, items, interactions): ML-100K, ML-1M, one between, ML-20M."""

LEAST_ACTIVITY = 20
TAIL = 1.85
HEAD = 200.0


def power_law_matrix(
    n_users: int, n_items: int, n_interactions: int, rng: np.random.Generator
) -> sparse.csr_array:
    """Draw a binary (n_users, n_items) matrix with exactly `n_interactions` ones, float32.

    Cost: about 0.1 µs an interaction, once compiled.
    """
    counts = activity(n_users, n_items, n_interactions, rng)
    indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    indices = np.empty(n_interactions, dtype=np.int32)
    item_of_rank = rng.permutation(n_items).astype(np.int32)
    _draw_items(indptr, item_of_rank, min(HEAD, n_items / 10), rng, indices)
    index = np.int32 if n_interactions < 2**31 else np.int64
    ones = np.ones(n_interactions, dtype=np.float32)
    return sparse.csr_array((ones, indices, indptr.astype(index)), shape=(n_users, n_items))


def activity(
    n_users: int, n_items: int, n_interactions: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw how many items each user has, (n_users,), summing to `n_interactions`."""
    mean = n_interactions / n_users
    most = max(n_items // 3, int(np.ceil(mean)))
    if not 1 <= mean <= n_items:
        raise ValueError(
            f"{n_users} users of {n_items} items cannot have {n_interactions} interactions"
        )
    least = min(LEAST_ACTIVITY, mean / 2)
    excess = (rng.random(n_users) ** (-1 / TAIL) - 1) * (TAIL - 1) * (mean - least)
    low, high = 0.0, 100.0
    for _ in range(60):  # the factor at which the cut activities sum to what is asked
        factor = (low + high) / 2
        total = np.clip(least + factor * excess, 1, most).sum()
        low, high = (factor, high) if total < n_interactions else (low, factor)
    exact = np.clip(least + low * excess, 1, most)
    ends = np.round(np.cumsum(exact) * (n_interactions / exact.sum()))
    return np.asarray(np.diff(ends, prepend=0), dtype=np.int64)


@njit(cache=True)
def _draw_items(indptr: Any, item_of_rank: Any, head: Any, rng: Any, indices: Any) -> None:
    """Fill each row of `indices` with distinct items, ascending, by inversion of the power law."""
    n_items = len(item_of_rank)
    mass = 1 / head - 1 / (head + n_items)  # ∫ (x + head)^-2 over [0, n_items]
    row_of = np.full(n_items, -1, dtype=np.int64)
    for row in range(len(indptr) - 1):
        for place in range(indptr[row], indptr[row + 1]):
            while True:
                rank = int(1 / (1 / head - rng.random() * mass) - head)
                item = item_of_rank[min(rank, n_items - 1)]
                if row_of[item] != row:
                    break
            row_of[item] = row
            indices[place] = item
        indices[indptr[row] : indptr[row + 1]].sort()


def write_ratings(
    file: Path, shape: tuple[int, int, int], seed: int = 0, *, by_time: bool = False
) -> None:
    """Write a ratings.csv like MovieLens': userId, movieId, rating, timestamp, by user and film.

    Film ids leave gaps, ratings are half stars, a user's times lie within 300 days. `by_time` puts
    the rows in the order of a log that grows.
    """
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.csv as pa_csv  # type: ignore[import-untyped]

    n_users, n_items, n = shape
    rng = np.random.default_rng(seed)
    matrix = power_law_matrix(n_users, n_items, n, rng)
    user = np.repeat(np.arange(n_users, dtype=np.int64), np.diff(matrix.indptr))
    film_ids = np.sort(rng.choice(n_items * 5, n_items, replace=False)) + 1
    began = rng.integers(789_652_009, 1_401_000_000, n_users)  # January 1995 to May 2014
    table = pa.table(
        {
            "userId": user + 1,
            "movieId": film_ids[matrix.indices],
            "rating": rng.integers(1, 11, n) / 2,
            "timestamp": began[user] + rng.integers(0, 300 * 86_400, n),
        }
    )
    if by_time:
        table = table.sort_by("timestamp")
    pa_csv.write_csv(table, file)


def main() -> None:
    """Write one generated table to Parquet: columns user, item."""
    import pandas as pd

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    for name in ("users", "items", "interactions"):
        parser.add_argument(name, type=int)
    parser.add_argument("file", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    rng = np.random.default_rng(asked.seed)
    matrix = power_law_matrix(asked.users, asked.items, asked.interactions, rng).tocoo()
    pd.DataFrame({"user": matrix.row, "item": matrix.col}).to_parquet(asked.file, index=False)


if __name__ == "__main__":
    main()
