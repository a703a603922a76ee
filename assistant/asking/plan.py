"""Question → the tool calls that answer it, or the sentence that says why none can.

What every kind needs and calls stands in `calls.py`; here are the checks before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from assistant.asking.calls import RULES, Call, Rule
from assistant.asking.catalogue import Catalogue
from assistant.asking.question import Question
from assistant.wording import spoken
from ingest.schema import Dataset

__all__ = ["Call", "Plan", "Planner", "Status"]

Status = Literal["answered", "needs_clarification", "abstained", "refused"]
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
        if question.kind == "private":
            return self._private(question)
        if question.kind == "help":
            return Plan(message=self._what_i_can_do(question))
        if question.kind == "unclear":
            return Plan(status="needs_clarification", message=self._what_i_can_do(question))
        rule = RULES[question.kind]
        if rule.lists and question.n == 0:
            return Plan(message=f"You asked for 0 {self.noun.many}, so none are listed.")
        if rule.data is not None and not getattr(self.dataset, f"has_{rule.data}"):
            what = "ratings" if rule.data == "labels" else "times"
            message = f"The data set {self.dataset.name} has no {what}, so that cannot be computed."
            return Plan(status="abstained", message=message)
        if problem := self._user_problem(question, rule):
            return problem
        if problem := self._item_problem(question, rule.items):
            return problem
        return Plan(calls=tuple(rule.calls(question)), message=self._flags(question))

    def _user_problem(self, question: Question, rule: Rule) -> Plan | None:
        """Return what to do where users are not named, unknown, or too many."""
        users = question.user_ids
        unknown = [user for user in users if user not in self.dataset.user_ids]
        if rule.popular_otherwise and (not users or unknown):
            return self._popular(question, unknown)
        if unknown and rule.users:
            known = tuple(user for user in users if user in self.dataset.user_ids)
            if not known or question.kind != "recommend_many":
                return Plan(status="abstained", message=self._unknown_users(unknown))
            part = self.plan(replace(question, user_ids=known))
            return replace(part, message=f"{self._unknown_users(unknown)} {part.message}".strip())
        if len(users) < rule.users:
            return Plan(status="needs_clarification", message=self._which_user(rule.users))
        if len(users) > MAX_USERS:
            return Plan(status="needs_clarification", message=self._too_many(users))
        return None

    def _item_problem(self, question: Question, needed: int) -> Plan | None:
        """Return what to ask or say where an item is not named, unknown or ambiguous."""
        for choices in (*question.item_choices, *question.negated):
            if len(choices) > 1:
                return Plan(status="needs_clarification", message=self._which(choices))
        if len(question.item_choices) >= needed:
            return None
        if question.unknown_names:
            return Plan(status="abstained", message=self._unknown_item(question.unknown_names[0]))
        if needed and question.kind != "rank_given":
            message = f"Which {self.noun.one}? Name its id or its title."
            return Plan(status="needs_clarification", message=message)
        return None

    def _flags(self, question: Question) -> str:
        """Return what is to be said of names that are unknown beside others that are known."""
        if not question.unknown_names or not question.item_choices:
            return ""
        names = " and ".join(f"“{name}”" for name in question.unknown_names)
        are = "is" if len(question.unknown_names) == 1 else "are"
        return f"{names} {are} not in the data set {self.dataset.name} and left out."

    def _unknown_item(self, name: str) -> str:
        near = self.catalogue.nearest_titles(name) if not name.isdigit() else []
        hint = f" The nearest titles are {'; '.join(map(spoken, near))}." if near else ""
        return f"There is no {self.noun.one} “{name}” in the data set {self.dataset.name}.{hint}"

    def _popular(self, question: Question, unknown: Sequence[str]) -> Plan:
        reason = (
            self._unknown_users(unknown)
            if unknown
            else "No user was named, so this is not personal."
        )
        message = f"{reason} These are the {self.noun.many} most users have seen."
        args = {"n": question.n, "filters": question.filters.to_json()}
        return Plan(calls=(Call("popular_items", args),), message=message)

    def _private(self, question: Question) -> Plan:
        own = question.addressed_as_user
        if own and len(question.user_ids) == 1 and question.user_ids[0] in self.dataset.user_ids:
            return Plan(calls=(Call("user_profile", {"user_id": question.user_ids[0]}),))
        message = (
            "Personal attributes of other people are not told, nor are instructions or keys. Ask "
            f"about tastes and {self.noun.many} instead."
        )
        return Plan(status="refused", message=message)

    def _unknown_users(self, unknown: Sequence[str]) -> str:
        who = f"User {unknown[0]} is" if len(unknown) == 1 else f"Users {' and '.join(unknown)} are"
        return (
            f"{who} not in the data set {self.dataset.name}, which has {self.dataset.n_users:,} "
            "users, so nothing personal can be computed."
        )

    def _which_user(self, needed: int) -> str:
        example = self.dataset.user_ids.external[0] if self.dataset.n_users else "1"
        if needed > 1:
            return f'For which users? Name their ids, such as "users {example} and …".'
        return f'For which user? Name an id, such as "user {example}".'

    def _too_many(self, users: Sequence[str]) -> str:
        return (
            f"That names {len(users):,} users, and at most {MAX_USERS} are answered at once. For "
            f"lists for more, run `whyrec recommend {' '.join(users[:3])} …`."
        )

    def _which(self, choices: Sequence[str]) -> str:
        described = []
        for choice in choices:
            item = self.dataset.item_ids.code(choice)
            assert item is not None, "choices come from the catalogue"
            year = (
                self.dataset.items["year"].iloc[item] if self.catalogue.has_years else float("nan")
            )
            known = f" ({year:.0f})" if year == year else ""
            described.append(f"{self.noun.one} {choice}, {self.dataset.title(item)}{known}")
        return (
            f"That title names more than one {self.noun.one}: {'; '.join(described)}. "
            "Ask again with the id."
        )

    def _what_i_can_do(self, question: Question) -> str:
        user = self.dataset.user_ids.external[0] if self.dataset.n_users else "1"
        item = self.dataset.item_ids.external[0] if self.dataset.n_items else "1"
        last = self.dataset.user_ids.external[-1] if self.dataset.n_users else "2"
        start = "I could not tell what is asked."
        if "social" in question.wishes:
            start = "Hello."
        elif question.claimed is not None:
            start = "Of which users is that number? Name them and it is recomputed from the data."
        elif {"more", "why_that"} & set(question.wishes) and not question.user_ids:
            start = "There is no earlier list to go on from here; `whyrec chat` keeps one."
        return (
            f"{start} I answer questions about the users and {self.noun.many} of the data set "
            f"{self.dataset.name}. Ask, for example: "
            f"“Suggest 2 {self.noun.many} to user {user}”, “Who is most like user {user}?”, "
            f"“How similar are users {user} and {last}?”, "
            f"“Will user {user} like {self.noun.one} {item}, and why?”"
        )
