"""Telling a single SELECT from other SQL, by its text alone."""

from __future__ import annotations

import re

_ASIDE = re.compile(
    r"--[^\n]*|/\*.*?\*/"  # comments
    r"|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\[[^\]]*\]"  # text and quoted names
    r"|\$(\w*)\$.*?\$\1\$",  # PostgreSQL's dollar quotes
    re.DOTALL,
)
_WRITES = {"insert", "update", "delete", "merge", "into"}
"""Words that write even where the first one is SELECT or WITH."""


def is_one_select(query: str) -> bool:
    """Tell whether `query` is one SELECT (or WITH … SELECT) without a word that writes.

    A guard beside the read-only connection, on the careful side: a bare column called `update` is
    taken for the statement, a quoted one is not.
    """
    if "/*!" in query:  # MySQL runs what stands in such a comment
        return False
    plain = _ASIDE.sub(" '' ", query).strip().rstrip(";").strip()
    words = re.findall(r"\w+", plain.lower())
    reads = bool(words) and words[0] in ("select", "with") and ";" not in plain
    return reads and not _WRITES & set(words)
