"""`whyrec data`: the data sets known by name, and fetching them."""

from __future__ import annotations

import click

from assistant.commands.options import emit, json_option
from ingest.errors import AskerError


@click.group()
def data() -> None:
    """Data sets known by name."""


@data.command(epilog="Example: whyrec data fetch ml-100k")
@click.argument("name")
@json_option
def fetch(name: str, as_json: bool) -> None:
    """Bring the data set NAME into the cache, checked against its SHA-256.

    The cache is WHYREC_CACHE, else whyrec in XDG_CACHE_HOME, else ~/.cache/whyrec. ml-100k comes
    from GroupLens, or where that cannot be reached from RecBole's wheel through pip.
    """
    from ingest.fetch import sha256_of
    from ingest.named import SOURCES
    from ingest.named import fetch as fetch_named

    if name.partition(":")[0] == "dummy":
        raise AskerError("the dummy data are made on the spot; run `whyrec ingest dummy`")
    if name not in SOURCES:
        raise AskerError(f"there is no data set called {name}; known are {', '.join(SOURCES)}")
    path = fetch_named(name)
    document = {"name": name, "file": str(path), "sha256": sha256_of(path)}
    emit(document, as_json, f"{path}\nwhyrec ingest {name} puts it into the home.")


@data.command(name="list")
@json_option
def list_data(as_json: bool) -> None:
    """List the data sets known by name."""
    from ingest.named import SOURCES, cached

    rows = [
        {"name": name, "about": source.about, "file": str(cached(source) or "") or None}
        for name, source in SOURCES.items()
    ]
    about = "the second notebook's 1,000 users and 20 articles, made on the spot"
    rows.append({"name": "dummy", "about": about, "file": None})
    lines = (f"{row['name']:8}  {row['about']}{'; fetched' if row['file'] else ''}" for row in rows)
    emit(rows, as_json, "\n".join(lines))
