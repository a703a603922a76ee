"""Titles as they are said: one line of plain text, whatever the data hold."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from assistant.evidence import Row

LONGEST = 120
"""Characters of a title that are shown."""

_INVERTED = re.compile(
    r"^(?P<name>[^()]*), (?P<article>The|A|An|Le|La|Les|L'|Il|Der|Die|Das|El)(?P<rest> \(.*)?$"
)
_TERMINAL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|.)?")
"""What a terminal would obey: colours, cursor moves, window titles."""
_LIKE_A_LINE = re.compile(r"^\d+[.)] |\b(?:DeepFM|Jaccard)\b")
"""What could be taken for a line of an answer."""
_JOINERS = "\u200c\u200d"
"""Invisible, and part of how words and emoji are written."""


@lru_cache(maxsize=4096)
def spoken(title: str) -> str:
    """Return a title as it is said: "Lion King, The" is "The Lion King"."""
    return _INVERTED.sub(_said, one_line(title))


def one_line(title: str) -> str:
    """Return a title that disturbs neither the terminal nor the sentence it stands in.

    No control or direction marks, no line breaks, at most `LONGEST` characters. Text that runs from
    right to left is set apart (Unicode's isolates), so that the numbers after it stay in place;
    what reads like a line of an answer stands in quotes.
    """
    if title.isascii() and title.isprintable() and len(title) <= LONGEST:
        line = " ".join(title.split())
        return f"“{line}”" if _LIKE_A_LINE.search(line) else line
    text = "".join(map(_seen, _TERMINAL.sub("", title)))
    text = " ".join(text.split())
    if len(text) > LONGEST:
        text = text[: LONGEST - 1].rstrip() + "…"
    if _LIKE_A_LINE.search(text):
        text = f"“{text}”"
    right_to_left = any(unicodedata.bidirectional(one) in ("R", "AL") for one in text)
    return f"\u2068{text}\u2069" if right_to_left else text


def _seen(character: str) -> str:
    if unicodedata.category(character) in ("Cc", "Zl", "Zp"):
        return " "
    hidden = unicodedata.category(character) in ("Cf", "Cs", "Co", "Cn")
    return "" if hidden and character not in _JOINERS else character


def _said(match: re.Match[str]) -> str:
    article = match["article"] + ("" if match["article"].endswith("'") else " ")
    return f"{article}{match['name']}{match['rest'] or ''}"


def named(row: Row) -> str:
    """Return an item's title with its year, where the data have one."""
    year = row["attributes"].get("year")
    title = spoken(str(row["title"])) or f"[{row['item_id']}]"
    return f"{title} ({year})" if isinstance(year, int) else title
