"""The data sets known by name: routes in order, the cache, the terms."""

from __future__ import annotations

import hashlib
import http.server
import threading
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingest.dataset.schema import Dataset
from ingest.errors import FetchError
from ingest.layouts import named
from ingest.layouts.fetch import sha256_of
from ingest.layouts.named import SOURCES, Route, Source, cached, fetch, load_named


def archive(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as opened:
        opened.writestr("rows", content)


class FakeRoute(Route):
    """A route that writes a file instead of going out, or fails; it counts what it was asked."""

    def fetch(self, to: Path, max_bytes: int) -> None:
        ASKED.append(self.called)
        if self.called == "broken":
            raise FetchError("the line is dead")
        archive(to, self.called.encode())


ASKED: list[str] = []
READ: list[bytes] = []


def route(called: str) -> FakeRoute:
    def read(folder: Path) -> Dataset:
        READ.append(folder.joinpath("rows").read_bytes())
        return Dataset.__new__(Dataset)

    sha256 = hashlib.sha256(called.encode()).hexdigest()
    return FakeRoute(called, f"https://{called}.example", f"{called}.zip", {"rows": sha256}, read)


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Source:
    """A data set whose first route is broken."""
    source = Source("tiny", "a tiny set", (route("broken"), route("second")), "the terms")
    monkeypatch.setitem(named.SOURCES, "tiny", source)
    monkeypatch.setenv("WHYREC_CACHE", str(tmp_path / "cache"))
    ASKED.clear()
    READ.clear()
    return source


def test_the_second_route_is_taken_where_the_first_fails(source: Source, tmp_path: Path) -> None:
    assert fetch("tiny", notice=lambda text: None) == tmp_path / "cache" / "second.zip"
    assert ASKED == ["broken", "second"]


def test_the_terms_are_shown_when_it_is_fetched_and_not_again(source: Source) -> None:
    said: list[str] = []
    fetch("tiny", said.append)
    load_named("tiny", said.append)
    assert said == ["the terms"]


def test_what_is_cached_is_not_fetched_again(source: Source) -> None:
    assert cached(source) is None
    path = fetch("tiny", notice=lambda text: None)
    load_named("tiny")
    assert cached(source) == path
    assert ASKED == ["broken", "second"]
    assert READ == [b"second"]


def test_a_damaged_cache_is_fetched_again(source: Source, tmp_path: Path) -> None:
    archive(tmp_path / "cache" / "second.zip", b"damaged")
    load_named("tiny", notice=lambda text: None)
    assert READ == [b"second"]


def test_when_no_route_works_each_is_named_with_its_reason_and_the_way_out(
    source: Source, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    dead = replace(source, routes=(source.routes[0], replace(source.routes[0], file="b.zip")))
    monkeypatch.setitem(named.SOURCES, "tiny", dead)
    with pytest.raises(FetchError) as failed:
        fetch("tiny", notice=lambda text: None)
    assert str(failed.value) == (
        "tiny could not be had (broken: the line is dead; broken: the line is dead); when the "
        "network is back try again, or bring https://broken.example here another way and put it "
        f"at {tmp_path / 'cache' / 'broken.zip'}"
    )


def test_a_cache_that_cannot_be_written_is_a_sentence(
    source: Source, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("WHYREC_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(FetchError, match="set WHYREC_CACHE to a folder that can be written"):
        fetch("tiny", notice=lambda text: None)


def test_a_zip_put_into_the_cache_by_hand_is_used(
    source: Source, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    archive(tmp_path / "cache" / "broken.zip", b"broken")
    load_named("tiny", notice=lambda text: None)
    assert ASKED == []
    assert READ == [b"broken"]


def test_a_file_of_another_checksum_is_never_read(
    source: Source, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pinned = replace(source.routes[0], sha256="00")
    monkeypatch.setitem(named.SOURCES, "tiny", replace(source, routes=(pinned,)))
    archive(tmp_path / "cache" / "broken.zip", b"broken")
    with pytest.raises(FetchError, match="could not be had"):
        load_named("tiny", notice=lambda text: None)
    assert READ == []


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_declares_checksums_terms_and_grouplens(name: str) -> None:
    source = SOURCES[name]
    assert "redistribution" in source.terms and "files.grouplens.org" in source.terms
    for declared in source.routes:
        pinned = declared.sha256 is not None or all(declared.members.values())
        assert pinned or (name == "ml-latest" and declared.changes)
    assert source.routes[0].origin == f"https://files.grouplens.org/datasets/movielens/{name}.zip"
    assert len(source.routes[0].sha256 or "") == (0 if name == "ml-latest" else 64)


ROWS = {
    "u.data": "1\t2\t5\t881250949\n2\t2\t3\t881250950\n",
    "u.user": "1|24|M|technician|85711\n2|53|F|other|94043\n",
    "u.item": "2|GoldenEye (1995)|01-Jan-1995||http://x|0|1|1" + "|0" * 13 + "|1|0|0\n",
}


def test_grouplens_zip_is_downloaded_checked_and_read(
    source: Source, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    published = tmp_path / "site" / "ml-100k.zip"
    published.parent.mkdir()
    with zipfile.ZipFile(published, "w") as opened:
        for name, rows in ROWS.items():
            opened.writestr(f"ml-100k/{name}", rows)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _site(published)) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        grouplens = replace(
            SOURCES["ml-100k"].routes[0],
            origin=f"http://127.0.0.1:{server.server_port}/ml-100k.zip",
            sha256=sha256_of(published),
        )
        monkeypatch.setitem(named.SOURCES, "tiny", replace(source, routes=(grouplens,)))
        data = load_named("tiny", notice=lambda text: None)
        server.shutdown()
    assert data.items["genres"].tolist() == [("Action", "Adventure", "Thriller")]
    assert data.interactions.label.tolist() == [5.0, 3.0]
    assert (tmp_path / "cache" / "ml-100k.zip").is_file()


def test_a_data_set_that_changes_is_checked_against_the_md5_beside_it(
    source: Source, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    published = tmp_path / "site" / "ml-latest.zip"
    archive(published, b"as of today")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _site(published)) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        origin = f"http://127.0.0.1:{server.server_port}/ml-latest.zip"
        latest = replace(
            source.routes[0], origin=origin, file="latest.zip", members={"rows": None}, changes=True
        )
        latest = Route(*(getattr(latest, name) for name in latest.__dataclass_fields__))
        monkeypatch.setitem(named.SOURCES, "tiny", replace(source, routes=(latest,)))
        with pytest.raises(FetchError, match="ml-latest.zip.md5 answers 404"):
            load_named("tiny", notice=lambda text: None)
        md5 = hashlib.md5(published.read_bytes()).hexdigest()
        published.with_name("ml-latest.zip.md5").write_text(f"{md5}  ml-latest.zip\n")
        load_named("tiny", notice=lambda text: None)
        server.shutdown()
    load_named("tiny", notice=lambda text: None)
    assert READ == [b"as of today"] * 2
    assert sorted(path.name for path in (tmp_path / "cache").glob("[!.]*")) == [
        *("latest.zip", "latest.zip.md5", "tiny.lock")
    ]
    archive(tmp_path / "cache" / "latest.zip", b"damaged")
    with pytest.raises(FetchError, match="bring .* and its .md5 here another way"):
        load_named("tiny", notice=lambda text: None)


def _site(published: Path) -> type[http.server.BaseHTTPRequestHandler]:
    class Site(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args, directory=str(published.parent))

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Site
