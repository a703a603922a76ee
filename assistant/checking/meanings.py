"""The meanings that `lexicon/grammar.toml` names, by name."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from assistant.checking import of_history, of_items, of_pairs, of_people
from assistant.checking.facts import Person
from assistant.checking.grammar import Meaning, Parts
from assistant.checking.said import listed, numbers, relations
from assistant.checking.words import Number

_BOUNDS = ("atleast", "morethan", "atmost", "lessthan")


def bounded(p: Parts) -> Number:
    """Read "at least 8"."""
    said = next((one.symbol for one in p.parts if one.symbol in _BOUNDS), "atleast")
    if p.has("above"):
        said = "morethan"
    return replace(numbers(p)[0], bound=said)


def percent(p: Parts) -> Number:
    """Read "91 percent"."""
    return replace(numbers(p)[0], percent=True)


def sentence(p: Parts) -> tuple[Person, ...]:
    """Return whom the next sentence may call "they": who was named last."""
    named = [fact.people for fact in p.all("P") if fact.people]
    return named[-1] if named else ()


def same(p: Parts) -> Any:
    """Return the value of the first part that has one."""
    return next((one.value for one in p.parts if one.value is not None), None)


MEANINGS: Mapping[str, Meaning] = {
    "bounded": bounded,
    "percent": percent,
    "listed": listed,
    "relations": relations,
    "same": same,
    "sentence": sentence,
} | {
    name: meaning
    for room in (of_people, of_pairs, of_items, of_history)
    for name, meaning in inspect.getmembers(room, inspect.isfunction)
    if meaning.__module__ == room.__name__
}
