"""Conditions on items: a boolean expression, its mask over the catalogue, its JSON, its words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.errors import AskerError
from ingest.schema import Dataset

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Is:
    """The item has `value` in a sparse or multi-value field."""

    field: str
    value: str

    def mask(self, dataset: Dataset) -> Mask:
        column = dataset.items[self.field]
        kind = next(field.kind for field in dataset.fields_of("item") if field.name == self.field)
        if kind == "multi":
            return np.fromiter((self.value in values for values in column), bool, len(column))
        return (column == self.value).to_numpy(dtype=bool, na_value=False)

    def to_json(self) -> dict[str, Any]:
        return {"field": self.field, "is": self.value}

    def words(self) -> str:
        return self.value


@dataclass(frozen=True)
class Between:
    """A dense field lies in [low, high]; None leaves that side open. A missing value never does."""

    field: str
    low: float | None
    high: float | None

    def mask(self, dataset: Dataset) -> Mask:
        values = dataset.items[self.field].to_numpy(dtype=float)
        low = -np.inf if self.low is None else self.low
        high = np.inf if self.high is None else self.high
        inside: Mask = (values >= low) & (values <= high)
        return inside

    def to_json(self) -> dict[str, Any]:
        return {"field": self.field, "from": self.low, "to": self.high}

    def words(self) -> str:
        if self.low == self.high:
            return f"{self.field} {self.low:g}"
        if self.low is None:
            return f"{self.field} up to {self.high:g}"
        if self.high is None:
            return f"{self.field} {self.low:g} or later"
        return f"{self.field} {self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class Not:
    """The inner condition does not hold."""

    inner: Is | Between

    def mask(self, dataset: Dataset) -> Mask:
        return ~self.inner.mask(dataset)

    def to_json(self) -> dict[str, Any]:
        return {"not": self.inner.to_json()}

    def words(self) -> str:
        return f"not {self.inner.words()}"


Condition = Is | Between | Not


@dataclass(frozen=True)
class All:
    """Every one of the conditions holds; with none, every item passes."""

    conditions: tuple[Condition, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.conditions)

    def mask(self, dataset: Dataset) -> Mask:
        """Return which items pass, (n_items,)."""
        passing = np.ones(dataset.n_items, dtype=bool)
        for condition in self.conditions:
            passing &= condition.mask(dataset)
        return passing

    def to_json(self) -> dict[str, Any]:
        return {"all": [condition.to_json() for condition in self.conditions]}

    def words(self) -> str:
        return ", ".join(condition.words() for condition in self.conditions)

    @classmethod
    def from_json(cls, document: dict[str, Any] | None, dataset: Dataset) -> All:
        """Read what `to_json` wrote, or what an agent proposes.

        Raises:
            AskerError: the document has another form, or names a field the items do not have.
        """
        if document is None:
            return cls()
        if set(document) != {"all"} or not isinstance(document["all"], list):
            raise AskerError(f'filters have the form {{"all": [conditions]}}, not {document!r}')
        return cls(tuple(_condition(entry, dataset) for entry in document["all"]))


def _condition(entry: Any, dataset: Dataset) -> Condition:
    match entry:
        case {"not": inner} if len(entry) == 1:
            condition = _condition(inner, dataset)
            return condition.inner if isinstance(condition, Not) else Not(condition)
        case {"field": str(name), "is": str(value)} if name in _names(dataset, dense=False):
            return Is(name, value)
        case {"field": str(name), "from": low, "to": high} if name in _names(dataset, dense=True):
            return Between(name, low, high)
    known = ", ".join(sorted(field.name for field in dataset.fields_of("item")))
    raise AskerError(
        f'{entry!r} is no condition on items; write {{"field", "is"}}, {{"field", "from", "to"}} '
        f'or {{"not"}} with one of the fields {known or "(none)"}'
    )


def _names(dataset: Dataset, dense: bool) -> set[str]:
    return {field.name for field in dataset.fields_of("item") if (field.kind == "dense") == dense}
