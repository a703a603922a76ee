"""What was found in a question so far: names, marked in its text; conditions, taken out of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from assistant.asking.catalogue import Found
from assistant.asking.filters import All, Condition
from assistant.lexicon.phrases import ITEMS, USERS
from ingest.dataset.ids import IdMap


@dataclass
class Mentions:
    """What was found so far, and the text that is left, with markers."""

    text: str
    users: list[str] = field(default_factory=list)
    items: list[Found] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    """Names that stand where an item's should, and are none."""

    def user_mark(self, user_id: str) -> str:
        if user_id not in self.users:
            self.users.append(user_id)
        return chr(min(USERS[0] + self.users.index(user_id), USERS[1]))

    def item_mark(self, found: Found) -> str:
        if found not in self.items:
            self.items.append(found)
        return chr(min(ITEMS[0] + self.items.index(found), ITEMS[1]))

    def in_order(self, low: int) -> list[int]:
        """Return the numbers of the markers from `low` on as they stand in the text, once each."""
        high = USERS[1] if low == USERS[0] else ITEMS[1]
        return list(dict.fromkeys(ord(c) - low for c in self.text if low <= ord(c) <= high))


@dataclass(frozen=True)
class Order:
    """By which number of the items they are asked for: "the oldest", "cheapest first"."""

    concept: str
    field: str | None
    """None where the data have no such number."""
    highest: bool


@dataclass
class Conditions:
    """What was understood of the items' wished attributes, and what was not."""

    conditions: list[Condition] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    """Attributes that were asked for and the data do not have."""
    rest: str = ""
    """The text without the years and numbers that were used."""
    order: Order | None = None

    @property
    def filters(self) -> All:
        return All(tuple(dict.fromkeys(self.conditions)))

    def take(self, match: re.Match[str]) -> None:
        """Take a match out of the text."""
        self.rest = f"{self.rest[: match.start()]} , {self.rest[match.end() :]}"


def as_written(token: str, ids: IdMap, lowered: dict[str, str]) -> str | None:
    """Return the id as the data write it, or None: questions are read in lower case."""
    if token in ids:
        return token
    for spelling in (token, token.removesuffix("'s"), token.rstrip(".")):
        if spelling in ids:
            return spelling
        if spelling in lowered:
            return lowered[spelling]
    return None
