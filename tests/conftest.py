"""What every test stands on: no network but loopback, no settings from outside, two data sets.

`films` is small enough to check by eye; `ml100k` is the real MovieLens-100K, fetched once into the
user's cache.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import settings

from ingest.dataset.ids import IdMap
from ingest.dataset.schema import Dataset, Field, Interactions, Noun

pytest_plugins = (
    *("tests.fixtures_llm", "tests.fixtures_home", "tests.fixtures_chroma"),
    *("tests.fixtures_browser", "tests.fixtures_postgres"),
)

settings.register_profile("same each run", derandomize=True, deadline=None)
settings.load_profile("same each run")  # `pytest --hypothesis-profile default` looks further
_SETTINGS = ("WHYREC_", "HF_TOKEN", "HUGGINGFACEHUB_API_TOKEN", "HUGGING_FACE_HUB_TOKEN")
_FETCH_SETTINGS = ("WHYREC_CACHE",)


class NetworkIsOff(AssertionError):
    """A test reached for a machine other than this one."""


def _is_loopback(address: Any) -> bool:
    if not isinstance(address, tuple):  # a Unix socket
        return True
    host = str(address[0])
    try:
        return host == "localhost" or ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True)
def network_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that leaves this machine.

    Data sets are fetched by session fixtures, which pytest sets up before this one.
    """
    real = {name: getattr(socket.socket, name) for name in ("connect", "connect_ex")}

    def guarded(name: str) -> Any:
        def connect(self: socket.socket, address: Any) -> Any:
            if not _is_loopback(address):
                raise NetworkIsOff(f"a test tried to reach {address!r}")
            return real[name](self, address)

        return connect

    for name in real:
        monkeypatch.setattr(socket.socket, name, guarded(name))


@pytest.fixture(autouse=True)
def no_outside_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the settings and tokens of whoever runs the tests."""
    for name in list(os.environ):
        if name.startswith(_SETTINGS) and name not in _FETCH_SETTINGS:
            monkeypatch.delenv(name)


# user  item  label  day        what each user has seen, and with it every Jaccard value:
FILM_INTERACTIONS = """
  1     101   5      1          1 {101 102 103 104}
  1     102   4      2          2 {101 102 103 105}      J(1,2) = 3/5
  1     103   2      3          3 {101 102}              J(1,3) = 2/4   J(2,3) = 2/4
  1     104   5      4          4 {103 104 105 106}      J(1,4) = 2/6   J(2,4) = 2/6
  2     105   5      8          5 {106 107}              J(4,5) = 1/5
  2     101   4      5          6 {101}                  J(1,6) = J(2,6) = 1/4   J(3,6) = 1/2
  2     102   5      6          7 {}
  2     103   1      7
  3     101   5      9          Item 108 was seen by nobody; user 7 has seen nothing.
  3     102   4      10         User 2's rows are out of order: by time they are 101 102 103 105.
  4     103   4      11         101 is the most popular (4 users), then 102 and 103 (3).
  4     104   3      12
  4     105   4      13
  4     106   2      14
  5     106   5      15
  5     107   3      16
  6     101   3      17
"""
FILM_USERS = [  # id, age, gender, occupation
    ("1", 25.0, "F", "student"),
    ("2", 31.0, "M", "engineer"),
    ("3", 19.0, "F", "student"),
    ("4", 52.0, "M", "writer"),
    ("5", 40.0, "F", "engineer"),
    ("6", 33.0, None, "writer"),
    ("7", np.nan, "M", None),
]
FILM_ITEMS = [  # id, title, year, genres; two films are called Sabrina, and Heat has no year here
    ("101", "Alien", 1979.0, ("Horror", "Sci-Fi")),
    ("102", "Amélie", 2001.0, ("Comedy", "Romance")),
    ("103", "Blade Runner", 1982.0, ("Sci-Fi",)),
    ("104", "Casablanca", 1942.0, ("Drama", "Romance")),
    ("105", "Heat", np.nan, ("Crime", "Drama")),
    ("106", "Jaws", 1975.0, ("Horror",)),
    ("107", "Sabrina", 1954.0, ("Comedy", "Romance")),
    ("108", "Sabrina", 1995.0, ("Comedy", "Romance")),
]
FIRST_DAY = 1_000_000_000
"""Day d of FILM_INTERACTIONS is the second FIRST_DAY + d · 86,400."""


@pytest.fixture(scope="session")
def films() -> Dataset:
    """Seven users and eight films; everything about them can be read off the tables above."""
    rows = np.array([line.split()[:4] for line in FILM_INTERACTIONS.strip().splitlines()])
    users = pd.DataFrame(FILM_USERS, columns=["id", "age", "gender", "occupation"], dtype=object)
    items = pd.DataFrame(FILM_ITEMS, columns=["id", "title", "year", "genres"], dtype=object)
    user_ids, item_ids = IdMap(users.pop("id")), IdMap(items.pop("id"))
    return Dataset(
        name="films",
        user_ids=user_ids,
        item_ids=item_ids,
        interactions=Interactions(
            user_ids.codes(rows[:, 0].astype(object)),
            item_ids.codes(rows[:, 1].astype(object)),
            rows[:, 2].astype(np.float32),
            FIRST_DAY + rows[:, 3].astype(np.int64) * 86_400,
        ),
        users=users.astype({"age": np.float64}),
        items=items.astype({"year": np.float64}),
        fields=(
            Field("age", "dense", "user"),
            Field("gender", "sparse", "user"),
            Field("occupation", "sparse", "user"),
            Field("year", "dense", "item"),
            Field("genres", "multi", "item"),
        ),
        noun=Noun("film", "films"),
        liked_from=4.0,
    )


@pytest.fixture(scope="session")
def ml100k() -> Dataset:
    """MovieLens-100K as `ingest ml-100k` reads it: 943 users, 1,682 films, 100,000 rows."""
    from ingest.loaders import load_source

    return load_source("ml-100k")
