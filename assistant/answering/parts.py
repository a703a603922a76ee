"""An answer in parts, in the order they are told: question, sources, verified lines, the rest.

A reason is told once it is written to its end and verified; nothing is taken back.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, closing
from dataclasses import dataclass

from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.utils import AddableDict

from assistant.answering.asking_model import ReasonWriter
from assistant.answering.computing import State
from assistant.answering.draft import Draft
from assistant.answering.telling import Telling, Written, details, written_by
from assistant.asking.question import Question
from assistant.home import OpenHome
from assistant.ledger import Ledger
from ingest.errors import ProviderError


@dataclass(frozen=True)
class Parts:
    """Tells answers part by part, and keeps each in the ledger once it is whole."""

    writer: ReasonWriter
    ledger: Ledger | None = None

    def of_written(self, state: State) -> Iterator[AddableDict]:
        """Yield the parts of an answer whose words are all there, in `state["written"]`."""
        yield from _early(state)
        telling = _telling(state)
        telling.hear(state["written"].text)
        yield from self._late(state, telling, state["written"])

    def while_written(self, state: State, config: RunnableConfig) -> Iterator[AddableDict]:
        """Yield the parts of an answer, every reason once the model has written it to its end."""
        yield from _early(state)
        telling, fault = _telling(state), None
        if self.writer.is_asked(state):
            yield from _said(telling)
            try:
                with closing(self.writer.stream(state, config)) as words:
                    for word in words:
                        telling.hear(word)
                        yield from _said(telling)
            except ProviderError as error:
                fault = self.writer.fault(error)
        yield from self._late(state, telling, Written(telling.heard, fault))

    async def awhile_written(
        self, state: State, config: RunnableConfig
    ) -> AsyncGenerator[AddableDict]:
        """Yield the parts of an answer, every reason once the model has written it to its end."""
        for part in _early(state):
            yield part
        telling, fault = _telling(state), None
        if self.writer.is_asked(state):
            for part in _said(telling):
                yield part
            try:
                async with aclosing(self.writer.astream(state, config)) as words:
                    async for word in words:
                        telling.hear(word)
                        for part in _said(telling):
                            yield part
            except ProviderError as error:
                fault = self.writer.fault(error)
        for part in self._late(state, telling, Written(telling.heard, fault)):
            yield part

    def _late(self, state: State, telling: Telling, written: Written) -> Iterator[AddableDict]:
        """Yield what is left of the verified result, and then everything else."""
        clock = state["clock"] | {"written": time.perf_counter()}
        home: OpenHome = state["home"]
        draft: Draft = state["draft"]
        reasons = telling.end()
        yield from _said(telling)
        result = draft.text(reasons.by_item)
        model = None if self.writer.llm is None else self.writer.llm.name_for_people
        rest = AddableDict(
            details(draft, reasons, state["evidence"], clock),
            written_by=written_by(reasons, written, model),
            data_fingerprint=home.dataset.fingerprint,
            model_fingerprint=home.model_fingerprint,
        )
        if self.ledger is not None:
            question: Question = state["question"]
            asked = {"query": question.text, "question": question.to_json(), "result": result}
            self.ledger.write(asked | rest)
        yield rest


def _early(state: State) -> Iterator[AddableDict]:
    """Yield what is known before the model has written."""
    yield AddableDict(query=state["question"].text, question=state["question"].to_json())
    documents = [
        {"page_content": d.page_content, "metadata": d.metadata} for d in state["documents"]
    ]
    yield AddableDict(source_documents=documents)


def _telling(state: State) -> Telling:
    users = state["question"].user_ids
    return Telling(state["draft"], state["home"].verifier, users[0] if users else None)


def _said(telling: Telling) -> Iterator[AddableDict]:
    return (AddableDict(result=line) for line in telling.lines())
