"""Which kind of question it is: the rules of lexicon/kinds.toml, held against what was read."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from assistant.lexicon import Lexicon

ANY = (0, 99)
_KEYS = {"name", "says", "any", "unless", "users", "items", "noun", "person", "filters",
         "ordered"}  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """What of a question decides its kind."""

    text: str
    """Plain, with markers for users and items."""
    n_users: int
    n_items: int
    noun: bool
    """Items are spoken of: "films"."""
    person: bool
    """Someone is described by attributes."""
    filters: bool
    """Conditions on items stand in it."""
    ordered: bool = False
    """An order of items is asked for."""


@dataclass(frozen=True)
class Rule:
    """The conditions of one kind; all must hold."""

    name: str
    says: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    users: tuple[int, int] = ANY
    items: tuple[int, int] = ANY
    flags: Mapping[str, bool] | None = None

    def holds(self, seen: Seen, says: Callable[[str], bool]) -> bool:
        """Tell whether the question is of this kind; `says` looks for a concept in its text."""
        return (
            self.users[0] <= seen.n_users <= self.users[1]
            and self.items[0] <= seen.n_items <= self.items[1]
            and all(getattr(seen, name) == wanted for name, wanted in (self.flags or {}).items())
            and all(map(says, self.says))
            and (not self.any or any(map(says, self.any)))
            and not any(map(says, self.unless))
        )


@lru_cache
def rules() -> tuple[Rule, ...]:
    """Return the rules in the order they are tried."""
    return tuple(map(_rule, _tables()["kind"]))


@lru_cache
def traits(name: str) -> tuple[str, ...]:
    """Return the kinds that have a trait, or the wishes that shape any answer."""
    return tuple(_tables()["traits"][name])


@lru_cache
def _tables() -> dict[str, Any]:
    text = files("assistant.lexicon").joinpath("kinds.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def kind_of(seen: Seen, lexicon: Lexicon) -> str:
    """Return the name of the first kind whose conditions hold, else "unclear"."""

    @cache
    def says(concept: str) -> bool:
        if concept in ("noun", "filters"):
            return bool(getattr(seen, concept))
        return lexicon.asks_for(concept, seen.text)

    return next((rule.name for rule in rules() if rule.holds(seen, says)), "unclear")


def _rule(entry: Mapping[str, object]) -> Rule:
    unknown = set(entry) - _KEYS
    if unknown:
        raise ValueError(f"kinds.toml: {entry.get('name')} has unknown keys {sorted(unknown)}")

    def concepts(key: str) -> tuple[str, ...]:
        value = entry.get(key, ())
        return tuple(value) if isinstance(value, list) else ()

    def bounds(key: str) -> tuple[int, int]:
        value = entry.get(key)
        return (int(value[0]), int(value[1])) if isinstance(value, list) else ANY

    return Rule(
        name=str(entry["name"]),
        says=concepts("says"),
        any=concepts("any"),
        unless=concepts("unless"),
        users=bounds("users"),
        items=bounds("items"),
        flags={
            key: bool(entry[key])
            for key in ("noun", "person", "filters", "ordered")
            if key in entry
        },
    )
