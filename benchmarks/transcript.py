"""Ask the questions of a document again and put the answers of today in their place, unedited.

    python -m benchmarks.transcript docs/questions.md --home ~/ml100k

A question is an indented line that begins with ">"; what is indented below it, up to the next
question, is its answer. Below a heading that says "conversation" each question goes on from the one
before. Nothing else of the document changes.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

from assistant.asking.session import Conversation
from assistant.chain import RecommendationQA

_INDENT = "    "
_QUESTION = f"{_INDENT}> "
Answer = Callable[[str], str]


def asked_again(lines: list[str], alone: Answer, talk: Callable[[], Answer]) -> Iterator[str]:
    """Yield the lines of a document with every answer as it is now.

    Args:
        lines: of the document.
        alone: answers a question that stands on its own.
        talk: begins a conversation.
    """
    answer, is_answer, empty = alone, False, 0
    for line in lines:
        if is_answer and not line:
            empty += 1  # between parts of an answer, or after it
            continue
        if not (is_answer and line.startswith(_INDENT) and not line.startswith(_QUESTION)):
            yield from [""] * empty
        empty = 0
        if line.startswith("#"):
            answer = talk() if "conversation" in line.casefold() else alone
        if line.startswith(_QUESTION):
            is_answer = True
            yield line
            for told in answer(line.removeprefix(_QUESTION)).splitlines():
                yield f"{_INDENT}{told}".rstrip()
            continue
        is_answer = is_answer and line.startswith(_INDENT)
        if not is_answer:
            yield line
    yield from [""] * empty


def main() -> None:
    """Rewrite the documents that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("documents", nargs="+", type=Path)
    parser.add_argument("--home", default=None)
    given = parser.parse_args()
    qa = RecommendationQA.from_home(given.home, llm=None, log=False)

    def alone(question: str) -> str:
        return str(qa.invoke(question)["result"])

    def talk() -> Answer:
        conversation = Conversation(qa)
        return lambda question: str(conversation.ask(question)["result"])

    for document in given.documents:
        lines = document.read_text(encoding="utf-8").splitlines()
        text = "\n".join(asked_again(lines, alone, talk)) + "\n"
        document.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
