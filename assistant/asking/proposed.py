"""A question that code cannot tell, read by the model: a proposal that code checks, never more.

The model sees the question only. Of what it proposes, code takes kinds it knows, users and items
that the question itself names and the data have, and attribute values of the data; one thing that
does not hold and the proposal is dropped. What is computed, and how it is worded, stays code's.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.asking.calls import RULES
from assistant.asking.catalogue import Catalogue
from assistant.asking.filters import All, Condition, Not
from assistant.asking.question import MAX_N, Question
from assistant.checking.proposals import proposed_reasons
from assistant.lexicon import plain_text
from assistant.llms.templates import QUESTION_VARIABLES, as_data, load_template
from ingest.dataset.schema import Dataset

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable

Kind = Literal[
    "recommend", "recommend_from_neighbours", "similar_users", "user_similarity", "compare_users",
    "predict", "why_not", "describe_user", "describe_item", "like_item", "also_seen", "membership",
    "history", "group", "top_rated", "lowest_rated", "most_divided", "most_popular", "rising",
    "unwatched", "similar_pairs", "most_active", "likely_users", "catalogue", "none",
]  # fmt: skip
_Name = Annotated[str, Field(max_length=200)]
MAX_VALUES = 200
"""Attribute values that the model is shown."""


class Proposal(BaseModel):
    """What the model reads in a question."""

    model_config = ConfigDict(extra="forbid", strict=True)

    kind: Kind
    user_ids: list[_Name] = Field(default_factory=list, max_length=50)
    items: list[_Name] = Field(default_factory=list, max_length=20)
    n: int | None = Field(default=None, ge=0, le=MAX_N)
    include: list[_Name] = Field(default_factory=list, max_length=10)
    exclude: list[_Name] = Field(default_factory=list, max_length=10)


def is_unsure(question: Question) -> bool:
    """Tell whether code could not tell what is asked, and it is no greeting."""
    return question.kind == "unclear" and not {"social", "injection"} & set(question.wishes)


def read_by_model(
    question: Question, llm: Runnable[Any, Any], catalogue: Catalogue, config: Any = None
) -> Question:
    """Return the question as the model proposes it, where all of that holds, else as it was.

    Raises:
        ProviderError: the model gave no usable answer.
    """
    from langchain_core.output_parsers import StrOutputParser

    template = load_template("question", QUESTION_VARIABLES)
    writer = template | llm.bind(schema=Proposal.model_json_schema()) | StrOutputParser()
    text = writer.invoke(_variables(question, catalogue), config)
    return accepted(question, proposed_reasons(text), catalogue) or question


def _variables(question: Question, catalogue: Catalogue) -> dict[str, str]:
    """Return what the prompt shows, escaped: the question, kinds and attribute values."""
    values = sorted({condition.value for condition in catalogue.values.values()})
    shown = {
        "question": question.text,
        "kinds": ", ".join(get_args(Kind)),
        "values": ", ".join(values[:MAX_VALUES]) or "(none)",
        "nouns": catalogue.dataset.noun.many,
    }
    return {name: as_data(text) for name, text in shown.items()}


def accepted(question: Question, proposal: Any, catalogue: Catalogue) -> Question | None:
    """Return the question as proposed, where all of it holds; None where anything does not."""
    try:
        read = Proposal.model_validate(proposal)
    except ValidationError:
        return None
    users = _users(read, question, catalogue.dataset)
    items = _items(read, question, catalogue)
    conditions = _conditions(read, catalogue)
    if read.kind == "none" or users is None or items is None or conditions is None:
        return None
    rule = RULES[read.kind]
    if len(users) < rule.users and not rule.popular_otherwise or len(items) < rule.items:
        return None
    proposed = replace(
        question,
        kind=read.kind,
        user_ids=users,
        item_choices=items,
        n=question.n if read.n is None else read.n,
        filters=conditions,
    )
    return replace(proposed, read_as=_words(proposed, catalogue.dataset))


def _users(read: Proposal, question: Question, dataset: Dataset) -> tuple[str, ...] | None:
    """Return the users, None where one is not in the data or not in the question."""
    named = set(re.findall(r"[\w.@:/-]*\w", question.text)) | set(question.user_ids)
    known = all(user in dataset.user_ids and user in named for user in read.user_ids)
    return tuple(dict.fromkeys(read.user_ids)) if known else None


def _items(
    read: Proposal, question: Question, catalogue: Catalogue
) -> tuple[tuple[str, ...], ...] | None:
    """Return the items by choices, None where a name is none or not in the question at all."""
    asked = set(plain_text(question.text).replace(".", " ").replace(",", " ").split())
    choices = []
    for name in read.items:
        found = catalogue.find(name)
        if found is None or not asked & set(plain_text(name).replace(",", " ").split()):
            return None
        choices.append(tuple(str(catalogue.dataset.item_ids.external[i]) for i in found.items))
    return tuple(choices)


def _conditions(read: Proposal, catalogue: Catalogue) -> All | None:
    found: list[Condition] = []
    for names, negated in ((read.include, False), (read.exclude, True)):
        for name in names:
            value = catalogue.value_named(plain_text(name).replace("'", ""))
            if value is None:
                return None
            found.append(Not(value) if negated else value)
    return All(tuple(dict.fromkeys(found)))


def _words(question: Question, dataset: Dataset) -> str:
    """Return a question as it was read, in short."""
    parts = [question.kind.replace("_", " ")]
    if question.user_ids:
        parts.append(f"users {', '.join(question.user_ids)}")
    if question.item_choices:
        parts.append(f"{dataset.noun.many} {', '.join(one[0] for one in question.item_choices)}")
    if question.filters:
        parts.append(question.filters.words())
    if RULES[question.kind].lists:
        parts.append(f"n = {question.n}")
    return "; ".join(parts)
