"""Getting published files: whole, checked, from the declared host, or a sentence saying why not."""

from __future__ import annotations

import hashlib
import http.server
import os
import stat
import struct
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.errors import FetchError
from ingest.layouts import fetch
from ingest.layouts.fetch import (
    cache_folder,
    download,
    kept_md5,
    pip_download,
    published_md5,
    sha256_of,
    unpack,
)

CONTENT = b"a published file" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class _Site(http.server.BaseHTTPRequestHandler):
    """A site with one file, and several ways of not giving it."""

    def do_GET(self) -> None:  # noqa: N802 (the name http.server calls)
        if self.path == "/moved":
            self._answer(302, {"Location": "/file"})
        elif self.path == "/elsewhere":
            self._answer(302, {"Location": "http://files.example.org/file"})
        elif self.path == "/summed.md5":
            line = f"MD5 (file.zip) = {hashlib.md5(CONTENT).hexdigest().upper()}\n"
            self._answer(200, {}, line.encode())
        elif self.path in ("/gone", "/gone.md5"):
            self._answer(404, {})
        elif self.path == "/short":
            self._answer(200, {"Content-Length": str(len(CONTENT) + 5)}, CONTENT)
        elif self.path == "/endless":
            self._answer(200, {}, CONTENT * 20)
        elif self.path == "/file.md5":
            self._answer(200, {}, b"no digest")
        elif self.path == "/silent":
            self.server.silence.wait(5)  # type: ignore[attr-defined]
        else:
            self._answer(200, {"Content-Length": str(len(CONTENT))}, CONTENT)

    def _answer(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    silence = threading.Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what some of these tests are about."""


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with _Server(("127.0.0.1", 0), _Site) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.silence.set()
        server.shutdown()


@pytest.fixture
def to(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "file.zip"


@pytest.mark.parametrize("path", ["/file", "/moved"])
def test_a_whole_file_of_the_right_checksum_arrives(site: str, to: Path, path: str) -> None:
    download(site + path, to, SHA256, 1_000_000)
    assert to.read_bytes() == CONTENT
    assert sha256_of(to) == SHA256
    assert os.listdir(to.parent) == ["file.zip"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/gone", "answers 404"),
        ("/elsewhere", "redirects to http://files.example.org/file, which is not a declared"),
        ("/short", "broke off"),
        ("/endless", "more than the 100,000 bytes allowed"),
    ],
)
def test_anything_else_is_a_sentence_and_leaves_nothing(
    site: str, to: Path, path: str, message: str
) -> None:
    with pytest.raises(FetchError, match=message):
        download(site + path, to, SHA256, 100_000)
    assert os.listdir(to.parent) == []


def test_a_file_of_another_checksum_is_refused(site: str, to: Path) -> None:
    with pytest.raises(FetchError, match=f"not the expected file .sha256 {SHA256}, expected 00"):
        download(site + "/file", to, "00", 1_000_000)
    assert os.listdir(to.parent) == []


def test_the_file_that_was_there_survives_a_failed_download(site: str, to: Path) -> None:
    to.parent.mkdir()
    to.write_bytes(b"before")
    with pytest.raises(FetchError):
        download(site + "/short", to, SHA256, 1_000_000)
    assert to.read_bytes() == b"before"


def test_a_site_that_says_nothing_is_given_up(
    site: str, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "STALL_SECONDS", 0.1)
    with pytest.raises(FetchError, match="broke off"):
        download(site + "/silent", to, SHA256, 1_000_000)


def test_a_site_that_is_not_there_is_a_sentence(to: Path) -> None:
    with pytest.raises(FetchError, match="cannot reach http://127.0.0.1:9/"):
        download("http://127.0.0.1:9/", to, SHA256, 10)


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a tiny wheel in the only folder that pip's settings name."""
    folder = tmp_path / "links"
    folder.mkdir()
    path = folder / "tinydata-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tinydata/rows.txt", CONTENT)
        metadata = "Metadata-Version: 2.1\nName: tinydata\nVersion: 1.0\nRequires-Dist: absent\n"
        archive.writestr("tinydata-1.0.dist-info/METADATA", metadata)
        tag = "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        archive.writestr("tinydata-1.0.dist-info/WHEEL", tag)
        archive.writestr("tinydata-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return path


def test_pip_fetches_a_wheel_by_its_own_settings(wheel: Path, to: Path) -> None:
    pip_download("tinydata==1.0", to)
    assert sha256_of(to) == sha256_of(wheel)
    assert os.listdir(to.parent) == ["file.zip"]


def test_what_pip_cannot_find_is_a_sentence(wheel: Path, to: Path) -> None:
    with pytest.raises(FetchError, match=r"pip download tinydata==2.0 failed \(.*tinydata==2.0"):
        pip_download("tinydata==2.0", to)


def test_only_the_named_members_are_unpacked(wheel: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    unpack(wheel, {"tinydata/rows.txt": SHA256}, tmp_path / "out", 100_000)
    assert os.listdir(tmp_path / "out") == ["rows.txt"]
    assert (tmp_path / "out" / "rows.txt").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("members", "max_bytes", "message"),
    [
        ({"tinydata/none.txt": None}, 100_000, "none.txt"),
        ({"tinydata/rows.txt": "00"}, 100_000, "not the expected file"),
        ({"tinydata/rows.txt": None}, 100, "larger than 100 bytes"),
    ],
)
def test_a_member_that_is_missing_other_or_too_large_is_refused(
    wheel: Path, tmp_path: Path, members: dict[str, str | None], max_bytes: int, message: str
) -> None:
    with pytest.raises(FetchError, match=message):
        unpack(wheel, members, tmp_path, max_bytes)


@pytest.mark.parametrize(("announced", "told"), [(10**8, "larger than 1,000"), (900, "unpacked")])
def test_a_zip_bomb_is_stopped_at_the_bound_even_where_its_header_lies(
    tmp_path: Path, announced: int, told: str
) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data/rows", b"0" * 10**8)
    size = struct.pack("<L", 10**8)
    path.write_bytes(path.read_bytes().replace(size, struct.pack("<L", announced)))
    with pytest.raises(FetchError, match=told):
        unpack(path, {"data/rows": None}, tmp_path, 1000)
    left = tmp_path / "rows"
    assert not left.exists() or left.stat().st_size <= 1000


def test_members_that_climb_out_of_the_archive_are_not_even_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "climbing.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../outside.txt", b"gone astray")
        archive.writestr("rows", b"rows")
    unpack(path, {"rows": None}, tmp_path, 1_000)
    unpack(path, {"../../outside.txt": None}, tmp_path, 1_000)
    assert sorted(os.listdir(tmp_path)) == ["climbing.zip", "outside.txt", "rows"]
    assert not (tmp_path.parent / "outside.txt").exists()


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_a_member_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "twice.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data/rows", b"one")
        archive.writestr("data/rows", b"other")
    with pytest.raises(FetchError, match="has data/rows 2 times"):
        unpack(path, {"data/rows": None}, tmp_path, 100)
    assert os.listdir(tmp_path) == ["twice.zip"]


def test_a_symbolic_link_in_an_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "link.zip"
    link = zipfile.ZipInfo("data/rows")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(FetchError, match="no plain file"):
        unpack(path, {"data/rows": None}, tmp_path, 100)
    assert os.listdir(tmp_path) == ["link.zip"]


def test_a_header_that_announces_too_much_is_refused_before_anything_is_read(
    tmp_path: Path,
) -> None:
    path = tmp_path / "large.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data/rows", b"0" * 1000)
    with pytest.raises(FetchError, match="larger than 999 bytes"):
        unpack(path, {"data/rows": None}, tmp_path, 999)
    assert os.listdir(tmp_path) == ["large.zip"]


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 cut off"])
def test_what_is_no_zip_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    with pytest.raises(FetchError, match="cannot be unpacked"):
        unpack(path, {"rows": None}, tmp_path, 1_000)


def test_the_md5_published_beside_a_file_is_kept_beside_it(site: str, to: Path) -> None:
    to.parent.mkdir()
    assert published_md5(site + "/summed", to) == hashlib.md5(CONTENT).hexdigest()
    assert kept_md5(to) == hashlib.md5(CONTENT).hexdigest()
    download(site + "/summed", to, kept_md5(to), 1_000_000, "md5")
    assert sorted(os.listdir(to.parent)) == ["file.zip", "file.zip.md5"]
    with pytest.raises(FetchError, match="not the expected file .md5 "):
        download(site + "/summed", to, "0" * 32, 1_000_000, "md5")


def test_without_an_md5_beside_it_a_file_cannot_be_checked(site: str, to: Path) -> None:
    with pytest.raises(FetchError, match="gone.md5 answers 404"):
        published_md5(site + "/gone", to)
    with pytest.raises(FetchError, match="cannot be checked without file.zip.md5 beside it"):
        kept_md5(to)
    with pytest.raises(FetchError, match="holds no MD5"):
        published_md5(site + "/file", to)


def test_the_cache_is_where_the_user_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WHYREC_CACHE", str(tmp_path / "a"))
    assert cache_folder() == tmp_path / "a"
    monkeypatch.delenv("WHYREC_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "b"))
    assert cache_folder() == tmp_path / "b" / "whyrec"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "c"))
    assert cache_folder() == tmp_path / "c" / ".cache" / "whyrec"


def test_fetched_files_can_be_read_by_their_owner(site: str, to: Path) -> None:
    download(site + "/file", to, SHA256, 1_000_000)
    assert to.stat().st_mode & stat.S_IRUSR
