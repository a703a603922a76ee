"""Measure the lists of `whyrec recommend` with pandas and numpy alone, from the raw files.

    python -m benchmarks.independent ml-100k.inter --users ml-100k.user --items ml-100k.item

The ratings of r80's training part are written to a table of their own. A home is built and trained
from that table by the commands, so nothing of the test part exists in it, and everybody's list is
asked for. What is here imports nothing of this project: it splits, and it measures. Files are those
of RecBole's MovieLens-100K; `u.data` of GroupLens, without a header, is read as well.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

K = 10


def read(file: Path) -> pd.DataFrame:
    """Read a table of tabs; a header's `name:type` is cut to the name."""
    with open(file, encoding="utf-8") as lines:
        named = ":" in lines.readline()
    names = None if named else ["user_id", "item_id", "rating", "timestamp"]
    table = pd.read_csv(file, sep="\t", dtype=str, names=names, header=0 if named else None)
    return table.rename(columns=lambda name: name.partition(":")[0])


def part(ratings: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the first round(0.8 · n) of every user by (time, row), and the rest."""
    ordered = ratings.assign(at=ratings["timestamp"].astype(float)).sort_values(
        ["user_id", "at"], kind="stable"
    )
    place = ordered.groupby("user_id").cumcount()
    size = ordered.groupby("user_id")["item_id"].transform("size")
    in_train = place < np.rint(0.8 * size)
    columns = list(ratings)
    return ordered.loc[in_train, columns], ordered.loc[~in_train, columns]


def ndcg(lists: list[dict[str, object]], test: pd.DataFrame, seen: pd.DataFrame) -> float:
    """Return the mean NDCG@10 of the lists over the users with a test item."""
    due = test.groupby("user_id")["item_id"].agg(set)
    had = seen.groupby("user_id")["item_id"].agg(set)
    discount = 1 / np.log2(np.arange(2, K + 2))
    found = {str(one["user_id"]): [row["item_id"] for row in one["items"]] for one in lists}  # type: ignore[attr-defined]
    values = []
    for user, items in zip(due.index.astype(str), due, strict=True):
        assert len(found[user]) == len(set(found[user])) == K
        assert not had[user] & set(found[user]), f"user {user} is shown what they had"
        hits = np.array([item in items for item in found[user]])
        values.append((hits * discount).sum() / discount[: min(K, len(items))].sum())
    return float(np.mean(values))


def whyrec(*arguments: object) -> str:
    """Run a command of the project and return what it prints."""
    command = shutil.which("whyrec") or str(Path(sys.executable).with_name("whyrec"))
    words = [command, *map(str, arguments)]
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout


def main() -> None:
    """Build, train, ask and measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("ratings", type=Path)
    parser.add_argument("--users", type=Path)
    parser.add_argument("--items", type=Path)
    parser.add_argument("--seeds", type=int, default=1)
    asked = parser.parse_args()
    train, test = part(read(asked.ratings))
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        tables: list[object] = []
        for name in ("users", "items"):
            if getattr(asked, name):
                file = Path(folder) / f"{name}.csv"
                read(getattr(asked, name)).to_csv(file, index=False)
                tables += [f"--{name}", file]
        train.to_csv(Path(folder) / "ratings.csv", index=False)
        whyrec("ingest", Path(folder) / "ratings.csv", "--home", home, *tables)
        for seed in range(asked.seeds):
            whyrec("train", "--home", home, "--seed", seed)
            for by in ("both", "deepfm"):
                answer = whyrec("recommend", "--all", "-n", K, "--by", by, "--home", home, "--json")
                print(f"seed {seed}, by {by}: NDCG@10 {ndcg(json.loads(answer), test, train):.4f}")


if __name__ == "__main__":
    main()
