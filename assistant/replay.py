"""A past answer, replayed from the ledger, and held against what the home computes today."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from assistant.evidence import Row
from assistant.pseudonyms import Pseudonyms, are_used

if TYPE_CHECKING:
    from assistant.home import OpenHome

Answer = Mapping[str, Any]


def replay(answer: Answer, item_id: str | None = None) -> str:
    """Return the evidence of a past answer in lines, of one item or of all.

    Numbers are printed unrounded, as they were computed.
    """
    lines = [f"{answer['query']}", "", f"{answer['result'].rstrip()}", ""]
    for call in answer["evidence"]:
        rows = [row for row in call["rows"] if item_id in (None, row.get("item_id"))]
        if rows:
            lines.append(f"{call['id']} {call['tool']}({_arguments(call['args'])})")
            lines += [f"    {_row(row)}" for row in rows]
    lines.append(
        f"[answer {answer['answer_id']}, worded by {answer['written_by']}; data "
        f"{answer['data_fingerprint']}, model {answer['model_fingerprint']}]"
    )
    return "\n".join(lines)


def item_ids(answer: Answer) -> list[str]:
    """Return the ids of the items that an answer's evidence speaks of, each once."""
    rows = (row for call in answer["evidence"] for row in call["rows"])
    return list(dict.fromkeys(row["item_id"] for row in rows if "item_id" in row))


def changes(answer: Answer, home: OpenHome) -> list[str]:
    """Compute the evidence of a past answer again and say what is different now; empty: nothing."""
    found = [
        f"{what}: then {answer[key]}, now {now}"
        for what, key, now in (
            ("data", "data_fingerprint", home.dataset.fingerprint),
            ("model", "model_fingerprint", home.model_fingerprint),
        )
        if answer[key] != now
    ]
    for call in answer["evidence"]:
        request = {
            "type": "tool_call",
            "id": call["id"],
            "name": call["tool"],
            "args": call["args"],
        }
        message = home.tool(call["tool"]).invoke(request)
        if message.status == "error":
            found.append(f"{call['id']} {call['tool']}: {message.content}")
            continue
        now: list[Row] = message.artifact
        if are_used(call["rows"]):
            now = _pseudonymous(now, call["args"].get("user_id"), answer, home)
        found += [
            f"{call['id']} {call['tool']}, {line}" for line in _differences(call["rows"], now)
        ]
    return found


def _pseudonymous(
    rows: list[Row], user_id: str | None, answer: Answer, home: OpenHome
) -> list[Row]:
    """Return rows under the pseudonyms that a past answer used."""
    from assistant.toolbox import N_CANDIDATES

    named = answer["question"]["user_ids"]
    nearest = home.toolbox.similar_users(user_id, N_CANDIDATES) if user_id else []
    return Pseudonyms(named, [row["user_id"] for row in nearest]).rows(rows)


def _differences(then: list[Any], now: list[Any]) -> Iterator[str]:
    if len(then) != len(now):
        yield f"rows: then {len(then)}, now {len(now)}"
    for place, (old, new) in enumerate(zip(then, now, strict=False), start=1):
        keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
        for key in keys:
            yield f"row {place}, {key}: then {old.get(key)!r}, now {new.get(key)!r}"


def _arguments(args: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in args.items())


def _row(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value!r}" for name, value in row.items())
