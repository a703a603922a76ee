"""What is said beneath an answer: conditions, shortages, wishes the data cannot meet."""

from __future__ import annotations

from collections.abc import Sequence

from assistant import wording
from assistant.asking.question import DEFAULT_N, MAX_N, Question
from assistant.evidence import Evidence, Row, rows_of
from assistant.lexicon import load_lexicon
from assistant.wording import Voice
from assistant.wording import explain as explain_words
from assistant.wording import lists as list_words

COUNTED = frozenset(
    (
        "recommend",
        "recommend_from_neighbours",
        "recommend_both_ways",
        "again",
        "like_item",
        "also_seen",
        "diverse",
        "from_titles",
        "segment",
        "group",
        "top_rated",
        "most_divided",
        "lowest_rated",
        "most_popular",
        "rising",
        "unwatched",
        "avoid",
        "in_order",
    )
)
"""Kinds that list a number of items that was asked for."""


def of_question(question: Question, voice: Voice) -> list[str]:
    """Return what has to be said of the question itself."""
    notes = [
        explain_words.past(one.answer_id, one.day, one.item_id, one.rank, one.score, voice)
        for one in question.past
    ]
    if question.read_as:
        notes.append(voice.say("read_by_model", question=question.read_as))
    if question.demanded:
        notes.append(voice.say("demanded", what=question.demanded))
    if question.kind == "compound":  # its parts have said the rest
        return notes
    if question.absent:
        names = [voice.say("years") if name == "years" else name for name in question.absent]
        sentence = "absent_wish" if question.kind in COUNTED else "absent"
        notes.append(voice.say(sentence, what=voice.listed(names)))
    if "nothing_disliked" in question.wishes:
        notes.append(voice.say("nothing_disliked"))
    if question.language != voice.language:
        notes.append(voice.say("read_as", language=load_lexicon(question.language).name))
    return notes


def of_claim(question: Question, evidence: Sequence[Evidence], voice: Voice) -> list[str]:
    """Return what is said to a number the asker holds against a computed one."""
    if question.claimed is None:
        return []
    rows = [row for call in evidence for row in call.rows]
    key = next((key for key in ("jaccard", "score") if rows and key in rows[0]), None)
    return [] if key is None else [wording.claim(question.claimed, float(rows[0][key]), voice)]


def of_list(
    question: Question,
    rows: Sequence[Row] | None,
    evidence: Sequence[Evidence],
    voice: Voice,
) -> list[str]:
    """Return what to know of a list: its filters, and why it is shorter than asked."""
    notes = []
    if question.filters:
        notes.append(voice.say("only_with", filters=question.filters.words(voice)))
    if question.least_score is not None:
        notes.append(voice.say("least_score", least=question.least_score))
    if question.n == MAX_N:
        notes.append(voice.say("at_most", n=MAX_N))
    if question.offset and rows:
        notes.append(voice.say("passed_over", n=question.offset))
    if rows is None or question.kind not in COUNTED or len(rows) >= question.n:
        return notes
    if rows or question.kind != "unwatched":
        notes += _shortage(question, len(rows), evidence, voice)
    return notes


def is_narrowed(question: Question) -> bool:
    """Tell whether conditions of the question leave items out."""
    return bool(question.filters or question.topic) or question.least_score is not None


def _shortage(question: Question, n: int, evidence: Sequence[Evidence], voice: Voice) -> list[str]:
    """Return why fewer items are listed than were asked for."""
    narrowed = is_narrowed(question)
    nearest = question.kind == "recommend_from_neighbours"
    # Five are listed where no number was asked for.
    sentence = (
        ("left_none", "left_some") if question.n == DEFAULT_N else ("short_none", "short_some")
    )
    personal = any(call.tool in ("recommend", "varied") for call in evidence)
    if personal and not (n or narrowed or nearest):
        return [voice.say("binding_seen_all")]
    notes = [
        voice.say(
            sentence[bool(n)],
            asked=question.n,
            n=n,
            why=voice.say("why_filters", n=max(n, 1)) if narrowed else "",
            where=voice.say("where_nearest") if nearest else "",
        )
    ]
    rows = rows_of(evidence, "filter_counts")
    conditions = [one.words(voice) for one in question.filters.conditions]
    told = [row | {"condition": words} for row, words in zip(rows, conditions, strict=False)]
    binding = list_words.binding(told, voice)
    return notes if n or not binding else [*notes, binding]
