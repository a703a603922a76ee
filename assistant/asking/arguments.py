"""One tool call, and the arguments that the calls of many kinds of question share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from assistant.asking.question import Question


@dataclass(frozen=True)
class Call:
    """One tool call to make."""

    tool: str
    args: dict[str, Any]


def user_of(q: Question) -> dict[str, Any]:
    """Return the argument that names the first user of the question."""
    return {"user_id": q.user_ids[0]}


def list_of(q: Question) -> dict[str, Any]:
    """Return how many items are asked for, and on which conditions."""
    return {"n": q.n, "filters": q.filters.to_json()}


def wanted_of(q: Question) -> dict[str, Any]:
    """Return the arguments of `recommend` that the question states; defaults are left out."""
    wanted = user_of(q) | list_of(q)
    if q.topic is not None:
        wanted["topic"] = q.topic
    if q.offset:
        wanted["offset"] = q.offset
    if q.least_score is not None:
        wanted["least_score"] = q.least_score
    return wanted


def counts_of(q: Question) -> list[Call]:
    """Return the call that tells which condition binds, where there are conditions."""
    if not q.filters:
        return []
    user = {"user_id": q.user_ids[0]} if q.user_ids else {}
    return [Call("filter_counts", user | {"filters": q.filters.to_json()})]
