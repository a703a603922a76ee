"""The data sets known by name: where each may be had, what must come, and its terms of use.

GroupLens forbids redistribution, so no data set is part of this project: it is fetched when asked
for, checked against its SHA-256, and kept in the user's cache.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from ingest import movielens
from ingest.errors import FetchError
from ingest.fetch import cache_folder, download, pip_download, read_members, sha256_of
from ingest.progress import Notice, say
from ingest.schema import Dataset


@dataclass(frozen=True)
class Route:
    """One place a data set may be had from, and how what comes is checked and read."""

    called: str
    """As a person would say it."""
    origin: str
    """A URL, or a requirement that pip resolves."""
    file: str
    """Its name in the cache."""
    members: Mapping[str, str | None]
    """Members of the zip that are read, each with its SHA-256 or None."""
    read: Callable[[Mapping[str, bytes]], Dataset]
    sha256: str | None = None
    """Of the whole file; None when the members have their own."""

    def fetch(self, to: Path, max_bytes: int) -> None:
        """Bring the file to `to`."""
        if self.sha256 is None:
            pip_download(self.origin, to)
        else:
            download(self.origin, to, self.sha256, max_bytes)

    def open(self, path: Path, max_bytes: int) -> dict[str, bytes]:
        """Return the checked members of the file at `path`; raises FetchError."""
        if self.sha256 is not None and sha256_of(path) != self.sha256:
            raise FetchError(f"{path} is not the file that {self.called} publishes")
        return read_members(path, self.members, max_bytes)


@dataclass(frozen=True)
class Source:
    """A data set known by name."""

    name: str
    about: str
    routes: tuple[Route, ...]
    terms: str
    max_bytes: int = 64_000_000
    """Bound on the archive and on each member."""


_GROUPLENS = "https://files.grouplens.org/datasets/movielens/"
_TERMS = (
    "{} is the work of the GroupLens Research Group, University of Minnesota: for research; not "
    "for commercial use or redistribution without permission; to be cited as Harper & Konstan "
    "2015, doi:10.1145/2827872. The terms in full: {}"
)
_IN_RECBOLE = "recbole/dataset_example/ml-100k/ml-100k."
_RECBOLE_SHA256 = {
    "inter": "4edb74e2a81178c2ba9ff381495f754f996c4aea351b1272ca36b43da0935eff",
    "user": "4f670007d9cfbeb9807e757209af1555b9bcc186bde25e767f67cb67c6dd5972",
    "item": "51d7cdf777ce5c0f5b32c1d947a4a81fe07d75e78abbe761e0cd4d0756064532",
}

SOURCES = {
    "ml-100k": Source(
        "ml-100k",
        "MovieLens 100K: 943 users, 1,682 films, 100,000 ratings, 1997-1998",
        (
            Route(
                "GroupLens",
                _GROUPLENS + "ml-100k.zip",
                "ml-100k.zip",
                {f"ml-100k/u.{part}": None for part in ("data", "user", "item")},
                movielens.read_100k,
                "50d2a982c66986937beb9ffb3aa76efe955bf3d5c6b761f4e3a7cd717c6a3229",
            ),
            Route(
                "RecBole's wheel through pip",
                "recbole==1.2.1",
                "recbole-1.2.1.whl",
                {_IN_RECBOLE + part: sha256 for part, sha256 in _RECBOLE_SHA256.items()},
                movielens.read_100k_recbole,
            ),
        ),
        _TERMS.format("MovieLens 100K", _GROUPLENS + "ml-100k-README.txt"),
    ),
    "ml-1m": Source(
        "ml-1m",
        "MovieLens 1M: 6,040 users, 3,883 films, 1,000,209 ratings, 2000-2003",
        (
            Route(
                "GroupLens",
                _GROUPLENS + "ml-1m.zip",
                "ml-1m.zip",
                {f"ml-1m/{part}.dat": None for part in ("ratings", "users", "movies")},
                movielens.read_1m,
                "a6898adb50b9ca05aa231689da44c217cb524e7ebd39d264c56e2832f2c54e20",
            ),
        ),
        _TERMS.format("MovieLens 1M", _GROUPLENS + "ml-1m-README.txt"),
    ),
}


def cached(source: Source) -> Path | None:
    """Return the file in the cache that `source` would be read from, None when there is none."""
    files = [cache_folder() / route.file for route in source.routes]
    return next((file for file in files if file.is_file()), None)


def fetch(name: str, notice: Notice = say) -> Path:
    """Have the data set in the cache and return its file; the terms go to `notice` when it is new.

    Raises:
        FetchError: no route gave it; the message says what each said and what can be done.
    """
    return _obtain(SOURCES[name], notice)[1]


def load_named(name: str, notice: Notice = say) -> Dataset:
    """Return the data set, fetching it first when the cache does not hold it."""
    route, _, members = _obtain(SOURCES[name], notice)
    return route.read(members)


def _obtain(source: Source, notice: Notice) -> tuple[Route, Path, dict[str, bytes]]:
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f"{source.name}.lock"):
            return _from_cache(source, folder) or _from_outside(source, folder, notice)
    except OSError as error:
        raise FetchError(
            f"{source.name} cannot be kept in {folder} ({error.strerror or error}); "
            "set WHYREC_CACHE to a folder that can be written"
        ) from error


def _from_cache(source: Source, folder: Path) -> tuple[Route, Path, dict[str, bytes]] | None:
    for route in source.routes:
        path = folder / route.file
        if path.is_file():
            try:
                return route, path, route.open(path, source.max_bytes)
            except FetchError:
                continue  # damaged or half-copied by hand: fetched again, or named below
    return None


def _from_outside(
    source: Source, folder: Path, notice: Notice
) -> tuple[Route, Path, dict[str, bytes]]:
    notice(source.terms)
    failures = []
    for route in source.routes:
        path = folder / route.file
        try:
            route.fetch(path, source.max_bytes)
            return route, path, route.open(path, source.max_bytes)
        except FetchError as error:
            failures.append(f"{route.called}: {error}")
    first = source.routes[0]
    raise FetchError(
        f"{source.name} could not be had ({'; '.join(failures)}); when the network is back try "
        f"again, or bring {first.origin} here another way and put it at {folder / first.file}"
    )
