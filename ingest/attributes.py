"""Feature columns of the caller's tables: which are wanted, of what kind, and their values.

A kind that is not stated is inferred: a column of numbers is dense; text is multi where any cell
holds the multi separator, sparse otherwise.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import pandas as pd

from ingest.assemble import Features, split_values
from ingest.errors import Problem
from ingest.raw import Reading
from ingest.roles import Findings, Roles
from ingest.schema import Field, Kind, Side
from ingest.validation import read_numbers


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


def raw_features(
    source: str, frame: pd.DataFrame, wanted: Sequence[Wanted], reading: Reading, findings: Findings
) -> tuple[pd.DataFrame, dict[str, Kind]]:
    """Return one column per feature, numbers or text, row for row, and the kind of each.

    A column without any value is left out, with a notice.
    """
    columns: dict[str, pd.Series] = {}
    kinds: dict[str, Kind] = {}
    for feature in wanted:
        column = _joined(frame, feature, reading.multi_separator)
        if column.isna().all():
            findings.notice(f"{source}: left out column {feature.name!r}, which has no values")
            continue
        kind = feature.kind or _inferred(column, reading.multi_separator)
        if kind == "dense":
            numbers = read_numbers(source, column, findings, required=False)
            column = pd.Series(numbers, index=frame.index)
        else:
            column = column.astype(str).where(column.notna(), None)
        columns[feature.name], kinds[feature.name] = column.rename(feature.name), kind
    return pd.DataFrame(columns, index=frame.index), kinds


def finished_features(
    table: pd.DataFrame, kinds: dict[str, Kind], side: Side, reading: Reading
) -> Features:
    """Return the feature table, indexed by id, with multi features split into their values."""
    multi = [name for name, kind in kinds.items() if kind == "multi"]
    split = {name: split_values(table[name], reading.multi_separator) for name in multi}
    fields = tuple(Field(name, kind, side) for name, kind in kinds.items())
    return Features(table.assign(**split), fields)


def _joined(frame: pd.DataFrame, feature: Wanted, separator: str) -> pd.Series:
    first, *others = [frame[part] for part in feature.parts]
    if not others:
        return first.rename(feature.name)
    text = first.fillna("")
    for other in others:
        text = text + separator + other.fillna("")
    return text.where(text.str.strip(separator) != "").rename(feature.name)


def _inferred(column: pd.Series, separator: str) -> Kind:
    if pd.api.types.is_bool_dtype(column.dtype):
        return "sparse"
    if pd.api.types.is_numeric_dtype(column.dtype):
        return "dense"
    text = column.dropna().astype(str)
    return "multi" if text.str.contains(separator, regex=False).any() else "sparse"
