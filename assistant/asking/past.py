"""What the ledger remembers of a suggestion: "why did you recommend it?" asked later, elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from assistant.asking.question import Past, Question

Answers = Iterable[Mapping[str, Any]]
ASKS_BACK = ("why_last", "why_recommended")
"""Kinds that ask about something suggested before."""


def recalled(question: Question, answers: Answers) -> Question:
    """Return the question completed by the newest of past `answers` that it can be about.

    Args:
        question: one of a kind of `ASKS_BACK`.
        answers: documents of the ledger with `day`, the newest first.
    """
    user = question.user_ids[0] if question.user_ids else None
    wanted = set(question.item_ids)
    for answer in answers:
        users = answer["question"]["user_ids"]
        listed = [row for row in answer["recommendations"] if row.get("score") is not None]
        if not listed or not users or user not in (None, users[0]):
            continue
        if wanted and not wanted & {row["item_id"] for row in listed}:
            continue
        meant = [row for row in listed if row["item_id"] in wanted] or _at_place(question, listed)
        past = tuple(
            Past(answer["answer_id"], answer["day"], row["item_id"], row["rank"], row["score"])
            for row in meant
        )
        items = question.item_choices or tuple((row["item_id"],) for row in meant)
        return replace(
            question, kind="why_recommended", user_ids=(users[0],), item_choices=items, past=past
        )
    return question


def _at_place(question: Question, listed: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the items at the place the question names, else all of them."""
    place = question.place
    if place is None or place > len(listed):
        return listed
    return [listed[place - 1 if place > 0 else -1]]
