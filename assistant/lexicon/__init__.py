"""The words of a language, read from a TOML file a stranger can extend, as ready-made patterns."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.resources import files

from assistant.lexicon.phrases import any_of, any_phrase, plain_text, without_accents

__all__ = ["LANGUAGES", "Lexicon", "any_of", "language_of", "load_lexicon", "plain_text"]

LANGUAGES = ("en", "de", "es", "fr", "it", "ja", "pt", "zh")
"""The languages with a file beside this one; English decides where no other speaks louder."""


@dataclass(frozen=True, eq=False)
class Lexicon:
    """Patterns over text made plain by `plain_text`; each matches whole words only."""

    language: str
    name: str
    """The language in English words."""
    words: dict[str, re.Pattern[str]]
    asks: dict[str, re.Pattern[str]]
    numbers: dict[str, int]
    number: re.Pattern[str]
    synonyms: dict[str, str]
    years: dict[str, re.Pattern[str]] = field(default_factory=dict)
    amounts: dict[str, re.Pattern[str]] = field(default_factory=dict)
    bare: tuple[re.Pattern[str], ...] = ()
    bare_more: tuple[re.Pattern[str], ...] = ()
    """As `bare`, where other users are named already."""
    absent: dict[str, re.Pattern[str]] = field(default_factory=dict)
    """What people ask for that data sets rarely have, by what an answer calls it."""
    decades: dict[str, int] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    ages: dict[int, re.Pattern[str]] = field(default_factory=dict)
    then: tuple[str, ...] = ()
    """What stands between the parts of a compound question."""
    people: dict[str, str] = field(default_factory=dict)
    """Other words for attribute values of people."""
    common: frozenset[str] = frozenset()
    marks: frozenset[str] = frozenset()
    """Small words by which a text of this language is told from others."""

    def asks_for(self, concept: str, text: str) -> bool:
        """Tell whether any phrase of `concept` stands in the plain `text`."""
        pattern = self.asks.get(concept)
        return pattern is not None and pattern.search(text) is not None

    def value_of(self, number: str) -> float:
        """Return the value of a number in digits or words."""
        return float(self.numbers[number]) if number in self.numbers else float(number)

    def in_digits(self, plain: str) -> str:
        """Return a plain text with numbers of several words in digits: "seventy eight" is "78"."""
        return self._spelled.sub(lambda match: str(self._value_of_words(match[0].split())), plain)

    @cached_property
    def _spelled(self) -> re.Pattern[str]:
        def of(low: int, high: int, step: int = 1) -> str:
            chosen = [w for w, v in self.numbers.items() if v in range(low, high, step)]
            return "(?:" + ("|".join(w for w in chosen if w.isalpha()) or "(?!)") + ")"

        unit, tens = of(1, 10), of(20, 100, 10)
        below = f"(?:{tens}(?: {unit})?|{of(1, 20)})"
        hundreds = f"{unit} {of(100, 101)}(?: (?:{self.words['and'].pattern}))?(?: {below})?"
        return re.compile(rf"(?<!\w)(?:{hundreds}|{tens} {unit})(?!\w)")

    def _value_of_words(self, words: Iterable[str]) -> int:
        value = 0
        for word in words:
            number = self.numbers.get(word, 0)
            value = value * 100 if number == 100 else value + number
        return value

    def word(self, concept: str, text: str) -> bool:
        """Tell whether any word of the list `concept` stands in the plain `text`."""
        return self.words[concept].search(text) is not None

    def is_common(self, word: str) -> bool:
        """Tell whether a single word is one of the lexicon's lists, and so names nothing."""
        return word in self.common


@lru_cache
def load_lexicon(language: str = "en") -> Lexicon:
    """Read the lexicon of `language`, a two-letter code with a file beside this one."""
    tables = tomllib.loads(files(__name__).joinpath(f"{language}.toml").read_text(encoding="utf-8"))
    numbers = _plain_keys(tables["numbers"])

    lists = tables["words"]
    phrases = lists | {"number_words": list(tables["numbers"])}

    def patterns(table: str) -> dict[str, re.Pattern[str]]:
        return {name: any_phrase(group, phrases) for name, group in tables.get(table, {}).items()}

    return Lexicon(
        language=language,
        name=tables["language"]["name"],
        words={concept: any_of(words) for concept, words in lists.items()},
        asks=patterns("asks"),
        numbers=numbers,
        number=re.compile(rf"(?<![\w.])[0-9]+(?![\w.]*[0-9])|{any_of(numbers).pattern}"),
        synonyms=_plain_pairs(tables.get("synonyms", {})),
        years=patterns("years"),
        amounts=patterns("amounts"),
        bare=_one_by_one(tables.get("bare", {}).get("phrases", ()), phrases),
        bare_more=_one_by_one(tables.get("bare", {}).get("more", ()), phrases),
        absent=patterns("absent"),
        decades=_plain_keys(tables.get("decades", {})),
        places=_plain_keys(tables.get("places", {})),
        ages={int(age): pattern for age, pattern in patterns("ages").items()},
        then=tuple(map(re.escape, lists["then"])),
        people=_plain_pairs(tables.get("people", {})),
        common=frozenset(
            word
            for group in (*lists.values(), tables["language"]["marks"], tables.get("places", ()))
            for phrase in group
            for word in plain_text(phrase).split()
        ),
        marks=frozenset(
            spelling
            for word in map(plain_text, tables["language"]["marks"])
            for spelling in (word, without_accents(word))
        ),
    )


def _one_by_one(
    group: Iterable[str], lists: Mapping[str, Iterable[str]]
) -> tuple[re.Pattern[str], ...]:
    """Return a pattern for each phrase, the longest first; it can hold a named group only once."""
    return tuple(
        any_phrase([spelling], lists)
        for phrase in sorted(group, key=len, reverse=True)
        for spelling in dict.fromkeys((phrase, without_accents(phrase)))
    )


def _plain_keys(table: dict[str, int]) -> dict[str, int]:
    """Return the entries by plain word, with and without accents."""
    plain = {plain_text(word): value for word, value in table.items()}
    return {without_accents(word): value for word, value in plain.items()} | plain


def _plain_pairs(table: dict[str, str]) -> dict[str, str]:
    plain = {plain_text(a): plain_text(b) for a, b in table.items()}
    return {without_accents(word): value for word, value in plain.items()} | plain


def language_of(plain: str) -> str:
    """Return the language whose marks stand most often in a plain text; English on a tie."""
    if re.search(r"[\u3040-\u30ff]", plain):
        return "ja"
    if re.search(r"[\u3400-\u4dbf\u4e00-\u9fff]", plain):
        return "zh"
    words = re.findall(r"\w+", plain)
    counts = {
        language: sum(word in load_lexicon(language).marks for word in words)
        for language in LANGUAGES
    }
    return max(LANGUAGES, key=lambda language: (counts[language], language == "en"))
