"""The rows of one table on their way in: which of them cannot be used, and why."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ingest.errors import SHOWN, DataError, Problem
from ingest.intake.refused import Reason, write_refused
from ingest.intake.roles import Findings
from ingest.sources.raw import RawRows, RawTable, Reading

Mask = NDArray[np.bool_]


class Sieve:
    """Collects what is wrong with the rows of a table, and does with them what was asked for.

    With `on_bad_rows="error"` every problem goes to the findings, and all rows stand until the
    tables are refused as a whole; otherwise rows with a problem fall, and `settle` says so.
    """

    def __init__(self, table: RawTable, raw: RawRows, reading: Reading, findings: Findings) -> None:
        self.source = table.source
        self.reading = reading
        self.findings = findings
        self._table = table
        self._n_rows = raw.table.num_rows
        self._numbers = replace(raw, table=raw.table.select([]))
        self._strict = reading.on_bad_rows == "error"
        self._reasons: list[Reason] = []
        self._fallen: Mask | None = None
        for notice in raw.notices:
            findings.notice(notice)
        for refused in raw.refused:
            rows = tuple(int(row) for row in refused.rows[:SHOWN])
            example = refused.texts[0]
            problem = Problem(self.source, refused.what, None, rows, len(refused.rows), example)
            self._note(Reason(problem, refused.rows, refused.texts))

    def __len__(self) -> int:
        return int(self._n_rows)

    @property
    def standing(self) -> Mask | None:
        """Mask of the rows that may still be used; None when that is all of them."""
        return None if self._fallen is None else ~self._fallen

    def row(self, place: int) -> int:
        """Return the number of the row at `place`, as a person counts."""
        return int(self._numbers.numbers(np.array([place]))[0])

    def refuse(
        self,
        bad: Mask,
        what: str,
        column: str | None = None,
        example: str | None = None,
        falls: Mask | None = None,
    ) -> None:
        """Report the rows in `bad`, if any.

        Args:
            bad: mask of the rows that a message names.
            what: what is wrong and what mends it.
            column: the column it is wrong in.
            example: one of the values.
            falls: mask of the rows that cannot stay, where that is not all of `bad`.
        """
        places = np.flatnonzero(bad)
        if not len(places):
            return
        numbers = self._numbers.numbers(places)
        shown = tuple(int(row) for row in numbers[:SHOWN])
        problem = Problem(self.source, what, column, shown, len(places), example)
        if not self._strict:
            falling = bad if falls is None else falls
            self._fallen = falling if self._fallen is None else self._fallen | falling
            numbers = numbers if falls is None else self._numbers.numbers(np.flatnonzero(falls))
        self._note(Reason(problem, numbers))

    def _note(self, reason: Reason) -> None:
        if self._strict:
            self.findings.add(reason.problem)
        else:
            self._reasons.append(reason)

    def settle(self) -> None:
        """Say which rows were left out, and write them to a file where that was asked for.

        Raises:
            DataError: no row is left.
            AskerError: the file cannot be written.
        """
        if not self._reasons:
            return
        n_unread = sum(len(reason.rows) for reason in self._reasons if reason.texts is not None)
        n_fallen = n_unread + (0 if self._fallen is None else int(self._fallen.sum()))
        n_all = len(self) + n_unread
        if n_fallen == n_all:
            raise DataError([reason.problem for reason in self._reasons])
        kept = ""
        if self.reading.on_bad_rows == "report":
            path = write_refused(self._table, self._reasons, self.reading)
            kept = f"; they are in {path}"
        self.findings.notice(f"{self.source}: left out {n_fallen:,} of {n_all:,} rows{kept}")
        for reason in self._reasons:
            self.findings.notice(f"  {reason.problem}")
