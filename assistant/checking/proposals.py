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
_OPENING = re.compile(r"\{\s*[\"}]")
_KEY = re.compile(r"[\s,]*\"((?:[^\"\\]|\\.){0,200})\"\s*:\s*", re.DOTALL)
_DECODER = json.JSONDecoder(strict=False)


def proposed_reasons(text: str) -> dict[str, Any] | None:
    """Return the first JSON object in an answer by key, as far as it goes; None without one.

    What stands before and after the object is passed over. A value that is cut off ends it; of a
    text, what is there is returned. Cost: linear in what is read.
    """
    text = text[:MAX_ANSWER]
    opening = _OPENING.search(text)
    if opening is None:
        return None
    found: dict[str, Any] = {}
    at = opening.start() + 1
    while len(found) < MAX_KEYS and (key := _KEY.match(text, at)) is not None:
        try:
            found[key[1]], at = _DECODER.raw_decode(text, key.end())
        except ValueError:
            rest = _cut_off(text[key.end() :])
            return found if rest is None else found | {key[1]: rest}
        except RecursionError:
            return found
    return found


def _cut_off(text: str) -> str | None:
    """Return the text that begins a value and is not closed, marked as such."""
    if not text.startswith('"'):
        return None
    try:
        value = _DECODER.decode(re.sub(r"\\(u[0-9a-fA-F]{0,3})?$", "", text) + '"')
    except ValueError:
        return None
    return value + CUT_OFF if isinstance(value, str) else None
