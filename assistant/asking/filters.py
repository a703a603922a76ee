"""Conditions on items: a boolean expression, its mask over the catalogue, its JSON, its words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.wording import Voice
from ingest.dataset.schema import Dataset, Noun
from ingest.errors import AskerError

Mask = NDArray[np.bool_]
ENGLISH = Voice(Noun("item", "items"))
"""How conditions are named in evidence, whatever the question's language."""
SHOWN, LEFT_OUT = "what was shown", "what you turned down"
"""Names of the items that a conversation leaves out."""
REMEMBERED = {SHOWN: "filter_shown", LEFT_OUT: "filter_refused"}
"""The sentences that say so."""


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

    def words(self, voice: Voice = ENGLISH) -> str:
        return self.value


@dataclass(frozen=True)
class Between:
    """A dense field lies in [low, high]; None leaves that side open. A missing value never does."""

    field: str
    low: float | None
    high: float | None
    open: bool = False
    """Whether the bounds themselves are left out: "under 20"."""

    def mask(self, dataset: Dataset) -> Mask:
        values = dataset.items[self.field].to_numpy(dtype=float)
        low = -np.inf if self.low is None else self.low
        high = np.inf if self.high is None else self.high
        inside: Mask = (values >= low) & (values <= high)
        return inside & (values != low) & (values != high) if self.open else inside

    def to_json(self) -> dict[str, Any]:
        bounds = {"field": self.field, "from": self.low, "to": self.high}
        return bounds | {"open": True} if self.open else bounds

    def words(self, voice: Voice = ENGLISH) -> str:
        is_year = self.field == "year"
        name = voice.say("year") if is_year else self.field
        if self.low == self.high:
            return voice.say("filter_value", field=name, value=self.low)
        if self.low is None:
            sentence = "filter_under" if self.open else "filter_up_to" if is_year else "filter_most"
            return voice.say(sentence, field=name, high=self.high)
        if self.high is None:
            sentence = "filter_over" if self.open else "filter_from" if is_year else "filter_least"
            return voice.say(sentence, field=name, low=self.low)
        return voice.say("filter_between", field=name, low=self.low, high=self.high)


@dataclass(frozen=True)
class Audience:
    """The number of users who have the item lies in [low, high]; None leaves that side open."""

    low: int | None
    high: int | None

    def mask(self, dataset: Dataset) -> Mask:
        counts = np.bincount(dataset.interactions.item, minlength=dataset.n_items)
        low = 0 if self.low is None else self.low
        high = dataset.n_users if self.high is None else self.high
        inside: Mask = (counts >= low) & (counts <= high)
        return inside

    def to_json(self) -> dict[str, Any]:
        return {"audience": {"from": self.low, "to": self.high}}

    def words(self, voice: Voice = ENGLISH) -> str:
        if self.low is None:
            return voice.say("filter_users_up_to", high=self.high)
        if self.high is None:
            return voice.say("filter_users_from", low=self.low)
        return voice.say("filter_users_between", low=self.low, high=self.high)


@dataclass(frozen=True)
class Rated:
    """The mean of the item's labels is at least `low`, or above it; without any label it is not."""

    low: float
    open: bool = False
    """Whether `low` itself is left out."""

    def mask(self, dataset: Dataset) -> Mask:
        seen, n_items = dataset.interactions, dataset.n_items
        count = np.bincount(seen.item, minlength=n_items)
        total = np.bincount(seen.item, weights=seen.label.astype(np.float64), minlength=n_items)
        mean = total / np.maximum(count, 1)
        high: Mask = (mean > self.low) if self.open else (mean >= self.low)
        return high & (count > 0)

    def to_json(self) -> dict[str, Any]:
        return {"mean_label": {"from": self.low, "open": self.open}}

    def words(self, voice: Voice = ENGLISH) -> str:
        return voice.say("filter_rated_over" if self.open else "filter_rated", low=self.low)


@dataclass(frozen=True)
class Named:
    """The item is one of those whose title holds `name`, or that were named one by one."""

    name: str
    items: tuple[str, ...]
    """External ids."""

    def mask(self, dataset: Dataset) -> Mask:
        chosen = np.zeros(dataset.n_items, dtype=bool)
        codes = dataset.item_ids.codes(list(self.items))
        chosen[codes[codes >= 0]] = True
        return chosen

    def to_json(self) -> dict[str, Any]:
        return {"named": self.name, "items": list(self.items)}

    def words(self, voice: Voice = ENGLISH) -> str:
        if self.name in REMEMBERED:
            return voice.say(REMEMBERED[self.name])
        return voice.say("quoted", name=self.name)


@dataclass(frozen=True)
class Not:
    """The inner condition does not hold."""

    inner: Condition

    def mask(self, dataset: Dataset) -> Mask:
        return ~self.inner.mask(dataset)

    def to_json(self) -> dict[str, Any]:
        return {"not": self.inner.to_json()}

    def words(self, voice: Voice = ENGLISH) -> str:
        return voice.say("filter_not", inner=_grouped(self.inner, voice))


@dataclass(frozen=True)
class Either:
    """At least one of the conditions holds."""

    conditions: tuple[Condition, ...]

    def mask(self, dataset: Dataset) -> Mask:
        passing = np.zeros(dataset.n_items, dtype=bool)
        for condition in self.conditions:
            passing |= condition.mask(dataset)
        return passing

    def to_json(self) -> dict[str, Any]:
        return {"any": [condition.to_json() for condition in self.conditions]}

    def words(self, voice: Voice = ENGLISH) -> str:
        return voice.say("filter_or").join(_grouped(one, voice) for one in self.conditions)


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

    def words(self, voice: Voice = ENGLISH) -> str:
        """Return the conditions in the words of a language."""
        if len(self.conditions) == 1:
            return self.conditions[0].words(voice)
        return voice.say("filter_and").join(_grouped(one, voice) for one in self.conditions)

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


Condition = Is | Between | Audience | Rated | Named | Not | Either | All


def _grouped(condition: Condition, voice: Voice) -> str:
    """Return a condition's words, in parentheses where it joins several."""
    several = isinstance(condition, Either | All) and len(condition.conditions) > 1
    return f"({condition.words(voice)})" if several else condition.words(voice)


def _condition(entry: Any, dataset: Dataset) -> Condition:
    match entry:
        case {"not": inner} if len(entry) == 1:
            condition = _condition(inner, dataset)
            return condition.inner if isinstance(condition, Not) else Not(condition)
        case {"any": list(inner)} if len(entry) == 1 and inner:
            return Either(tuple(_condition(one, dataset) for one in inner))
        case {"all": list(inner)} if len(entry) == 1:
            return All(tuple(_condition(one, dataset) for one in inner))
        case {"audience": {"from": low, "to": high}} if _are_bounds(low, high):
            return Audience(low, high)
        case {"mean_label": {"from": float() | int() as low, "open": bool(is_open)}} if (
            len(entry) == 1 and dataset.has_labels
        ):
            return Rated(float(low), is_open)
        case {"named": str(name), "items": list(items)} if all(
            isinstance(item, str) and item in dataset.item_ids for item in items
        ):
            return Named(name, tuple(items))
        case {"field": str(name), "is": str(value)} if name in _names(dataset, dense=False):
            return Is(name, value)
        case {"field": str(name), "from": low, "to": high, **more} if (
            name in _names(dataset, dense=True)
            and _are_bounds(low, high)
            and more in ({}, {"open": True}, {"open": False})
        ):
            return Between(name, low, high, open=bool(more.get("open")))
    known = ", ".join(sorted(field.name for field in dataset.fields_of("item")))
    raise AskerError(
        f'{entry!r} is no condition on items; write {{"field", "is"}}, {{"field", "from", "to"}}, '
        f'{{"audience": {{"from", "to"}}}}, {{"mean_label": {{"from", "open"}}}}, {{"any"}}, '
        f'{{"all"}} or {{"not"}} with one of the fields {known or "(none)"}'
    )


def _are_bounds(*bounds: Any) -> bool:
    return all(one is None or isinstance(one, int | float) for one in bounds)


def _names(dataset: Dataset, dense: bool) -> set[str]:
    return {field.name for field in dataset.fields_of("item") if (field.kind == "dense") == dense}
