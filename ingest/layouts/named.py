"""The data sets known by name: where each may be had, what must come, and its terms of use.

GroupLens forbids redistribution, so no data set is part of this project: it is fetched when asked
for, checked against its SHA-256, and kept in the user's cache.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ingest.dataset.schema import Dataset
from ingest.errors import FetchError
from ingest.layouts import movielens, movielens_csv
from ingest.layouts.fetch import (
    cache_folder,
    digest_of,
    download,
    kept_md5,
    pip_download,
    published_md5,
    sha256_of,
    unpack,
)
from ingest.progress import Notice, say


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
    read: Callable[[Path], Dataset]
    """Reads a folder that holds the members."""
    sha256: str | None = None
    """Of the whole file; None when the members have their own, or it changes from time to time."""
    changes: bool = False
    """Whether the file is replaced by newer ones: then the MD5 beside it is what must fit."""

    def fetch(self, to: Path, max_bytes: int) -> None:
        """Bring the file to `to`."""
        if self.changes:
            download(self.origin, to, published_md5(self.origin, to), max_bytes, "md5")
        elif self.sha256 is None:
            pip_download(self.origin, to)
        else:
            download(self.origin, to, self.sha256, max_bytes)

    def unpack(self, path: Path, to: Path, max_bytes: int) -> None:
        """Check the file at `path` and unpack its members into `to`; raises FetchError."""
        whole = self.sha256 is None or sha256_of(path) == self.sha256
        if self.changes:
            whole = digest_of(path, "md5") == kept_md5(path)
        if not whole:
            raise FetchError(f"{path} is not the file that {self.called} publishes")
        unpack(path, self.members, to, max_bytes)


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


def _csv_source(name: str, about: str, sha256: str | None, readme: str = "README.html") -> Source:
    """Return a data set of ratings.csv and movies.csv; without a hash it is one that changes."""
    route = Route(
        "GroupLens",
        f"{_GROUPLENS}{name}.zip",
        f"{name}.zip",
        {f"{name}/{table}.csv": None for table in ("ratings", "movies")},
        partial(movielens_csv.read_folder, name=name),
        sha256,
        changes=sha256 is None,
    )
    terms = _TERMS.format(about.partition(":")[0], f"{_GROUPLENS}{name}-{readme}")
    return Source(name, about, (route,), terms, 3_000_000_000)


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
    **{
        source.name: source
        for source in (
            _csv_source(
                "ml-20m",
                "MovieLens 20M: 138,493 users, 27,278 films, 20,000,263 ratings, 1995-2015",
                "96f243c338a8665f6bcc89c53edf6ee39162a846940de6b7c8c48aeada765ff3",
            ),
            _csv_source(
                "ml-25m",
                "MovieLens 25M: 162,541 users, 62,423 films, 25,000,095 ratings, 1995-2019",
                "8b21cfb7eb1706b4ec0aac894368d90acf26ebdfb6aced3ebd4ad5bd1eb9c6aa",
            ),
            _csv_source(
                "ml-32m",
                "MovieLens 32M: 200,948 users, 87,585 films, 32,000,204 ratings, 1995-2023",
                "e4a68655d7386b8f95f2f2424b2ff975dfdd15ffd59e0d864a14dca43e99d6ee",
            ),
            _csv_source(
                "ml-latest-small",
                "MovieLens latest, small: 610 users, 9,742 films, 100,836 ratings, 1996-2018",
                "696d65a3dfceac7c45750ad32df2c259311949efec81f0f144fdfb91ebc9e436",
            ),
            _csv_source(
                "ml-latest", "MovieLens latest: all ratings so far; replaced now and then", None
            ),
        )
    },
}
"""By name. The checksums are those that TensorFlow Datasets and others publish."""


def cached(source: Source) -> Path | None:
    """Return the file in the cache that `source` would be read from, None when there is none."""
    files = [cache_folder() / route.file for route in source.routes]
    return next((file for file in files if file.is_file()), None)


def fetch(name: str, notice: Notice = say) -> Path:
    """Have the data set in the cache and return its file; the terms go to `notice` when it is new.

    Raises:
        FetchError: no route gave it; the message says what each said and what can be done.
    """
    with _unpacked(SOURCES[name], notice) as (_, path, _folder):
        return path


def load_named(name: str, notice: Notice = say) -> Dataset:
    """Return the data set, fetching it first when the cache does not hold it."""
    with _unpacked(SOURCES[name], notice) as (route, _, folder):
        return route.read(folder)


@contextmanager
def _unpacked(source: Source, notice: Notice) -> Iterator[tuple[Route, Path, Path]]:
    """Yield the route that gave the file, the file, and a passing folder with its members."""
    from filelock import FileLock

    cache = cache_folder()
    with ExitStack() as stack:
        try:
            cache.mkdir(parents=True, exist_ok=True)
            scratch = tempfile.TemporaryDirectory(dir=cache, prefix=f".{source.name}-")
            folder = Path(stack.enter_context(scratch))
            with FileLock(cache / f"{source.name}.lock"):
                route, path = _from_cache(source, cache, folder) or _from_outside(
                    source, cache, folder, notice
                )
        except OSError as error:
            raise FetchError(
                f"{source.name} cannot be kept in {cache} ({error.strerror or error}); "
                "set WHYREC_CACHE to a folder that can be written"
            ) from error
        yield route, path, folder


def _from_cache(source: Source, cache: Path, to: Path) -> tuple[Route, Path] | None:
    for route in source.routes:
        path = cache / route.file
        if path.is_file():
            try:
                route.unpack(path, to, source.max_bytes)
                return route, path
            except FetchError:
                continue  # damaged or half-copied by hand: fetched again, or named below
    return None


def _from_outside(source: Source, cache: Path, to: Path, notice: Notice) -> tuple[Route, Path]:
    notice(source.terms)
    failures = []
    for route in source.routes:
        path = cache / route.file
        try:
            route.fetch(path, source.max_bytes)
            route.unpack(path, to, source.max_bytes)
            return route, path
        except FetchError as error:
            failures.append(f"{route.called}: {error}")
    first = source.routes[0]
    both = " and its .md5" if first.changes else ""
    raise FetchError(
        f"{source.name} could not be had ({'; '.join(failures)}); when the network is back try "
        f"again, or bring {first.origin}{both} here another way and put it at {cache / first.file}"
    )
