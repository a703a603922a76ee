"""`whyrec why` and `whyrec logs`: past answers with their evidence."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from assistant.commands.options import emit, home_option, json_option
from ingest.errors import AskerError, HomeError

if TYPE_CHECKING:
    from assistant.ledger import Ledger


@click.command()
@click.argument("answer_id", metavar="ANSWER_ID")
@click.argument("item_id", required=False, metavar="[ITEM]")
@click.option("--recompute", is_flag=True, help="Compute it again and name what changed.")
@home_option
@json_option
def why(
    answer_id: str, item_id: str | None, recompute: bool, home_dir: str | None, as_json: bool
) -> None:
    """Replay the evidence of a past answer, number for number.

    ANSWER_ID, or the beginning of one, stands under every answer of `whyrec ask`; ITEM keeps to
    one item.

    \b
    whyrec why 3f9a
    whyrec why 3f9a 313 --recompute
    """
    from assistant.replay import changes, item_ids, replay

    answer = _ledger(home_dir).read(answer_id)
    if item_id is not None and item_id not in item_ids(answer):
        known = ", ".join(item_ids(answer)[:10]) or "no item"
        raise AskerError(
            f"answer {answer['answer_id']} does not speak of {item_id}; it has {known}"
        )
    text = replay(answer, item_id)
    if recompute:
        from assistant.home import open_home
        from assistant.settings import Settings

        found = changes(answer, open_home(Settings.read(home=home_dir, llm="none")))
        answer = answer | {"changes": found}
        text += "\n" + ("\n".join(found) or "Computed again: every number is the same.")
    emit(answer, as_json, text)


@click.command()
@click.option("-n", "n", type=click.IntRange(1), default=20, show_default=True, help="How many.")
@home_option
@json_option
def logs(n: int, home_dir: str | None, as_json: bool) -> None:
    """List the last answers, the newest first.

    \b
    whyrec logs -n 5
    """
    rows = _ledger(home_dir).latest(n)
    lines = [
        f"{row['answer_id']}  {_when(row['asked_at'])}  {row['status']:<9}  {_short(row['query'])}"
        for row in rows
    ]
    emit(rows, as_json, "\n".join(lines) or "No answer was kept yet.")


def _ledger(home_dir: str | None) -> Ledger:
    """Return the ledger of a home that has one."""
    from assistant.ledger import LEDGER_FILE, Ledger
    from ingest.home.workspace import home_path

    path = home_path(home_dir) / LEDGER_FILE
    if not path.exists():
        raise HomeError(f"no answer was kept in {path.parent} yet; ask with `whyrec ask`")
    return Ledger(path)


def _when(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def _short(query: str, width: int = 80) -> str:
    line = "".join(one if one.isprintable() else " " for one in query)
    line = " ".join(line.split())
    return line if len(line) <= width else f"{line[: width - 1]}…"
