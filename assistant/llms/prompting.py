"""What the answer prompt is filled with: text of the data and the asker, escaped and delimited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assistant.evidence import Row
from assistant.llms.templates import as_data
from assistant.wording import Voice, named

MAX_QUESTION = 2_000
MAX_TEXT = 300
"""Characters of a title or an attribute value that a prompt shows."""


def prompt_variables(
    question: str, items: Sequence[Row], reasons: Mapping[str, str], voice: Voice
) -> dict[str, str]:
    """Return the variables of the answer prompt.

    Args:
        question: as it was asked.
        items: rows with a score and its support, to be explained.
        reasons: by item id, the computed wording: what the model may say in its own words.
        voice: how the asked user and the items are spoken of.
    """
    return {
        "question": as_data(question[:MAX_QUESTION]),
        "evidence": "\n".join(_facts(row, reasons[row["item_id"]], voice) for row in items),
        "ids": ", ".join(as_data(str(row["item_id"])) for row in items),
        "subject": as_data(voice.person["subject"]),
        "nouns": as_data(voice.noun.many),
    }


def _facts(row: Row, reason: str, voice: Voice) -> str:
    """Return what may be said of one item, between tags: title, attributes, wording, liking."""
    lines = [
        f"<item {as_data(str(row['item_id']))}>",
        f"title: {_data(named(row))}",
        *(f"{_data(name)}: {_data(value)}" for name, value in row["attributes"].items()),
        as_data(reason),
    ]
    liked = [
        f"{_data(one['title'])}"
        + (f" (rated {one['label']:g})" if one["label"] is not None else "")
        for one in row.get("liked", ())
    ]
    if liked:
        did = "liked" if voice.graded else f"have {voice.noun.done}"
        lines.append(f"{voice.person['they']} {did}: {'; '.join(liked)}")
    return "\n".join([*lines, "</item>"])


def _data(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return as_data(text[:MAX_TEXT])
