"""What a model answered, read as one reason per item id: never trusted, and read within bounds."""

from __future__ import annotations

import json
import re
from typing import Any

from assistant.checking.layout import CUT_OFF

MAX_ANSWER = 200_000
"""Characters of a model's answer that are read."""
MAX_KEYS = 1_000
"""Reasons of an answer that are read."""
_PATIENCE = 100
"""Tries to read a value that is no text before its end is waited for."""
_OPENING = re.compile(r"\{\s*[\"}]")
_KEY = re.compile(r"[\s,]*\"((?:[^\"\\]|\\.){0,200})\"\s*:\s*", re.DOTALL)
_IN_TEXT = re.compile(r"(?:[^\"\\]|\\.)*", re.DOTALL)
_DECODER = json.JSONDecoder(strict=False)
Pairs = list[tuple[str, Any]]


class ReasonReader:
    """Reads the first JSON object of an answer while it is being written.

    What stands before and after the object is passed over. A value that is cut off ends it; of a
    text, what is there is returned with `CUT_OFF` behind it. Cost: linear in what is read.
    """

    def __init__(self) -> None:
        self.opened = False
        """Whether an object has begun."""
        self._text = ""
        self._at = 0
        self._scanned = 0
        """Up to here the value that is open was looked through for its end."""
        self._tries = 0
        self._n_keys = 0
        self._over = False

    def feed(self, chunk: str) -> Pairs:
        """Return the keys and values that are complete with `chunk`, in order."""
        if self._over or len(self._text) == MAX_ANSWER:
            return []
        self._text = (self._text + chunk)[:MAX_ANSWER]
        return self._read(ended=False)

    def end(self) -> Pairs:
        """Return what can still be read when nothing more comes."""
        found = [] if self._over else self._read(ended=True)
        self._over = True
        return found

    def _read(self, ended: bool) -> Pairs:
        if not self.opened:
            opening = _OPENING.search(self._text, max(0, self._at - 1))
            if opening is None:
                brace = self._text.rfind("{", self._at)  # its first key may be still to come
                self._at = len(self._text) if brace < 0 else brace
                return []
            self.opened, self._at = True, opening.start() + 1
        found: Pairs = []
        while not self._over and (pair := self._next(ended)) is not None:
            found.append(pair)
            self._n_keys += 1
            self._over = self._over or self._n_keys == MAX_KEYS
        return found

    def _next(self, ended: bool) -> tuple[str, Any] | None:
        """Return the next pair, None where it is not complete or the object is over."""
        key = _KEY.match(self._text, self._at)
        if key is None:
            self._over = self._text[self._at :].lstrip(" \t\r\n,")[:1] not in ("", '"')
            return None
        start = key.end()
        if not ended and not self._is_whole(start):
            return None
        self._scanned = self._tries = 0
        try:
            value, self._at = _DECODER.raw_decode(self._text, start)
        except (ValueError, RecursionError):
            self._over = True
            rest = _cut_off(self._text[start:])
            return None if rest is None else (key[1], rest)
        return key[1], value

    def _is_whole(self, start: int) -> bool:
        """Tell whether the value that begins at `start` has its end, each letter looked at once."""
        if self._text[start : start + 1] == '"':
            inside = _IN_TEXT.match(self._text, max(self._scanned, start + 1))
            self._scanned = inside.end() if inside is not None else start
            return self._text[self._scanned : self._scanned + 1] == '"'
        self._tries += 1
        if self._tries > _PATIENCE:
            return False
        try:
            return _DECODER.raw_decode(self._text, start)[1] < len(self._text)  # 3 may become 31
        except (ValueError, RecursionError):
            return False


def proposed_reasons(text: str) -> dict[str, Any] | None:
    """Return the first JSON object in a whole answer by key; None without one.

    Of a key that stands twice the first value counts.
    """
    reader = ReasonReader()
    pairs = [*reader.feed(text), *reader.end()]
    return dict(reversed(pairs)) if reader.opened else None


def _cut_off(text: str) -> str | None:
    """Return the text that begins a value and is not closed, marked as such."""
    if not text.startswith('"'):
        return None
    try:
        value = _DECODER.decode(re.sub(r"\\(u[0-9a-fA-F]{0,3})?$", "", text) + '"')
    except ValueError:
        return None
    return value + CUT_OFF if isinstance(value, str) else None
