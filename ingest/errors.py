"""The one tree of errors, split by who has to act.

    WhyrecError
    ├── AskerError            the person at the keyboard: an option, an id, a question     exit 2
    ├── DataError             the owner of the tables: every problem found, at once        exit 2
    ├── HomeError             the home folder: missing, half-built, stale, another version exit 2
    └── OperationError        something outside failed                                     exit 1
        ├── FetchError        a data set or a package could not be had
        ├── ProviderError     the language-model endpoint
        └── TrainingError     training went wrong (a loss that is not a number, …)

A message is one sentence that names the thing and says what to do. `exit_code` is what a command
exits with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SHOWN = 5
"""How many offending rows a message names."""


class WhyrecError(Exception):
    """Anything this project raises on purpose; `str(error)` is fit to be shown to a person."""

    exit_code = 1


class AskerError(WhyrecError):
    """The caller asked for something that cannot be done as asked."""

    exit_code = 2


class HomeError(WhyrecError):
    """The home folder is missing, incomplete, stale or from another version."""

    exit_code = 2


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a table, placed as exactly as it can be."""

    source: str
    """File, URL or frame the problem is in."""
    what: str
    """What is wrong and what mends it, one sentence without a full stop."""
    column: str | None = None
    rows: tuple[int, ...] = ()
    """First few offending rows, counted as a person counts them: the header is row 1."""
    count: int = 1
    """How many rows have this problem in all."""
    example: str | None = None
    """One of the values, as it is written; `what` shows it where that helps."""

    def __str__(self) -> str:
        place = self.source
        if self.column is not None:
            place += f", column {self.column!r}"
        if self.rows:
            shown = ", ".join(str(row) for row in self.rows)
            more = f" and {self.count - len(self.rows)} more" if self.count > len(self.rows) else ""
            place += f", row{'s' if self.count > 1 else ''} {shown}{more}"
        return f"{place}: {self.what}"


class DataError(WhyrecError):
    """One or more tables cannot be used; `problems` holds all that was found."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        lines = [str(problem) for problem in self.problems]
        super().__init__(
            lines[0] if len(lines) == 1 else "\n  ".join([f"{len(lines)} problems:", *lines])
        )


class OperationError(WhyrecError):
    """Something outside this program failed."""


class FetchError(OperationError):
    """A data set or package could not be downloaded, or is not what it should be."""


class ProviderError(OperationError):
    """The language-model endpoint did not give a usable answer."""


class TrainingError(OperationError):
    """Training cannot go on."""
