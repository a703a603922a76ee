"""The words of a language, read from a TOML file a stranger can extend, as ready-made patterns."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files

from assistant.lexicon.phrases import any_of, any_phrase, plain_text, without_accents

__all__ = ["LANGUAGES", "Lexicon", "any_of", "language_of", "load_lexicon", "plain_text"]

LANGUAGES = ("en", "de", "es", "fr", "it", "ja", "pt", "zh")
"""The languages with a file beside this one; English decides where no other speaks louder."""


@dataclass(frozen=True)
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
    marks: re.Pattern[str] = re.compile("(?!)")
    """Small words by which a text of this language is told from others."""

    def asks_for(self, concept: str, text: str) -> bool:
        """Tell whether any phrase of `concept` stands in the plain `text`."""
        pattern = self.asks.get(concept)
        return pattern is not None and pattern.search(text) is not None

    def value_of(self, number: str) -> float:
        """Return the value of a number in digits or words."""
        return float(self.numbers[number]) if number in self.numbers else float(number)

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
        bare=tuple(
            any_phrase([spelling], phrases)
            for phrase in tables.get("bare", {}).get("phrases", ())
            for spelling in dict.fromkeys((phrase, without_accents(phrase)))
        ),
        absent=patterns("absent"),
        decades=_plain_keys(tables.get("decades", {})),
        places=_plain_keys(tables.get("places", {})),
        ages={int(age): pattern for age, pattern in patterns("ages").items()},
        then=tuple(map(re.escape, lists["then"])),
        people=_plain_pairs(tables.get("people", {})),
        common=frozenset(
            word
            for group in (*lists.values(), tables["language"]["marks"])
            for phrase in group
            for word in plain_text(phrase).split()
        ),
        marks=any_of(tables["language"]["marks"]),
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
    counts = {language: len(load_lexicon(language).marks.findall(plain)) for language in LANGUAGES}
    return max(LANGUAGES, key=lambda language: (counts[language], language == "en"))
