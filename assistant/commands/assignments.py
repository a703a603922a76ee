"""FIELD=VALUE on the command line: conditions on items, and what somebody is like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ingest.errors import AskerError

if TYPE_CHECKING:
    from ingest.dataset.schema import Dataset


def item_mask(dataset: Dataset, conditions: Sequence[str]) -> Any:
    """Read `genres=Comedy` and `year=1990..1999` as a mask over the items; None without any."""
    from assistant.asking.filters import All

    kinds = {field.name: field.kind for field in dataset.fields_of("item")}
    entries: list[dict[str, Any]] = []
    for text in conditions:
        name, value = _assigned(text, "--where")
        if name not in kinds:
            raise AskerError(
                f"{dataset.noun.many} of {dataset.name} have no field {name!r}; their fields are "
                f"{', '.join(kinds) or '(none)'}"
            )
        if kinds.get(name) == "dense":
            low, dots, high = value.partition("..")
            entries.append(
                {
                    "field": name,
                    "from": _number(name, low),
                    "to": _number(name, high if dots else low),
                }
            )
        else:
            entries.append({"field": name, "is": value})
    return All.from_json({"all": entries}, dataset).mask(dataset) if entries else None


def features_of(dataset: Dataset, features: Sequence[str]) -> dict[str, Any]:
    """Read `age=25` and `genres=Comedy|Drama` as the fields of somebody."""
    kinds = {field.name: field.kind for field in dataset.fields_of("user")}
    known: dict[str, Any] = {}
    for text in features:
        name, value = _assigned(text, "--is")
        kind = kinds.get(name)
        known[name] = _number(name, value) if kind == "dense" else value
        if kind == "multi":
            known[name] = value.split("|")
    return known


def _assigned(text: str, option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise AskerError(f"{option} {text!r} has not the form FIELD=VALUE")
    return name, value


def _number(name: str, text: str) -> float | None:
    """Read one bound of a number; an empty one is open."""
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise AskerError(f"{name} is a number, or two as 1990..1999, not {text!r}") from None
