"""What is asked of the model: a reason for every listed item, in its own words."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing, closing
from dataclasses import dataclass
from typing import Any, cast

from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable, RunnableConfig

from assistant.answering.computing import State, voice_of
from assistant.answering.draft import Draft
from assistant.answering.telling import Written
from assistant.asking.question import Question
from assistant.llms.llm import GuardedChat, reasons_schema
from assistant.llms.prompting import prompt_variables
from ingest.errors import ProviderError


@dataclass(frozen=True)
class ReasonWriter:
    """Has the reasons of an answer written; where the model fails, code's stand in for them."""

    llm: GuardedChat | None
    """None where no model is asked for anything."""
    required: bool
    """Whether a model that fails makes the answer fail."""
    prompt: ChatPromptTemplate

    def is_asked(self, state: State) -> bool:
        """Tell whether the answer has reasons that a model may word."""
        draft: Draft = state["draft"]
        return self.llm is not None and draft.explainable and bool(draft.items)

    def write(self, state: State, config: RunnableConfig) -> Written:
        """Return all that the model wrote at once."""
        if not self.is_asked(state):
            return Written()
        try:
            return Written(self._chain(state).invoke(self._variables(state), config))
        except ProviderError as error:
            return Written(fault=self.fault(error))

    async def awrite(self, state: State, config: RunnableConfig) -> Written:
        """Return all that the model wrote at once."""
        if not self.is_asked(state):
            return Written()
        try:
            return Written(await self._chain(state).ainvoke(self._variables(state), config))
        except ProviderError as error:
            return Written(fault=self.fault(error))

    def stream(self, state: State, config: RunnableConfig) -> Generator[str]:
        """Yield what the model writes, piece by piece.

        The model is asked without a chain around it: closing the stream then closes its connection.
        """
        messages = self.prompt.invoke(self._variables(state), config)
        with closing(cast("Any", self._model(state).stream(messages, config))) as chunks:
            for chunk in chunks:
                yield chunk.text

    async def astream(self, state: State, config: RunnableConfig) -> AsyncGenerator[str]:
        """Yield what the model writes, piece by piece."""
        messages = await self.prompt.ainvoke(self._variables(state), config)
        async with aclosing(cast("Any", self._model(state).astream(messages, config))) as chunks:
            async for chunk in chunks:
                yield chunk.text

    def fault(self, error: ProviderError) -> str:
        """Return why the model wrote nothing, or nothing more.

        Raises:
            ProviderError: the model is required.
        """
        if self.required:
            raise error
        return str(error)

    def _chain(self, state: State) -> Runnable[dict[str, Any], str]:
        return self.prompt | self._model(state) | StrOutputParser()

    def _model(self, state: State) -> Runnable[Any, Any]:
        assert self.llm is not None
        schema = reasons_schema([row["item_id"] for row in state["draft"].items])
        return self.llm.bind(schema=schema)

    def _variables(self, state: State) -> dict[str, str]:
        draft: Draft = state["draft"]
        question: Question = state["question"]
        voice = voice_of(state["home"], question)
        return prompt_variables(question.text, draft.items, draft.reasons, voice)
