"""Sentences of a language, read from a TOML file beside this one, filled with computed values.

A sentence is a pattern. `{score:.2f}` and `{n:,}` are numbers as the language prints them,
`{n:items}` is "1,204 films", `{n:count}` "two films", `{n:dative}` what German has after "von",
`{share:%}` a percentage, `{share:.1%}` a fraction as one, `{adds:+.2f}` signed, `{n:has/have}` the
form for one or for more, `{user:C}` with a capital. `{item}` and `{items}` are what the items of
the data are called, `{done}` what users have done with them (and whatever else an entry of [verbs]
holds); the entries of [you] or [other] stand for the user who asks, or is asked about.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from string import Formatter
from typing import Any

from ingest.dataset.schema import Noun

WORDED = ("en", "de", "es", "fr", "it", "ja", "pt", "zh")
"""Languages with a file of sentences; questions in others are answered in English."""


class Phrasebook(Formatter):
    """The sentences of one language."""

    def __init__(self, language: str, tables: Mapping[str, Any]) -> None:
        self.language = language
        self.sentences: Mapping[str, str] = tables["sentences"]
        self.persons: Mapping[str, Mapping[str, str]] = {
            name: tables[name] for name in ("you", "other")
        }
        settings = tables["language"]
        self.decimal: str = settings["decimal"]
        self.thousands: str = settings["thousands"]
        self.space: str = settings["space"]
        self.comma: str = settings["comma"]
        self.one_below: int = settings["one_below"]
        self.dative: str = settings.get("dative", "")
        self.words: Sequence[str] = settings.get("count", ())
        self.nouns: Mapping[str, Sequence[str]] = tables.get("nouns", {})
        self.verbs: Mapping[str, Mapping[str, str]] = tables.get("verbs", {})

    def say(self, sentence: str, noun: Noun, **values: Any) -> str:
        """Return a sentence with its values filled in.

        Raises:
            KeyError: there is no such sentence, or a value it names is missing.
        """
        one, many = self._forms(noun)[-2:]
        named = {"item": one, "items": many, "noun": noun, **self.verb(noun), **values}
        return self.vformat(self.sentences[sentence], (), named)

    def person(self, addressed: bool, user_id: str | None, noun: Noun) -> dict[str, str]:
        """Return the words that stand for a user: "you", or "user 78"."""
        words = self.persons["you" if addressed else "other"]
        known = {"id": user_id, **self.verb(noun)}
        return {name: self.vformat(text, (), known) for name, text in words.items()}

    def verb(self, noun: Noun) -> Mapping[str, str]:
        """Return the forms of what users have done with items; neutral ones where it is unknown."""
        if not self.verbs:
            return {"done": noun.done}
        same = _same_verbs()
        song = same.get(f"{noun.done} {noun.one.casefold()}")  # a game that was played is another
        name = song or same.get(noun.done, noun.done)
        return self.verbs.get(name) or self.verbs["other"]

    def listed(self, words: Sequence[str]) -> str:
        """Join words as a sentence does: "a", "a and b", "a, b and c"."""
        if len(words) < 2:
            return "".join(words)
        return f"{self.comma.join(words[:-1])}{self.sentences['and']}{words[-1]}"

    def vformat(self, format_string: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
        """Fill a pattern; counted nouns need the noun, so it travels with the values."""
        parts = []
        for text, name, spec, _ in self.parse(format_string):
            parts.append(text)
            if name is not None:
                parts.append(self._field(kwargs[name], spec or "", kwargs))
        return "".join(parts)

    def _field(self, value: Any, spec: str, values: Mapping[str, Any]) -> str:
        if "/" in spec:
            one, many = spec.split("/")
            return one if self._is_one(value) else many
        match spec:
            case "":
                return str(value)
            case "C":
                return str(value)[:1].upper() + str(value)[1:]
            case "items" | "count" | "Count":
                counted = self._counted(int(value), values["noun"], spec != "items")
                return counted[:1].upper() + counted[1:] if spec == "Count" else counted
            case "dative":
                return self._in_dative(int(value), values["noun"])
            case "%":
                return self._percent(float(value))
            case "g":
                return self._number(f"{value:.10g}")  # 1000000, not 1e+06
        if spec.endswith("%"):
            return self._number(format(value, spec)[:-1]) + self.sentences["percent"]
        if spec.startswith("+"):
            return self._number(format(value, spec).replace("-", "−"))
        return self._number(format(value, f",{spec}" if spec[:1] == "." else spec))

    def _counted(self, n: int, noun: Noun, in_words: bool) -> str:
        forms = self._forms(noun)
        word = self.words[n] if in_words and n < len(self.words) else self._number(f"{n:,}")
        return f"{word}{self.space}{forms[0] if self._is_one(n) else forms[1]}"

    def _in_dative(self, n: int, noun: Noun) -> str:
        counted = self._counted(n, noun, False)
        as_it_is = self._is_one(n) or counted.endswith((self.dative, "s"))
        return counted if as_it_is else counted + self.dative

    def _forms(self, noun: Noun) -> Sequence[str]:
        """Return an item's names: counted for one and for more, then alone for both."""
        return self.nouns.get(noun.one.casefold(), (noun.one, noun.many))

    def _is_one(self, n: float) -> bool:
        return n == 1 or 0 <= n < self.one_below

    def _percent(self, value: float) -> str:
        low = f"{min(value, 99.9):.1f}" if value >= 10 else f"{value:.0f}"
        return f"{self._number(low)}{self.sentences['percent']}"

    def _number(self, english: str) -> str:
        swapped = {",": self.thousands, ".": self.decimal}
        return "".join(swapped.get(mark, mark) for mark in english)


@lru_cache
def _same_verbs() -> Mapping[str, str]:
    """Return the verbs that mean what another one does, by that one."""
    text = files(__package__).joinpath("verbs.toml").read_text(encoding="utf-8")
    return {one: verb for verb, others in tomllib.loads(text).items() for one in others}


@lru_cache
def phrasebook(language: str = "en") -> Phrasebook:
    """Return the sentences of a language of `WORDED`."""
    text = files(__package__).joinpath(f"{language}.toml").read_text(encoding="utf-8")
    return Phrasebook(language, tomllib.loads(text))
