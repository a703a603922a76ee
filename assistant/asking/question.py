"""One typed Question: what was asked, by external ids."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from assistant.asking.amounts import DEFAULT_N, MAX_N
from assistant.asking.filters import All
from assistant.asking.marked import Order

__all__ = ["DEFAULT_N", "MAX_N", "Past", "Question"]


@dataclass(frozen=True)
class Past:
    """A suggestion that the ledger remembers."""

    answer_id: str
    day: str
    item_id: str
    rank: int
    score: float


@dataclass(frozen=True)
class Question:
    """What was asked. Ids are external; `item_choices` has the possible items of each name."""

    text: str
    kind: str
    user_ids: tuple[str, ...] = ()
    item_choices: tuple[tuple[str, ...], ...] = ()
    n: int = DEFAULT_N
    filters: All = field(default_factory=All)
    addressed_as_user: bool = False
    """The asker is the user ("I'm user 78"): the answer says "you"."""
    unknown_names: tuple[str, ...] = ()
    """Words that stand where an item's name should, and are none."""
    topic: str | None = None
    """What the items are to be about, where the question says so in free words."""
    offset: int = 0
    """How many places of the list are passed over."""
    least_score: float | None = None
    claimed: float | None = None
    """A number the asker holds against a computed one."""
    attributes: dict[str, Any] = field(default_factory=dict)
    """What is said of a person the data do not have, or would be otherwise: field to value."""
    negated: tuple[tuple[str, ...], ...] = ()
    """Items named with "not": disliked, or not to have been seen."""
    absent: tuple[str, ...] = ()
    """Attributes wished for that the data do not have."""
    label: float | None = None
    """The user's own label that the items are to have: "gave 5 stars"."""
    by: str = "both"
    wishes: tuple[str, ...] = ()
    """Concepts of the lexicon that stand in the text and shape the answer."""
    language: str = "en"
    demanded: str = ""
    """What the asker wants said about others, whatever is computed."""
    order: Order | None = None
    """By which number of the items they are listed: "the oldest", "cheapest first"."""
    place: int | None = None
    """The place of a list that is asked about: "why the second?" is 2, the last one is −1."""
    past: tuple[Past, ...] = ()
    """When what is asked about was suggested, as the ledger has it."""
    read_as: str = ""
    """How the model read the question, where code could not."""
    parts: tuple[Question, ...] = ()
    """The questions of a compound question, in order."""

    @property
    def item_ids(self) -> tuple[str, ...]:
        """The items that are named without doubt."""
        return tuple(choices[0] for choices in self.item_choices if len(choices) == 1)

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "user_ids": list(self.user_ids),
            "item_ids": list(self.item_ids),
            "n": self.n,
            "filters": self.filters.to_json(),
            "unknown_names": list(self.unknown_names),
            "topic": self.topic,
            "offset": self.offset,
            "least_score": self.least_score,
            "claimed": self.claimed,
            "attributes": dict(self.attributes),
            "not_item_ids": [choices[0] for choices in self.negated],
            "absent": list(self.absent),
            "order": None
            if self.order is None
            else {"field": self.order.field, "highest": self.order.highest},
            "language": self.language,
            "read_as": self.read_as,
            "parts": [part.to_json() for part in self.parts],
        }
