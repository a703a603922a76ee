"""Feature columns of the caller's tables: which are wanted, of what kind, and their values.

A kind that is not stated is inferred: a column of numbers is dense; text is multi where any cell
holds the multi separator, sparse otherwise.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from numpy.typing import NDArray

from ingest.dataset.schema import Columns, Field, Kind, Side
from ingest.errors import Problem
from ingest.intake.assemble import Features, split_values
from ingest.intake.roles import Findings, Roles, Taken
from ingest.intake.sieve import Sieve
from ingest.intake.validation import Attribute, first_rows, read_numbers
from ingest.sources.encoding import Encoded, encode

Read = Mapping[str, pa.ChunkedArray]
"""The columns of a table that were read."""


@dataclass(frozen=True)
class Wanted:
    """A feature to be made of one column, or of several joined into a multi feature."""

    name: str
    parts: tuple[str, ...]
    kind: Kind | None
    """None when it is to be inferred."""

    @property
    def is_text(self) -> bool:
        """Whether its columns are to be read as they are written."""
        return self.kind in ("sparse", "multi")


@dataclass(frozen=True)
class Found:
    """A feature whose columns were read."""

    wanted: Wanted
    kind: Kind | None
    """None for the title, which is no feature."""
    parts: tuple[Attribute, ...]


def wanted_features(columns: Sequence[str], roles: Roles) -> list[Wanted]:
    """Return the features that `columns` make, joined ones at the place of their first part."""
    wanted: dict[str, Wanted] = {}
    parts: tuple[str, ...]
    for column in columns:
        name, parts = column, (column,)
        for joined, of in roles.joined().items():
            if column in of and set(of) <= set(columns):
                name, parts = joined, of
        wanted.setdefault(name, Wanted(name, parts, roles.kind_of(name)))
    return list(wanted.values())


def check_stated_kinds(
    source: str, features: Collection[str], roles: Roles, findings: Findings
) -> None:
    """Report kinds stated for what is no feature, or stated twice over."""
    multi = [part for parts in roles.joined().values() for part in parts]
    stated = {"--sparse-col": roles.sparse, "--dense-col": roles.dense, "--multi-col": multi}
    for option, names in stated.items():
        for name in dict.fromkeys(names):
            if name not in features:
                what = (
                    f"{option} names it, but it is no feature; add it to --user-col or --item-col"
                )
                findings.add(Problem(source, what, name))
            elif sum(name in others for others in stated.values()) > 1:
                what = f"{option} and another option both give its kind; keep one"
                findings.add(Problem(source, what, name))


def read_features(
    sieve: Sieve, columns: Read, wanted: Sequence[Wanted], title: str | None
) -> list[Found]:
    """Read the title and the features, row for row, and report numbers that are none.

    A column without any value is left out, with a notice.
    """
    found = []
    if title is not None:
        named = Wanted(Columns.TITLE, (title,), "sparse")
        found.append(Found(named, None, (_read(sieve, columns[title], title, "sparse"),)))
    for feature in wanted:
        given = [columns[part] for part in feature.parts]
        if all(part.null_count == len(part) for part in given):
            sieve.findings.notice(
                f"{sieve.source}: left out column {feature.name!r}, which has no values"
            )
            continue
        kind = feature.kind or _inferred(given[0], sieve.reading.multi_separator)
        parts = zip(given, feature.parts, strict=True)
        read = tuple(_read(sieve, part, name, kind) for part, name in parts)
        found.append(Found(feature, kind, read))
    return found


def finished_features(
    sieve: Sieve, found: Sequence[Found], ids: Encoded, side: Side, *, merged: bool
) -> Features:
    """Return the feature table: each id's first value, multi features split into their values.

    In a `merged` table they are written again on every row of an id, and must not differ. An id
    that does not stand in any row that may be used has no row in the feature table.
    """
    separator = sieve.reading.multi_separator
    columns: dict[str, NDArray[np.generic] | pd.Series] = {}
    for feature in found:
        cells = [
            _first(part, first_rows(sieve, name, ids, part, side if merged else None))
            for part, name in zip(feature.parts, feature.wanted.parts, strict=True)
        ]
        columns[feature.wanted.name] = cells[0] if len(cells) == 1 else _joined(cells, separator)
    table = pd.DataFrame(columns, index=pd.Index(ids.texts(), dtype=object))
    for feature in found:
        if feature.kind == "multi":
            name = feature.wanted.name
            table[name] = split_values(table[name], separator)
    fields = [Field(one.wanted.name, one.kind, side) for one in found if one.kind is not None]
    sieve.findings.taken += [
        Taken(sieve.source, part, f"{side} feature", told, one.wanted.name, one.kind)
        for one in found
        if one.kind is not None
        for told in (one.wanted.kind is not None,)
        for part in one.wanted.parts
    ]
    if sieve.standing is not None:  # else every id has a row
        standing = np.zeros(len(table) + 1, dtype=np.bool_)
        standing[ids.codes[sieve.standing]] = True
        table = table[standing[:-1]]
    return Features(table, tuple(fields))


def _read(sieve: Sieve, column: pa.ChunkedArray, name: str, kind: Kind) -> Attribute:
    if kind == "dense":
        return Attribute(read_numbers(sieve, name, column, required=False))
    if pa.types.is_boolean(column.type):
        column = pc.if_else(column, "True", "False")
    texts = encode(column)
    return Attribute(texts.codes, texts)


def _first(attribute: Attribute, rows: NDArray[np.int64]) -> NDArray[np.generic]:
    """Return the values in `rows`, missing where that is −1."""
    if attribute.texts is None:
        return np.where(rows < 0, np.nan, attribute.cells[rows])
    texts = np.append(attribute.texts.texts(), np.array([None], dtype=object))
    found: NDArray[np.object_] = texts[np.where(rows < 0, -1, attribute.cells[rows])]
    return found


def _joined(columns: Sequence[NDArray[np.generic]], separator: str) -> NDArray[np.generic]:
    arrays = [pa.array(column, pa.string()) for column in columns]
    joined = pc.binary_join_element_wise(*arrays, separator, null_handling="skip")
    filled = pc.if_else(pc.equal(joined, ""), pa.scalar(None, pa.string()), joined)
    found: NDArray[np.object_] = filled.to_numpy(zero_copy_only=False)
    return found


def _inferred(column: pa.ChunkedArray, separator: str) -> Kind:
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return "dense"
    if pa.types.is_boolean(column.type) or pa.types.is_temporal(column.type):
        return "sparse"
    holds = pc.match_substring(encode(column).values, separator)
    return "multi" if pc.any(holds).as_py() else "sparse"
