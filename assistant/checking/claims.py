"""A sentence → its tokens, each with what it may mean: numbers, names, users, values, known words.

The words and their meanings stand in `lexicon/claims.toml`. Reading is one pass over the tokens and
linear in the length of the sentence.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Literal

from ingest.dataset.schema import Noun

MAX_READ = 4_000
"""Characters of one reason that are read; what follows is not."""
_LONGEST = 5
"""Words in the longest phrase that is looked up."""

_SENTENCE_END = re.compile(
    r"(?<=[.!?])(?<!\bvs\.)(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bapprox\.)\s+(?=[^\sa-z])|\n+"
)
_TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?|\.[0-9]+))(?P<unit>%|st|nd|rd|th|s)?(?![^\W_])"
    r"|(?P<possessive>['’]s?(?![^\W_]))"
    r"|(?P<word>[^\W_]+(?:['’.-][^\W_]+)*)"
    r"|(?P<mark>\S)"
)
_USER_WORD = re.compile(r"\b(?:users?|neighbou?rs?)(?: id)? $", re.IGNORECASE)
_LISTED = (",", "and", "or")
Kind = Literal["number", "word", "mark", "user", "title", "value"]


@dataclass(frozen=True)
class Claims:
    """The words of one language: phrase → meanings, and the tables beside them."""

    meanings: Mapping[str, frozenset[str]]
    numbers: Mapping[str, int]
    ordinals: Mapping[str, int]
    fractions: Mapping[str, tuple[int, int]]
    joining: Mapping[str, Sequence[str]]
    values: frozenset[str] = frozenset()
    """Spellings of the data's attribute values, which are phrases too."""

    @cached_property
    def longest(self) -> Mapping[str, int]:
        """How many words the longest phrase has that begins with a word."""
        longest: dict[str, int] = {}
        for phrase in (*self.meanings, *self.fractions, *self.values, *self._compounds()):
            first, *rest = phrase.split() or [phrase]
            longest[first] = max(longest.get(first, 1), 1 + len(rest))
        return longest

    def _compounds(self) -> Iterator[str]:
        """Yield "twenty one" and its like, which are two words once folded."""
        for tens in (word for word, value in self.numbers.items() if value >= 20):
            yield f"{tens} one"

    def with_words(self, noun: Noun, attributes: Iterable[str]) -> Claims:
        """Return the same words with a data set's own for items, attributes, and what was done.

        Where things are bought, "has not bought" means what "has not seen" does.
        """
        known = dict(self.meanings)
        done = fold(noun.done)
        own = [
            (re.sub(r"\bseen\b", done, phrase), meanings)
            for phrase, meanings in self.meanings.items()
            if re.search(r"\bseen\b", phrase)
        ]
        own += [(fold(word), frozenset({"items"})) for word in (noun.one, noun.many)]
        own += [(fold(name), frozenset({"attribute"})) for name in attributes]
        for phrase, meanings in own:
            known[phrase] = known.get(phrase, frozenset()) | meanings
        return replace(self, meanings=known)


@lru_cache
def load_claims() -> Claims:
    """Read the words that sentences may be made of; reasons are checked in English alone."""
    text = files("assistant.lexicon").joinpath("claims.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    meanings: dict[str, set[str]] = {}
    for concept, phrases in tables["concepts"].items():
        for phrase in phrases:
            meanings.setdefault(fold(phrase), set()).add(concept)
    return Claims(
        meanings={phrase: frozenset(found) for phrase, found in meanings.items()},
        numbers=tables["numbers"],
        ordinals=tables["ordinals"],
        fractions={phrase: (a, b) for phrase, (a, b) in tables["fractions"].items()},
        joining=tables["joining"],
    )


@dataclass
class Token:
    """One piece of a sentence."""

    kind: Kind
    text: str
    """As it is looked up: folded for words, as it stands for names."""
    start: int
    end: int
    means: frozenset[str] = frozenset()
    value: float = 0.0
    decimals: int = 0
    percent: bool = False
    ordinal: bool = False
    decade: bool = False


@dataclass
class Sentence:
    """A sentence, read."""

    text: str
    tokens: list[Token]
    unknown: str | None = None
    """The first word that stands neither in the lexicon nor in the evidence."""
    concepts: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.sum_up()

    def sum_up(self) -> None:
        """Gather what all the tokens mean; to be called when one of them has changed."""
        self.concepts = frozenset(one for token in self.tokens for one in token.means)

    def of_kind(self, kind: Kind) -> list[int]:
        return [place for place, token in enumerate(self.tokens) if token.kind == kind]

    def near(self, place: int, concept: str, before: int = 0, after: int = 0) -> bool:
        """Tell whether a token with this meaning stands within so many tokens."""
        start = max(0, place - before)
        around = self.tokens[start:place] + self.tokens[place + 1 : place + 1 + after]
        return any(concept in token.means for token in around)

    def distance(self, place: int, concept: str) -> int | None:
        """Return how far the nearest token with this meaning is; one before wins a tie."""
        found = [
            (abs(other - place), other > place)
            for other, token in enumerate(self.tokens)
            if concept in token.means and other != place
        ]
        return 2 * min(found)[0] + min(found)[1] if found else None


@lru_cache(maxsize=8192)
def fold(text: str) -> str:
    """Return a phrase as it is looked up: lower case, plain apostrophes, spaces for hyphens."""
    plain = text.casefold().replace("’", "'").replace("-", " ").replace("_", " ")
    return " ".join(plain.split())


def shown(text: str) -> str:
    """Return a text in the form in which it is checked and shown: NFKC, single spaces."""
    normal = text if text.isascii() else unicodedata.normalize("NFKC", text)
    lines = (" ".join(line.split()) for line in normal.splitlines())
    return "\n".join(line for line in lines if line)


def sentences(text: str, names: Iterable[str] = ()) -> list[str]:
    """Split a text into sentences, never inside one of `names`: "Dr. Strangelove" is one name.

    The mark of a name ends a sentence only before a capital: not in "You gave Mars Attacks! 4".
    """
    text = shown(text)
    inside = [span for name in names if "." in name or "!" in name or "?" in name
              for span in spans(text, name)]  # fmt: skip
    cuts = [
        (match.start(), match.end())
        for match in _SENTENCE_END.finditer(text)
        if not any(
            start < match.start() < end + (not text[match.end() : match.end() + 1].isupper())
            for start, end in inside
        )
    ]
    starts = [0, *(end for _, end in cuts)]
    ends = [*(start for start, _ in cuts), len(text)]
    parts = (text[start:end].strip() for start, end in zip(starts, ends, strict=True))
    return [part for part in parts if part]


def spans(text: str, name: str) -> Iterator[tuple[int, int]]:
    """Yield where `name` stands in `text`, as it is written and as whole words."""
    start = text.find(name) if name else -1
    while start >= 0:
        end = start + len(name)
        if not (text[start - 1 : start].isalnum() and name[0].isalnum()) and not (
            text[end : end + 1].isalnum() and name[-1].isalnum()
        ):
            yield start, end
        start = text.find(name, end)


def read(
    sentence: str,
    claims: Claims,
    titles: Iterable[str],
    user_ids: Iterable[str],
    values: Mapping[str, str],
) -> Sentence:
    """Read one sentence.

    Args:
        sentence: the text, in the form that `shown` gives.
        claims: the words of its language.
        titles: names that stand in the evidence, in every spelling that may be used.
        user_ids: ids that are no numbers: numbers are found by the word before them.
        values: every folded spelling of an attribute value of the data, and the value it spells.
    """
    tokens = [
        token
        for token in _names(sentence, titles, "title")
        if not _is_said(token.text, claims) or _stands_apart(sentence, token)
    ]
    words = [one for one in user_ids if one and not one.isdigit()]
    spelled = {spelling: one for one in words for spelling in (one, one[0].upper() + one[1:])}
    for user in _names(sentence, spelled, "user", tokens):
        user.text = spelled[user.text]
        if not _is_said(user.text, claims) or _USER_WORD.search(sentence[: user.start]):
            tokens.append(user)
    tokens += _plain_tokens(sentence, tokens)
    tokens.sort(key=lambda token: token.start)
    joined, unknown = _looked_up(tokens, claims, values)
    _find_users(joined)
    return Sentence(sentence, joined, unknown)


def _is_said(name: str, claims: Claims) -> bool:
    """Tell whether a name is words a sentence may be made of: a film called "You", or "42"."""
    words = fold(name).split()
    if len(words) == 2 and words[1].isdigit() and "items" in claims.meanings.get(words[0], ()):
        return False  # "item 7" is what an item without a title is called
    known = [word in claims.meanings or word.isdigit() or _number_word(word, claims) is not None
             for word in words]  # fmt: skip
    return all(known) and (len(words) == 1 or any(word.isdigit() for word in words))


def _stands_apart(sentence: str, name: Token) -> bool:
    """Tell a name in quotation marks, or with its year after it."""
    before, after = sentence[: name.start], sentence[name.end :]
    return before.endswith(("“", '"')) or re.match(r" \([0-9]{4}\)", after) is not None


def _names(
    sentence: str, names: Iterable[str], kind: Kind, taken: Sequence[Token] = ()
) -> Iterator[Token]:
    found: list[Token] = []
    for name in sorted(set(names), key=len, reverse=True):
        for start, end in spans(sentence, name):
            if not any(start < one.end and one.start < end for one in (*taken, *found)):
                found.append(Token(kind, name, start, end))
    return iter(found)


def _plain_tokens(sentence: str, named: Sequence[Token]) -> Iterator[Token]:
    for match in _TOKEN.finditer(sentence):
        if any(one.start <= match.start() < one.end for one in named):
            continue
        kind: Kind = "number" if match["number"] else "word" if match["word"] else "mark"
        text = "'s" if match["possessive"] else match[0]
        token = Token(kind, text, match.start(), match.end())
        if match["number"]:
            digits = match["number"].replace(",", "")
            token.value, token.decimals = float(digits), len(digits.partition(".")[2])
            token.percent = match["unit"] == "%"
            token.ordinal = match["unit"] in ("st", "nd", "rd", "th")
            token.decade = match["unit"] == "s"
        yield token


def _looked_up(
    tokens: Sequence[Token], claims: Claims, values: Mapping[str, str]
) -> tuple[list[Token], str | None]:
    """Join words into the longest known phrases; return them and the first unknown word."""
    joined: list[Token] = []
    unknown: str | None = None
    place = 0
    while place < len(tokens):
        if tokens[place].kind != "word":
            joined.append(tokens[place])
            place += 1
            continue
        phrase = _longest(tokens, place, claims, values)
        if phrase is None:
            unknown = unknown or tokens[place].text
            joined.append(tokens[place])
            place += 1
        else:
            joined.append(phrase[0])
            place += phrase[1]
    _percent_words(joined)
    return joined, unknown


def _longest(
    tokens: Sequence[Token], place: int, claims: Claims, values: Mapping[str, str]
) -> tuple[Token, int] | None:
    """Return the longest known phrase that starts at `place`, and how many tokens it is."""
    words = [fold(tokens[place].text)]
    longest = claims.longest.get(words[0].partition(" ")[0], 1)
    for token in tokens[place + 1 : place + min(longest, _LONGEST)]:
        if token.kind != "word":
            break
        words.append(fold(token.text))
    for length in range(len(words), 0, -1):
        phrase = " ".join(words[:length])
        start, end = tokens[place].start, tokens[place + length - 1].end
        capital = tokens[place].text[:1].isupper()
        value = values.get(phrase)
        if value is not None and (capital or phrase not in claims.meanings):
            return Token("value", value, start, end), length
        if phrase in claims.meanings or phrase in claims.fractions:
            means = claims.meanings.get(phrase, frozenset())
            if phrase in claims.fractions:
                means |= {"fraction"}
            return _word(phrase, start, end, means, claims), length
        if length == 1 and (number := _number_word(phrase, claims)) is not None:
            ordinal = phrase in claims.ordinals
            return Token("number", phrase, start, end, value=number, ordinal=ordinal), 1
    return None


def _word(phrase: str, start: int, end: int, means: frozenset[str], claims: Claims) -> Token:
    """Return a known phrase; one that is a number too, such as "one", keeps its value."""
    value = claims.numbers.get(phrase, claims.ordinals.get(phrase, 0))
    return Token("word", phrase, start, end, means, value=value)


def _number_word(phrase: str, claims: Claims) -> int | None:
    tens, _, ones = phrase.partition(" ")
    if ones:  # "twenty-five", which folding made two words
        both = claims.numbers.get(tens, 0), claims.numbers.get(ones, 0)
        return sum(both) if both[0] >= 20 and 0 < both[1] < 10 else None
    return claims.numbers.get(phrase, claims.ordinals.get(phrase))


def _percent_words(tokens: list[Token]) -> None:
    """Read "91 percent" as "91%"."""
    for number, word in zip(tokens, tokens[1:], strict=False):
        if number.kind == "number" and word.text in ("percent", "per cent", "%"):
            number.percent = True


def _find_users(tokens: Sequence[Token]) -> None:
    """Turn the numbers after "user", "users" and their like into users: "users 215, 49 and 3"."""
    listing = plural = False
    for place, token in enumerate(tokens):
        before = tokens[place - 1] if place else token
        named = "people" in before.means or before.text in ("#", "id", "ids")
        may_be = token.kind == "number" and not token.percent and not token.decimals
        if may_be and (named or (listing and not _counts_something(tokens, place))):
            token.kind = "user"
            token.text = token.text.replace(",", "")
        if "people" in token.means:
            plural = token.text.endswith("s")
        if listing and (token.text in ("(", "jaccard") or before.text in ("(", "jaccard")):
            continue  # "users 215 (Jaccard 0.31) and 49"
        if listing and token.text == ")":
            continue
        listing = plural and (token.kind == "user" or (listing and token.text in _LISTED))


def _counts_something(tokens: Sequence[Token], place: int) -> bool:
    """Tell the number in "user 215, 24 films" from the second one in "users 215, 49"."""
    following = tokens[place + 1].means if place + 1 < len(tokens) else frozenset()
    return bool(following & {"items", "people", "common", "either", "rank"})
