"""`whyrec ingest`: read and check a source, and publish it as the home's data."""

from __future__ import annotations

from typing import Any

import click

from assistant.commands.dry_run import dry_run_option, tell_understood
from assistant.commands.options import counted, emit, home_option, json_option
from assistant.commands.sources import request_from, said_in, source_options

_EXAMPLES = """
\b
Examples:
  whyrec ingest ml-100k
  whyrec ingest ratings.csv --items films.csv --dry-run
  whyrec ingest postgresql://ann@db/shop --table ratings --items '#films'
  whyrec ingest ratings.csv --users users.csv --items films.csv --noun film,films --liked-from 4
  whyrec ingest merged.csv --user-col sex,age,occupation --item-col genre1,genre2,genre3 \\
      --sparse-col occupation --multi-col genres=genre1+genre2+genre3 --missing missing
"""


@click.command(epilog=_EXAMPLES)
@source_options
@dry_run_option
@home_option
@json_option
def ingest(dry_run: bool, home_dir: str | None, as_json: bool, **given: Any) -> int:
    """Read SOURCE, check it as a whole and put it into the home.

    SOURCE is a data set known by name (`whyrec data list`), a CSV, JSON Lines or Parquet file with
    one row per interaction, a folder of Parquet or of RecBole's or MovieLens's files, or the URL of
    a database with --table or --query. Columns are guessed from usual names where they are not
    given, and every guess is said; --dry-run shows what is understood. A feature whose kind is not
    given is a quantity where the column holds numbers, else a category, or several where a cell
    holds the separator.
    """
    request = request_from(given)
    if dry_run:
        return tell_understood(request, said_in(given), as_json)
    from assistant.building import data_part
    from ingest.growth.additions import origin_of
    from ingest.home.workspace import Home, home_path
    from ingest.loaders import load
    from ingest.progress import say
    from ingest.survey.summary import summary

    dataset = load(request, say)
    home = Home(home_path(home_dir))
    with home.writing() as edition:
        data_part(edition, dataset, origin_of(request))
    holds = {**summary(dataset), "home": str(home.path)}
    emit(holds, as_json, _worded(holds))
    return 0


def _worded(holds: dict[str, Any]) -> str:
    lines = [
        f"{holds['name']}: {counted(holds['users'], 'user')}, "
        f"{counted(holds['items'], holds['noun']['one'], holds['noun']['many'])}, "
        f"{counted(holds['interactions'], 'interaction')} (density {holds['density']:.2%})"
    ]
    if holds["time_span"]:
        lines.append(f"times     {' to '.join(holds['time_span'])}")
    else:
        lines.append("times     none, so histories have no order")
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
