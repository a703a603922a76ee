"""`whyrec add`: new interactions, which count in the next answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from assistant.commands.options import emit, home_option, json_option

if TYPE_CHECKING:
    from ingest.growth.adding import Addition

_OPTIONS: tuple[Callable[..., Any], ...] = (
    click.option("--users", metavar="TABLE", help="Features of new users, a row each."),
    click.option("--items", metavar="TABLE", help="Features of new items, a row each."),
    click.option("--user", metavar="COLUMN", help="Column of the user's id."),
    click.option("--item", metavar="COLUMN", help="Column of the item's id."),
    click.option("--label", metavar="COLUMN", help="Column of the label."),
    click.option("--time", metavar="COLUMN", help="Column of the time."),
    click.option("--title", metavar="COLUMN", help="Column of the title."),
    click.option("--sep", "separator", metavar="TEXT", help="Between the fields."),
    click.option("--encoding", metavar="NAME", help="Of the text files."),
    click.option(
        "--time-unit", type=click.Choice(["s", "ms", "us", "ns"]), help="Of times that are numbers."
    ),
    click.option(
        "--duplicates",
        type=click.Choice(["error", "last", "first"]),
        help="Where a user and an item stand together more than once in FILE.",
    ),
    click.option(
        "--on-bad-rows",
        type=click.Choice(["error", "skip", "report"]),
        help="Refuse FILE, leave such rows out, or leave them out and write them to a file.",
    ),
    click.option(
        "--wait",
        type=click.FloatRange(0),
        default=60.0,
        show_default=True,
        help="Seconds to wait while another process writes to the home.",
    ),
)


def _with_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command()
@click.argument("file", metavar="FILE")
@_with_options
@home_option
@json_option
def add(
    file: str,
    users: str | None,
    items: str | None,
    wait: float,
    home_dir: str | None,
    as_json: bool,
    **given: str | None,
) -> None:
    """Add the interactions of FILE to the home's data; they count in the next answer.

    FILE is read, and checked, as the data were when they were ingested; options say what is
    different in it. Users and items not seen before are taken in. A pair of user and item that is
    there already gets the label and time given now. Nothing is trained: DeepFM knows newcomers by
    their features and history until `whyrec train`, and `whyrec doctor` says how much is new.

    \b
    whyrec add today.csv
    whyrec add today.csv --users newcomers.csv --items new-films.csv
    """
    from ingest.growth.adding import add_tables
    from ingest.home.workspace import Home, home_path

    told = {name: value for name, value in given.items() if value is not None}
    if "separator" in told:
        told["separator"] = str(told["separator"]).replace("\\t", "\t")
    home = Home(home_path(home_dir))
    brought = add_tables(home, file, users, items, told, wait)
    emit({"home": str(home.path), **brought.to_json()}, as_json, describe(brought))


def describe(brought: Addition) -> str:
    """Return what an addition brought, in words."""
    lines = [f"Added {_counted(brought.interactions)} in {brought.seconds:.2f} s."]
    if brought.corrected:
        lines.append(
            f"{_counted(brought.corrected)} known before: label and time are now those given."
        )
    for noun, n, first in (
        ("users", brought.users, brought.new_users),
        ("items", brought.items, brought.new_items),
    ):
        if n:
            more = f" and {n - len(first):,} more" if n > len(first) else ""
            lines.append(f"New {noun}: {', '.join(first)}{more}.")
    lines.append(f"The data are now {brought.data_fingerprint}; the next answer knows them.")
    return "\n".join(lines)


def _counted(n: int) -> str:
    return f"{n:,} interaction{'s' * (n != 1)}"
