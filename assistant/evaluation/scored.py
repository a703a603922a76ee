"""What the checks say of one answer: its metrics, and the checks that did not hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Answer = Mapping[str, Any]
"""The document that `RecommendationQA.invoke` returns."""
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Failed:
    """A check that did not hold, and why, in one sentence."""

    check: str
    why: str

    def to_json(self) -> dict[str, str]:
        return {"check": self.check, "why": self.why}


@dataclass
class Scored:
    """All that the checks say of one answer."""

    metrics: dict[str, float] = field(default_factory=dict)
    failed: list[Failed] = field(default_factory=list)

    def hold(self, check: str, holds: bool, why: str) -> None:
        """Note a check that must hold."""
        if not holds:
            self.failed.append(Failed(check, why))

    def fault(self, name: str, places: Sequence[object], must_not: bool, why: str) -> None:
        """Note a fault and, where it `must_not` be, a failed check."""
        self.metrics[name] = float(bool(places))
        if must_not:
            self.hold(name.partition(".")[2], not places, f"{why}: {some(places)}")


def some(things: Sequence[object], most: int = 5) -> str:
    """List things in a sentence, the first few by name."""
    listed = ", ".join(str(thing) for thing in things[:most])
    return f"{listed} and {len(things) - most} more" if len(things) > most else listed or "nothing"
