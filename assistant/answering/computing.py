"""What needs no model: the question is read, evidence is gathered, the answer is drafted."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.documents import Document
from langchain_core.runnables import RunnableConfig

from assistant.answering.draft import Draft, draft_answer
from assistant.asking.past import ASKS_BACK, recalled
from assistant.asking.plan import Plan
from assistant.asking.proposed import is_unsure, read_by_model
from assistant.asking.question import Question
from assistant.evidence import Evidence, speaks_of_neighbours
from assistant.home import LiveHome, OpenHome
from assistant.ledger import Ledger
from assistant.llms.llm import GuardedChat
from assistant.pseudonyms import pseudonymous
from assistant.toolbox import N_CANDIDATES, N_PROFILES
from assistant.wording import Voice, voice_over
from ingest.errors import AskerError, ProviderError

Asked = str | Mapping[str, Any]
State = dict[str, Any]
"""An answer as it comes about: home, question, plan, evidence, draft, documents, and a clock."""


@dataclass(frozen=True)
class Computing:
    """Computes a question's answer; each step takes the state and returns what its name says."""

    at: OpenHome | LiveHome
    llm: GuardedChat | None = None
    """Asked how a question is meant where code cannot tell."""
    llm_required: bool = False
    ledger: Ledger | None = None
    """Where questions about past answers find them."""
    pseudonyms: bool = False
    sources: bool = True
    """Whether an answer has source documents."""

    @property
    def home(self) -> OpenHome:
        """The home as it is now."""
        return self.at.now() if isinstance(self.at, LiveHome) else self.at

    def compute(self, asked: Asked, config: RunnableConfig) -> State:
        """Do all of it; in one step of a chain, for each costs a context and a thread."""
        state = self._read(asked, config)
        state["evidence"] = self._gather(state, config)
        state["draft"] = self._draft(state)
        state["documents"] = self._documents(state)
        return state

    def documents_for(self, query: str) -> list[Document]:
        """Return the evidence for a question as documents: computed first, then profiles."""
        state = self._read(query)
        state["evidence"] = self._gather(state)
        return self._documents(state)

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
        return draft_answer(
            state["question"],
            state["plan"],
            state["evidence"],
            voice_of(state["home"], state["question"]),
        )

    def _documents(self, state: State) -> list[Document]:
        """Return the evidence, then profiles: the nearest users' without their attributes.

        The nearest users' stand there where the evidence is of neighbours. With pseudonyms they are
        left out: who knows what somebody has seen knows him.
        """
        evidence: Sequence[Evidence] = state["evidence"]
        if not evidence or not self.sources:
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


def _hidden(home: OpenHome, evidence: Sequence[Evidence], named: Sequence[str]) -> list[Evidence]:
    """Return the evidence with pseudonyms for all users but those the asker `named`."""
    known = [user for user in named if user in home.dataset.user_ids]
    nearest = [
        row["user_id"]
        for user in known[:1]
        for row in home.toolbox.similar_users(user, N_CANDIDATES)
    ]
    return pseudonymous(evidence, named, nearest, home.dataset, home.rating)


def voice_of(home: OpenHome, question: Question) -> Voice:
    """Return how the question is answered: to whom, of what, in which words."""
    user = question.user_ids[0] if question.user_ids else None
    return voice_over(home.dataset, user, question.addressed_as_user, home.rating)


def _text_and_user(asked: Asked) -> tuple[str, str | None]:
    """Return the question's text and the asker's user id from a text or a dict."""
    if isinstance(asked, str):
        return asked, None
    if not isinstance(asked, Mapping) or not isinstance(asked.get("query"), str):
        raise AskerError('ask with a text, or with a dict such as {"query": "…", "user_id": "78"}')
    user_id = asked.get("user_id")
    return asked["query"], None if user_id is None else str(user_id)
