"""One trial: a case asked of one variant, and everything there is to say of the answer."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable, RunnableLambda

from assistant.chain import RecommendationQA
from assistant.evaluation.checks import rejected_kinds, score_answer
from assistant.evaluation.generate_cases import ReadyCase
from assistant.evaluation.judge import Judge
from assistant.evaluation.list_quality import Shelf
from assistant.evaluation.response_cache import NOTE, NotedChat
from assistant.evaluation.swapping import scores_differ, swapped_home
from assistant.home import OpenHome
from ingest.errors import ProviderError, WhyrecError

_FATAL = frozenset({401, 402, 403, 404})
"""Statuses that no further case will mend."""


@dataclass(frozen=True)
class Variant:
    """One column of a report: a prompt with a model, or the computed wording."""

    name: str
    prompt: str
    model: str
    """SPEC of the model; "none" for the computed wording."""


@dataclass(frozen=True)
class Trial:
    """What is asked, of whom, and which time."""

    case: ReadyCase
    variant: Variant
    repeat: int

    @property
    def key(self) -> tuple[str, str, int]:
        return (self.case.id, self.variant.name, self.repeat)


Outcome = tuple[dict[str, Any], dict[str, Any], list[BaseException]]


class Recorder(BaseCallbackHandler):
    """Notes the calls to the model behind one answer.

    Only a model with a note of its own counts: what it talks through may report as well.
    """

    def __init__(self) -> None:
        self._asked: dict[Any, list[dict[str, Any]]] = {}
        self.prompts: list[list[dict[str, Any]]] = []
        self.texts: list[str] = []
        self.notes: list[dict[str, Any]] = []
        self.errors: list[BaseException] = []

    def on_chat_model_start(
        self, serialized: Any, messages: Any, *, run_id: Any, **kwargs: Any
    ) -> None:
        self._asked[run_id] = [{"role": m.type, "text": m.content} for m in messages[0]]

    def on_llm_end(self, response: Any, *, run_id: Any, **kwargs: Any) -> None:
        message = response.generations[0][0].message
        if NOTE in message.response_metadata:
            self.prompts.append(self._asked[run_id])
            self.texts.append(message.text)
            self.notes.append(message.response_metadata[NOTE])

    def on_llm_error(self, error: BaseException, *, run_id: Any, **kwargs: Any) -> None:
        if isinstance(error, ProviderError):
            self.prompts.append(self._asked[run_id])
            self.errors.append(error)


class Bench:
    """Asks trials of one open home."""

    def __init__(self, home: OpenHome, judge: Judge | None = None) -> None:
        self.home = home
        self.judge = judge
        self.shelf = Shelf.of(home.dataset)
        self._swapped: dict[str, OpenHome] = {}

    def assistant(
        self, template: ChatPromptTemplate, model: NotedChat | None, case: ReadyCase
    ) -> RecommendationQA:
        """Return the assistant that answers `case` and all that are shuffled or swapped alike."""
        prompt: Any = RunnableLambda(_shuffled) | template if case.shuffle else template
        # No prompt and no check reads the source documents.
        return RecommendationQA(self._home_of(case), model, prompt=prompt, sources=False)

    def _home_of(self, case: ReadyCase) -> OpenHome:
        if case.swap is None:
            return self.home
        if case.swap not in self._swapped:
            self._swapped[case.swap] = swapped_home(self.home, case.swap)
        return self._swapped[case.swap]

    def run(self, trial: Trial, assistant: Runnable[Any, Any]) -> Outcome:
        """Ask, and return (row, detail, errors): what is measured, and what a person wants to read.

        The held-out truth stays on this side: only the question and its user are passed on.
        """
        case = trial.case
        recorder = Recorder()
        try:
            answer = assistant.invoke(
                {"query": case.question, "user_id": case.user}, config={"callbacks": [recorder]}
            )
        except WhyrecError as error:
            return self._broken(trial, recorder, str(error))
        except Exception as error:  # a failed case is a row, and the rest goes on
            return self._broken(trial, recorder, f"{type(error).__name__}: {error}")
        raw = recorder.texts[-1] if recorder.texts else None
        scored = score_answer(case, answer, raw, self.shelf)
        if self.judge is not None:  # after all checks: what it says can fail nothing
            scored.metrics |= self.judge.metrics(answer, bool(scored.failed))
        fault = str(recorder.errors[-1]) if recorder.errors else None
        scored.metrics |= {"failed": 0.0, "model_fault": float(fault is not None)}
        row = self._row(trial, recorder) | {
            "kind": answer["question"]["kind"],
            "status": answer["status"],
            "shown": [str(one["item_id"]) for one in answer["recommendations"]],
            "metrics": _rounded(scored.metrics | _effort(recorder)),
            "failed": [one.to_json() for one in scored.failed],
            "rejected": rejected_kinds(answer),
            "model_fault": fault,
            "error": None,
        }
        if case.swap is not None:
            users = answer["question"].get("user_ids") or [case.user]
            row["scores_changed"] = any(
                scores_differ(self.home, self._home_of(case), user) for user in users
            )
        row["run"] |= {"seconds": answer["seconds"]["total"]}
        return row, _detail(trial, answer, recorder), recorder.errors

    def _broken(self, trial: Trial, recorder: Recorder, error: str) -> Outcome:
        row = self._row(trial, recorder) | {
            "kind": None,
            "status": "error",
            "shown": [],
            "metrics": {"failed": 1.0, "pass": 0.0},
            "failed": [{"check": "error", "why": error}],
            "rejected": {},
            "model_fault": None,
            "error": error,
        }
        return row, _detail(trial, {}, recorder), recorder.errors

    def _row(self, trial: Trial, recorder: Recorder) -> dict[str, Any]:
        return {
            "case": trial.case.id,
            "variant": trial.variant.name,
            "repeat": trial.repeat,
            "tags": list(trial.case.tags),
            "group": trial.case.group,
            "same_as": trial.case.same_as,
            # What may differ between two runs that are otherwise the same.
            "run": {
                "model_seconds": sum(note.get("seconds", 0.0) for note in recorder.notes),
                "cached": sum(bool(note.get("cached")) for note in recorder.notes),
            },
        }


def is_fatal(error: BaseException) -> bool:
    """Tell whether an error of the provider will meet every further case too."""
    import httpx

    cause = error.__cause__
    status = getattr(getattr(cause, "response", None), "status_code", None)
    return status in _FATAL or isinstance(cause, httpx.ConnectError)


def _effort(recorder: Recorder) -> dict[str, float]:
    effort = {"model_calls": float(len(recorder.prompts))}
    if recorder.notes:
        effort["model_attempts"] = float(sum(note.get("attempts", 1) for note in recorder.notes))
        for name in ("in", "out"):
            counts = [note.get("tokens", {}).get(name) for note in recorder.notes]
            known = [count for count in counts if count is not None]
            if known:
                effort[f"tokens_{name}"] = float(sum(known))
    return effort


def _detail(trial: Trial, answer: Mapping[str, Any], recorder: Recorder) -> dict[str, Any]:
    kept = ("status", "result", "recommendations", "evidence", "rejected_claims", "written_by")
    return {
        "case": trial.case.id,
        "variant": trial.variant.name,
        "repeat": trial.repeat,
        "question": trial.case.question,
        "user": trial.case.user,
        "truth": list(trial.case.truth),
        "read_as": answer.get("question"),
        **{name: answer.get(name) for name in kept},
        "prompt": recorder.prompts[-1] if recorder.prompts else None,
        "raw": recorder.texts,
    }


def _rounded(metrics: Mapping[str, float]) -> dict[str, float]:
    """Return metrics sorted by name, at a precision that is the same on every machine."""
    return {name: round(float(value), 9) for name, value in sorted(metrics.items())}


def _shuffled(variables: Mapping[str, str]) -> dict[str, str]:
    """Put the candidates of a prompt in another order, drawn from the question itself."""
    ids = [one.strip() for one in variables["ids"].split(",") if one.strip()]
    digest = hashlib.sha256(variables["question"].encode()).digest()
    order = ids[:]
    random.Random(digest).shuffle(order)
    if order == ids:
        order.reverse()
    known = "|".join(map(re.escape, ids))
    head = re.compile(rf"^(?:<item (?:{known})>$|(?:{known}): )", re.MULTILINE) if ids else None
    starts = [match.start() for match in head.finditer(variables["evidence"])] if head else []
    if len(starts) != len(ids):
        return dict(variables)
    text = variables["evidence"]
    parts = [text[a:b].rstrip("\n") for a, b in zip(starts, [*starts[1:], None], strict=True)]
    by_id = dict(zip(ids, parts, strict=True))
    shuffled = text[: starts[0]] + "\n".join(by_id[one] for one in order)
    return dict(variables) | {"ids": ", ".join(order), "evidence": shuffled}
