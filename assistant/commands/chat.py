"""`whyrec chat`: questions and answers, with what was said before remembered."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from assistant.commands.options import home_option, json_option
from ingest.errors import AskerError


@click.command()
@click.option(
    "--user", "user_id", metavar="ID", help="Who is asking, where the questions do not say."
)
@click.option("--llm", metavar="SPEC", help="Who words the reasons, as in `whyrec ask`.")
@home_option
@json_option
def chat(user_id: str | None, llm: str | None, home_dir: str | None, as_json: bool) -> None:
    """Converse: one question a line, until an empty line or the end of input.

    \b
    whyrec chat --user 78

    It remembers what was said, so that a line may go on from the last answer:

    \b
    > Suggest 2 comedies
    > 3 more
    > not the second
    > why the first?
    > and for user 200?
    """
    from assistant.asking.session import Conversation
    from assistant.chain import RecommendationQA

    given: dict[str, Any] = {} if llm is None else {"llm": llm}
    conversation = Conversation(RecommendationQA.from_home(home_dir, **given), user_id)
    asks = sys.stdin.isatty() and not as_json
    while True:
        if asks:
            click.echo("> ", nl=False)
        line = sys.stdin.readline()
        if not line or (asks and not line.strip()):
            return
        if line.strip():
            _answer(conversation, line.strip(), as_json)


def _answer(conversation: Any, text: str, as_json: bool) -> None:
    """Print one answer, or the sentence that says what is wrong with the question."""
    try:
        answer = conversation.ask(text)
    except AskerError as error:
        click.echo(json.dumps({"error": str(error)}) if as_json else str(error), err=not as_json)
        return
    click.echo(json.dumps(answer, ensure_ascii=False) if as_json else answer["result"] + "\n")
