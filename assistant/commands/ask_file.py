"""`whyrec ask --file`: a file of questions, an answer a row, whatever becomes of the others."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ingest.errors import AskerError, WhyrecError
from ingest.progress import progress_bar

if TYPE_CHECKING:
    from assistant.asking.question_file import Asked
    from assistant.chain import RecommendationQA

AT_ONCE = 4
"""How many questions are asked at once where a model words the answers."""
_NAMED = 3
"""How many failing rows an error names."""


def answer_file(
    qa: RecommendationQA, path: Path, user_id: str | None, out: Path | None, as_json: bool
) -> None:
    """Answer every row of a file, to `out` as JSON lines, or to standard output.

    Raises:
        AskerError: some rows could not be answered; every other row was.
    """
    from assistant.asking.question_file import read_questions

    rows = list(read_questions(path))
    if not rows:
        raise AskerError(f"{path} holds no question; write one a line")
    if out is not None and out.resolve() == path.resolve():
        raise AskerError(f"{out} is the file of questions itself; name another one for --out")
    answers = _answers(qa, rows, user_id)
    if out is not None:
        failed, n = _written(answers, out)
        click.echo(json.dumps({"rows": n, "failed": failed, "out": str(out)}) if as_json else
                   f"{n - len(failed):,} of {n:,} rows answered, in {out}")  # fmt: skip
    else:
        documents = []
        for one in answers:
            documents.append(one)
            if not as_json:
                click.echo(f"> {one['query']}\n{one.get('result', one.get('error'))}\n")
        failed, n = [_failure(one) for one in documents if "error" in one], len(documents)
        if as_json:
            click.echo(json.dumps(documents, ensure_ascii=False, indent=2))
    if failed:
        raise AskerError(_complaint(failed, n))


def _answers(
    qa: RecommendationQA, rows: Sequence[Asked], user_id: str | None
) -> Iterator[dict[str, Any]]:
    """Yield an answer, or {"row", "query", "error"}, for every row, in order."""
    at_once = 1 if qa.llm is None else AT_ONCE
    with progress_bar(len(rows), "questions", "question") as bar:
        for start in range(0, len(rows), at_once):
            block = rows[start : start + at_once]
            asked: list[str | Mapping[str, Any]] = [
                {"query": one.query, "user_id": one.user_id or user_id} for one in block
            ]
            found = qa.batch(asked, {"max_concurrency": at_once}, return_exceptions=True)
            for one, answer in zip(block, found, strict=True):
                yield {"row": one.row} | _told(one, answer)
                bar.update(1)


def _told(one: Asked, answer: Any) -> dict[str, Any]:
    if one.problem is not None:
        return {"query": one.query, "error": one.problem}
    if isinstance(answer, WhyrecError):
        return {"query": one.query, "error": str(answer)}
    if isinstance(answer, BaseException):
        raise answer
    return dict(answer)


def _written(answers: Iterable[Mapping[str, Any]], out: Path) -> tuple[list[str], int]:
    """Write a line an answer; the file takes its name when all are there."""
    part = out.with_name(out.name + ".part")
    failed, n = [], 0
    try:
        with part.open("w", encoding="utf-8") as file:
            for one in answers:
                n += 1
                file.write(json.dumps(one, ensure_ascii=False) + "\n")
                if "error" in one:
                    failed.append(_failure(one))
        part.replace(out)
    except OSError as error:
        raise AskerError(f"{out} cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    return failed, n


def _failure(one: Mapping[str, Any]) -> str:
    return f"row {one['row']} ({one['error']})"


def _complaint(failed: list[str], n: int) -> str:
    more = f" and {len(failed) - _NAMED:,} more" if len(failed) > _NAMED else ""
    were = "was" if len(failed) == 1 else "were"
    return f"{len(failed):,} of {n:,} rows {were} not answered: {', '.join(failed[:_NAMED])}{more}"
