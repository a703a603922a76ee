"""One writer of a folder: a lock that the kernel frees when its process dies, and who holds it.

    FOLDER/lock          locked by the writer (flock); the file itself says nothing
    FOLDER/lock.holder   {"pid", "command", "host", "since"} of the writer, removed when it is done

A lock.holder without a lock is what a killed writer leaves behind.
"""

from __future__ import annotations

import json
import os
import re
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from ingest.errors import HomeError

LOCK, HOLDER = "lock", "lock.holder"
_LONGEST = 80  # characters of a command that a message shows
_URL = re.compile(r"(\w[\w+.-]*://).*", re.DOTALL)
"""An address, which may hold a password anywhere behind its scheme."""


@dataclass(frozen=True)
class Holder:
    """A process that writes, or wrote."""

    pid: int
    command: str
    host: str
    since: float
    """Seconds since 1970."""

    @classmethod
    def me(cls) -> Holder:
        """Describe this process."""
        told = [_URL.sub(r"\1…", argument) for argument in sys.argv[1:]]
        command = " ".join([Path(sys.argv[0]).name or "python", *told])
        return cls(os.getpid(), command[:_LONGEST], socket.gethostname(), time.time())

    @property
    def alive(self) -> bool | None:
        """Whether the process runs; None where it belongs to another machine."""
        if self.host != socket.gethostname():
            return None
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True  # somebody else's
        return True

    def __str__(self) -> str:
        there = "" if self.alive is not None else f" on {self.host}"
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.since))
        return f"process {self.pid}{there} ({self.command}) since {since}"


def read_holder(folder: Path) -> Holder | None:
    """Return who wrote lock.holder in `folder`; None where there is none that can be read."""
    try:
        text = (folder / HOLDER).read_text(encoding="utf-8")
        kinds = {"pid": int, "command": str, "host": str, "since": float}
        return Holder(**{name: kind(json.loads(text)[name]) for name, kind in kinds.items()})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def is_locked(folder: Path) -> bool:
    """Return whether a process holds the lock of `folder` now."""
    try:
        with FileLock(folder / LOCK, timeout=0):
            return False
    except Timeout:
        return True
    except OSError:
        return False  # no folder, or one that nobody may write to


@contextmanager
def writer_lock(folder: Path, wait: float = 0.0) -> Iterator[None]:
    """Be the one writer of the existing `folder` within the block; `wait` so many seconds for it.

    Raises:
        HomeError: another process is; the message names it.
        OSError: the folder cannot be written to.
    """
    lock = FileLock(folder / LOCK, timeout=wait)
    try:
        lock.acquire(poll_interval=0.02)
    except Timeout as error:
        raise HomeError(_refusal(folder)) from error
    try:
        (folder / HOLDER).write_text(json.dumps(asdict(Holder.me())) + "\n", encoding="utf-8")
        yield
    finally:  # what a kill leaves behind is told by lock.holder
        with suppress(OSError):
            (folder / HOLDER).unlink()
        lock.release()


def _refusal(folder: Path) -> str:
    holder = read_holder(folder)
    if holder is None:
        return f"{folder} is being written by another process; wait until it is done"
    if holder.alive is False:
        return (
            f"{folder} is locked for {holder}, which has ended; another process holds "
            f"{folder / LOCK} open: end that one"
        )
    return f"{folder} is being written by {holder}; wait until it is done"
