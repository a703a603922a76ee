"""RecommendationQA: question → tools → prompt → model → verified answer, as one LCEL chain.

    compute (read, gather evidence, draft) | assign(written) | answer

Code always calls the tools, before any model. The model only words reasons for what the recommender
picked; without a model the draft is the answer.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import aclosing, closing
from dataclasses import replace
from typing import Any, cast

from langchain_core.documents import Document
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.output_parsers import StrOutputParser
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

from assistant.answer import Telling, Written, details, written_by
from assistant.asking.past import ASKS_BACK, recalled
from assistant.asking.plan import Plan
from assistant.asking.proposed import is_unsure, read_by_model
from assistant.asking.question import Question
from assistant.draft import Draft, draft_answer
from assistant.evidence import Evidence, speaks_of_neighbours
from assistant.home import LiveHome, OpenHome
from assistant.ledger import LEDGER_FILE, Ledger
from assistant.llms.llm import GuardedChat, chat_model, guard, reasons_schema
from assistant.llms.prompting import prompt_variables
from assistant.llms.templates import load_template
from assistant.pseudonyms import pseudonymous, spoken
from assistant.retriever import EvidenceRetriever
from assistant.settings import Limits, Settings
from assistant.toolbox import N_CANDIDATES, N_PROFILES
from assistant.wording import Voice
from ingest.errors import AskerError, ProviderError

State = dict[str, Any]
Asked = str | Mapping[str, Any]
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
    ) -> None:
        """Put the chain together; `from_home` is the usual way here.

        Args:
            home: data, model and index; a LiveHome is asked as it is at each question.
            llm: the guarded model that words reasons; None to word them by code.
            llm_required: raise ProviderError when the model fails, and do not word it by code.
            prompt: the answer prompt; None for the shipped one.
            ledger: where every answer is kept; None to keep none.
            pseudonyms: call other users "neighbour A" in place of their ids.
        """
        self._home = home
        self.llm = llm
        self.llm_required = llm_required
        self.prompt = prompt or load_template()
        self.ledger = ledger
        self.pseudonyms = pseudonyms
        self.computed: Runnable[Asked, State] = RunnableLambda(self._compute)
        """All that needs no model."""
        self.chain: Runnable[Asked, Any] = (
            self.computed
            | RunnablePassthrough.assign(written=RunnableLambda(self._write, afunc=self._awrite))
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
        return self._home.now() if isinstance(self._home, LiveHome) else self._home

    @property
    def tools(self) -> list[BaseTool]:
        """The tools as LangChain tools, for any agent."""
        return self.home.tools

    @property
    def retriever(self) -> BaseRetriever:
        """A retriever whose documents are computed evidence, for chains such as RetrievalQA."""
        return EvidenceRetriever(compute=self.documents_for)

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
        yield from self._tell(self.computed.invoke(input, config, **kwargs), config)

    async def astream(
        self, input: Asked, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncIterator[dict[str, Any]]:
        """Yield the answer in parts."""
        config = ensure_config(config)
        state = await self.computed.ainvoke(input, config, **kwargs)
        async with aclosing(self._atell(state, config)) as parts:
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

    def documents_for(self, query: str) -> list[Document]:
        """Return the evidence for a question as documents: computed first, then profiles."""
        state = self._read(query)
        state["evidence"] = self._gather(state)
        return self._documents(state)

    # Each step takes the state so far and returns what its name says.

    def _compute(self, asked: Asked, config: RunnableConfig) -> State:
        """Do all that needs no model; in one step, for each costs a context and a thread."""
        state = self._read(asked, config)
        state["evidence"] = self._gather(state, config)
        state["draft"] = self._draft(state)
        state["documents"] = self._documents(state)
        return state

    def _read(self, asked: Asked, config: RunnableConfig | None = None) -> State:
        started = time.perf_counter()
        home = self.home  # the whole answer comes from one state of it
        question = asked.get("question") if isinstance(asked, Mapping) else None
        if not isinstance(question, Question):  # a conversation brings its own
            question = home.parser.parse(*_text_and_user(asked))
        if self.ledger is not None and question.kind in ASKS_BACK:
            question = recalled(question, self.ledger.newest_first())
        if self.llm is not None and is_unsure(question):
            question = self._proposed(question, home, config)
        plan = home.planner.plan(question)
        return {
            "home": home,
            "question": question,
            "plan": plan,
            "clock": {"started": started, "read": time.perf_counter()},
        }

    def _proposed(
        self, question: Question, home: OpenHome, config: RunnableConfig | None
    ) -> Question:
        """Return the question as the model reads it, where that holds; code could not tell."""
        assert self.llm is not None
        try:
            return read_by_model(question, self.llm, home.catalogue, config)
        except ProviderError:
            if self.llm_required:
                raise
            return question

    def _gather(self, state: State, config: RunnableConfig | None = None) -> list[Evidence]:
        """Call every planned tool, in order."""
        plan: Plan = state["plan"]
        evidence = []
        for number, call in enumerate(plan.calls, start=1):
            request = {
                "type": "tool_call",
                "id": f"E{number}",
                "name": call.tool,
                "args": call.args,
            }
            message = state["home"].tool(call.tool).invoke(request, config)
            if message.status == "error":
                raise AskerError(str(message.content))
            evidence.append(
                Evidence(f"E{number}", call.tool, call.args, message.artifact, str(message.content))
            )
        if self.pseudonyms:
            evidence = _hidden(state["home"], evidence, state["question"].user_ids)
        state["clock"]["gathered"] = time.perf_counter()
        return evidence

    def _draft(self, state: State) -> Draft:
        draft = draft_answer(
            state["question"],
            state["plan"],
            state["evidence"],
            _voice(state["home"], state["question"]),
        )
        if not self.pseudonyms:
            return draft
        return replace(
            draft,
            opening=spoken(draft.opening),
            reasons={item: spoken(reason) for item, reason in draft.reasons.items()},
            notes=[spoken(note) for note in draft.notes],
        )

    def _documents(self, state: State) -> list[Document]:
        """Return the evidence, then profiles: the nearest users' without their attributes.

        The nearest users' stand there where the evidence is of neighbours. With pseudonyms they are
        left out: who knows what somebody has seen knows him.
        """
        evidence: Sequence[Evidence] = state["evidence"]
        if not evidence:
            return []
        computed = [
            Document(page_content=call.text, metadata={"evidence": call.id, "tool": call.tool})
            for call in evidence
        ]
        home: OpenHome = state["home"]
        asked = [u for u in state["question"].user_ids if u in home.dataset.user_ids]
        toolbox = home.toolbox
        of_neighbours = any(speaks_of_neighbours(call) for call in evidence)
        n_alike = N_PROFILES if of_neighbours and not self.pseudonyms else 0
        profiles = toolbox.profiles(asked, n_alike)
        return computed + [
            Document(page_content=row.pop("profile"), metadata=row) for row in profiles
        ]

    def _write(self, state: State, config: RunnableConfig) -> Written:
        if not self._is_worded_by_model(state):
            return Written()
        try:
            return Written(self._writer(state).invoke(self._variables(state), config))
        except ProviderError as error:
            return self._without_model(error)

    async def _awrite(self, state: State, config: RunnableConfig) -> Written:
        if not self._is_worded_by_model(state):
            return Written()
        try:
            return Written(await self._writer(state).ainvoke(self._variables(state), config))
        except ProviderError as error:
            return self._without_model(error)

    def _is_worded_by_model(self, state: State) -> bool:
        draft: Draft = state["draft"]
        return self.llm is not None and draft.explainable and bool(draft.items)

    def _without_model(self, error: ProviderError) -> Written:
        if self.llm_required:
            raise error
        return Written(fault=str(error))

    def _writer(self, state: State) -> Runnable[dict[str, Any], str]:
        return self.prompt | self._model(state) | StrOutputParser()

    def _model(self, state: State) -> Runnable[Any, Any]:
        assert self.llm is not None
        schema = reasons_schema([row["item_id"] for row in state["draft"].items])
        return self.llm.bind(schema=schema)

    def _variables(self, state: State) -> dict[str, str]:
        draft: Draft = state["draft"]
        question: Question = state["question"]
        return prompt_variables(
            question.text, draft.items, draft.reasons, _voice(state["home"], question)
        )

    def _answer(self, chunks: Iterator[State]) -> Iterator[AddableDict]:
        """Yield the parts of an answer whose words are all there."""
        state: State = {}
        for chunk in chunks:
            state |= chunk
        yield from self._early(state)
        telling = _telling(state)
        telling.hear(state["written"].text)
        yield from self._late(state, telling, state["written"])

    async def _aanswer(self, chunks: AsyncIterator[State]) -> AsyncIterator[AddableDict]:
        state: State = {}
        async for chunk in chunks:
            state |= chunk
        for part in self._answer(iter([state])):
            yield part

    def _tell(self, state: State, config: RunnableConfig) -> Iterator[AddableDict]:
        """Yield the parts of an answer, every reason once the model has written it to its end.

        The model is asked without a chain around it: closing a stream then closes its connection.
        """
        yield from self._early(state)
        telling, fault = _telling(state), None
        if self._is_worded_by_model(state):
            yield from _said(telling)
            messages = self.prompt.invoke(self._variables(state), config)
            try:
                with closing(cast("Any", self._model(state).stream(messages, config))) as chunks:
                    for chunk in chunks:
                        telling.hear(chunk.text)
                        yield from _said(telling)
            except ProviderError as error:
                fault = self._without_model(error).fault
        yield from self._late(state, telling, Written(telling.heard, fault))

    async def _atell(
        self, state: State, config: RunnableConfig
    ) -> AsyncGenerator[AddableDict, None]:
        for part in self._early(state):
            yield part
        telling, fault = _telling(state), None
        if self._is_worded_by_model(state):
            for part in _said(telling):
                yield part
            messages = await self.prompt.ainvoke(self._variables(state), config)
            words = self._model(state).astream(messages, config)
            try:
                async with aclosing(cast("Any", words)) as chunks:
                    async for chunk in chunks:
                        telling.hear(chunk.text)
                        for part in _said(telling):
                            yield part
            except ProviderError as error:
                fault = self._without_model(error).fault
        for part in self._late(state, telling, Written(telling.heard, fault)):
            yield part

    def _early(self, state: State) -> Iterator[AddableDict]:
        """Yield what is known before the model has written."""
        yield AddableDict(query=state["question"].text, question=state["question"].to_json())
        documents = [
            {"page_content": d.page_content, "metadata": d.metadata} for d in state["documents"]
        ]
        yield AddableDict(source_documents=documents)

    def _late(self, state: State, telling: Telling, written: Written) -> Iterator[AddableDict]:
        """Yield what is left of the verified result, and then everything else."""
        clock = state["clock"] | {"written": time.perf_counter()}
        home: OpenHome = state["home"]
        draft: Draft = state["draft"]
        reasons = telling.end()
        yield from _said(telling)
        result = draft.text(reasons.by_item)
        model = None if self.llm is None else self.llm.name_for_people
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


def _telling(state: State) -> Telling:
    users = state["question"].user_ids
    return Telling(state["draft"], state["home"].verifier, users[0] if users else None)


def _said(telling: Telling) -> Iterator[AddableDict]:
    return (AddableDict(result=line) for line in telling.lines())


def _hidden(home: OpenHome, evidence: Sequence[Evidence], named: Sequence[str]) -> list[Evidence]:
    """Return the evidence with pseudonyms for all users but those the asker `named`."""
    known = [user for user in named if user in home.dataset.user_ids]
    nearest = [
        row["user_id"]
        for user in known[:1]
        for row in home.toolbox.similar_users(user, N_CANDIDATES)
    ]
    return pseudonymous(evidence, named, nearest, home.dataset.noun, home.rating)


def _voice(home: OpenHome, question: Question) -> Voice:
    user = question.user_ids[0] if question.user_ids else None
    return Voice(home.dataset.noun, user, question.addressed_as_user, home.rating)


def _text_and_user(asked: Asked) -> tuple[str, str | None]:
    """Return the question's text and the asker's user id from a text or a dict."""
    if isinstance(asked, str):
        return asked, None
    if not isinstance(asked, Mapping) or not isinstance(asked.get("query"), str):
        raise AskerError('ask with a text, or with a dict such as {"query": "…", "user_id": "78"}')
    user_id = asked.get("user_id")
    return asked["query"], None if user_id is None else str(user_id)
