"""What is installed, built, reachable and stale, and what mends it."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import metadata, util
from typing import Literal
from urllib.parse import urlsplit

from assistant.settings import Settings
from ingest.errors import HomeError
from ingest.home.manifest import MEND, Contents, Part
from ingest.home.workspace import Home
from recsys.training.verdict import weakness

CHIEF_PACKAGES = ("torch", "langchain", "chromadb", "sentence-transformers", "pandas", "numpy")
REACH_SECONDS = 3.0
MUCH = 0.05
"""Share of new and corrected interactions from which a model or index should be made anew."""


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    check: str
    state: Literal["ok", "warning", "failed"]
    detail: str
    mend: str = ""

    def to_json(self) -> dict[str, str]:
        return asdict(self)


def examine(settings: Settings) -> list[Finding]:
    """Look at all an answer depends on. Connects to configured endpoints, sends nothing."""
    return [*_installed(), *_home(settings), *_index_server(settings), *_model(settings)]


def _installed() -> Iterator[Finding]:
    versions = [f"Python {sys.version.split()[0]}"]
    for name in CHIEF_PACKAGES:
        try:
            versions.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            yield Finding(name, "failed", "not installed", "pip install whyrec")
    yield Finding("installed", "ok", ", ".join(versions))
    if util.find_spec("xllamacpp") is None:
        yield Finding(
            "local model",
            "warning",
            "the extra `local` is not installed",
            "pip install 'whyrec[local]'",
        )


def _home(settings: Settings) -> Iterator[Finding]:
    """Say of each part of the home whether it is there, and what of the data it does not know."""
    home = Home(settings.home)
    yield Finding("home", "ok", str(settings.home))
    for name in ("data", "model", "index"):
        try:
            contents = home.contents()
            part = contents.require(name)
            if name == "index":
                _check_index(part)
        except HomeError as error:
            detail, _, mend = str(error).rpartition("; ")
            yield Finding(name, "failed", detail, mend)
        else:
            yield _part(contents, part)


def _check_index(part: Part) -> None:
    """Read the small files of an index: an earlier version's are refused as an answer would."""
    from ingest.index.store import read_manifest
    from ingest.index.vectors import load_vectors

    read_manifest(part.folder)
    load_vectors(part.folder)


def _part(contents: Contents, part: Part) -> Finding:
    about = f"{part.folder.name}, from data {part.data_fingerprint}"
    behind = contents.behind(part)
    if part.name == "data":
        grown = f", and {behind}; now {contents.fingerprint}" if behind else ""
        return Finding("data", "ok", about + grown)
    weak = weakness(part.folder) if part.name == "model" else ""
    about += f"; {weak}" if weak else ""
    about += f"; answers use what it does not know all the same: {behind}" if behind else ""
    if behind and behind.share >= MUCH:
        mend = MEND[part.name] + (" --continue" if part.name == "model" else "")
        return Finding(part.name, "warning", about, mend)
    if weak:
        return Finding(part.name, "warning", about, "whyrec evaluate")
    return Finding(part.name, "ok", about)


def _index_server(settings: Settings) -> Iterator[Finding]:
    if settings.chroma is not None:
        yield _reach(
            "Chroma server", settings.chroma, "start it with `chroma run`, or unset WHYREC_CHROMA"
        )


def _model(settings: Settings) -> Iterator[Finding]:
    """Say which language model would word the answers, and whether its host can be reached."""
    spec = settings.llm
    if spec.kind == "none":
        yield Finding("language model", "ok", "none: answers are worded by code")
    elif spec.url is None:
        yield Finding("language model", "ok", f"{spec}: started on this machine when it is asked")
    else:
        token = "with a token" if settings.token_for(spec.url) else "without a token"
        yield _reach(f"language model {spec}, {token}", spec.url, "answer without it: --llm none")


def _reach(check: str, url: str, mend: str) -> Finding:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), REACH_SECONDS).close()
    except OSError as error:
        return Finding(
            check, "failed", f"{parts.hostname}:{port} cannot be reached ({error})", mend
        )
    return Finding(check, "ok", f"{parts.hostname}:{port} can be reached")
