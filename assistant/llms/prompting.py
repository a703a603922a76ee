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
        *(as_data(sentence[:MAX_TEXT]) for sentence in sayings(row, voice)),
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


def sayings(row: Row, voice: Voice) -> list[str]:
    """Return more facts of an item, each as a short sentence that its checks understand.

    A model that is shown sentences writes like them; `checking` reads English.
    """
    noun, done = voice.noun, voice.noun.done
    they = voice.person["subject"]
    said = [f"It ranks {row['rank']} in the list."] if row.get("rank") else []
    if row.get("n_users", 0) > 1:
        said.append(f"{row['n_users']:,} users have {done} it.")
    genres = row["attributes"].get("genres") or []
    if isinstance(genres, list) and genres:
        said.append(f"It is {' and '.join(genres[:2])}.")
    liked = "liked" if voice.graded else f"have {done}"
    for one in row["taste"][:2]:
        if one["count"] > 1:
            whole = f"{one['of']} {noun.many} {they} {liked}"
            said.append(f"{one['count']} of the {whole} are {one['value']}, and so is this one.")
    for one in row.get("liked", ())[:1]:
        if voice.graded and one["intersection"] > 1:
            both = f"{one['intersection']:,} users have {done} both it and {one['title']}"
            said.append(f"{both}, which {they} liked.")
    return said


def _data(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return as_data(text[:MAX_TEXT])
