"""What a model wrote as it is checked and shown: its normal form, its sentences, its phrases."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

_SENTENCE_END = re.compile(
    r"(?<=[.!?])(?<!\bvs\.)(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bapprox\.)(?<!\bNo\.)\s+(?=[^\sa-z])|\n+"
)


@lru_cache(maxsize=8192)
def fold(text: str) -> str:
    """Return a phrase as it is looked up: lower case, plain apostrophes, spaces for hyphens."""
    plain = text.casefold().replace("’", "'").replace("-", " ").replace("_", " ")
    return " ".join(plain.split())


def shown(text: str) -> str:
    """Return a text in the form in which it is checked and shown: NFKC, single spaces."""
    normal = text if text.isascii() else unicodedata.normalize("NFKC", text)
    lines = (" ".join(line.split()) for line in normal.splitlines())
    return "\n".join(line for line in lines if line)


def sentences(text: str, names: Iterable[str] = ()) -> list[str]:
    """Split a text into sentences, never inside one of `names`: "Dr. Strangelove" is one name.

    The mark of a name ends a sentence only before a capital: not in "You gave Mars Attacks! 4".
    """
    text = shown(text)
    inside = [span for name in names if "." in name or "!" in name or "?" in name
              for span in spans(text, name)]  # fmt: skip
    cuts = [
        (match.start(), match.end())
        for match in _SENTENCE_END.finditer(text)
        if not any(
            start < match.start() < end + (not text[match.end() : match.end() + 1].isupper())
            for start, end in inside
        )
    ]
    starts = [0, *(end for _, end in cuts)]
    ends = [*(start for start, _ in cuts), len(text)]
    parts = (text[start:end].strip() for start, end in zip(starts, ends, strict=True))
    return [part for part in parts if part]


def spans(text: str, name: str) -> Iterator[tuple[int, int]]:
    """Yield where a name stands as a whole word."""
    at = text.find(name) if name else -1
    while at >= 0:
        end = at + len(name)
        before, after = text[at - 1 : at], text[end : end + 1]
        if not (before.isalnum() and name[0].isalnum()) and not (
            after.isalnum() and name[-1].isalnum()
        ):
            yield at, end
        at = text.find(name, end)
