"""A question's text with markers in place of the users and items it names."""

from __future__ import annotations

from dataclasses import dataclass, field

from assistant.asking.catalogue import Found
from assistant.lexicon.phrases import ITEMS, USERS


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
