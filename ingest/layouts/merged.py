"""LibRecommender's merged layout: one table of user, item, label and, beside them, features.

Which side a further column belongs to is found in the rows: a column with one value per user is
the user's, one with one value per item the item's. Numbered columns (genre1, genre2, …) are one
feature of several values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from numpy.typing import NDArray

from ingest.dataset.schema import Columns
from ingest.intake.roles import Findings, Roles, find_column
from ingest.progress import Notice
from ingest.sources.raw import RawTable

_NUMBERED = re.compile(r"(.*?)_?\d+$")


def merged_roles(table: RawTable, roles: Roles, notice: Notice) -> Roles:
    """Return `roles` with the side of every column they do not name; the sides go to `notice`.

    Cost: a pass over the rows per column.
    """
    findings = Findings(notice)
    taken = [
        find_column(role, getattr(roles, role), table.columns, table.source, findings)
        for role in (Columns.USER, Columns.ITEM, Columns.LABEL, Columns.TIME, Columns.TITLE)
    ]
    user, item = taken[:2]
    named = {*taken, *roles.user_columns, *roles.item_columns}
    further = [name for name in table.columns if name not in named]
    if user is None or item is None or not further:
        return roles
    rows = table.read([user, item, *further], [user, item, *further]).table
    ids = {"user": _codes(rows.column(user)), "item": _codes(rows.column(item))}
    fits: dict[str, list[str]] = {}
    for name in further:
        values = _codes(rows.column(name))
        fits[name] = [side for side in ids if _is_one_per_id(values, ids[side])]
    sides = _decided(fits)
    for told, names in (
        ("fit either side, taken as the user's", sides["either"]),
        ("of the user", sides["user"]),
        ("of the item", sides["item"]),
        ("of neither side, not used", sides["neither"]),
    ):
        if names:
            notice(f"{table.source}: {told}: {', '.join(names)}")
    of_user = sides["user"] + sides["either"]
    return replace(
        roles,
        user_columns=(*roles.user_columns, *of_user),
        item_columns=(*roles.item_columns, *sides["item"]),
        multi=(*roles.multi, *_joined(of_user), *_joined(sides["item"])),
    )


def _decided(fits: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return the columns of each side; one that fits both goes with those of its name before it."""
    sides: dict[str, list[str]] = {"user": [], "item": [], "neither": [], "either": []}
    sure = {_stem(name): of[0] for name, of in fits.items() if len(of) == 1}
    for name, of in fits.items():
        if len(of) == 2:
            sides[sure.get(_stem(name), "either")].append(name)
        else:
            sides[of[0] if of else "neither"].append(name)
    return sides


def _stem(name: str) -> str:
    found = _NUMBERED.match(name)
    return found[1] if found and found[1] else name


def _codes(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """Return a number per distinct value, −1 where it is missing."""
    values = column.cast(pa.string()).combine_chunks().dictionary_encode()
    return np.asarray(pc.fill_null(values.indices, -1), dtype=np.int64)


def _is_one_per_id(values: NDArray[np.int64], ids: NDArray[np.int64]) -> bool:
    """Tell whether no id has two values; missing ones do not count."""
    present = (values >= 0) & (ids >= 0)
    values, ids = values[present], ids[present]
    one = np.zeros(ids.max(initial=-1) + 1, dtype=np.int64)
    one[ids] = values
    return bool((one[ids] == values).all())


def _joined(names: list[str]) -> list[str]:
    """Return `genre=genre1+genre2` for columns that differ only by a number at the end."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(_stem(name), []).append(name)
    return [
        f"{stem}={'+'.join(group)}"
        for stem, group in groups.items()
        if len(group) > 1 and stem not in names
    ]
