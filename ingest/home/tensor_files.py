"""Arrays in a safetensors file, a disk without room for them told in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.errors import OperationError


def save_tensors(arrays: Mapping[str, NDArray[Any]], path: Path) -> None:
    """Write `arrays` by name into the file `path`.

    Raises:
        OperationError: it cannot be written.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    path.touch()
    mode = path.stat().st_mode  # as the umask has it; safetensors would let nobody else read
    try:
        save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, path)
    except SafetensorError as error:
        raise OperationError(
            f"{path} cannot be written ({error}); what was there before is unchanged: make room, "
            "or choose another folder with --home"
        ) from error
    path.chmod(mode)
