"""What a person hears of a training while it runs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ingest.errors import AskerError

if TYPE_CHECKING:
    from recsys.training.fitting import Record
    from recsys.training.train import OnEpoch

VERBOSE = (0, 1, 2)
_NOT_METRICS = ("epoch", "loss", "lr")
_MOST = 8
"""Metrics in a line."""


def teller(verbose: int) -> OnEpoch | None:
    """Return what tells of every epoch on standard error.

    0: nothing is told; 1: on a terminal, the epochs that were measured; 2: every epoch, wherever
    standard error goes.
    """
    if verbose not in VERBOSE:
        raise AskerError(f"verbose must be 0, 1 or 2, not {verbose!r}")
    if verbose == 0 or (verbose == 1 and not sys.stderr.isatty()):
        return None

    def tell(stage: str, record: Record) -> None:
        from tqdm import tqdm

        if verbose == 2 or stage == "refit" or len(record) > len(_NOT_METRICS):
            tqdm.write(epoch_line(stage, record), file=sys.stderr)

    return tell


def epoch_line(stage: str, record: Record) -> str:
    """Return one epoch in words: loss, learning rate and what was measured."""
    measured = [f"{k} {v:.4f}" for k, v in record.items() if k not in _NOT_METRICS]
    words = "choosing the best epoch" if stage == "choose" else "learning from everything"
    line = f"{words}: epoch {int(record['epoch'])}, loss {record['loss']:.4f}, lr {record['lr']:g}"
    return "  ".join([line, *measured[:_MOST]])
