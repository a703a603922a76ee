"""Evidence → the answer as code words it: an opening, the items with reasons, closing notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from assistant import wording
from assistant.evidence import Evidence, Row, rows_of
from assistant.plan import Plan, Status
from assistant.question import Question
from assistant.wording import Voice


@dataclass(frozen=True)
class Draft:
    """A complete answer without a model; `reasons` are what a model may put in its own words."""

    status: Status
    opening: str = ""
    items: Sequence[Row] = ()
    """Rows of the items listed, each with a rank."""
    reasons: dict[str, str] = field(default_factory=dict)
    """By item id, for every row of `items`."""
    explainable: bool = False
    """Whether a model may write the reasons: only where the rows hold a score and its support."""
    notes: Sequence[str] = ()

    def text(self, reasons: Mapping[str, str]) -> str:
        """Return the whole answer with these reasons."""
        if self.items and "rank" not in self.items[0]:  # predictions: the opening names the items
            listing = "\n".join(reasons[row["item_id"]] for row in self.items)
        else:
            listing = wording.numbered(self.items, reasons)
        return "\n".join(part for part in (self.opening, listing, *self.notes) if part)


def draft_answer(
    question: Question, plan: Plan, evidence: Sequence[Evidence], voice: Voice
) -> Draft:
    """Return the answer to `question` that the evidence carries."""
    if not plan.calls:
        return Draft(plan.status, opening=plan.message)
    match question.kind:
        case "similar_users":
            return Draft(
                "answered", wording.similar_users(rows_of(evidence, "similar_users"), voice)
            )
        case "user_similarity":
            return Draft(
                "answered", wording.user_similarity(rows_of(evidence, "user_similarity")[0], voice)
            )
        case "predict":
            rows = rows_of(evidence, "deepfm_score")
            opening = "\n".join(wording.prediction(row, voice) for row in rows)
            reasons = {row["item_id"]: wording.support(row, voice) for row in rows}
            return Draft("answered", opening, rows, reasons, explainable=True)
    popular = rows_of(evidence, "popular_items")
    if popular or any(call.tool == "popular_items" for call in evidence):
        reasons = {row["item_id"]: wording.popular_reason(row, voice) for row in popular}
        return Draft(
            "answered", plan.message, popular, reasons, notes=_notes(question, popular, voice)
        )
    if question.kind == "recommend_both_ways":
        return _both_ways(question, evidence, voice)
    rows = rows_of(evidence, "recommend")
    reasons = {row["item_id"]: wording.reason(row, voice) for row in rows}
    opening = _opening(question, rows, rows_of(evidence, "similar_users"), voice)
    return Draft("answered", opening, rows, reasons, True, _notes(question, rows, voice))


def _opening(question: Question, rows: Sequence[Row], near: Sequence[Row], voice: Voice) -> str:
    """Return the line above the list: how many items, and what decided their order."""
    if not rows:
        return ""
    count = wording.counted(len(rows), voice.noun)
    if question.kind == "recommend_from_neighbours":
        named = [f"user {row['user_id']} ({row['jaccard']:.2f})" for row in near[:3]]
        return (
            f"The users most like {voice.subject} are {wording.listed(named)}, by Jaccard "
            "similarity. "
            f"Among what the {len(near)} nearest have seen and {voice.subject} {voice.has} not, "
            f"{'this' if len(rows) == 1 else 'these'} {count} got the most of their votes:"
        )
    about = (
        f" about “{question.topic}” (by the meaning of title and attributes)"
        if question.topic
        else ""
    )
    return (
        f"{count.capitalize()}{about} that {voice.subject} {voice.has} not seen, chosen by DeepFM "
        "and by what similar users have seen:"
    )


def _both_ways(question: Question, evidence: Sequence[Evidence], voice: Voice) -> Draft:
    """Return both lists and where they agree; the items are those of both, in DeepFM's order."""
    by_deepfm, by_neighbours = (call.rows for call in evidence if call.tool == "recommend")
    theirs = {row["item_id"] for row in by_neighbours}
    agreed = [row for row in by_deepfm if row["item_id"] in theirs][: question.n]
    agreed = [row | {"rank": rank} for rank, row in enumerate(agreed, start=1)]
    lists = [
        f"By {name} alone: {_titles(rows[: question.n])}."
        for name, rows in (("DeepFM", by_deepfm), ("the neighbours' votes", by_neighbours))
    ]
    verdict = (
        f"They agree on {wording.counted(len(agreed), voice.noun)} among the first "
        f"{len(by_deepfm)} of each, here in DeepFM's order:"
        if agreed
        else f"No {voice.noun.one} stands among the first {len(by_deepfm)} of both."
    )
    reasons = {row["item_id"]: wording.reason(row, voice) for row in agreed}
    notes = _notes(question, agreed, voice) if question.filters else ()
    return Draft("answered", "\n".join([*lists, verdict]), agreed, reasons, True, notes)


def _titles(rows: Sequence[Row]) -> str:
    return wording.listed([wording.named(row) for row in rows]) if rows else "nothing"


def _notes(question: Question, rows: Sequence[Row], voice: Voice) -> list[str]:
    """Return what to know of the list: its filters, and why it is shorter than asked."""
    notes = []
    if question.filters:
        notes.append(f"Only {voice.noun.many} with: {question.filters.words()}.")
    if len(rows) < question.n:
        left = f"only {wording.counted(len(rows), voice.noun)}" if rows else f"no {voice.noun.one}"
        source = {
            "recommend_from_neighbours": " among what the nearest users have seen",
        }.get(question.kind, "")
        why = " that meets these conditions" if question.filters or question.topic else ""
        verb = "is" if len(rows) == 1 or not rows else "are"
        notes.append(f"{question.n:,} were asked for; {left}{why} {verb} left{source}.")
    return notes
