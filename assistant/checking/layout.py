"""Lists, headings, bold print → plain sentences, as they are checked and shown.

Models lay out what they write: bullets, numbers before points, Markdown. None of it says anything
about the data, and a reason is one line of text, so it is taken away before a word is read. What
is left of a point ends in a full stop.
"""

from __future__ import annotations

import re

CUT_OFF = "…"
"""Stands at the end of what a model did not write to its end; NFKC makes three dots of it."""

_INLINE_BULLET = re.compile(r"(?:^|\s)[•▪●◦‣→⇒➤►✓✔✅☑★☆◆■·](?=\s)|\s\|(?=\s)|\s/(?=\s[A-Z])")
_NUMBERED = re.compile(r"(?:(?<=[.;:!?])\s+|^)\(?[1-9]\)(?=\s)", re.MULTILINE)
_LINE_MARK = re.compile(r"^(?:#{1,6}|[-*+>–—]|\(?[1-9][0-9]?[.)])\s+(?=\S)")
_BOLD = re.compile(r"(?<!\w)(\*\*|__|\*|_|`)(?=\S)([^*_`\n]{1,200}?)(?<=\S)\1(?!\w)")
_EQUALS = re.compile(r"(?<=[a-z]) = (?=\S)")
_PICTURE = re.compile(r"[\U0001F000-\U0001FAFF\u2600-\u27BF\u2B00-\u2BFF\uFE0F\u200D]+\s*")
"""Emoji and their joiners, which say nothing."""
_OPEN_END = re.compile(r"[\s;,:–—-]+$")
_ENDED = re.compile(r"[.!?][\"'”’)]*$")


def plain(text: str) -> str:
    """Return a text without its layout: a line for each point, each ending as a sentence does.

    Cost: linear in the length of the text.
    """
    if "\n" not in text and _ENDED.search(text) and not re.search(r"[*_`=#)|/]|[^\x00-\x7f]", text):
        return text
    text = _INLINE_BULLET.sub("\n", text)
    text = _PICTURE.sub(" ", text)
    text = _NUMBERED.sub("\n", text)
    lines = (_point(line.strip()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def _point(line: str) -> str:
    line = _LINE_MARK.sub("", line)
    for _ in range(2):  # bold within italics
        line = _BOLD.sub(r"\2", line)
    line = _EQUALS.sub(": ", line)
    if not line or _ENDED.search(line) or line.endswith(CUT_OFF):
        return line
    ends = _OPEN_END.sub("", line)
    return f"{ends}." if ends else ""
