"""Whether a stored text or document speaks of a user.

An id that is a name of its own, like `u-4711-x`, is found anywhere. One that is a plain number up
to seven digits, or under four characters, also stands for scores, counts and items: there it must
follow a word for a user, or be the value of something that names users.
"""

from __future__ import annotations

import re
from typing import Any

_USER_WORD = r"(?:users?|other|liked_by|neighbou?rs?)"
_BETWEEN = r"""(?:[_-]?ids?)?["'\s:=#\[(-]{0,6}"""
_OF_ITEMS = ("item", "shared", "title", "label", "rank", "score", "id")


def is_distinctive(user_id: str) -> bool:
    """Return whether an id is found by itself without being taken for something else."""
    return len(user_id) >= (8 if user_id.isdecimal() else 4)


def mention_of(user_id: str) -> re.Pattern[str]:
    """Return what finds a user's id in a text."""
    exact = rf"(?<![\w.]){re.escape(user_id)}(?!\w)(?!\.\d)"
    if is_distinctive(user_id):
        return re.compile(exact)
    bare = rf"{re.escape(user_id)}(?!\w)(?!\.\d)"
    return re.compile(rf"(?i)(?<![^\W_]){_USER_WORD}{_BETWEEN}{bare}")


def speaks_of(document: Any, user_id: str, key: str = "") -> bool:
    """Return whether plain JSON names a user: as a value, except of items, or in a text."""
    if isinstance(document, dict):
        return any(speaks_of(value, user_id, str(name)) for name, value in document.items())
    if isinstance(document, list):
        return any(speaks_of(value, user_id, key) for value in document)
    if not isinstance(document, str):
        return False
    if document == user_id and (is_distinctive(user_id) or not key.startswith(_OF_ITEMS)):
        return True
    return mention_of(user_id).search(document) is not None
