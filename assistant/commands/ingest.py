"""`whyrec ingest`: read and check a source, and publish it as the home's data."""

from __future__ import annotations

from typing import Any

import click

from assistant.commands.options import emit, home_option, json_option
from assistant.commands.sources import read_source, source_options

_EXAMPLES = """
\b
Examples:
  whyrec ingest ml-100k
  whyrec ingest ratings.csv --users users.csv --items films.csv --noun film,films --liked-from 4
  whyrec ingest merged.csv --user-col sex,age,occupation --item-col genre1,genre2,genre3 \\
      --sparse-col occupation --multi-col genres=genre1+genre2+genre3 --missing missing
"""


@click.command(epilog=_EXAMPLES)
@source_options
@home_option
@json_option
def ingest(home_dir: str | None, as_json: bool, **given: Any) -> None:
    """Read SOURCE, check it as a whole and put it into the home.

    SOURCE is ml-100k, ml-1m, dummy (or dummy:SEED), or a CSV or Parquet file with one row per
    interaction. Columns are guessed from usual names where they are not given, and every guess is
    said. A feature whose kind is not given is a quantity where the column holds numbers, else a
    category, or several where a cell holds the separator.
    """
    from assistant.building import data_part
    from ingest.progress import say
    from ingest.summary import summary
    from ingest.workspace import Home, home_path

    dataset = read_source(given, say)
    home = Home(home_path(home_dir))
    with home.writing() as edition:
        data_part(edition, dataset)
    holds = {**summary(dataset), "home": str(home.path)}
    emit(holds, as_json, _worded(holds))


def _worded(holds: dict[str, Any]) -> str:
    items = holds["noun"]["many"]
    lines = [
        f"{holds['name']}: {holds['users']:,} users, {holds['items']:,} {items}, "
        f"{holds['interactions']:,} interactions (density {holds['density']:.2%})"
    ]
    if holds["time_span"]:
        lines.append(f"times     {' to '.join(holds['time_span'])}")
    if holds["labels"]:
        low, high = holds["labels"]
        liked = holds["liked_from"]
        lines.append(
            f"labels    {low:g} to {high:g}" + (f", liked from {liked:g}" if liked else "")
        )
    for side in ("user", "item"):
        fields = [f"{f['name']} ({f['kind']})" for f in holds["fields"] if f["side"] == side]
        lines.append(f"{side}      {', '.join(fields) or 'no features'}")
    lines += [f"data      {holds['fingerprint']}", f"home      {holds['home']}"]
    return "\n".join(lines)
