"""What a person hears of a training while it runs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NamedTuple

from ingest.errors import AskerError

VERBOSE = (0, 1, 2)
Record = dict[str, float]
"""One epoch: epoch, loss, lr and, where it was evaluated, the metrics."""
_NOT_METRICS = ("epoch", "loss", "lr")
_MOST = 8
"""Metrics in a line."""
_LONG = 20.0
"""A training of more seconds is announced."""


class Telling(NamedTuple):
    """Who is told what; by default nobody of anything, but for a bar on a terminal."""

    epoch: Callable[[str, Record], None] | None = None
    """Called with the stage, `choose` or `refit`, and the record of every epoch."""
    estimate: Callable[[float], None] | None = None
    """Called once, after the first epoch, with the seconds that all epochs may take."""
    quiet: bool = False
    """Show no progress bar."""

    def of(self, stage: str) -> Callable[[Record], None] | None:
        """Return who is told of every epoch of one stage."""
        tell = self.epoch
        return None if tell is None else lambda record: tell(stage, record)


NOBODY = Telling()


def teller(verbose: int) -> Telling:
    """Return what tells of a training on standard error.

    0: nothing; 1: on a terminal, a bar, how long it may take, and the epochs that were measured;
    2: that and every epoch, wherever standard error goes.
    """
    if verbose not in VERBOSE:
        raise AskerError(f"verbose must be 0, 1 or 2, not {verbose!r}")
    if verbose == 0 or (verbose == 1 and not sys.stderr.isatty()):
        return Telling(quiet=verbose == 0)

    def tell(stage: str, record: Record) -> None:
        if verbose == 2 or stage == "refit" or len(record) > len(_NOT_METRICS):
            _write(epoch_line(stage, record))

    def estimate(seconds: float) -> None:
        if seconds > _LONG:
            _write(
                f"training takes about {duration(seconds)} at the most; fewer epochs take less, "
                "and Ctrl-C keeps the best so far"
            )

    return Telling(tell, estimate)


def _write(line: str) -> None:
    from tqdm import tqdm

    tqdm.write(line, file=sys.stderr)


def duration(seconds: float) -> str:
    """Return a number of seconds in words: seconds, minutes, or hours."""
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    minutes = seconds / 60
    return f"{minutes:.0f} minutes" if minutes < 90 else f"{minutes / 60:.1f} hours"


def epoch_line(stage: str, record: Record) -> str:
    """Return one epoch in words: loss, learning rate and what was measured."""
    measured = [f"{k} {v:.4f}" for k, v in record.items() if k not in _NOT_METRICS]
    words = "choosing the best epoch" if stage == "choose" else "learning from everything"
    line = f"{words}: epoch {int(record['epoch'])}, loss {record['loss']:.4f}, lr {record['lr']:g}"
    return "  ".join([line, *measured[:_MOST]])
