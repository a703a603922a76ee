"""The end of the chain: what the model wrote, verified, and the answer as one JSON document."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.checking.facts import facts_of
from assistant.checking.proposals import proposed_reasons
from assistant.checking.verify import Rejected, Verifier
from assistant.draft import Draft
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


def verified(draft: Draft, written: Written, verifier: Verifier, user_id: str | None) -> Reasons:
    """Return every item's reason: the model's sentences that hold, else the computed one."""
    if not written.text or user_id is None:
        return Reasons(draft.reasons)
    proposed = proposed_reasons(written.text)
    if proposed is None:
        why = "it is not the JSON object that was asked for"
        return Reasons(draft.reasons, rejected=[Rejected(written.text[:_SHOWN], why)])
    reasons = dict(draft.reasons)
    rejected: list[Rejected] = []
    by_model = 0
    for row in draft.items:
        claim = proposed.pop(row["item_id"], None)
        if isinstance(claim, str):
            kept, dropped = verifier.verify(claim, facts_of(row, user_id))
            reasons[row["item_id"]] = kept or reasons[row["item_id"]]
            by_model += bool(kept)
            rejected += dropped
        else:
            why = f"it is no reason for {row['item_id']}"
            rejected.append(Rejected("" if claim is None else str(claim), why))
    why = "it speaks of an item that was not picked"
    rejected += [Rejected(f"{key}: {value}", why) for key, value in proposed.items()]
    return Reasons(reasons, by_model, _bounded(rejected))


def _bounded(rejected: Sequence[Rejected]) -> list[Rejected]:
    """Return what is kept of the rejected claims: the first ones, each in part, and a count."""
    kept = [Rejected(claim.text[:_SHOWN], claim.why) for claim in rejected[:_LISTED]]
    if len(rejected) > _LISTED:
        kept.append(Rejected("", f"{len(rejected) - _LISTED:,} more claims did not hold"))
    return kept


def written_by(reasons: Reasons, written: Written, model: str | None) -> str:
    """Return who worded the answer, and why it was code where a model was asked."""
    if written.fault is not None:
        return f"code, because the model did not answer: {written.fault}"
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
