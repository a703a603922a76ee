"""SASRec beside DeepFM: does a model made for sequences rank MovieLens-100K better?

    python -m benchmarks.sequential --protocol r80 loo --seeds 3

SASRec (Kang and McAuley, 2018): self-attention over a user's last items in order, trained to name
the next item at every place, here by cross entropy over all items (Klenitskiy and Vasilev, 2023,
find that stronger than its own one negative). Split, candidates and metrics are those of `whyrec
evaluate`, and so is the treatment: the best epoch is chosen on a cut from the training part made
as the test is made, then the network learns anew from the whole training part for as many epochs.
Its default settings were tried by hand on that cut; `--tune` searches a small grid there.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ingest.dataset.ids import IntArray
from ingest.dataset.schema import FloatArray
from ingest.loaders import load_source
from recsys.evaluate import Protocol, Row, hold_out
from recsys.evaluation.holdout import Holdout
from recsys.examples.history import Histories

SHOWN = ("ndcg", "recall", "hit_rate", "coverage")


@dataclass(frozen=True)
class Settings:
    """The network and its training."""

    width: int = 64
    n_blocks: int = 2
    n_heads: int = 1
    dropout: float = 0.4
    lr: float = 1e-3
    max_length: int = 200
    """Of a user's history, this many of the newest items are read."""
    batch_size: int = 16
    n_epochs: int = 60
    eval_every: int = 3
    patience: int = 3


class SASRec(nn.Module):
    """Causal self-attention over items and places; items share one table with the output."""

    def __init__(self, n_items: int, settings: Settings) -> None:
        super().__init__()
        width = settings.width
        self.items = nn.Embedding(n_items + 1, width, padding_idx=n_items)
        self.places = nn.Embedding(settings.max_length, width)
        for table in (self.items, self.places):
            nn.init.normal_(table.weight, std=0.02)
        block = nn.TransformerEncoderLayer(
            width,
            settings.n_heads,
            width,
            settings.dropout,
            batch_first=True,
            norm_first=True,
        )
        block.self_attn.dropout = 0.0  # drawn for every pair of places, it costs a third of a step
        self.blocks = nn.TransformerEncoder(block, settings.n_blocks, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(settings.dropout)

    def forward(self, sequences: Tensor) -> Tensor:
        """Return the state after each place of left-aligned sequences, (B, L) → (B, L, width)."""
        length = sequences.shape[1]
        x = self.dropout(self.items(sequences) + self.places.weight[:length])
        ahead = nn.Transformer.generate_square_subsequent_mask(length)
        states: Tensor = self.norm(self.blocks(x, mask=ahead, is_causal=True))
        return states

    def scores(self, states: Tensor) -> Tensor:
        """Return the score of every item after each state, (…, n_items)."""
        return states @ self.items.weight[:-1].T


def newest(histories: Histories, users: NDArray[np.integer], most: int, fill: int) -> IntArray:
    """Return the `most` newest items of `users`, oldest first, the rest `fill`; (n, longest)."""
    ends = histories.offsets[users + 1]
    lengths = np.minimum(ends - histories.offsets[users], most)
    out = np.full((len(users), max(int(lengths.max(initial=1)), 1)), fill, np.int32)
    for row, end, length in zip(out, ends, lengths, strict=True):
        row[:length] = histories.items[end - length : end]
    return out


def epoch(
    model: SASRec,
    optimizer: torch.optim.Optimizer,
    histories: Histories,
    settings: Settings,
    rng: np.random.Generator,
) -> None:
    """Go through all users once, by what is read of each."""
    model.train()
    fill = model.items.num_embeddings - 1
    lengths = histories.lengths(np.arange(histories.n_users))
    users = np.argsort(lengths * rng.uniform(0.8, 1.25, len(lengths)))  # alike in length: no waste
    users = users[lengths[users] > 1]
    starts = range(0, len(users), settings.batch_size)
    for start in rng.permutation(np.array(starts)):
        batch = users[start : start + settings.batch_size]
        whole = newest(histories, batch, settings.max_length + 1, fill).astype(np.int64)
        known, due = torch.from_numpy(whole[:, :-1]), torch.from_numpy(whole[:, 1:])
        asked = due != fill
        loss = functional.cross_entropy(model.scores(model(known)[asked]), due[asked])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()


def fit(
    holdout: Holdout, settings: Settings, seed: int, n_epochs: int, choose: bool
) -> tuple[SASRec, int, float]:
    """Train on `holdout.train`; where `choose`, stop by its test part. Returns (…, epoch, NDCG)."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    train = holdout.train
    histories = Histories.from_interactions(train.interactions, train.n_users)
    model = SASRec(train.n_items, settings)
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings.lr, betas=(0.9, 0.98))
    best, best_epoch = -1.0, n_epochs
    for number in range(1, n_epochs + 1):
        epoch(model, optimizer, histories, settings, rng)
        if choose and number % settings.eval_every == 0:
            ndcg = measure(model, holdout, settings)["ndcg"]
            if ndcg > best:
                best, best_epoch = ndcg, number
            elif number - best_epoch >= settings.patience * settings.eval_every:
                break
    return model, best_epoch, best


def measure(model: SASRec, holdout: Holdout, settings: Settings) -> dict[str, float]:
    """Measure the lists of what comes after each user's last train item."""
    model.eval()
    train = holdout.train
    histories = Histories.from_interactions(train.interactions, train.n_users)
    fill = model.items.num_embeddings - 1

    def score_all(users: IntArray) -> FloatArray:
        sequences = newest(histories, users, settings.max_length, fill)
        last = np.maximum((sequences != fill).sum(axis=1) - 1, 0)
        with torch.no_grad():
            states = model(torch.from_numpy(sequences.astype(np.int64)))
            found: FloatArray = model.scores(states[np.arange(len(users)), last]).numpy()
        return found

    return holdout.list_metrics(holdout.lists(score_all))


def tune(validation: Holdout) -> Settings:
    """Return the settings of a small grid that are best on the cut from the training part."""
    best, chosen = -1.0, Settings()
    for width, dropout, lr in product((64, 128), (0.2, 0.5), (1e-3, 3e-3)):
        settings = Settings(width=width, dropout=dropout, lr=lr)
        _, number, ndcg = fit(validation, settings, 0, settings.n_epochs, choose=True)
        print(f"  width {width} dropout {dropout} lr {lr:g}: NDCG {ndcg:.4f} at epoch {number}")
        if ndcg > best:
            best, chosen = ndcg, settings
    return chosen


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--protocol", nargs="+", choices=["r80", "loo"], default=["r80", "loo"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--tune", action="store_true", help="choose the settings anew (slow)")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    dataset = load_source("ml-100k")
    for protocol in asked.protocol:
        report(hold_out(dataset, protocol), protocol, asked.seeds, asked.tune)


def report(test: Holdout, protocol: Protocol, n_seeds: int, anew: bool) -> None:
    """Train SASRec for every seed and print its figures."""
    validation = hold_out(test.train, protocol)
    settings = tune(validation) if anew else Settings()
    results = []
    for seed in range(n_seeds):
        started = time.process_time()
        _, best_epoch, _ = fit(validation, settings, seed, settings.n_epochs, choose=True)
        model, _, _ = fit(test, settings, seed, best_epoch, choose=False)
        results.append(measure(model, test, settings))
        spent = time.process_time() - started
        print(f"{protocol} seed {seed}: best epoch {best_epoch}, {spent:.0f} CPU-s", results[-1])
    row = Row("SASRec", tuple(results))
    cells = [f"{name} {row.mean(name):.4f} ± {row.sd(name) or 0:.4f}" for name in SHOWN]
    print(f"{test.train.name}, {protocol}, {settings}\nSASRec  {'  '.join(cells)}", flush=True)


if __name__ == "__main__":
    main()
