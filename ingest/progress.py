"""A progress bar on standard error: on a terminal only, for what takes over two seconds."""

from __future__ import annotations

from typing import Never

from tqdm import tqdm


def progress_bar(total: int, label: str, unit: str = "it") -> tqdm[Never]:
    """Return a bar of `total` steps; use it in a `with` block and call `update(n)`."""
    return tqdm(total=total, desc=label, unit=unit, disable=None, delay=2.0, leave=False)
