"""A sentence → its parts: numbers, names, users, attribute values and known words, each a symbol.

The words stand in `lexicon/claims.toml`. Reading is one pass over the tokens and linear in the
length of the sentence.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from importlib.resources import files
from itertools import takewhile

from assistant.checking.grammar import Part
from assistant.checking.text import fold, spans
from ingest.dataset.schema import Noun

_EXACT = 6
"""Decimals of a fraction in words."""
_LONGEST = 7
"""Words in the longest phrase that is looked up."""
_TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?|\.[0-9]+))(?P<unit>%|st|nd|rd|th|s)?(?![^\W_])"
    r"|(?P<possessive>['’]s?(?![^\W_]))"
    r"|(?P<word>[^\W_]+(?:['’.-][^\W_]+)*)"
    r"|(?P<mark>\S)"
)
_USER_WORD = re.compile(r"\b(?:users?|neighbou?rs?)(?: id)? $", re.IGNORECASE)
_MARKS = {"(": "LP", ")": "RP", "–": ",", "—": ",", "-": "-", "÷": "/", "!": ".", "?": ".",
          "“": "quote", "”": "quote", '"': "quote", "‘": "quote", "’": "quote", "'": "quote"} | {
    mark: mark for mark in ".,;:/%#&="
}  # fmt: skip
_LISTED = (",", "and", "or", "&")


@dataclass(frozen=True)
class Words:
    """The words of one language: phrase → symbols, and the tables beside them."""

    symbols: Mapping[str, tuple[str, ...]]
    numbers: Mapping[str, int]
    ordinals: Mapping[str, int]
    fractions: Mapping[str, tuple[int, int]]
    joining: Mapping[str, Sequence[str]]
    values: Mapping[str, str]
    """Every folded spelling of an attribute value of the data, and the value it spells."""

    @cached_property
    def longest(self) -> Mapping[str, int]:
        """How many words the longest phrase has that begins with a word."""
        longest: dict[str, int] = {}
        compounds = (f"{word} one" for word, value in self.numbers.items() if value >= 20)
        for phrase in (*self.symbols, *self.fractions, *self.values, *compounds):
            first, *rest = phrase.split() or [phrase]
            longest[first] = max(longest.get(first, 1), 1 + len(rest))
        return longest

    def of_data(self, noun: Noun, attributes: Iterable[str], values: Mapping[str, str]) -> Words:
        """Return the same words with a data set's own: for items, what was done, attributes."""
        own = {fold(noun.one): ("item",), fold(noun.many): ("items",), fold(noun.done): ("seen",)}
        own |= {fold(name): ("attribute",) for name in attributes if fold(name) not in self.symbols}
        return replace(self, symbols={**self.symbols, **own}, values=values)


@lru_cache
def load_words() -> Words:
    """Read the words that sentences may be made of; reasons are checked in English alone."""
    text = files("assistant.lexicon").joinpath("claims.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    symbols: dict[str, tuple[str, ...]] = {
        fold(phrase): (symbol,) for symbol, phrases in tables["words"].items() for phrase in phrases
    }
    symbols |= {fold(phrase): () for phrase in tables["silent"]}
    symbols |= {fold(phrase): tuple(said.split()) for phrase, said in tables["short"].items()}
    return Words(
        symbols=symbols,
        numbers=tables["numbers"],
        ordinals=tables["ordinals"],
        fractions={phrase: (a, b) for phrase, (a, b) in tables["fractions"].items()},
        joining=tables["joining"],
        values={},
    )


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is printed."""

    text: str
    value: float
    decimals: int = 0
    percent: bool = False
    ordinal: bool = False
    decade: bool = False
    bound: str | None = None
    """`atleast`, `morethan`, `atmost` or `lessthan`."""

    def fits(self, fact: float | None) -> bool:
        """Tell whether a fact is what the number says, at its printed rounding."""
        if fact is None:
            return False
        match self.bound:
            case "atleast":
                return fact >= self.value - 1e-9
            case "morethan":
                return fact > self.value + 1e-9
            case "atmost":
                return fact <= self.value + 1e-9
            case "lessthan":
                return fact < self.value - 1e-9
        if self.percent and self.value == 99.9 and 99.9 <= fact <= 100:
            return True  # never rounded up to "100%"
        close = abs(fact - self.value) <= 0.5 * 10.0**-self.decimals + 1e-9
        return close and (self.decimals > 0 or self.percent or abs(fact - round(fact)) < 1e-9)


class Unknown(Exception):
    """A word that stands neither in the lexicon nor in the evidence."""


@dataclass(slots=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int
    number: Number | None = None


def read(sentence: str, words: Words, titles: Iterable[str], users: Iterable[str]) -> list[Part]:
    """Return the parts of one sentence.

    Args:
        sentence: the text, in the form that `shown` gives.
        words: the words of its language.
        titles: names that stand in the evidence, in every spelling that may be used.
        users: ids; those that are no numbers are found anywhere, numbers after the word "user".

    Raises:
        Unknown: a word stands neither in `words` nor in the evidence.
    """
    named = [
        one
        for one in _names(sentence, titles, "title")
        if not _is_said(one.text, words) or _stands_apart(sentence, one)
    ]
    spelled = {
        spelling: one
        for one in users
        if one and not one.isdigit()
        for spelling in (one, one[0].upper() + one[1:])
    }
    for user in _names(sentence, spelled, "user", named) if spelled else ():
        user.text = spelled[user.text]
        if not _is_said(user.text, words) or _USER_WORD.search(sentence[: user.start]):
            named.append(user)
    tokens = [*named, *_plain_tokens(sentence, named)]
    if named:
        tokens.sort(key=lambda one: one.start)
    parts = list(_parts(tokens, words, sentence))
    _find_users(parts)
    return parts


def _is_said(name: str, words: Words) -> bool:
    """Tell whether a name is words a sentence may be made of: a film called "You", or "42"."""
    said = fold(name).split()
    if len(said) == 2 and said[1].isdigit() and words.symbols.get(said[0]) == ("item",):
        return False  # "item 7" is what an item without a title is called
    known = [word in words.symbols or word.isdigit() or _number_word(word, words) is not None
             for word in said]  # fmt: skip
    return all(known) and (len(said) == 1 or any(word.isdigit() for word in said))


def _stands_apart(sentence: str, name: _Token) -> bool:
    """Tell a name in quotation marks, or with its year after it."""
    before, after = sentence[: name.start], sentence[name.end :]
    return before.endswith(("“", '"')) or re.match(r" \([0-9]{4}\)", after) is not None


def _names(
    sentence: str, names: Iterable[str], kind: str, taken: Sequence[_Token] = ()
) -> list[_Token]:
    found: list[_Token] = []
    for name in sorted({one for one in names if one in sentence}, key=len, reverse=True):
        for start, end in spans(sentence, name):
            if not any(start < one.end and one.start < end for one in (*taken, *found)):
                found.append(_Token(kind, name, start, end))
    return found


def _plain_tokens(sentence: str, named: Sequence[_Token]) -> Iterator[_Token]:
    for match in _TOKEN.finditer(sentence):
        start, end = match.span()
        if named and any(one.start <= start < one.end for one in named):
            continue
        kind = match.lastgroup or "word"
        if match["number"]:
            digits, unit = match["number"].replace(",", ""), match["unit"]
            number = Number(
                match[0],
                float(digits),
                len(digits.partition(".")[2]),
                percent=unit == "%",
                ordinal=unit in ("st", "nd", "rd", "th"),
                decade=unit == "s",
            )
            yield _Token("number", match[0], start, end, number)
        else:
            yield _Token(kind, match[0], start, end)


def _parts(tokens: Sequence[_Token], words: Words, sentence: str) -> Iterator[Part]:
    """Yield names and numbers, and words joined into the longest known phrases."""
    place = 0
    while place < len(tokens):
        token = tokens[place]
        place += 1
        if token.kind == "word":
            found, length = _longest(tokens, place - 1, words)
            place += length - 1
            if place > length and sentence[token.start].isupper():
                _check_capital(found, token, sentence, words)
            yield from found
        elif token.number is not None:
            yield Part(_symbol(token.number), token.text, token.number)
        elif token.kind == "possessive":
            yield Part("poss", "'s")
        elif token.kind == "mark":
            symbol = _MARKS.get(token.text)
            if symbol is None:
                raise Unknown(token.text)
            if symbol != "quote":
                yield Part(symbol, token.text)
        else:
            yield Part("NAME" if token.kind == "title" else "USER", token.text, token.text)


_CAPITAL = ("deepfm", "jaccard", "i")


def _check_capital(found: Sequence[Part], token: _Token, sentence: str, words: Words) -> None:
    """Object to a capital inside a sentence that is no name: "the Heat score"."""
    opens = (
        sentence[: token.start]
        .rstrip()
        .endswith((":", "“", '"', ".", "!", "?", ",", ";", "(", "‘"))
    )
    known = any(one.symbol in ("VALUE", "MODEL") for one in found)
    if not known and not opens and not fold(token.text).startswith(_CAPITAL):
        if not token.text.isupper() or len(token.text) > 1:
            raise Unknown(f"{token.text}\n")


def _symbol(number: Number) -> str:
    if number.percent:
        return "Pct"
    if number.ordinal:
        return "Ord"
    if number.decade:
        return "Decade"
    return "Dec" if number.decimals else "Int"


def _longest(tokens: Sequence[_Token], place: int, words: Words) -> tuple[list[Part], int]:
    """Return the longest known phrase that starts at `place`, and how many tokens it is."""
    first = fold(tokens[place].text)
    longest = words.longest.get(first.removesuffix("'s").partition(" ")[0], 1)
    after = takewhile(
        lambda one: one.kind == "word", tokens[place + 1 : place + min(longest, _LONGEST)]
    )
    said = [first, *(fold(one.text) for one in after)]
    capital = tokens[place].text[:1].isupper()
    for length in range(len(said), 0, -1):
        phrase = " ".join(said[:length])
        for stem in dict.fromkeys((phrase, phrase.removesuffix("'s"))):
            found = _known(stem, capital, words)
            if found is not None:
                return [*found, Part("poss", "'s")] if stem != phrase else found, length
    raise Unknown(tokens[place].text)


def _known(phrase: str, capital: bool, words: Words) -> list[Part] | None:
    """Return the parts that a phrase stands for, None for one that is not known."""
    value = words.values.get(phrase)
    if value is not None and (capital or phrase not in words.symbols):
        return [Part("VALUE", value, value)]
    if phrase in words.fractions:
        top, bottom = words.fractions[phrase]
        return [Part("Frac", phrase, Number(phrase, top / bottom, _EXACT))]
    if phrase in words.symbols:
        return [Part(one, phrase) for one in words.symbols[phrase]]
    number = _number_word(phrase, words)
    if number is None:
        return None
    symbol = "Ord" if phrase in words.ordinals else "Int"
    return [Part(symbol, phrase, Number(phrase, number, ordinal=symbol == "Ord"))]


def _number_word(phrase: str, words: Words) -> int | None:
    tens, _, ones = phrase.partition(" ")
    if ones:  # "twenty-five", which folding made two words
        both = words.numbers.get(tens, 0), words.numbers.get(ones, 0)
        return sum(both) if both[0] >= 20 and 0 < both[1] < 10 else None
    return words.numbers.get(phrase, words.ordinals.get(phrase))


def _find_users(parts: Sequence[Part]) -> None:
    """Turn the numbers after "user", "users" and their like into users: "users 215, 49 and 3".

    What is counted is many: "1 film" is read as "1 films".
    """
    listing = plural = False
    for place, one in enumerate(parts):
        before = parts[place - 1] if place else one
        if one.symbol == "item" and before.symbol == "Int" and before.value.value == 1:
            one.symbol = "items"
        named = before.symbol in _SAID_OF_USERS
        if one.symbol == "Int" and (named or (listing and not _counts(parts, place))):
            one.symbol = "USER"
            one.text = one.value = one.text.replace(",", "")
        if one.symbol in _SAID_OF_USERS:
            plural = one.symbol in ("people", "neighbours")
        around = ("LP", "jaccard")
        if listing and (one.symbol in (*around, "RP") or before.symbol in around):
            continue  # "users 215 (Jaccard 0.31) and 49"
        listing = plural and (one.symbol == "USER" or (listing and one.symbol in _LISTED))


_SAID_OF_USERS = ("person", "people", "neighbour", "neighbours", "#")


def _counts(parts: Sequence[Part], place: int) -> bool:
    """Tell the number in "user 215, 24 films" from the second one in "users 215, 49"."""
    after = parts[place + 1 : place + 2]
    return bool(after) and after[0].symbol in _COUNTED


_COUNTED = ("item", "items", "people", "neighbours", "common", "shared", "union", "either", "of",
            "rank", "outof", "poss")  # fmt: skip
