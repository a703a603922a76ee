"""Indexing in a process that never held a person who must not be in the index.

A search graph is stored with the room it has to spare, and what lay in its writer's memory lies
there then. The process works in a folder of its own, and ends with the one that started it: nothing
that it writes can get into what a later writer publishes.

    python -m assistant.apart DATA FOLDER [SERVER]      what the process runs
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.errors import OperationError
from ingest.home.workspace import APART, Edition

if TYPE_CHECKING:
    from ingest.dataset.schema import Dataset


def index_apart(edition: Edition, dataset: Dataset, server: str | None) -> Path:
    """Index `dataset` in a process of its own, and return the new folder of the home it is in.

    Raises:
        OperationError: the process failed.
    """
    from ingest.home.tables import save_dataset

    with tempfile.TemporaryDirectory(dir=edition.home.path, prefix=APART) as name:
        data, index = Path(name) / "data", Path(name) / "index"
        for folder in (data, index):
            folder.mkdir()
        save_dataset(dataset, data)
        if why := _failure(data, index, server):
            raise OperationError(
                f"the index could not be made without the person ({why}); nothing was published: "
                "mend that and run the same command again"
            )
        published = edition.new_folder("index")
        published.rmdir()
        index.rename(published)
    return published


def _failure(data: Path, folder: Path, server: str | None) -> str | None:
    """Run the process; return why it failed, or None where it did not."""
    arguments = [str(data), str(folder), *([server] if server else [])]
    with subprocess.Popen(
        [sys.executable, "-m", __name__, *arguments],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,  # open as long as this process lives
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = process.stdout.read().strip()
    if not process.returncode:
        return None
    return said.rpartition("\n")[2] or f"its process ended with {process.returncode}"


def _end_with_the_caller() -> None:
    sys.stdin.buffer.read()  # nothing comes; it ends when the caller does
    os._exit(1)


def main(data: str, folder: str, server: str | None = None) -> int:
    """Index the data set in `data` into `folder`; say on stdout what fails."""
    threading.Thread(target=_end_with_the_caller, daemon=True).start()
    try:
        from ingest.home.tables import load_dataset
        from ingest.index.indexing import build_index

        build_index(load_dataset(Path(data)), Path(folder), server)
    except Exception as error:  # whatever it is, the caller tells it in a sentence
        sys.stdout.write(f"{error or type(error).__name__}\n")
        return 1
    return 0


if __name__ == "__main__":
    status = main(*sys.argv[1:])
    sys.stdout.flush()
    os._exit(status)  # the thread that waits for the caller holds stdin
