"""Question → the tool calls that answer it, or the sentence that says why none can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from assistant.catalogue import Catalogue
from assistant.question import Question
from assistant.toolbox import N_NEIGHBOURS
from ingest.schema import Dataset

Status = Literal["answered", "needs_clarification", "abstained", "refused"]

AGREEMENT_DEPTH = 10
"""How far down two lists are compared, even where fewer items are asked for."""


@dataclass(frozen=True)
class Call:
    """One tool call to make."""

    tool: str
    args: dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """The calls to make, in order; `message` opens the answer, or is all of it without calls."""

    calls: tuple[Call, ...] = ()
    status: Status = "answered"
    message: str = ""


class Planner:
    """Plans over one data set."""

    def __init__(self, dataset: Dataset, catalogue: Catalogue) -> None:
        self.dataset = dataset
        self.catalogue = catalogue
        self.noun = dataset.noun

    def plan(self, question: Question) -> Plan:
        """Return what to compute for `question`."""
        if question.kind == "unclear":
            return Plan(status="needs_clarification", message=self._what_i_can_do())
        users = question.user_ids
        unknown = [user for user in users if user not in self.dataset.user_ids]
        recommends = question.kind.startswith("recommend")
        if len(users) > (2 if question.kind == "user_similarity" else 1):
            return self._one_at_a_time(users)
        if recommends and question.n == 0:
            return Plan(message=f"You asked for 0 {self.noun.many}, so none are listed.")
        if recommends and (not users or unknown):
            return self._popular(question, unknown)
        if unknown:
            return Plan(status="abstained", message=self._unknown_users(unknown))
        if not users:
            example = self.dataset.user_ids.external[0] if self.dataset.n_users else "1"
            return Plan(
                status="needs_clarification",
                message=f'For which user? Name an id, such as "user {example}".',
            )
        if question.kind == "predict":
            return self._predict(question)
        return Plan(calls=tuple(self._calls(question)))

    def _calls(self, question: Question) -> Sequence[Call]:
        user = question.user_ids[0]
        near = Call("similar_users", {"user_id": user, "k": N_NEIGHBOURS})
        wanted = {"user_id": user, "n": question.n, "filters": question.filters.to_json()}
        if question.topic is not None:
            wanted["topic"] = question.topic
        match question.kind:
            case "recommend_from_neighbours":
                only = {"by": "neighbours", "among_neighbours": N_NEIGHBOURS}
                return (near, Call("recommend", wanted | only))
            case "recommend_both_ways":
                deep = {"n": max(question.n, AGREEMENT_DEPTH)}
                return (
                    near,
                    Call("recommend", wanted | deep | {"by": "deepfm"}),
                    Call("recommend", wanted | deep | {"by": "neighbours"}),
                )
            case "similar_users":
                return (Call("similar_users", {"user_id": user, "k": max(question.n, 1)}),)
            case "user_similarity":
                return (
                    Call("user_similarity", {"user_id": user, "other_id": question.user_ids[1]}),
                )
            case _:
                return (near, Call("recommend", wanted | {"by": "both"}))

    def _predict(self, question: Question) -> Plan:
        if question.unknown_names:
            name = question.unknown_names[0]
            near = self.catalogue.nearest_titles(name)
            hint = f" The nearest titles are {'; '.join(near)}." if near else ""
            message = (
                f"There is no {self.noun.one} “{name}” in the data set {self.dataset.name}.{hint}"
            )
            return Plan(status="abstained", message=message)
        if not question.item_choices:
            return Plan(
                status="needs_clarification",
                message=f"Which {self.noun.one}? Name its id or its title.",
            )
        for choices in question.item_choices:
            if len(choices) > 1:
                return Plan(status="needs_clarification", message=self._which(choices))
        user, items = question.user_ids[0], [choices[0] for choices in question.item_choices]
        return Plan(
            calls=(
                Call("similar_users", {"user_id": user, "k": N_NEIGHBOURS}),
                Call("deepfm_score", {"user_id": user, "item_ids": items}),
            )
        )

    def _popular(self, question: Question, unknown: Sequence[str]) -> Plan:
        reason = (
            self._unknown_users(unknown)
            if unknown
            else "No user was named, so this is not personal."
        )
        message = f"{reason} These are the {self.noun.many} most users have seen."
        args = {"n": question.n, "filters": question.filters.to_json()}
        return Plan(calls=(Call("popular_items", args),), message=message)

    def _unknown_users(self, unknown: Sequence[str]) -> str:
        who = f"User {unknown[0]} is" if len(unknown) == 1 else f"Users {' and '.join(unknown)} are"
        return (
            f"{who} not in the data set {self.dataset.name}, which has {self.dataset.n_users:,} "
            "users, so nothing personal can be computed."
        )

    def _one_at_a_time(self, users: Sequence[str]) -> Plan:
        message = (
            f"That names {len(users)} users, and this kind of question is answered for one at a "
            f"time. For lists for several, run `whyrec recommend {' '.join(users[:5])}`."
        )
        return Plan(status="needs_clarification", message=message)

    def _which(self, choices: Sequence[str]) -> str:
        items = [self.dataset.item_ids.code(choice) for choice in choices]
        described = []
        for choice, item in zip(choices, items, strict=True):
            assert item is not None, "choices come from the catalogue"
            year = (
                self.dataset.items["year"].iloc[item]
                if "year" in self.dataset.items.columns
                else float("nan")
            )
            known = f" ({year:.0f})" if year == year else ""
            described.append(f"{self.noun.one} {choice}, {self.dataset.title(item)}{known}")
        return (
            f"That title names more than one {self.noun.one}: {'; '.join(described)}. "
            "Ask again with the id."
        )

    def _what_i_can_do(self) -> str:
        user = self.dataset.user_ids.external[0] if self.dataset.n_users else "1"
        item = self.dataset.item_ids.external[0] if self.dataset.n_items else "1"
        return (
            "I could not tell what is asked. Ask, for example: "
            f"“Suggest 2 {self.noun.many} to user {user}”, “Who is most like user {user}?”, "
            f"“How similar are users {user} and {self.dataset.user_ids.external[-1]}?”, "
            f"“Will user {user} like {self.noun.one} {item}, and why?”"
        )
