"""Options and output that every command shares."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from ingest.errors import AskerError

home_option: Callable[..., Any] = click.option(
    "--home",
    "home_dir",
    metavar="DIR",
    help="Folder with the data, model and index [default: WHYREC_HOME, else ./.whyrec].",
)
json_option: Callable[..., Any] = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document and nothing else."
)


def list_length(letter: str, least: int) -> Callable[..., Any]:
    """Return the option for the length of a list; -n and -k both do."""
    other = "k" if letter == "n" else "n"
    return click.option(
        f"-{letter}",
        f"-{other}",
        letter,
        type=click.IntRange(least),
        default=10,
        show_default=True,
        help="List length.",
    )


@contextmanager
def options_named() -> Iterator[None]:
    """Let a refusal name the running command's options, not the arguments they become."""
    try:
        yield
    except AskerError as error:
        message = str(error)
        for name, flag in flags().items():
            if "_" in name:  # "loss" and "task" are words, too
                message = re.sub(rf"\b{name}\b", flag, message)
        raise AskerError(message) from error


def flags() -> dict[str, str]:
    """Return the running command's options, by the names of their arguments."""
    options = click.get_current_context().command.params
    return {one.name: one.opts[-1] for one in options if isinstance(one, click.Option) and one.name}


def counted(n: int, one: str, many: str | None = None) -> str:
    """Return a number of things in words: "1 user", "1,682 items"."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def emit(document: Any, as_json: bool, text: str) -> None:
    """Print `document` as JSON, or else the `text` meant for people."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2) if as_json else text)
