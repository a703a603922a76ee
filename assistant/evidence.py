"""Evidence: what one tool call computed, with its arguments, in plain JSON types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Evidence:
    """One tool call and its rows. Ids are `E1`, `E2` … in the order of an answer's calls."""

    id: str
    tool: str
    args: Mapping[str, Any]
    rows: Sequence[Row]
    text: str = ""
    """The rows in sentences, for a model to read."""

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "tool": self.tool, "args": dict(self.args), "rows": list(self.rows)}


def rows_of(evidence: Iterable[Evidence], tool: str) -> list[Row]:
    """Return the rows of every call of `tool`, in order."""
    return [row for call in evidence if call.tool == tool for row in call.rows]


def speaks_of_neighbours(call: Evidence) -> bool:
    """Tell whether users who are like somebody stand in the rows of a call."""
    return call.tool == "similar_users" or any("neighbours" in row for row in call.rows)
