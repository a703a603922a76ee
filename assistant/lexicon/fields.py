"""What numbers of items are called in any language: fields.toml, made plain."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib.resources import files

from assistant.lexicon.phrases import plain_text


@dataclass(frozen=True)
class NamedField:
    """The words for one number of items; fields.toml says what each list is."""

    names: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    less: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    lowest: tuple[str, ...] = ()
    highest: tuple[str, ...] = ()
    ascending: tuple[str, ...] = ()
    descending: tuple[str, ...] = ()
    vague: tuple[str, ...] = ()
    called: str = ""


@lru_cache
def named_fields() -> Mapping[str, NamedField]:
    """Return the fields of fields.toml by concept.

    Raises:
        ValueError: a list has a name that no field has.
    """
    text = files("assistant.lexicon").joinpath("fields.toml").read_text(encoding="utf-8")
    return {name: _field(name, lists) for name, lists in tomllib.loads(text).items()}


def _field(name: str, lists: Mapping[str, list[str] | str]) -> NamedField:
    unknown = set(lists) - {field.name for field in fields(NamedField)}
    if unknown:
        raise ValueError(f"fields.toml: {name} has unknown lists {sorted(unknown)}")
    plain = {
        key: words if isinstance(words, str) else tuple(map(plain_text, words))
        for key, words in lists.items()
    }
    return NamedField(**plain)  # type: ignore[arg-type]
