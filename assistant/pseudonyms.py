"""Names in place of other users' ids: "neighbour A" in the evidence, the prompt and every answer.

A name is a user's place among those nearest to the asked user, so the same question about the same
data gives the same names; what one asker's A is, another's is not. Ids that the asker has named
himself stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from assistant.evidence import Evidence, Row
from assistant.tools import TOOLS
from assistant.wording import PSEUDONYM, voice_over
from ingest.dataset.schema import Dataset

_ID_KEYS = frozenset({"user_id", "other_id", "user_ids", "other_ids"})


class Pseudonyms:
    """The names of one answer; a user met for the first time gets the next one."""

    def __init__(self, named: Iterable[str], nearest: Iterable[str] = ()) -> None:
        """Start with the ids that the asker `named`, and the `nearest` users in their order."""
        self._named = frozenset(named)
        self._names: dict[str, str] = {}
        for user_id in nearest:
            self.name(user_id)

    def name(self, user_id: str) -> str:
        """Return what a user is called."""
        if user_id in self._named:
            return user_id
        return self._names.setdefault(user_id, f"{PSEUDONYM}{_letters(len(self._names))}")

    def rows(self, rows: Sequence[Row]) -> list[Row]:
        """Return rows with every user id replaced, however deep it stands."""
        return [self._in(row) for row in rows]

    def _in(self, value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: self._in(one, name) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [self._in(one, key) for one in value]
        return self.name(value) if key in _ID_KEYS and isinstance(value, str) else value


def pseudonymous(
    evidence: Sequence[Evidence],
    named: Iterable[str],
    nearest: Iterable[str],
    dataset: Dataset,
    rating: bool,
) -> list[Evidence]:
    """Return the evidence of one answer with pseudonyms in its rows and in its text."""
    names = Pseudonyms(named, nearest)
    hidden = []
    for call in evidence:
        rows = names.rows(call.rows)
        voice = voice_over(dataset, call.args.get("user_id"), rating=rating)
        text = TOOLS[call.tool].text(rows, voice, call.args)
        hidden.append(replace(call, rows=rows, text=text))
    return hidden


def are_used(rows: Sequence[Row]) -> bool:
    """Tell whether these rows hold pseudonyms."""
    return any(
        str(one.get("user_id", "")).startswith(PSEUDONYM)
        for row in rows
        for one in (row, *row.get("neighbours", ()))
    )


def _letters(place: int) -> str:
    """Return A, B … Z, AA, AB … for 0, 1, 2 and so on."""
    letters = ""
    place += 1
    while place:
        place, letter = divmod(place - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters
