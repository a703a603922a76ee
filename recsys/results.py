"""What a model answers: scores of pairs and lists, with external ids and how they came about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from recsys.lists.ranking import By

Unknown = Literal["refuse", "average", "popular"]
"""What becomes of ids the data do not have. refuse: an error that names them; average: they score
as the average of those the model knows; popular: by how many users have an item (its mean rating
in the rating task)."""


@dataclass(frozen=True)
class Predicted:
    """The score of one pair."""

    user_id: str
    item_id: str
    score: float
    by: Literal["deepfm", "average", "popular"]
    """deepfm where both ids are known, else what was asked for."""


@dataclass(frozen=True)
class Suggested:
    """One place of a list."""

    item_id: str
    title: str
    rank: int
    score: float
    percentile: float
    """Percent of the unseen items that score lower."""


@dataclass(frozen=True)
class Suggestions:
    """One user's list, best first, no item twice, none the user has."""

    user_id: str | None
    """None for someone the data do not have."""
    items: tuple[Suggested, ...]
    by: By | Literal["average", "popular"]
    """What decided the order and, for an unknown user, the scores."""
    short: str = ""
    """Why there are fewer than were asked for."""
