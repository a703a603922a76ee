"""The words of a language, read from a TOML file a stranger can extend, as ready-made patterns."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Any

from assistant.lexicon.fields import named_fields
from assistant.lexicon.numbers import SpelledNumbers, as_number
from assistant.lexicon.phrases import any_of, any_phrase, plain_text, without_accents

__all__ = [
    "LANGUAGES",
    "Lexicon",
    "any_of",
    "language_of",
    "load_lexicon",
    "named_fields",
    "plain_text",
]

Lists = Mapping[str, Iterable[str]]
LANGUAGES = ("en", "de", "es", "fr", "it", "ja", "pt", "zh")
"""The languages with a file beside this one; English decides where no other speaks louder."""

UNSPACED = ("ja", "zh")
"""Those that set no spaces between words."""


class _Patterns(Mapping[str, re.Pattern[str]]):
    """Patterns by name, each compiled when it is first asked for."""

    def __init__(self, groups: Mapping[str, Iterable[str]], lists: Lists | None) -> None:
        """Take phrases by name; with `lists` they may hold groups, without they are literal."""
        self._groups, self._lists = groups, lists
        self._compiled: dict[str, re.Pattern[str]] = {}

    def __getitem__(self, name: str) -> re.Pattern[str]:
        if name not in self._compiled:
            group, lists = self._groups[name], self._lists
            self._compiled[name] = any_of(group) if lists is None else any_phrase(group, lists)
        return self._compiled[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._groups)

    def __len__(self) -> int:
        return len(self._groups)


@dataclass(frozen=True, eq=False)
class Lexicon:
    """Patterns over text made plain by `plain_text`; each matches whole words only."""

    language: str
    name: str
    """The language in English words."""
    words: Mapping[str, re.Pattern[str]]
    asks: Mapping[str, re.Pattern[str]]
    lists: Lists
    """The words of [words] and of numbers, as phrases may name them in braces."""
    numbers: dict[str, int]
    number: re.Pattern[str]
    number_joints: tuple[str, ...]
    """What stands between the parts of a number in words: "und" in "achtundsiebzig"."""
    synonyms: dict[str, str]
    years: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    amounts: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    absent: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    """What people ask for that data sets rarely have, by what an answer calls it."""
    decades: dict[str, int] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    ages: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    bounds: Lists = field(default_factory=dict)
    """Phrases for bounds on numbers of items, and for their ends; {unit} is what is measured."""
    then: tuple[str, ...] = ()
    """What stands between the parts of a compound question."""
    spellings: Mapping[str, str] = field(default_factory=dict)
    """What is written short, and what it stands for."""
    people: dict[str, str] = field(default_factory=dict)
    """Other words for attribute values of people."""
    common: frozenset[str] = frozenset()
    tables: Mapping[str, Any] = field(default_factory=dict)
    """The file as it is."""
    marks: frozenset[str] = frozenset()
    """Small words by which a text of this language is told from others."""

    def pattern(self, phrases: Iterable[str], **lists: Iterable[str]) -> re.Pattern[str]:
        """Return the pattern of any of `phrases`, which may name `lists` besides the lexicon's."""
        whole = self.language not in UNSPACED
        return any_phrase(phrases, {**self.lists, **lists}, whole)

    def asks_for(self, concept: str, text: str) -> bool:
        """Tell whether any phrase of `concept` stands in the plain `text`."""
        pattern = self.asks.get(concept)
        return pattern is not None and pattern.search(text) is not None

    def value_of(self, number: str) -> float:
        """Return the value of a number in digits or words."""
        if number in self.numbers:
            return float(self.numbers[number])
        return as_number(number, self.language)

    def spelled_out(self, text: str) -> str:
        """Return a text made plain, with its short spellings written out: "ppl" is "people"."""
        plain = plain_text(text)
        return self._short.sub(lambda match: self.spellings[match[0]], plain)

    @cached_property
    def _short(self) -> re.Pattern[str]:
        return any_of(self.spellings)

    def in_digits(self, plain: str) -> str:
        """Return a plain text with numbers of several words in digits: "seventy eight" is "78"."""
        return self._spelled.in_digits(plain)

    @cached_property
    def _spelled(self) -> SpelledNumbers:
        return SpelledNumbers(self.numbers, self.number_joints)

    def word(self, concept: str, text: str) -> bool:
        """Tell whether any word of the list `concept` stands in the plain `text`."""
        return self.words[concept].search(text) is not None

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """Every word of the file, in whatever table."""
        return frozenset(_words_of(self.tables))

    @cached_property
    def bare(self) -> tuple[re.Pattern[str], ...]:
        """Phrases in which a number alone is a user or an item, the longest first."""
        return _one_by_one(self.tables.get("bare", {}).get("phrases", ()), self.lists)

    @cached_property
    def bare_more(self) -> tuple[re.Pattern[str], ...]:
        """As `bare`, where other users are named already."""
        return _one_by_one(self.tables.get("bare", {}).get("more", ()), self.lists)

    def knows(self, word: str) -> bool:
        """Tell whether a single word stands anywhere in the file."""
        return word in self.vocabulary

    def is_common(self, word: str) -> bool:
        """Tell whether a single word is one of the lexicon's lists, and so names nothing."""
        return word in self.common


@lru_cache
def load_lexicon(language: str = "en") -> Lexicon:
    """Read the lexicon of `language`, a two-letter code with a file beside this one."""
    tables = tomllib.loads(files(__name__).joinpath(f"{language}.toml").read_text(encoding="utf-8"))
    numbers = _plain_keys(tables["numbers"])

    lists = tables["words"]
    phrases = lists | {"number_words": list(tables["numbers"]), "noun": lists["item"]}

    def patterns(table: str) -> _Patterns:
        return _Patterns(tables.get(table, {}), phrases)

    return Lexicon(
        language=language,
        name=tables["language"]["name"],
        words=_Patterns(lists, None),
        asks=patterns("asks"),
        lists=phrases,
        numbers=numbers,
        number_joints=tuple(map(plain_text, lists["number_joints"])),
        number=re.compile(rf"(?<![\w.])[0-9]+(?![\w.]*[0-9])|{any_of(numbers).pattern}"),
        synonyms=_plain_pairs(tables.get("synonyms", {})),
        years=patterns("years"),
        amounts=patterns("amounts"),
        absent=patterns("absent"),
        decades=_plain_keys(tables.get("decades", {})),
        places=_plain_keys(tables.get("places", {})),
        ages=patterns("ages"),
        bounds=tables.get("bounds", {}),
        then=tuple(map(re.escape, lists["then"])),
        spellings=tables.get("spellings", {}),
        people=_plain_pairs(tables.get("people", {})),
        common=frozenset(
            word
            for group in (*lists.values(), tables["language"]["marks"], tables.get("places", ()))
            for phrase in group
            for word in plain_text(phrase).split()
        ),
        tables=tables,
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


def _words_of(table: object) -> Iterator[str]:
    """Yield the plain words of all keys and phrases of a table."""
    if isinstance(table, str):
        yield from re.findall(r"\w+", table.casefold())
    elif isinstance(table, Mapping):
        for key, value in table.items():
            yield from _words_of(key)
            yield from _words_of(value)
    elif isinstance(table, list):
        for value in table:
            yield from _words_of(value)


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
