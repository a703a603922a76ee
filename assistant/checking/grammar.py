"""A small grammar over typed symbols: what a sentence says is built up from phrases that are true.

Every word, number and name of a sentence is one symbol. The rules of `lexicon/grammar.toml` stand
in levels; each says how a run of symbols becomes one phrase, and which meaning (`meanings/`) is
held against the facts when it does. A phrase that does not hold ends the sentence. What the rules
cannot put together is not understood, and is not shown.

A symbol is one letter of a private alphabet, so a level is one regular expression over a short
text: a sentence costs some tens of microseconds, and nothing is tried twice.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from assistant.checking.facts import Facts, Person

_SYMBOL = re.compile(r"@?[A-Za-z_]+|[,.;:/&%#÷]")
_FIRST = 0xE000
"""The first letter of Unicode's private area."""
MAX_STEPS = 400
"""Phrases that are built of one sentence at most."""


class Wrong(Exception):
    """A phrase that is understood and does not hold."""


@dataclass(slots=True)
class Part:
    """A word, number or name of a sentence, or a phrase made of several."""

    symbol: str
    text: str
    value: Any = None


class Parts:
    """The parts that a rule has matched, by symbol."""

    def __init__(
        self, parts: Sequence[Part], facts: Facts, carried: tuple[Person, ...] = ()
    ) -> None:
        self.parts = parts
        self.facts = facts
        self.carried = carried
        """Whom the sentence before spoke of, and this one may call "they"."""

    def all(self, *symbols: str) -> list[Any]:
        """Return the values of all parts with one of these symbols, in order."""
        return [one.value for one in self.parts if one.symbol in symbols]

    def one(self, *symbols: str) -> Any:
        """Return the value of the first part with one of these symbols, or None."""
        return next((one.value for one in self.parts if one.symbol in symbols), None)

    def has(self, *symbols: str) -> bool:
        """Tell whether one of these symbols was matched."""
        return any(one.symbol in symbols for one in self.parts)

    def place(self, symbol: str) -> int:
        """Return where a symbol stands, -1 if it does not."""
        return next((at for at, one in enumerate(self.parts) if one.symbol == symbol), -1)

    @property
    def text(self) -> str:
        return " ".join(one.text for one in self.parts)


Meaning = Callable[[Parts], Any]


@dataclass(frozen=True)
class Rule:
    """What a run of symbols becomes, and what it means."""

    symbol: str
    meaning: Meaning


@dataclass(frozen=True)
class Level:
    """Rules that are tried together, the first in the file first, the leftmost match first."""

    pattern: re.Pattern[str]
    rules: Sequence[Rule]


class Alphabet:
    """The letter of every symbol."""

    def __init__(self) -> None:
        self._letters: dict[str, str] = {}

    def __getitem__(self, symbol: str) -> str:
        return self._letters.setdefault(symbol, chr(_FIRST + len(self._letters)))

    def pattern(self, line: str, macros: Mapping[str, str]) -> str:
        """Return a pattern in words as one over letters: "Int items?" and the like."""
        while "@" in line:
            line = re.sub(r"@(\w+)", lambda found: f"({macros[found[1]]})", line)
        line = line.replace("(?", "\0").replace("(", "(?:").replace("\0", "(?")
        kept = re.split(r"(\(\?[:=!]|\(\?<[=!])", line)
        return "".join(
            one if number % 2 else _SYMBOL.sub(lambda found: self[found[0]], one)
            for number, one in enumerate(kept)
        ).replace(" ", "")


@dataclass(frozen=True)
class Grammar:
    """The levels in order."""

    alphabet: Alphabet
    levels: Sequence[Level]

    def built(
        self, parts: Sequence[Part], facts: Facts, carried: tuple[Person, ...] = ()
    ) -> list[Part]:
        """Return the phrases that a sentence comes down to.

        Raises:
            Wrong: a phrase is understood, and is not so.
        """
        line = "".join([self.alphabet[one.symbol] for one in parts])
        parts = list(parts)
        steps = 0
        for level in self.levels:
            while (found := level.pattern.search(line)) is not None and steps < MAX_STEPS:
                steps += 1
                start, end = found.span()
                rule = level.rules[(found.lastindex or 1) - 1]
                matched = Parts(parts[start:end], facts, carried)
                parts[start:end] = [Part(rule.symbol, matched.text, rule.meaning(matched))]
                line = line[:start] + self.alphabet[rule.symbol] + line[end:]
        return parts


def load_grammar(name: str, meanings: Mapping[str, Meaning]) -> Grammar:
    """Read the rules of a file of `lexicon/`, each with the meaning that it names."""
    text = files("assistant.lexicon").joinpath(name).read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    alphabet = Alphabet()
    levels = []
    for rules in tables["levels"].values():
        found, patterns = [], []
        for head, *lines in rules:
            symbol, _, meaning = head.partition(": ")
            for line in lines:
                pattern = alphabet.pattern(line, tables["macros"])
                if re.fullmatch(pattern, alphabet[symbol]):
                    raise ValueError(f"{head!r} would be built for ever: {line!r}")
                found.append(Rule(symbol, meanings[meaning or "same"]))
                patterns.append(f"({pattern})")
        levels.append(Level(re.compile("|".join(patterns)), found))
    return Grammar(alphabet, levels)
