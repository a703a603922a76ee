"""The forms a sentence may have: what is shown is built like sentences whose meaning is checked.

Known words and true numbers can be put together to say what nobody computed: "You have 4
neighbours", "You both like Drama". So a sentence is turned into symbols and cut into clauses, each
with the kinds of facts in it. A clause is admitted when a sentence of `lexicon/sentences.toml` has
a clause with the same kinds of facts and with each of its words, when no two of its words or facts
stand together that do so in none of them, and when a cause ties kinds of facts together that one of
them ties. Whether what it says is so is held against the facts elsewhere.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import combinations
from typing import Any

from assistant.checking.claims import Token, fold
from assistant.checking.number_kinds import kind_of
from assistant.checking.quantities import counts_nearness, pairs_of
from assistant.checking.reading import Reading

_CLAUSE_ENDS = frozenset(".;:!?•–—-")
_QUOTES = frozenset("“”‘’\"'")
_LISTED = frozenset(("USER", "VALUE", "LIKED"))
_PEOPLE = frozenset(("person", "people", "neighbour", "neighbours"))
_CAUSE = "because"

Feature = tuple[str, ...] | tuple[frozenset[str], ...]


@dataclass(frozen=True)
class Symbols:
    """How words become symbols, and which symbols part clauses, are facts, or only bind words."""

    of_words: Mapping[str, str]
    concepts: Sequence[str]
    silent: frozenset[str]
    breaks: frozenset[str]
    function: frozenset[str]
    facts: frozenset[str]


@lru_cache
def load_symbols() -> Symbols:
    """Read the symbols of English words."""
    tables = _table("forms.toml")
    return Symbols(
        {fold(word): symbol for symbol, words in tables["words"].items() for word in words},
        tables["concepts"],
        frozenset(fold(word) for word in tables["silent"]),
        frozenset(tables["breaks"]),
        frozenset(tables["function"]),
        frozenset(tables["facts"]),
    )


@lru_cache
def load_forms() -> frozenset[Feature]:
    """Read the sentences whose meaning is checked; return what their clauses are made of."""
    lines = [line for name in ("forms.toml", "sentences.toml") for line in _table(name)["built"]]
    return frozenset(one for line in lines for one in features_of(line))


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads(files("assistant.lexicon").joinpath(name).read_text(encoding="utf-8"))


def wrong_form(reading: Reading) -> str | None:
    """Return why a sentence is not built like any that is checked, None when all of it is."""
    return None if _is_admitted(symbols_of(reading)) else "no sentence that is checked is built so"


@lru_cache(maxsize=8192)
def _is_admitted(line: str) -> bool:
    return load_forms().issuperset(features_of(line))


def features_of(line: str) -> Iterator[Feature]:
    """Yield what a sentence in symbols is made of.

    These are, of each clause, its kinds of facts with each of its words, and each two of its facts
    and words; and of each cause the kinds of facts before and after it.
    """
    symbols = load_symbols()
    before: frozenset[str] | None = None
    for clause in _clauses(line.split(), symbols):
        kinds = frozenset(one for one in clause if _is_fact(one, symbols))
        words = frozenset(clause) - kinds
        yield (kinds,)
        yield from ((kinds, frozenset((word,))) for word in words)
        yield from combinations(sorted(kinds | words - symbols.function), 2)
        if before is not None and clause[0] == _CAUSE:
            yield before, kinds, frozenset()
        before = kinds


def _is_fact(symbol: str, symbols: Symbols) -> bool:
    return symbol.startswith("#") or symbol in symbols.facts


def _clauses(line: Iterable[str], symbols: Symbols) -> list[list[str]]:
    """Cut a sentence into clauses; a part without a fact belongs to the next one that has one."""
    clauses: list[list[str]] = []
    part: list[str] = []
    full = False
    for symbol in line:
        if symbol in symbols.breaks and full:
            clauses.append(part)
            part, full = [], False
        part.append(symbol)
        full = full or _is_fact(symbol, symbols)
    if part and clauses and not full:
        clauses[-1] += part
    elif part:
        clauses.append(part)
    return clauses


def symbols_of(reading: Reading) -> str:
    """Return a sentence as symbols: what its numbers, names and words are, in their order."""
    pairs = pairs_of(reading)
    parts = {place: "#part" for place, _ in pairs} | {place: "#whole" for _, place in pairs}
    found: list[str] = []
    for place, token in enumerate(reading.tokens):
        symbol = parts.get(place) or _symbol(reading, place, token)
        if symbol == "'s" and found and found[-1] in ("YOU", "IT"):
            found[-1] = {"YOU": "your", "IT": "its"}[found[-1]]
        elif symbol:
            _append(found, symbol)
    while found and found[-1] == ",":
        found.pop()
    return " ".join(found)


def _append(found: list[str], symbol: str) -> None:
    """Add a symbol; a list of names is one name, and so is "user 215"."""
    if symbol == "," and (not found or found[-1] == ","):
        return
    if symbol in ("USER", "YOU"):
        while found and found[-1] in _PEOPLE:
            found.pop()
    last = len(found)
    while last and found[last - 1] in (",", "and"):
        last -= 1
    if symbol in _LISTED and last and found[last - 1] == symbol:
        del found[last:]
    else:
        found.append(symbol)


def _symbol(reading: Reading, place: int, token: Token) -> str:
    match token.kind:
        case "mark":
            if token.text in _QUOTES:
                return ""
            return "," if token.text in _CLAUSE_ENDS else token.text
        case "number":
            return _number_symbol(reading, place, token)
        case "user":
            return "YOU" if token.text == reading.facts.user_id else "USER"
        case "title":
            return "IT" if token.text in reading.facts.titles else "LIKED"
        case "value":
            return "VALUE"
    return _word_symbol(token)


def _number_symbol(reading: Reading, place: int, token: Token) -> str:
    if counts_nearness(reading, place):
        return "#nth"
    kind = kind_of(reading, place)
    if kind.startswith("="):
        kind = "year" if kind == "=year" else "measure"
    elif kind.startswith("#"):
        kind = "values"
    return f"#{kind.replace(' ', '-')}" + ("%" if token.percent else "")


def _word_symbol(token: Token) -> str:
    symbols = load_symbols()
    if token.text in symbols.silent:
        return ""
    if token.text in symbols.of_words:
        return symbols.of_words[token.text]
    if "it" in token.means:
        return "IT"
    concept = next((one for one in symbols.concepts if one in token.means), token.text)
    many = token.text.endswith("s") or token.text in ("people", "everything", "anything")
    if concept == "people":
        one = "neighbour" if "neighbours" in token.means else "person"
        return (one + "s" if one == "neighbour" else "people") if many else one
    if concept == "items":
        return "items" if many else "item"
    return concept
