"""The checks: one answer, and what was expected of it → metrics, and the sentences that failed.

A metric is a number for one case; its mean over cases is what a report shows. Names that begin
with `raw.` are of the model's own text before any repair, `shown.` of the answer after it. Faults
are 1 where an answer has the fault, else 0.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.evaluation.filters_held import passes
from assistant.evaluation.generate_cases import ReadyCase
from assistant.evaluation.list_quality import Shelf, list_metrics, spread_metrics
from assistant.evaluation.number_checks import raw_numbers, rows_by_item, shown_numbers
from assistant.evaluation.scored import Answer, Scored, some
from assistant.evaluation.suite import Expect
from assistant.evaluation.text_numbers import read_raw
from assistant.wording import spoken

_LISTS = ("recommend", "recommend_many")


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
    from_tools = frozenset(rows_by_item(answer))
    _validity(case.expect, answer, scored)
    _shown_items(case, answer, shown, from_tools, shelf, scored)
    shown_numbers(case.expect, answer, shelf, scored)
    _tools(case.expect, answer, scored)
    _text(case.expect, answer, scored)
    scored.metrics |= list_metrics("shown", shown, case.truth, _own_list(answer))
    scored.metrics |= spread_metrics(shown, shelf)
    if raw_text is not None:
        _raw(case, answer, raw_text, shown, from_tools, shelf, scored)
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
    from_tools: frozenset[str],
    shelf: Shelf,
    scored: Scored,
) -> None:
    expect = case.expect
    _item_faults("shown", case, answer, shown, from_tools, shelf, scored, must_not=True)
    if expect.count is not None:
        right = len(shown) == expect.count
        scored.metrics["shown.wrong_count"] = float(not right)
        scored.hold("count", right, f"{len(shown)} items, not {expect.count}")
    if expect.items is not None:
        scored.hold("items", list(shown) == expect.items, f"{some(shown)}, not {expect.items}")
    missing = [item for item in expect.items_include if item not in shown]
    scored.hold("items_include", not missing, f"not shown: {some(missing)}")
    there = [item for item in expect.items_exclude if item in shown]
    scored.hold("items_exclude", not there, f"shown: {some(there)}")
    read = answer["question"].get("filters")
    if read or expect.every or expect.none or expect.years:
        against = [
            item
            for item in shown
            if _violates(item, expect, shelf) or not passes(item, read, shelf)
        ]
        scored.fault("shown.filter_violated", against, True, "items against the filter")


def _item_faults(
    column: str,
    case: ReadyCase,
    answer: Answer,
    items: Sequence[str],
    from_tools: frozenset[str],
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
    strange = [item for item in items if item not in from_tools]
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
    why = "" if missing is None else f"{missing.tool} {missing.args or ''} not in {some(names)}"
    scored.hold("tools", missing is None, why)


def _text(expect: Expect, answer: Answer, scored: Scored) -> None:
    text = answer["result"]
    scored.metrics["shown.characters"] = float(len(text))
    scored.metrics["shown.words"] = float(len(text.split()))
    lacking = [part for part in expect.text_has if part.casefold() not in text.casefold()]
    scored.hold("text_has", not lacking, f"not in the answer: {some(lacking)}")
    there = [part for part in expect.text_lacks if part.casefold() in text.casefold()]
    scored.hold("text_lacks", not there, f"in the answer: {some(there)}")
    most = expect.max_characters
    scored.hold("max_characters", most is None or len(text) <= most, f"{len(text)} characters")


def _own_list(answer: Answer) -> list[str]:
    """Return the recommender's own list, as the tools returned it."""
    rows = (r for call in answer["evidence"] if call["tool"] in _LISTS for r in call["rows"])
    return list(dict.fromkeys(str(row["item_id"]) for row in rows if "item_id" in row))


def _raw(
    case: ReadyCase,
    answer: Answer,
    text: str,
    shown: Sequence[str],
    from_tools: frozenset[str],
    shelf: Shelf,
    scored: Scored,
) -> None:
    rows = rows_by_item(answer)
    raw = read_raw(
        text, {spoken(str(r[0]["title"])): i for i, r in rows.items() if "title" in r[0]}
    )
    scored.metrics["raw.parses"] = float(raw.parses)
    scored.metrics["raw.characters"] = float(len(text))
    scored.metrics["raw.wrong_count"] = float(len(set(raw.item_ids)) != len(shown))
    _item_faults("raw", case, answer, raw.item_ids, from_tools, shelf, scored, must_not=False)
    scored.metrics["raw.not_picked"] = float(bool(set(raw.item_ids) - set(shown)))
    raw_numbers(raw, rows, answer, scored)
    scored.metrics |= list_metrics("raw", raw.item_ids, case.truth, _own_list(answer))


def rejected_kinds(answer: Answer) -> dict[str, int]:
    """Count the rejected claims by kind: their reason, without what is quoted in it."""
    kinds: dict[str, int] = {}
    for claim in answer["rejected_claims"]:
        kind = str(
            claim.get("kind") or re.sub(r"'[^']*'|\"[^\"]*\"|“[^”]*”|\d[\d.,%]*", "…", claim["why"])
        )
        kinds[kind] = kinds.get(kind, 0) + 1
    return dict(sorted(kinds.items()))
