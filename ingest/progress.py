"""What is told while working: notices, and a progress bar for what takes over two seconds."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Never

from tqdm import tqdm

Notice = Callable[[str], None]
"""Takes a sentence that a person should know but need not act on."""


def say(text: str) -> None:
    """Write a notice to standard error."""
    sys.stderr.write(text + "\n")


def progress_bar(total: int, label: str, unit: str = "it", quiet: bool = False) -> tqdm[Never]:
    """Return a bar of `total` steps; use it in a `with` block and call `update(n)`.

    It appears on standard error, on a terminal only, and never when `quiet`.
    """
    hidden = True if quiet else None
    scaled = unit == "B"  # 134M rather than 134010349
    return tqdm(
        total=total,
        desc=label,
        unit=unit,
        unit_scale=scaled,
        disable=hidden,
        delay=2.0,
        leave=False,
    )
