"""What may be said of one item to one user: a row of the tools, as facts to hold claims against."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from assistant.checking.text import fold, shown
from assistant.evidence import Row
from assistant.wording import spoken


@dataclass(frozen=True)
class Person:
    """A near user who has the item, or a liked item: how much it shares, and its place."""

    name: str
    jaccard: float
    common: int
    either: int
    place: int | None = None
    """1 for the nearest of all; None where no row says so."""
    label: float | None = None
    """What the asked user gave, for a liked item."""


@dataclass(frozen=True)
class Facts:
    """Everything that one row carries."""

    user_id: str
    item_id: str
    titles: frozenset[str]
    """The item's title in every spelling that may be used."""
    score: float
    percentile: float
    n_unseen: int
    n_allowed: int | None
    n_users: int
    n_neighbours: int
    people: tuple[Person, ...]
    """Of the nearest users, those who have the item, the nearest first."""
    liked: dict[str, Person]
    """What the user liked and shares an audience with the item, by every spelling of its title."""
    taste: dict[str, tuple[int, int]]
    """Folded attribute value of the item → how many of how many liked items have it."""
    values: frozenset[str]
    """Folded attribute values of the item."""
    counts: dict[str, int] = field(default_factory=dict)
    """How many values the item has of an attribute, by folded name: 3 genres."""
    measures: dict[str, float] = field(default_factory=dict)
    """Attributes of the item that are numbers, by folded name: its year, its price."""
    rank: int | None = None
    place: int | None = None
    mean_score: float | None = None
    seen: bool = False
    label: float | None = None

    @property
    def highest(self) -> bool:
        """Whether no unseen item has a higher score."""
        top = 100.0 * (self.n_unseen - 1) / max(self.n_unseen, 1)
        return not self.seen and self.percentile >= top - 1e-3

    @property
    def names(self) -> list[str]:
        """Every title that a sentence may name."""
        return [*self.titles, *self.liked]


def facts_of(row: Row, user_id: str) -> Facts:
    """Return the facts in one row of the tools `recommend` or `deepfm_score`."""
    attributes: dict[str, Any] = row["attributes"]
    numbers = {
        fold(name): float(value)
        for name, value in attributes.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    texts = [
        str(one)
        for value in attributes.values()
        if not isinstance(value, int | float)
        for one in (value if isinstance(value, list) else [value])
    ]
    liked = [
        (title, _person(one, shown(one["title"])))
        for one in row.get("liked", ())
        for title in spellings(one["title"])
    ]
    titles = frozenset(spellings(row["title"]))
    return Facts(
        user_id=user_id,
        item_id=row["item_id"],
        titles=titles,
        score=row["score"],
        percentile=row["percentile"],
        n_unseen=row["n_unseen"],
        n_allowed=row.get("n_allowed"),
        n_users=row["n_users"],
        n_neighbours=row["n_neighbours"],
        people=tuple(_person(one, one["user_id"]) for one in row["neighbours"]),
        liked={title: one for title, one in liked if title not in titles},
        taste={fold(one["value"]): (one["count"], one["of"]) for one in row["taste"]},
        values=frozenset(fold(text) for text in texts),
        counts={fold(name): len(one) for name, one in attributes.items() if isinstance(one, list)},
        measures=numbers,
        rank=row.get("rank"),
        place=row.get("place"),
        mean_score=row.get("mean_score"),
        seen=bool(row.get("seen")),
        label=row.get("label"),
    )


def _person(row: Row, name: str) -> Person:
    return Person(
        name, row["jaccard"], row["intersection"], row["union"], row.get("place"), row.get("label")
    )


@lru_cache(maxsize=8192)
def spellings(title: str) -> Sequence[str]:
    """Return the ways to write a title: as it stands, as it is said, less what is in brackets."""
    bare = re.sub(r"\s*\([^()]*\)", "", title).strip()
    found = {shown(one) for form in (title, bare) for one in (form, spoken(form))}
    without_article = re.sub(r", (The|A|An)$", "", bare)
    found |= {shown(without_article)}
    return sorted({form for one in found if one for form in (one, one[0].upper() + one[1:])})
