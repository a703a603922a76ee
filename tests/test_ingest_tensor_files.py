"""Arrays on the disk."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from ingest.errors import OperationError
from ingest.home.tensor_files import save_tensors


def test_arrays_come_back_and_whoever_may_read_the_folder_may_read_them(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        save_tensors({"a": np.arange(6).reshape(2, 3).T}, tmp_path / "x.safetensors")
    finally:
        os.umask(before)
    assert load_file(tmp_path / "x.safetensors")["a"].tolist() == [[0, 3], [1, 4], [2, 5]]
    assert (tmp_path / "x.safetensors").stat().st_mode & 0o777 == 0o644


def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(OperationError, match="cannot be written .*make room"):
            save_tensors({"a": np.zeros(1000)}, tmp_path / "x.safetensors")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
