"""`whyrec ask`: one question, one answer."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from assistant.commands.options import emit, home_option, json_option
from ingest.errors import AskerError


@click.command()
@click.argument("question", nargs=-1, metavar='"QUESTION"')
@click.option(
    "--user", "user_id", metavar="ID", help="Who is asking, where the question does not say."
)
@click.option(
    "--llm",
    metavar="SPEC",
    help="Who words the reasons: none, hf, hf:MODEL, hf:URL, openai:MODEL@URL, tgi:URL, local "
    "[default: WHYREC_LLM, else hf where HF_TOKEN is set, else none].",
)
@click.option("--llm-required", is_flag=True, help="Fail where the model fails.")
@click.option(
    "--prompt", default="answer", metavar="NAME", help="A shipped prompt or a .toml file."
)
@click.option(
    "--pseudonyms/--no-pseudonyms",
    default=None,
    help='Call other users "neighbour A" in place of their ids [default: WHYREC_PSEUDONYMS].',
)
@click.option("--no-log", is_flag=True, help="Keep no record of question and answer.")
@click.option(
    "--file",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Answer every question of a .txt, .csv (query, user_id) or .jsonl file.",
)
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Where the answers to --file go, as JSON lines [default: standard output].",
)
@click.option("--no-stream", is_flag=True, help="Print the answer when all of it is there.")
@home_option
@json_option
def ask(
    question: tuple[str, ...],
    user_id: str | None,
    llm: str | None,
    llm_required: bool,
    prompt: str,
    pseudonyms: bool | None,
    no_log: bool,
    file: Path | None,
    out: Path | None,
    no_stream: bool,
    home_dir: str | None,
    as_json: bool,
) -> None:
    """Answer a question; without one, or with -, it is read from standard input.

    \b
    whyrec ask "Suggest 2 films to user 78"
    whyrec ask --user 78 "Three comedies from the 90s, please" --llm local
    whyrec ask "Will user 78 like Titanic, and why?" --json
    whyrec ask --file questions.csv --out answers.jsonl
    echo "Who is most like user 78?" | whyrec ask -
    """
    text = "" if question == ("-",) else " ".join(question)
    if out is not None and file is None:
        raise AskerError("--out is where the answers to --file go; name a file of questions, too")
    if file is not None and text:
        raise AskerError("give a question or --file, not both")
    if not text and file is None:
        if not question and sys.stdin.isatty():
            raise AskerError('no question was given; try whyrec ask "Suggest 2 films to user 78"')
        text = _from_stdin()
    from assistant.chain import RecommendationQA

    given: dict[str, Any] = {} if llm is None else {"llm": llm}
    qa = RecommendationQA.from_home(
        home_dir,
        llm_required=llm_required,
        prompt=prompt,
        log=not no_log,
        pseudonyms=pseudonyms,
        **given,
    )
    if file is not None:
        from assistant.commands.ask_file import answer_file

        return answer_file(qa, file, user_id, out, as_json)
    asked = {"query": text, "user_id": user_id}
    if as_json or no_stream:
        answer = qa.invoke(asked)
        emit(answer, as_json, f"{answer['result'].rstrip()}\n\n{_signature(answer)}")
        return
    rest: dict[str, Any] = {}
    for part in qa.stream(asked):
        click.echo(part.get("result", ""), nl=False)
        rest |= part
    click.echo(f"\n\n{_signature(rest)}")


def _from_stdin() -> str:
    try:
        return sys.stdin.read()
    except UnicodeDecodeError as error:
        raise AskerError("the question on standard input is not UTF-8 text") from error


def _signature(answer: dict[str, Any]) -> str:
    """Return who worded the answer and how to refer to it."""
    dropped = len(answer["rejected_claims"])
    note = f" {dropped} of the model's sentences did not hold and were left out." if dropped else ""
    return f"[answer {answer['answer_id']}, worded by {answer['written_by']}.{note}]"
