"""A chat model behind a guard: bounded in time, size and attempts, with one kind of error."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing, closing
from dataclasses import dataclass, replace
from typing import Any, cast

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, BaseMessageChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableConfig
from pydantic import Field

from assistant.llms.faults import BadAnswer, DeadlinePassed, Place, explain, redact
from assistant.settings import Limits
from ingest.errors import ProviderError, WhyrecError

_QUIET: RunnableConfig = {
    "callbacks": []
}  # the guard reports to callbacks; the model in it does not
_CHANCE = random.Random()  # spreads retries in time; no result depends on it


@dataclass(frozen=True)
class Call:
    """What one attempt needs to know to connect."""

    give_up_at: float
    """On the clock of `time.monotonic`."""
    schema: Mapping[str, Any] | None = None
    """JSON schema that the answer must have."""
    stop: tuple[str, ...] = ()


Connect = Callable[[Call], Runnable[Any, Any]]


class GuardedChat(BaseChatModel):
    """A chat model that fails only with ProviderError, after retries and within a deadline.

    Bind `schema=` to have the answer follow a JSON schema. A server that refuses the request is
    asked once more without it, so the answer still has to be checked.
    """

    connect: Connect = Field(exclude=True, repr=False)
    place: Place = Field(exclude=True)
    limits: Limits
    identity: dict[str, Any]

    @property
    def name_for_people(self) -> str:
        """What `written_by` says: the model, and where it runs."""
        return self.place.name

    @property
    def _llm_type(self) -> str:
        return "whyrec"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return self.identity

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        attempts = self._attempts(stop, kwargs)
        while True:
            try:
                model = attempts.connect()
                return self._result(model.invoke(messages, _QUIET, **kwargs))
            except Exception as error:
                time.sleep(attempts.pause_after(error))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        attempts = self._attempts(stop, kwargs)
        while True:
            try:
                model = await asyncio.to_thread(attempts.connect)
                async with attempts.time_left():
                    return self._result(await model.ainvoke(messages, _QUIET, **kwargs))
            except Exception as error:
                await asyncio.sleep(attempts.pause_after(error))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        attempts = self._attempts(stop, kwargs)
        while True:
            try:
                model = attempts.connect()
                chunks = cast("Any", model.stream(messages, _QUIET, **kwargs))
                with closing(chunks):
                    for chunk in chunks:
                        yield attempts.passed_on(_chunk(chunk))
                attempts.end_of_stream()
                return
            except Exception as error:
                time.sleep(attempts.pause_after(error))

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        attempts = self._attempts(stop, kwargs)
        while True:
            try:
                model = await asyncio.to_thread(attempts.connect)
                async with aclosing(
                    cast("Any", model.astream(messages, _QUIET, **kwargs))
                ) as chunks:
                    # The clock runs while we wait for the model, not while the caller uses a chunk.
                    while (chunk := await attempts.next_of(chunks)) is not None:
                        yield attempts.passed_on(_chunk(chunk))
                attempts.end_of_stream()
                return
            except Exception as error:
                await asyncio.sleep(attempts.pause_after(error))

    def _attempts(self, stop: list[str] | None, kwargs: dict[str, Any]) -> _Attempts:
        give_up_at = time.monotonic() + self.limits.deadline
        call = Call(give_up_at, kwargs.pop("schema", None), tuple(stop or ()))
        return _Attempts(self.connect, self.place, self.limits, call)

    def _result(self, answer: Any) -> ChatResult:
        message = AIMessage(answer) if isinstance(answer, str) else answer
        _check_size(len(message.text), self.limits)
        if not message.text.strip() and not getattr(message, "tool_calls", None):
            raise BadAnswer("gave an empty answer")
        return ChatResult(generations=[ChatGeneration(message=message)])


class _Attempts:
    """One call's attempts: how many are left, how long until the deadline, how much has come."""

    def __init__(self, connect: Connect, place: Place, limits: Limits, call: Call) -> None:
        self._connect = connect
        self.place = place
        self.limits = limits
        self.call = call
        self.failed = 0
        self.size = 0
        self.started = False

    def connect(self) -> Runnable[Any, Any]:
        return self._connect(self.call)

    def left(self) -> float:
        return self.call.give_up_at - time.monotonic()

    def time_left(self) -> asyncio.Timeout:
        if self.left() <= 0:
            raise DeadlinePassed
        return asyncio.timeout(self.left())

    async def next_of(self, chunks: AsyncIterator[Any]) -> Any:
        async with self.time_left():
            return await anext(chunks, None)

    def passed_on(self, chunk: ChatGenerationChunk) -> ChatGenerationChunk:
        if self.left() <= 0:
            raise DeadlinePassed
        self.size += len(chunk.text)
        _check_size(self.size, self.limits)
        self.started = self.started or bool(chunk.text)
        return chunk

    def end_of_stream(self) -> None:
        if not self.started:
            raise BadAnswer("gave an empty answer")

    def pause_after(self, error: Exception) -> float:
        """Return the seconds to wait before the next attempt.

        Raises:
            ProviderError: there shall be none.
        """
        if isinstance(error, WhyrecError):
            raise error
        over = isinstance(error, TimeoutError) and self.left() <= 0
        fault = explain(DeadlinePassed() if over else error, self.place, self.limits.deadline)
        if fault.refuses_request and self.call.schema is not None and self.left() > 0:
            # Another request, not a retry: many hosted models take no schema.
            self.call = replace(self.call, schema=None)
            return 0.0
        pause = fault.wait
        if pause is None:
            pause = self.limits.backoff * 2**self.failed * _CHANCE.uniform(0.5, 1.0)
        self.failed += 1
        # What was passed on cannot be taken back, so a stream that has begun is not begun again.
        final = not fault.retry or self.started or self.failed > self.limits.retries
        if final or pause >= self.left():
            raise ProviderError(fault.sentence) from self._shown(error)
        return pause

    def _shown(self, error: Exception) -> Exception | None:
        """Return the cause to show in a traceback, unless a token stands in it."""
        return error if redact(str(error), self.place.token) == str(error) else None


def _check_size(size: int, limits: Limits) -> None:
    if size > limits.max_bytes:
        raise BadAnswer(f"sent more than {limits.max_bytes:,} characters, which is no answer")


def _chunk(chunk: Any) -> ChatGenerationChunk:
    message = AIMessageChunk(content=chunk) if isinstance(chunk, str) else chunk
    if not isinstance(message, BaseMessageChunk):  # a model that cannot stream gives it whole
        message = AIMessageChunk(
            content=message.content, response_metadata=message.response_metadata
        )
    return ChatGenerationChunk(message=message)
