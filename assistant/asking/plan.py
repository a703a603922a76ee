"""Question → the tool calls that answer it, or the sentence that says why none can.

What every kind needs and calls stands in `calls.py`; here are the checks before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from assistant.asking.arguments import Call
from assistant.asking.calls import RULES, Rule
from assistant.asking.catalogue import Catalogue
from assistant.asking.question import Question
from assistant.lexicon import named_fields
from assistant.wording import Voice, spoken
from ingest.dataset.schema import Dataset

__all__ = ["Call", "Plan", "Planner", "Status"]

Status = Literal["answered", "needs_clarification", "abstained", "refused"]
MAX_CHOICES = 8
"""How many items of one title are named when it is asked which was meant."""
MAX_USERS = 50
"""For more users than this an answer points to `whyrec recommend`."""


@dataclass(frozen=True)
class Plan:
    """The calls to make, in order; `message` opens the answer, or is all of it without calls."""

    calls: tuple[Call, ...] = ()
    status: Status = "answered"
    message: str = ""
    parts: tuple[Plan, ...] = ()
    """The plans of a compound question; `calls` are theirs, one after the other."""
    question: Question | None = None
    """Of a part: the question it plans."""


class Planner:
    """Plans over one data set."""

    def __init__(self, dataset: Dataset, catalogue: Catalogue) -> None:
        self.dataset = dataset
        self.catalogue = catalogue
        self.noun = dataset.noun

    def plan(self, question: Question) -> Plan:
        """Return what to compute for `question`."""
        if question.parts:
            parts = tuple(replace(self.plan(part), question=part) for part in question.parts)
            return Plan(tuple(call for part in parts for call in part.calls), parts=parts)
        voice = Voice(self.noun, language=question.language)
        if question.kind == "private":
            return self._private(question, voice)
        if question.kind == "help":
            return Plan(message=self._what_i_can_do(question, voice))
        if question.kind == "unclear":
            message = self._what_i_can_do(question, voice)
            return Plan(status="needs_clarification", message=message)
        rule = RULES[question.kind]
        if rule.lists and (problem := self._list_problem(question, voice)):
            return problem
        if rule.data is not None and not getattr(self.dataset, f"has_{rule.data}"):
            message = voice.say(f"no_{rule.data}", name=self.dataset.name)
            return Plan(status="abstained", message=message)
        if question.order is not None and question.order.field is None:
            return Plan(status="abstained", message=self._no_field(question.order.concept, voice))
        if problem := self._user_problem(question, rule, voice):
            return problem
        if problem := self._item_problem(question, rule, voice):
            return problem
        return Plan(calls=tuple(rule.calls(question)), message=self._flags(question, voice))

    def _list_problem(self, question: Question, voice: Voice) -> Plan | None:
        """Return what to say where no list is asked for, or one whose parts differ."""
        if question.n == 0:
            return Plan(message=voice.say("zero"))
        if "part_of_list" in question.wishes:
            return Plan(status="needs_clarification", message=voice.say("part_of_list"))
        return None

    def _user_problem(self, question: Question, rule: Rule, voice: Voice) -> Plan | None:
        """Return what to do where users are not named, unknown, or too many."""
        users = question.user_ids
        unknown = [user for user in users if user not in self.dataset.user_ids]
        if rule.popular_otherwise and (not users or unknown):
            return self._popular(question, unknown, voice)
        if unknown:
            known = tuple(user for user in users if user in self.dataset.user_ids)
            message = self._unknown_users(unknown, voice)
            if not known or question.kind != "recommend_many":
                return Plan(status="abstained", message=message)
            part = self.plan(replace(question, user_ids=known))
            return replace(part, message=f"{message} {part.message}".strip())
        if len(users) < rule.users:
            example = self.dataset.user_ids.external[0] if self.dataset.n_users else "1"
            message = voice.say("which_users" if rule.users > 1 else "which_user", id=example)
            return Plan(status="needs_clarification", message=message)
        if len(users) > MAX_USERS:
            ids = " ".join(users[:3])
            message = voice.say("too_many", n=len(users), most=MAX_USERS, ids=ids)
            return Plan(status="needs_clarification", message=message)
        return None

    def _item_problem(self, question: Question, rule: Rule, voice: Voice) -> Plan | None:
        """Return what to ask or say where an item is not named, unknown or ambiguous."""
        for choices in (*question.item_choices, *question.negated):
            if len(choices) > 1:
                return Plan(status="needs_clarification", message=self._which(choices, voice))
        may_name = rule.takes_items and bool(question.unknown_names)
        if len(question.item_choices) >= max(rule.items, may_name):
            return None
        if question.unknown_names:
            message = self._unknown_item(question.unknown_names[0], voice)
            return Plan(status="abstained", message=message)
        if rule.items and question.kind != "rank_given":
            return Plan(status="needs_clarification", message=voice.say("which_item"))
        return None

    def _flags(self, question: Question, voice: Voice) -> str:
        """Return what is to be said of names that are unknown beside others that are known."""
        unknown = question.unknown_names
        if not unknown or not question.item_choices:
            return ""
        names = voice.listed([voice.say("quoted", name=name) for name in unknown])
        sentence = "left_out_one" if len(unknown) == 1 else "left_out_many"
        return voice.say(sentence, names=names, name=self.dataset.name)

    def _no_field(self, concept: str, voice: Voice) -> str:
        called = voice.say("years") if concept == "year" else named_fields()[concept].called
        return voice.say("absent", what=called)

    def _unknown_item(self, name: str, voice: Voice) -> str:
        near = self.catalogue.nearest_titles(name) if not name.isdigit() else []
        titles = "; ".join(map(spoken, near))
        hint = voice.say("nearest_titles", titles=titles) if near else ""
        return voice.say("unknown_item", what=name, name=self.dataset.name) + hint

    def _popular(self, question: Question, unknown: Sequence[str], voice: Voice) -> Plan:
        reason = self._unknown_users(unknown, voice) if unknown else voice.say("no_user_named")
        args = {"n": question.n, "filters": question.filters.to_json()}
        message = voice.say("popular_instead", reason=reason)
        return Plan(calls=(Call("popular_items", args),), message=message)

    def _private(self, question: Question, voice: Voice) -> Plan:
        own = question.addressed_as_user
        if own and len(question.user_ids) == 1 and question.user_ids[0] in self.dataset.user_ids:
            return Plan(calls=(Call("user_profile", {"user_id": question.user_ids[0]}),))
        return Plan(status="refused", message=voice.say("private"))

    def _unknown_users(self, unknown: Sequence[str], voice: Voice) -> str:
        about = {"name": self.dataset.name, "n": self.dataset.n_users}
        if len(unknown) == 1:
            return voice.say("unknown_user", id=unknown[0], **about)
        return voice.say("unknown_users", ids=voice.listed(unknown), **about)

    def _which(self, choices: Sequence[str], voice: Voice) -> str:
        described = []
        for choice in choices[:MAX_CHOICES]:
            item = self.dataset.item_ids.code(choice)
            assert item is not None, "choices come from the catalogue"
            field = self.catalogue.year_field
            year = self.dataset.items[field].iloc[item] if field is not None else float("nan")
            title = self.dataset.title(item) + (f" ({year:.0f})" if year == year else "")
            described.append(voice.say("choice", id=choice, title=title))
        if len(choices) > MAX_CHOICES:
            described.append(voice.say("choices_more", n=len(choices) - MAX_CHOICES))
        return voice.say("ambiguous", choices="; ".join(described))

    def _what_i_can_do(self, question: Question, voice: Voice) -> str:
        users, items = self.dataset.user_ids.external, self.dataset.item_ids.external
        start = "cannot_tell"
        if "thanks" in question.wishes:
            start = "welcome"
        elif "social" in question.wishes:
            start = "hello"
        elif question.claimed is not None:
            start = "which_pair"
        elif {"more", "why_that"} & set(question.wishes) and not question.user_ids:
            start = "no_list_yet"
        return voice.say(
            "can_ask",
            start=voice.say(start),
            name=self.dataset.name,
            one=users[0] if len(users) else "1",
            other=users[-1] if len(users) else "2",
            item_id=items[0] if len(items) else "1",
        )
