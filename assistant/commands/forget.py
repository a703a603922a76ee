"""`whyrec forget`: remove a person, and show that they are gone."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from assistant.commands.options import counted, emit, home_option, json_option
from ingest.errors import AskerError

if TYPE_CHECKING:
    from assistant.forgetting import Forgotten

WAIT = 60.0
"""Seconds to wait for another writer."""


@click.command(epilog="Example: whyrec forget u-4711 --yes")
@click.argument("user_id", metavar="USER")
@click.option("--yes", is_flag=True, help="Do not ask whether it is meant.")
@home_option
@json_option
def forget(user_id: str, yes: bool, home_dir: str | None, as_json: bool) -> int:
    """Remove USER from the home: tables, model, index, past answers, earlier generations.

    Their interactions and attributes go from the data and what was added, their id and embedding
    from the model, their vector and profile from Chroma, and every past answer and evaluation that
    names them is removed. Afterwards the home's files are searched for the id; exits with 1 where
    it is still found.
    """
    from assistant.forgetting import check_spoken_of
    from assistant.forgetting import forget as forget_user
    from ingest.home.workspace import Home, home_path

    home = Home(home_path(home_dir))
    if not yes:
        check_spoken_of(home, user_id)
        if as_json or not sys.stdin.isatty():
            raise AskerError(f"say --yes to remove user {user_id} from {home.path} for good")
        click.confirm(f"Remove user {user_id} from {home.path} for good?", abort=True)
    done = forget_user(home, user_id, WAIT)
    emit(done.to_json(), as_json, describe(done))
    return 1 if done.found_again else 0


def describe(done: Forgotten) -> str:
    """Return what was removed and what the search found, in words."""
    fields = (
        f" and what was known of them ({', '.join(done.user_fields)})" if done.user_fields else ""
    )
    lines = [f"Removed user {done.user_id}: {counted(done.interactions, 'interaction')}{fields}."]
    if done.model_fields:
        lines.append(f"Model: embeddings removed from {', '.join(done.model_fields)}.")
    if done.indexed_anew:
        lines.append("Index: made anew without them.")
    if done.collections:
        lines.append(f"Chroma server: {counted(len(done.collections), 'collection')} deleted.")
    if done.answers:
        lines.append(f"Past answers that name them: {done.answers:,} removed.")
    if done.evaluations:
        lines.append(f"Evaluations: removed {', '.join(done.evaluations)}.")
    if done.remains:
        lines.append(done.remains)
    looked = done.searched
    how = "for the id"
    if not looked["as_bytes"]:
        how = "by their tables (its bytes also stand for other things)"
    files, size = counted(looked["files"], "file"), counted(looked["bytes"], "byte")
    place = f"{files}, {size}, searched {how}"
    found = ", ".join(done.found_again)
    lines.append(f"Check: {place}: {f'still in {found}' if found else 'found nothing'}.")
    return "\n".join(lines)
