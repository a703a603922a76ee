"""`whyrec data`: the data sets known by name, fetching them, and what any data look like."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assistant.commands.options import counted, emit, home_option, json_option
from assistant.commands.sources import read_source, source_options
from ingest.errors import AskerError

if TYPE_CHECKING:
    from ingest.dataset.schema import Dataset

_EXAMPLES = """
\b
Examples:
  whyrec data profile --out profile.html
  whyrec data profile ratings.csv --items films.csv --json
"""


@click.group()
def data() -> None:
    """Data sets known by name, and what any data look like."""


@data.command(epilog="Example: whyrec data fetch ml-100k")
@click.argument("name")
@json_option
def fetch(name: str, as_json: bool) -> None:
    """Bring the data set NAME into the cache, checked against its checksum.

    The cache is WHYREC_CACHE, else whyrec in XDG_CACHE_HOME, else ~/.cache/whyrec. MovieLens comes
    from GroupLens; ml-100k, where that cannot be reached, from RecBole's wheel through pip.
    """
    from ingest.layouts.fetch import sha256_of
    from ingest.layouts.named import SOURCES
    from ingest.layouts.named import fetch as fetch_named

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
    from ingest.layouts.named import SOURCES, cached

    rows = [
        {"name": name, "about": source.about, "file": str(cached(source) or "") or None}
        for name, source in SOURCES.items()
    ]
    about = "the second notebook's 1,000 users and 20 articles, made on the spot"
    rows.append({"name": "dummy", "about": about, "file": None})
    lines = (
        f"{row['name']:15}  {row['about']}{'; fetched' if row['file'] else ''}" for row in rows
    )
    emit(rows, as_json, "\n".join(lines))


@data.command(epilog=_EXAMPLES)
@source_options
@click.option("--out", metavar="FILE", help="Write the profile with its charts as one HTML page.")
@home_option
@json_option
def profile(out: str | None, home_dir: str | None, as_json: bool, **given: Any) -> None:
    """Show what data look like: activity, sparsity, times, labels and attributes.

    Without SOURCE the home's data are looked at; with it the home is not needed.
    """
    from ingest.survey.measures import survey

    found = survey(_read(home_dir, given))
    if out is not None:
        from ingest.survey.page import survey_page

        _write(out, survey_page(found))
    emit(found, as_json, "\n".join(_lines(found, out)))


def _read(home_dir: str | None, given: dict[str, Any]) -> Dataset:
    from ingest.home.workspace import Home, home_path
    from ingest.progress import say

    if given["source"] or given["schema"]:
        return read_source(given, say)
    return Home(home_path(home_dir)).dataset()


def _write(out: str, page: str) -> None:
    try:
        Path(out).write_text(page, encoding="utf-8")
    except OSError as error:
        raise AskerError(f"--out {out} cannot be written ({error.strerror})") from error


def _lines(found: dict[str, Any], out: str | None) -> list[str]:
    many = found["noun"]["many"]
    lines = [
        f"{found['name']}: {counted(found['users'], 'user')}, "
        f"{counted(found['items'], found['noun']['one'], many)}, "
        f"{counted(found['interactions'], 'interaction')}, "
        f"{found['sparsity']:.2%} of all pairs empty",
        _activity("per user", "users", found["per_user"]),
        _activity(f"per {found['noun']['one']}", many, found["per_item"]),
    ]
    if found["time_span"]:
        lines.append(f"times      {' to '.join(found['time_span'])}")
    if found["label_distribution"]:
        one = found["label_distribution"]
        lines.append(
            f"labels     {one['least']:g} to {one['greatest']:g}, mean {one['mean']:.3g}, median "
            f"{one['median']:g}, {one['distinct']:,} different"
        )
    lines += [_attribute(one) for one in found["attributes"]]
    return lines if out is None else [*lines, f"page       {out}"]


def _activity(name: str, many: str, one: dict[str, Any]) -> str:
    if one["median"] is None:
        return f"{name:10} none"
    without = f"; {one['with_none']:,} {many} without any" if one["with_none"] else ""
    top = one["share_of_top_percent"]["10"]
    return (
        f"{name:10} {one['least']:,.0f} to {one['greatest']:,.0f}, median {one['median']:,.0f}; "
        f"the most active 10 % have {top:.1%}{without}"
    )


def _attribute(one: dict[str, Any]) -> str:
    head = f"{one['side']:4}       {one['name']} ({one['kind']}): {one['distinct']:,} different"
    missing = f", {one['missing']:,} missing" if one["missing"] else ""
    if one["kind"] == "dense" and one["median"] is not None:
        return f"{head}{missing}, {one['least']:g} to {one['greatest']:g}, median {one['median']:g}"
    most = ", ".join(f"{row['value']} {row['count']:,}" for row in one.get("values", [])[:3])
    return f"{head}{missing}; {most}"
