"""New interactions, and features of newcomers, put to the data of a home: validated as at ingest.

The cost is that of what was added since the data were last written whole, and one pass over two
columns of the data, which tells new pairs from corrected ones.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ingest.dataset.ids import IntArray
from ingest.dataset.schema import Dataset, Side
from ingest.errors import AskerError
from ingest.growth.growing import Added, first_addition, next_fingerprint, read_added, write_added
from ingest.home.manifest import Contents, State
from ingest.home.tables import count, find_ids, find_pairs
from ingest.home.workspace import Home
from ingest.progress import Notice, say
from ingest.sources.raw import MOST_ROWS

if TYPE_CHECKING:
    from ingest.growth.additions import Source

SHOWN = 5
"""How many newcomers a report names."""


@dataclass(frozen=True)
class Addition:
    """What an addition brought."""

    interactions: int
    """New ones."""
    corrected: int
    """Interactions that were there, and have the label and time given now."""
    users: int
    """New ones."""
    items: int
    new_users: list[str]
    """The first few."""
    new_items: list[str]
    data_fingerprint: str
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON types."""
        return asdict(self)


def add_tables(
    home: Home,
    source: Source,
    users: Source | None = None,
    items: Source | None = None,
    told: Mapping[str, Any] | None = None,
    wait: float = 0.0,
    notice: Notice = say,
) -> Addition:
    """Read the caller's tables as the data of `home` were read, and append them.

    See `ingest.growth.additions.read_addition` for the arguments.

    Raises:
        WhyrecError: as `read_addition` and `add_dataset`.
    """
    from ingest.growth.additions import read_addition

    folder = home.require("data").folder
    return add_dataset(home, read_addition(folder, source, users, items, told or {}, notice), wait)


def add_dataset(home: Home, more: Dataset, wait: float = 0.0) -> Addition:
    """Append `more` to the data of `home` and publish.

    Args:
        home: with data.
        more: the addition as a data set of its own, with the fields of the home's data.
        wait: seconds to wait for another writer.

    Raises:
        AskerError: the data would have more rows than later steps can number.
        HomeError: there are no data, another process is writing, or the home cannot be written.
    """
    started = time.perf_counter()
    home.require("data")
    with home.writing(wait) as edition:
        contents = home.contents()
        lineage = _counted(contents)
        earlier = read_added(contents)
        users, items = (_Side.of(contents, earlier, more, side) for side in ("user", "item"))
        added, corrected = _put(earlier, more, len(lineage))
        seen = more.interactions
        corrected |= find_pairs(
            contents.require("data").folder, users.in_data[seen.user], items.in_data[seen.item]
        )
        state = _next_state(lineage[-1], more, users, items, int(corrected.sum()))
        if state.interactions > MOST_ROWS:
            raise AskerError(
                f"the data would have {state.interactions:,} interactions with these; at most "
                f"{MOST_ROWS:,} can be used: add fewer, or ingest a table without the oldest"
            )
        write_added(edition, added, (*lineage, state))
    return Addition(
        interactions=state.interactions - lineage[-1].interactions,
        corrected=state.corrected - lineage[-1].corrected,
        users=len(users.new),
        items=len(items.new),
        new_users=users.new[:SHOWN],
        new_items=items.new[:SHOWN],
        data_fingerprint=state.fingerprint,
        seconds=round(time.perf_counter() - started, 3),
    )


@dataclass(frozen=True)
class _Side:
    """The users, or the items, of an addition."""

    in_data: IntArray
    """Index of each in the data written whole, −1 where they are not there."""
    new: list[str]
    """Those that neither the data nor earlier additions have."""

    @classmethod
    def of(cls, contents: Contents, earlier: Added | None, more: Dataset, side: Side) -> _Side:
        ids = more.user_ids if side == "user" else more.item_ids
        in_data = find_ids(contents.require("data").folder, ids.external, side)
        unknown = in_data < 0
        if earlier is not None:
            had = earlier.dataset.user_ids if side == "user" else earlier.dataset.item_ids
            unknown &= had.codes(ids.external) < 0
        return cls(in_data, [str(one) for one in ids.external[unknown]])


def _put(earlier: Added | None, more: Dataset, step: int) -> tuple[Added, NDArray[np.bool_]]:
    """Return all additions, and which rows of `more` correct an earlier one."""
    corrected = np.zeros(len(more.interactions), dtype=bool)
    if earlier is None:
        return first_addition(more, step), corrected
    added, rows = earlier.and_then(more, step)
    corrected[rows] = True
    return added, corrected


def _next_state(last: State, more: Dataset, users: _Side, items: _Side, n_corrected: int) -> State:
    return State(
        next_fingerprint(last.fingerprint, more),
        last.interactions + len(more.interactions) - n_corrected,
        last.users + len(users.new),
        last.items + len(items.new),
        last.corrected + n_corrected,
        time.time(),
    )


def _counted(contents: Contents) -> tuple[State, ...]:
    """Return the lineage, its first state with the numbers that ingest does not note."""
    first, *later = contents.lineage
    if not first.interactions:
        n_seen, n_users, n_items = count(contents.require("data").folder)
        first = replace(first, interactions=n_seen, users=n_users, items=n_items)
    return (first, *later)
