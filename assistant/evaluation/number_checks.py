"""Every number that an answer names, held against the evidence of the item it is said of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from assistant.evaluation.list_quality import Shelf
from assistant.evaluation.scored import Answer, Rows, Scored
from assistant.evaluation.suite import Expect
from assistant.evaluation.text_numbers import (
    KnownNumbers,
    RawAnswer,
    in_english,
    n_sentences,
    number_claims,
)
from assistant.wording import spoken


def shown_numbers(expect: Expect, answer: Answer, shelf: Shelf, scored: Scored) -> None:
    """Hold every number of the answer against the evidence, each reason against its own item."""
    rows = rows_by_item(answer)
    names = names_in(answer)
    asked_for = [answer["question"], *(call["args"] for call in answer["evidence"])]
    language = _written_in(answer)
    rest = answer["result"]
    verdicts: list[tuple[str, str]] = []
    found = asked = 0
    for picked in answer["recommendations"]:
        reason, item = picked["reason"], str(picked["item_id"])
        rest = rest.replace(reason, " ", 1)
        known = _known([*rows.get(item, []), *asked_for])
        claims = list(number_claims(in_english(reason, language), names))
        verdicts += [(known.verdict(claim), claim.text) for claim in claims]
        for kind in expect.numbers:
            values = _values_of(kind, rows.get(item, []))
            if values:
                wanted = KnownNumbers(by_kind={"wanted": values}, every=set(values))
                asked += 1
                told = any(wanted.verdict(claim) == "supported" for claim in claims)
                found += told or (kind == "percentile" and "highest" in reason)
    if answer["status"] == "answered":  # a question back names examples, not findings
        everything = _known([*answer["evidence"], answer["query"], *asked_for])
        everything.add([shelf.dataset.n_users, shelf.dataset.n_items])
        claims = list(number_claims(in_english(rest, language), names))
        verdicts += [(everything.verdict(one), one.text) for one in claims]
    _count_verdicts("shown", verdicts, scored, must_hold=True)
    if asked:
        scored.metrics["shown.numbers_recall"] = found / asked
        scored.hold("numbers", found == asked, f"{asked - found} of {asked} numbers not named")


def _written_in(answer: Answer) -> str:
    """Return the language of an answer: the question's, but for what is worded in English."""
    in_another = "worded in English" in answer["result"]
    return "en" if in_another else str(answer["question"].get("language", "en"))


def raw_numbers(raw: RawAnswer, rows: Mapping[str, Rows], answer: Answer, scored: Scored) -> None:
    """Measure the numbers of the model's own text, before repair; nothing here fails an answer."""
    names = names_in(answer)
    verdicts = [
        (known.verdict(claim), claim.text)
        for known, reason in _reasons_with_facts(raw, rows, answer)
        for claim in number_claims(reason, names)
    ]
    _count_verdicts("raw", verdicts, scored, must_hold=False)
    n_claims = sum(n_sentences(reason) for _, reason in raw.reasons)
    if n_claims:
        rejected = min(len(answer["rejected_claims"]), n_claims)
        scored.metrics["raw.claims_supported"] = 1 - rejected / n_claims


def _count_verdicts(
    column: str, verdicts: Sequence[tuple[str, str]], scored: Scored, must_hold: bool
) -> None:
    if verdicts:
        good = sum(verdict == "supported" for verdict, _ in verdicts)
        scored.metrics[f"{column}.numbers_precision"] = good / len(verdicts)
    against = [text for verdict, text in verdicts if verdict == "contradicted"]
    scored.fault(f"{column}.number_contradicted", against, must_hold, "numbers against evidence")
    without = [text for verdict, text in verdicts if verdict == "unsupported"]
    scored.fault(f"{column}.number_unsupported", without, must_hold, "numbers without evidence")


def _known(rows: Any) -> KnownNumbers:
    known = KnownNumbers()
    known.add(list(rows))
    return known


def _values_of(kind: str, rows: Rows) -> list[float]:
    """Return the values of one kind of number in an item's rows and its nearest neighbours."""
    have = [*rows, *(one for row in rows for one in row.get("neighbours", []))]
    return [float(row[kind]) for row in have if isinstance(row.get(kind), int | float)]


def _reasons_with_facts(
    raw: RawAnswer, rows: Mapping[str, Rows], answer: Answer
) -> Iterator[tuple[KnownNumbers, str]]:
    """Yield each reason with the numbers that it may name: its item's, or all where it has none."""
    asked_for = [answer["question"], *(call["args"] for call in answer["evidence"])]
    for item, reason in raw.reasons:
        own = answer["evidence"] if item is None else rows.get(item, [])
        yield _known([*own, *asked_for]), reason


def rows_by_item(answer: Answer) -> dict[str, list[Mapping[str, Any]]]:
    """Return the rows of the evidence that are of an item, by its id."""
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for call in answer["evidence"]:
        for row in call["rows"]:
            if "item_id" in row:
                rows.setdefault(str(row["item_id"]), []).append(row)
    return rows


def names_in(answer: Answer) -> list[str]:
    """Return the titles in the evidence, as they are written and as they are said."""
    titles = {
        str(row["title"]) for call in answer["evidence"] for row in call["rows"] if "title" in row
    }
    return [*titles, *map(spoken, titles)]
