"""The options that describe a source of data, shared by every command that reads one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from ingest.errors import AskerError

if TYPE_CHECKING:
    from ingest.progress import Notice
    from ingest.schema import Dataset, Noun

_LIST = "A,B,…"
_OPTIONS = (
    click.option("--users", metavar="FILE", help="Table with one row per user."),
    click.option("--items", metavar="FILE", help="Table with one row per item."),
    click.option("--user", metavar="COLUMN", help="Column of the user's id [default: guessed]."),
    click.option("--item", metavar="COLUMN", help="Column of the item's id [default: guessed]."),
    click.option("--label", metavar="COLUMN", help="Column of the label [default: guessed]."),
    click.option("--time", metavar="COLUMN", help="Column of the time [default: guessed]."),
    click.option("--title", metavar="COLUMN", help="Column of the title [default: guessed]."),
    click.option("--user-col", metavar=_LIST, help="Columns that are features of the user."),
    click.option("--item-col", metavar=_LIST, help="Columns that are features of the item."),
    click.option("--sparse-col", metavar=_LIST, help="Features that are categories."),
    click.option("--dense-col", metavar=_LIST, help="Features that are quantities."),
    click.option(
        "--multi-col",
        metavar=_LIST,
        help="Features with several values; genres=genre1+genre2 joins columns into one.",
    ),
    click.option("--multi-sep", metavar="TEXT", help="Between several values [default: |]."),
    click.option("--missing", metavar=_LIST, help="Texts that mean: no value."),
    click.option(
        "--duplicates",
        type=click.Choice(["error", "last", "first"]),
        help="Where a user and an item stand together more than once [default: error].",
    ),
    click.option(
        "--layout",
        type=click.Choice(["auto", "table", "lists"]),
        help="One interaction per row, or a padded list of items per user [default: auto].",
    ),
    click.option("--sep", metavar="TEXT", help="Between the fields [default: a comma]."),
    click.option("--encoding", metavar="NAME", help="Of the text files [default: utf-8]."),
    click.option("--noun", metavar="ONE,MANY", help="What items are called: film,films."),
    click.option("--liked-from", type=float, help="Labels from this on count as liked."),
)


def source_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the argument SOURCE and the options about it; `read_source` takes what they give."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return click.argument("source")(command)


def read_source(given: dict[str, Any], notice: Notice) -> Dataset:
    """Read the source that a command's arguments describe; other arguments in `given` are ignored.

    Raises:
        WhyrecError: as `ingest.loaders.load_source`.
    """
    from ingest.loaders import load_source
    from ingest.raw import Reading
    from ingest.roles import Roles

    roles = {
        "user_columns": _names(given["user_col"]),
        "item_columns": _names(given["item_col"]),
        "sparse": _names(given["sparse_col"]),
        "dense": _names(given["dense_col"]),
        "multi": _names(given["multi_col"]),
        **{name: given[name] for name in ("user", "item", "label", "time", "title")},
    }
    reading = {
        "encoding": given["encoding"],
        "separator": _separator(given["sep"]),
        "missing": _names(given["missing"]) or None,
        "multi_separator": given["multi_sep"],
        "duplicates": given["duplicates"],
        "layout": given["layout"],
    }
    return load_source(
        given["source"],
        Roles(**roles),
        Reading(**{name: value for name, value in reading.items() if value is not None}),
        users=given["users"],
        items=given["items"],
        noun=_noun(given["noun"]),
        liked_from=given["liked_from"],
        notice=notice,
    )


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def _separator(text: str | None) -> str | None:
    return None if text is None else text.replace("\\t", "\t")


def _noun(text: str | None) -> Noun | None:
    from ingest.schema import Noun

    if text is None:
        return None
    one, _, many = (part.strip() for part in text.partition(","))
    if not one or not many:
        raise AskerError(f"--noun takes one and many, as in film,films, not {text!r}")
    return Noun(one, many)
