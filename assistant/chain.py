"""RecommendationQA: question → tools → prompt → model → verified answer, as one LCEL chain.

    compute (read, gather evidence, draft) | assign(written) | answer

Code always calls the tools, before any model. The model only words reasons for what the recommender
picked; without a model the draft is the answer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from typing import Any

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import (
    Runnable,
    RunnableConfig,
    RunnableGenerator,
    RunnableLambda,
    RunnablePassthrough,
    ensure_config,
)
from langchain_core.runnables.utils import AddableDict
from langchain_core.tools import BaseTool

from assistant.answering.asking_model import ReasonWriter
from assistant.answering.computing import Asked, Computing, State
from assistant.answering.parts import Parts
from assistant.home import LiveHome, OpenHome
from assistant.ledger import LEDGER_FILE, Ledger
from assistant.llms.llm import GuardedChat, chat_model, guard
from assistant.llms.templates import load_template
from assistant.retriever import EvidenceRetriever
from assistant.settings import Limits, Settings

_SETTINGS_DECIDE: Any = object()


class RecommendationQA(Runnable[Asked, dict[str, Any]]):
    """Answers questions about one home, asked as a text or as {"query": text, "user_id": id}."""

    def __init__(
        self,
        home: OpenHome | LiveHome,
        llm: GuardedChat | None = None,
        llm_required: bool = False,
        prompt: ChatPromptTemplate | None = None,
        ledger: Ledger | None = None,
        pseudonyms: bool = False,
        sources: bool = True,
    ) -> None:
        """Put the chain together; `from_home` is the usual way here.

        Args:
            home: data, model and index; a LiveHome is asked as it is at each question.
            llm: the guarded model that words reasons; None to word them by code.
            llm_required: raise ProviderError when the model fails, and do not word it by code.
            prompt: the answer prompt; None for the shipped one.
            ledger: where every answer is kept; None to keep none.
            pseudonyms: call other users "neighbour A" in place of their ids.
            sources: give every answer its source documents.
        """
        self.llm = llm
        self._computing = Computing(home, llm, llm_required, ledger, pseudonyms, sources)
        writer = ReasonWriter(llm, llm_required, prompt or load_template())
        self._parts = Parts(writer, ledger)
        self.computed: Runnable[Asked, State] = RunnableLambda(self._computing.compute)
        """All that needs no model."""
        self.chain: Runnable[Asked, Any] = (
            self.computed
            | RunnablePassthrough.assign(written=RunnableLambda(writer.write, afunc=writer.awrite))
            | RunnableGenerator(self._answer, self._aanswer)
        )

    @classmethod
    def from_home(
        cls,
        path: str | None = None,
        *,
        llm: str | BaseChatModel | None = _SETTINGS_DECIDE,
        llm_required: bool = False,
        prompt: str = "answer",
        log: bool = True,
        pseudonyms: bool | None = None,
    ) -> RecommendationQA:
        """Open the home at `path` (else WHYREC_HOME, else ./.whyrec).

        Args:
            path: the home folder.
            llm: a SPEC, a LangChain chat model, or None for no model; left out, the settings
                (WHYREC_LLM, HF_TOKEN) decide.
            llm_required: fail where the model fails.
            prompt: name of a shipped prompt, or path of a prompt file.
            log: keep every answer in the home's ledger, for `whyrec why`.
            pseudonyms: call other users "neighbour A" in place of their ids; None for what
                WHYREC_PSEUDONYMS says.

        Raises:
            HomeError: something is not built, or was built from other data.
            AskerError: a SPEC or prompt that cannot be used.
        """
        spec = "none" if llm is None else llm if isinstance(llm, str) else None
        settings = Settings.read(
            home=path, llm=spec, llm_required=llm_required, pseudonyms=pseudonyms
        )
        template = load_template(prompt)
        own = llm is None or isinstance(llm, str) or llm is _SETTINGS_DECIDE
        model = chat_model(settings) if own else guard(llm, settings.limits)
        ledger = Ledger(settings.home / LEDGER_FILE) if log else None
        return cls(LiveHome(settings), model, llm_required, template, ledger, settings.pseudonyms)

    @property
    def home(self) -> OpenHome:
        """The home as it is now."""
        return self._computing.home

    @property
    def tools(self) -> list[BaseTool]:
        """The tools as LangChain tools, for any agent."""
        return self.home.tools

    @property
    def retriever(self) -> BaseRetriever:
        """A retriever whose documents are computed evidence, for chains such as RetrievalQA."""
        return EvidenceRetriever(compute=self._computing.documents_for)

    def invoke(
        self, input: Asked, config: RunnableConfig | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        """Answer one question; the dict has plain JSON types only."""
        return dict(self.chain.invoke(input, config, **kwargs))

    async def ainvoke(
        self, input: Asked, config: RunnableConfig | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        """Answer one question."""
        return dict(await self.chain.ainvoke(input, config, **kwargs))

    def stream(
        self, input: Asked, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Iterator[dict[str, Any]]:
        """Yield the answer in parts: question, sources, verified result reason by reason, the rest.

        A reason is shown once it is written to its end and verified; nothing is taken back.
        """
        config = ensure_config(config)
        state = self.computed.invoke(input, config, **kwargs)
        yield from self._parts.while_written(state, config)

    async def astream(
        self, input: Asked, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncIterator[dict[str, Any]]:
        """Yield the answer in parts."""
        config = ensure_config(config)
        state = await self.computed.ainvoke(input, config, **kwargs)
        async with aclosing(self._parts.awhile_written(state, config)) as parts:
            async for part in parts:
                yield part

    def batch(
        self,
        inputs: list[Asked],
        config: RunnableConfig | list[RunnableConfig] | None = None,
        **kwargs: Any,
    ) -> list[dict[str, Any]]:
        """Answer several questions, no more at once than the limit `at_once` allows."""
        return super().batch(inputs, self._at_once(config), **kwargs)

    async def abatch(
        self,
        inputs: list[Asked],
        config: RunnableConfig | list[RunnableConfig] | None = None,
        **kwargs: Any,
    ) -> list[dict[str, Any]]:
        """Answer several questions, no more at once than the limit `at_once` allows."""
        return await super().abatch(inputs, self._at_once(config), **kwargs)

    def _at_once(
        self, config: RunnableConfig | list[RunnableConfig] | None
    ) -> RunnableConfig | list[RunnableConfig]:
        """Return the config with a bound on concurrency, unless it has one."""
        bound: RunnableConfig = {
            "max_concurrency": (self.llm.limits if self.llm else Limits()).at_once
        }
        if isinstance(config, list):
            return [{**bound, **one} for one in config]
        return {**bound, **(config or {})}

    def _answer(self, chunks: Iterator[State]) -> Iterator[AddableDict]:
        """Yield the parts of an answer whose words are all there."""
        state: State = {}
        for chunk in chunks:
            state |= chunk
        yield from self._parts.of_written(state)

    async def _aanswer(self, chunks: AsyncIterator[State]) -> AsyncIterator[AddableDict]:
        state: State = {}
        async for chunk in chunks:
            state |= chunk
        for part in self._parts.of_written(state):
            yield part
