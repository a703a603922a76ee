"""The options that describe a source of data, shared by every command that reads one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from ingest.errors import AskerError

if TYPE_CHECKING:
    from ingest.dataset.schema import Dataset
    from ingest.loaders import Request
    from ingest.progress import Notice

_LIST = "A,B,…"
_TEXTS = ("user_col", "item_col", "sparse_col", "dense_col", "multi_col", "missing", "noun")
"""Options that take several texts."""
_OPTIONS = (
    click.option("--schema", metavar="FILE", help="TOML that says what these options say."),
    click.option("--table", metavar="NAME", help="Table or view, where SOURCE is a database."),
    click.option("--query", metavar="SELECT", help="One SELECT, where SOURCE is a database."),
    click.option("--users", metavar="TABLE", help="Table with one row per user."),
    click.option("--items", metavar="TABLE", help="Table with one row per item."),
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
    click.option(
        "--missing", metavar=_LIST, help="Texts that mean: no value; age=0 in that column only."
    ),
    click.option(
        "--duplicates",
        type=click.Choice(["error", "last", "first"]),
        help="Where a user and an item stand together more than once [default: error].",
    ),
    click.option(
        "--layout",
        type=click.Choice(["auto", "table", "lists", "merged"]),
        help="One interaction per row; a padded list of items per user; or a merged table whose "
        "columns' sides are found in the rows [default: auto, one of the first two].",
    ),
    click.option(
        "--ids",
        type=click.Choice(["check", "exact", "trim", "fold"]),
        help="Ids that differ only by spaces or case: report them, keep them apart, leave out "
        "spaces, or take them as one [default: check].",
    ),
    click.option(
        "--time-unit",
        type=click.Choice(["s", "ms", "us", "ns"]),
        help="Of times that are numbers since 1970 [default: s].",
    ),
    click.option(
        "--time-format",
        metavar="FORMAT",
        help="How dates are written that are not ISO 8601, as in %d.%m.%Y %H:%M.",
    ),
    click.option("--label-range", metavar="LEAST,GREATEST", help="What labels lie between."),
    click.option(
        "--on-bad-rows",
        type=click.Choice(["error", "skip", "report"]),
        help="Refuse the tables, leave such rows out, or leave them out and write them to a file "
        "[default: error].",
    ),
    click.option(
        "--refused-folder", metavar="DIR", help="For the rows left out [default: where you are]."
    ),
    click.option("--sep", metavar="TEXT", help="Between the fields [default: found out]."),
    click.option(
        "--quote",
        metavar="MARK",
        help='Around text that holds the separator; "none" where there is none [default: "].',
    ),
    click.option("--decimal", metavar="MARK", help="In numbers, as in 1.5 [default: .]."),
    click.option("--thousands", metavar="MARK", help="In numbers, as in 1,000."),
    click.option("--encoding", metavar="NAME", help="Of the text files [default: utf-8]."),
    click.option("--noun", metavar="ONE,MANY", help="What items are called: film,films."),
    click.option(
        "--verb", metavar="DONE", help="What users did with them: bought, read [default: by noun]."
    ),
    click.option("--liked-from", type=float, help="Labels from this on count as liked."),
)


def source_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the argument SOURCE and the options about it; `request_from` takes what they give."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return click.argument("source", required=False)(command)


def read_source(given: dict[str, Any], notice: Notice) -> Dataset:
    """Read the source that a command's arguments describe; other arguments in `given` are ignored.

    Raises:
        WhyrecError: as `ingest.loaders.load`.
    """
    from ingest.loaders import load

    return load(request_from(given), notice)


def request_from(given: dict[str, Any]) -> Request:
    """Return the request that a command's arguments make; options win over the schema file."""
    if not given["source"] and not given["schema"]:
        raise AskerError("say what to read: a SOURCE, or a schema file with --schema")
    from ingest.intake.schema_file import request_of

    return request_of(said_in(given))


def said_in(given: dict[str, Any]) -> dict[str, Any]:
    """Return what the schema file and the options say, by the schema's keys."""
    from ingest.intake.schema_file import KEYS, read_schema

    options = {key: given[key] for key in KEYS if given.get(key) is not None}
    for key in _TEXTS:
        if key in options:
            options[key] = tuple(part.strip() for part in options[key].split(",") if part.strip())
    if "label_range" in options:
        options["label_range"] = _two_numbers(options["label_range"])
    if "sep" in options:
        options["sep"] = options["sep"].replace("\\t", "\t")
    schema = given.get("schema")
    return {**(read_schema(schema) if schema else {}), **options}


def _two_numbers(text: str) -> tuple[float, float]:
    try:
        least, greatest = map(float, text.split(","))
    except ValueError as error:
        raise AskerError(f"--label-range takes two numbers, as in 1,5, not {text!r}") from error
    return least, greatest
