"""The checks: one answer, and what was expected of it → metrics, and the sentences that failed.

A metric is a number for one case; its mean over cases is what a report shows. Names that begin
with `raw.` are of the model's own text before any repair, `shown.` of the answer after it. Faults
are 1 where an answer has the fault, else 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assistant.evaluation.generate_cases import ReadyCase
from assistant.evaluation.list_quality import Shelf, list_metrics, spread_metrics
from assistant.evaluation.suite import Expect
from assistant.evaluation.text_numbers import (
    KnownNumbers,
    RawAnswer,
    n_sentences,
    number_claims,
    read_raw,
)
from assistant.wording import spoken

Answer = Mapping[str, Any]
Rows = Sequence[Mapping[str, Any]]

_LISTS = ("recommend", "recommend_many")


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
            self.hold(name.partition(".")[2], not places, f"{why}: {_some(places)}")


def score_answer(case: ReadyCase, answer: Answer, raw_text: str | None, shelf: Shelf) -> Scored:
    """Check one answer.

    Args:
        case: the question, what is expected, and the held-out truth.
        answer: the document that `RecommendationQA.invoke` returns.
        raw_text: what the model wrote, or None where none was asked.
        shelf: the data the question is about.
    """
    scored = Scored()
    shown = [str(row["item_id"]) for row in answer["recommendations"]]
    tool_items = _tool_items(answer)
    _validity(case.expect, answer, scored)
    _shown_items(case, answer, shown, tool_items, shelf, scored)
    _shown_numbers(case.expect, answer, shelf, scored)
    _tools(case.expect, answer, scored)
    _text(case.expect, answer, scored)
    scored.metrics |= list_metrics("shown", shown, case.truth, _own_list(answer))
    scored.metrics |= spread_metrics(shown, shelf)
    if raw_text is not None:
        _raw(case, answer, raw_text, shown, tool_items, shelf, scored)
    scored.metrics["pass"] = float(not scored.failed)
    return scored


def _validity(expect: Expect, answer: Answer, scored: Scored) -> None:
    status, kind = answer["status"], answer["question"]["kind"]
    if expect.status is not None:
        scored.metrics["status_right"] = float(status == expect.status)
        scored.hold("status", status == expect.status, f"{status}, not {expect.status}")
    if expect.kind is not None:
        kinds = [expect.kind] if isinstance(expect.kind, str) else expect.kind
        scored.metrics["kind_right"] = float(kind in kinds)
        scored.hold("kind", kind in kinds, f"read as {kind}, not {' or '.join(kinds)}")
    scored.hold("result", bool(answer["result"].strip()), "the answer is empty")


def _shown_items(
    case: ReadyCase,
    answer: Answer,
    shown: Sequence[str],
    tool_items: frozenset[str],
    shelf: Shelf,
    scored: Scored,
) -> None:
    expect = case.expect
    _item_faults("shown", case, answer, shown, tool_items, shelf, scored, must_not=True)
    if expect.count is not None:
        right = len(shown) == expect.count
        scored.metrics["shown.wrong_count"] = float(not right)
        scored.hold("count", right, f"{len(shown)} items, not {expect.count}")
    if expect.items is not None:
        scored.hold("items", list(shown) == expect.items, f"{_some(shown)}, not {expect.items}")
    missing = [item for item in expect.items_include if item not in shown]
    scored.hold("items_include", not missing, f"not shown: {_some(missing)}")
    there = [item for item in expect.items_exclude if item in shown]
    scored.hold("items_exclude", not there, f"shown: {_some(there)}")
    if expect.every or expect.none or expect.years:
        against = [item for item in shown if _violates(item, expect, shelf)]
        scored.fault("shown.filter_violated", against, True, "items against the filter")


def _item_faults(
    column: str,
    case: ReadyCase,
    answer: Answer,
    items: Sequence[str],
    tool_items: frozenset[str],
    shelf: Shelf,
    scored: Scored,
    must_not: bool,
) -> None:
    """Check items by id: in the shelf, unseen, once each, and out of the tools."""
    known = shelf.dataset.item_ids
    outside = [item for item in items if item not in known]
    scored.fault(f"{column}.outside_catalogue", outside, must_not, "no such items")
    double = [item for at, item in enumerate(items) if item in items[:at]]
    scored.fault(f"{column}.duplicate", double, must_not, "items named twice")
    strange = [item for item in items if item not in tool_items]
    scored.fault(f"{column}.not_from_tools", strange, must_not, "items no tool returned")
    users = answer["question"].get("user_ids", [])
    if answer["question"]["kind"].startswith("recommend") and len(users) == 1:
        have = shelf.seen_by(users[0])
        again = [item for item in items if item in have]
        must_not = must_not and not case.expect.seen
        scored.fault(f"{column}.seen", again, must_not, f"items that user {users[0]} has seen")


def _violates(item: str, expect: Expect, shelf: Shelf) -> bool:
    for name, values in expect.every.items():
        if not shelf.values(item, name) & set(values):
            return True
    for name, values in expect.none.items():
        if shelf.values(item, name) & set(values):
            return True
    if expect.years is None:
        return False
    years = [int(year) for year in shelf.values(item, "year") if year.isdigit()]
    first, last = expect.years.first, expect.years.last
    return not years or not (
        (first is None or years[0] >= first) and (last is None or years[0] <= last)
    )


# ---- numbers


def _shown_numbers(expect: Expect, answer: Answer, shelf: Shelf, scored: Scored) -> None:
    """Hold every number of the answer against the evidence, each reason against its own item."""
    rows = _rows_by_item(answer)
    names = _names(answer)
    asked_for = [answer["question"], *(call["args"] for call in answer["evidence"])]
    rest = answer["result"]
    verdicts: list[tuple[str, str]] = []
    found = asked = 0
    for picked in answer["recommendations"]:
        reason, item = picked["reason"], str(picked["item_id"])
        rest = rest.replace(reason, " ", 1)
        known = _known([*rows.get(item, []), *asked_for])
        claims = list(number_claims(reason, names))
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
        verdicts += [(everything.verdict(one), one.text) for one in number_claims(rest, names)]
    _count_verdicts("shown", verdicts, scored, must_hold=True)
    if asked:
        scored.metrics["shown.numbers_recall"] = found / asked
        scored.hold("numbers", found == asked, f"{asked - found} of {asked} numbers not named")


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


# ---- tools and text


def _tools(expect: Expect, answer: Answer, scored: Scored) -> None:
    """Check that the tools expected were called, in order, with these arguments."""
    called = [(call["tool"], call["args"]) for call in answer["evidence"]]
    scored.metrics["tool_calls"] = float(len(called))
    if expect.tools is None:
        return
    at = 0
    missing = None
    for wanted in expect.tools:
        while at < len(called) and not (
            called[at][0] == wanted.tool
            and all(called[at][1].get(key) == value for key, value in wanted.args.items())
        ):
            at += 1
        if at == len(called):
            missing = wanted
            break
        at += 1
    scored.metrics["tools_right"] = float(missing is None)
    names = [name for name, _ in called]
    why = "" if missing is None else f"{missing.tool} {missing.args or ''} not in {_some(names)}"
    scored.hold("tools", missing is None, why)


def _text(expect: Expect, answer: Answer, scored: Scored) -> None:
    text = answer["result"]
    scored.metrics["shown.characters"] = float(len(text))
    scored.metrics["shown.words"] = float(len(text.split()))
    lacking = [part for part in expect.text_has if part.casefold() not in text.casefold()]
    scored.hold("text_has", not lacking, f"not in the answer: {_some(lacking)}")
    there = [part for part in expect.text_lacks if part.casefold() in text.casefold()]
    scored.hold("text_lacks", not there, f"in the answer: {_some(there)}")
    most = expect.max_characters
    scored.hold("max_characters", most is None or len(text) <= most, f"{len(text)} characters")


def _own_list(answer: Answer) -> list[str]:
    """Return the recommender's own list, as the tools returned it."""
    rows = (r for call in answer["evidence"] if call["tool"] in _LISTS for r in call["rows"])
    return list(dict.fromkeys(str(row["item_id"]) for row in rows if "item_id" in row))


# ---- the model's own text, before repair


def _raw(
    case: ReadyCase,
    answer: Answer,
    text: str,
    shown: Sequence[str],
    tool_items: frozenset[str],
    shelf: Shelf,
    scored: Scored,
) -> None:
    rows = _rows_by_item(answer)
    raw = read_raw(
        text, {spoken(str(r[0]["title"])): i for i, r in rows.items() if "title" in r[0]}
    )
    scored.metrics["raw.parses"] = float(raw.parses)
    scored.metrics["raw.characters"] = float(len(text))
    scored.metrics["raw.wrong_count"] = float(len(set(raw.item_ids)) != len(shown))
    _item_faults("raw", case, answer, raw.item_ids, tool_items, shelf, scored, must_not=False)
    scored.metrics["raw.not_picked"] = float(bool(set(raw.item_ids) - set(shown)))
    names = _names(answer)
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
    scored.metrics |= list_metrics("raw", raw.item_ids, case.truth, _own_list(answer))


def _reasons_with_facts(
    raw: RawAnswer, rows: Mapping[str, Rows], answer: Answer
) -> Iterator[tuple[KnownNumbers, str]]:
    """Yield each reason with the numbers that it may name: its item's, or all where it has none."""
    asked_for = [answer["question"], *(call["args"] for call in answer["evidence"])]
    for item, reason in raw.reasons:
        own = answer["evidence"] if item is None else rows.get(item, [])
        yield _known([*own, *asked_for]), reason


def rejected_kinds(answer: Answer) -> dict[str, int]:
    """Count the rejected claims by kind: their reason, without what is quoted in it."""
    kinds: dict[str, int] = {}
    for claim in answer["rejected_claims"]:
        kind = str(
            claim.get("kind") or re.sub(r"'[^']*'|\"[^\"]*\"|“[^”]*”|\d[\d.,%]*", "…", claim["why"])
        )
        kinds[kind] = kinds.get(kind, 0) + 1
    return dict(sorted(kinds.items()))


# ---- the evidence


def _rows_by_item(answer: Answer) -> dict[str, list[Mapping[str, Any]]]:
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for call in answer["evidence"]:
        for row in call["rows"]:
            if "item_id" in row:
                rows.setdefault(str(row["item_id"]), []).append(row)
    return rows


def _tool_items(answer: Answer) -> frozenset[str]:
    return frozenset(_rows_by_item(answer))


def _names(answer: Answer) -> list[str]:
    """Return the titles in the evidence, as they are written and as they are said."""
    titles = {
        str(row["title"]) for call in answer["evidence"] for row in call["rows"] if "title" in row
    }
    return [*titles, *map(spoken, titles)]


def _some(things: Sequence[object], most: int = 5) -> str:
    listed = ", ".join(str(thing) for thing in things[:most])
    return f"{listed} and {len(things) - most} more" if len(things) > most else listed or "nothing"
