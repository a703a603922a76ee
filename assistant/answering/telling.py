"""The end of the chain: what the model wrote, verified, and the answer as one JSON document."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.answering.draft import Draft
from assistant.checking.facts import facts_of
from assistant.checking.proposals import ReasonReader
from assistant.checking.verify import Rejected, Verifier
from assistant.evidence import Evidence, rows_of

_SHOWN = 500
"""Characters of a rejected text that are kept."""
_LISTED = 100
"""Rejected claims that are listed."""


@dataclass(frozen=True)
class Written:
    """What the model wrote, or why it wrote nothing."""

    text: str = ""
    fault: str | None = None


@dataclass(frozen=True)
class Reasons:
    """A reason for every listed item, and what was not shown."""

    by_item: Mapping[str, str]
    by_model: int = 0
    """How many of them are the model's words."""
    rejected: Sequence[Rejected] = ()


class Telling:
    """An answer while a model words it: each reason is verified once it is written to its end.

    What `lines` has given is never taken back, and all of it together is the text of the answer,
    whether the model's words came at once or in pieces.
    """

    def __init__(self, draft: Draft, verifier: Verifier, user_id: str | None) -> None:
        self._draft = draft
        self._verifier = verifier
        self._user_id = user_id
        self._rows = {row["item_id"]: row for row in draft.items}
        self._parts = draft.parts()
        self._told = 0
        self._reader = ReasonReader()
        self._words: list[str] = []
        self._decided: dict[str, str] = {}
        self._by_model = 0
        self._rejected: dict[str, list[Rejected]] = {}
        self._strange: list[Rejected] = []

    @property
    def heard(self) -> str:
        """All that the model wrote so far."""
        return "".join(self._words)

    def hear(self, words: str) -> None:
        """Take what the model wrote next."""
        self._words.append(words)
        self._take(self._reader.feed(words))

    def lines(self) -> Iterator[str]:
        """Yield the lines of the answer that are certain by now and were not yielded before."""
        while self._told < len(self._parts):
            line, item = self._parts[self._told]
            if item is not None and item not in self._decided:
                return
            self._told += 1
            end = "\n" if self._told < len(self._parts) else ""
            yield line + ("" if item is None else self._decided[item]) + end

    def end(self) -> Reasons:
        """Return every item's reason, the computed one where no sentence of the model's held."""
        self._take(self._reader.end())
        rejected = [one for item in self._rows for one in self._of_item(item)]
        if not self._reader.opened:
            why = "it is not the JSON object that was asked for"
            heard = self.heard[:_SHOWN] if self._user_id is not None else ""
            rejected = [Rejected(heard, why)] if heard else []
        self._decided = {
            item: self._decided.get(item, reason) for item, reason in self._draft.reasons.items()
        }
        return Reasons(self._decided, self._by_model, _bounded([*rejected, *self._strange]))

    def _of_item(self, item: str) -> list[Rejected]:
        return self._rejected.get(item, [Rejected("", f"it is no reason for {item}")])

    def _take(self, pairs: Iterable[tuple[str, Any]]) -> None:
        for item, claim in pairs if self._user_id is not None else ():
            if item not in self._rows or item in self._decided:
                second = item in self._rows
                why = (
                    "it is a second reason"
                    if second
                    else "it speaks of an item that was not picked"
                )
                self._strange.append(Rejected(f"{item}: {claim}", why))
                continue
            kept = ""
            if isinstance(claim, str):
                facts = facts_of(self._rows[item], self._user_id or "")
                kept, self._rejected[item] = self._verifier.verify(claim, facts)
            else:
                self._rejected[item] = [Rejected(str(claim), f"it is no reason for {item}")]
            self._decided[item] = kept or self._draft.reasons[item]
            self._by_model += bool(kept)


def _bounded(rejected: Sequence[Rejected]) -> list[Rejected]:
    """Return what is kept of the rejected claims: the first ones, each in part, and a count."""
    kept = [Rejected(claim.text[:_SHOWN], claim.why) for claim in rejected[:_LISTED]]
    if len(rejected) > _LISTED:
        kept.append(Rejected("", f"{len(rejected) - _LISTED:,} more claims did not hold"))
    return kept


def written_by(reasons: Reasons, written: Written, model: str | None) -> str:
    """Return who worded the answer, and why it was code where a model was asked."""
    if written.fault is not None and not reasons.by_model:
        return f"code, because the model did not answer: {written.fault}"
    if written.fault is not None:
        part = f"{model} ({reasons.by_model} of {len(reasons.by_item)} reasons)"
        return f"{part} and code, because the model broke off: {written.fault}"
    if not written.text or model is None:
        return "code"
    if not reasons.by_model:
        return f"code, because nothing that {model} wrote held"
    if reasons.by_model == len(reasons.by_item):
        return model
    return f"{model} ({reasons.by_model} of {len(reasons.by_item)} reasons) and code"


def details(
    draft: Draft, reasons: Reasons, evidence: Sequence[Evidence], clock: Mapping[str, float]
) -> dict[str, Any]:
    """Return the part of the answer's document that follows its text."""
    return {
        "answer_id": uuid.uuid4().hex[:12],
        "status": draft.status,
        "recommendations": [_recommendation(row, reasons.by_item) for row in draft.items],
        "lists": [
            {
                "user_id": one.user_id,
                "recommendations": [_recommendation(row, one.reasons) for row in one.items],
            }
            for one in draft.lists
        ],
        "similar_users": [_neighbour(row) for row in rows_of(evidence, "similar_users")],
        "evidence": [call.to_json() for call in evidence],
        "rejected_claims": [claim.to_json() for claim in reasons.rejected],
        "seconds": _seconds(clock),
    }


def _recommendation(row: Mapping[str, Any], reasons: Mapping[str, str]) -> dict[str, Any]:
    return {
        "item_id": row["item_id"],
        "title": row["title"],
        "rank": row.get("rank", 1),
        "score": row.get("score"),
        "percentile": row.get("percentile"),
        "neighbours": [
            {key: one[key] for key in ("user_id", "jaccard", "intersection", "union")}
            for one in row.get("neighbours", [])
        ],
        "reason": reasons[row["item_id"]],
    }


def _neighbour(row: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("user_id", "jaccard", "intersection", "union", "shared_items")
    return {key: row[key] for key in keys}


def _seconds(clock: Mapping[str, float]) -> dict[str, float]:
    """Return how long each step took; `clock` holds when each of them ended."""
    times = [clock[name] for name in ("started", "read", "gathered", "written")]
    now = time.perf_counter()
    spans = [after - before for before, after in zip(times, [*times[1:], now], strict=True)]
    names = ("question", "tools", "writing", "checking")
    seconds = {name: round(span, 6) for name, span in zip(names, spans, strict=True)}
    return seconds | {"total": round(now - times[0], 6)}
