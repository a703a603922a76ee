"""Questions of all kinds, asked of users spread over the data: what the speed and soak runs ask."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import count

from assistant.evaluation.suite_files import load_suite

_USER = re.compile(r"\b(?:78|221|672)\b")
"""The users whom the suite names."""


def all_kinds() -> list[str]:
    """Return the questions of the suite `kinds`, one or more for each kind without memory."""
    return [case.question for case in load_suite("kinds").suite.cases if case.question]


def asked_of(question: str, users: Sequence[str], first: int) -> str:
    """Return a question with its users replaced by others, from the place `first` on."""
    named = dict.fromkeys(_USER.findall(question))
    other = {user: users[(first + n) % len(users)] for n, user in enumerate(named)}
    return _USER.sub(lambda found: other[found[0]], question)


def without_end(users: Sequence[str]) -> Iterator[str]:
    """Yield questions of all kinds in turn, each time of other users."""
    kinds = all_kinds()
    for number in count():
        yield asked_of(kinds[number % len(kinds)], users, number)
