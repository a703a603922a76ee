"""Claims against evidence: keep the sentences that an item's own evidence carries, drop the rest.

A sentence is kept when every word of it is known (`lexicon/claims.toml`) or stands in the evidence
of that item, every number is a fact of the kind its words name at its printed rounding, every name
and attribute is the item's, comparisons hold, and it states at least one fact. Whatever a model
remembers, promises or is told to say has words that stand in neither, and is dropped with why.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from assistant.checking.claims import (
    MAX_READ,
    Claims,
    Token,
    fold,
    load_claims,
    read,
    sentences,
    shown,
)
from assistant.checking.comparisons import wrong_comparison
from assistant.checking.context import mean_in_context
from assistant.checking.facts import Facts, Person
from assistant.checking.forms import symbols_of, wrong_form
from assistant.checking.layout import CUT_OFF, plain
from assistant.checking.quantities import wrong_number
from assistant.checking.reading import Reading
from assistant.checking.senses import wrong_sense
from assistant.checking.subjects import wrong_subject
from ingest.dataset.schema import Dataset

MAX_REASON_CHARACTERS = 600
_MARKUP = re.compile(r"[<>{}\[\]*`_|~^\\=$€£]|https?:|www\.")
_SAYS_NOTHING = "it says nothing"
"""The objection to "Why this one?" and "Here is why": shown only beside a sentence that does."""
_MARKS = frozenset(".,;:()\"'“”‘’–—-/%!?÷#&+") | {"'s"}


@dataclass(frozen=True)
class Rejected:
    """A sentence that was not shown, and why."""

    text: str
    why: str

    def to_json(self) -> dict[str, str]:
        return {"text": self.text, "why": self.why}


@dataclass(frozen=True)
class Verifier:
    """Holds sentences against facts, with one language's words and one data set's values."""

    values: Mapping[str, str] = field(default_factory=dict)
    """Every folded spelling of an attribute value of the data, and the value it spells."""
    claims: Claims = field(default_factory=load_claims)
    graded: bool = True
    """Whether the data say what was liked; else what somebody has seen is all there is."""
    formed: bool = True
    """Whether a sentence has to be built like one that is checked; not where those are gathered."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "claims", replace(self.claims, values=frozenset(self.values)))

    @classmethod
    def of(cls, dataset: Dataset, synonyms: Mapping[str, str] | None = None) -> Verifier:
        """Return the verifier for a data set; `synonyms` are other words for its values."""
        names = {
            str(one)
            for attribute in dataset.fields_of("item")
            if attribute.kind != "dense"
            for one in _each(dataset.items[attribute.name])
        }
        attributes = (one.name for one in dataset.fields_of("item"))
        claims = load_claims().with_words(dataset.noun, attributes)
        graded = dataset.liked_from is not None
        return cls(values_of(names, synonyms or {}), claims, graded)

    def verify(self, reason: str, facts: Facts) -> tuple[str, list[Rejected]]:
        """Return the sentences of `reason` that hold, joined, and those that do not."""
        kept: list[str] = []
        rejected: list[Rejected] = []
        carried: tuple[Person, ...] = ()
        dropped = False
        fillers: list[str] = []
        whole = reason if len(reason) <= MAX_READ else reason[:MAX_READ] + CUT_OFF
        for sentence in sentences(plain(whole), facts.names):
            text = self._unjoined(sentence) if dropped else sentence
            why, carried = self._held(text, facts, carried, dropped)
            if why is None and len(" ".join([*kept, text])) > MAX_REASON_CHARACTERS:
                why = f"the reason is longer than {MAX_REASON_CHARACTERS} characters"
            dropped = why not in (None, _SAYS_NOTHING)
            if why == _SAYS_NOTHING:
                fillers.append(text)
                kept.append(text)
            elif why is not None:
                rejected.append(Rejected(sentence.removesuffix("..."), why))
            elif text not in kept:
                kept.append(text)
        if len(reason) > MAX_READ:
            rejected.append(
                Rejected(shown(reason[MAX_READ : MAX_READ + 200]), "it is too long to be read")
            )
        if len(kept) == len(fillers):
            return "", [*(Rejected(one, _SAYS_NOTHING) for one in fillers), *rejected]
        return " ".join(kept), rejected

    def objection(self, sentence: str, facts: Facts) -> str | None:
        """Return why a sentence cannot be shown, or None when the facts carry it."""
        return self._held(plain(sentence), facts, (), dropped=False)[0]

    def _held(
        self, sentence: str, facts: Facts, carried: tuple[Person, ...], dropped: bool
    ) -> tuple[str | None, tuple[Person, ...]]:
        """Return why a sentence does not hold, and whom the next one may speak of as "they"."""
        why = _form(sentence)
        if why is not None:
            return why, ()
        reading = self._read(sentence, facts, carried)
        why = (
            _foreign(reading)
            or wrong_sense(reading)
            or wrong_subject(reading)
            or wrong_comparison(reading)
            or wrong_number(reading)
            or (self._hangs(reading) if dropped else None)
            or _empty(reading)
            or (wrong_form(reading) if self.formed else None)
        )
        named = tuple(
            person
            for token in reading.tokens
            if token.kind == "user" and (person := reading.person(token)) is not None
        )
        return why, named if why is None else ()

    def _read(self, sentence: str, facts: Facts, carried: tuple[Person, ...]) -> Reading:
        people = [facts.user_id, *(one.name for one in facts.people)]
        found = read(sentence, self.claims, facts.names, people, self.values)
        reading = Reading(found, facts, self.claims, carried)
        mean_in_context(reading, self.graded)
        return reading

    def forms(self, reason: str, facts: Facts) -> list[str]:
        """Return how the sentences of a true reason are built, as symbols."""
        parts = sentences(plain(reason), facts.names)
        return [symbols_of(self._read(one, facts, ())) for one in parts]

    def _unjoined(self, sentence: str) -> str:
        """Take away the words that tie a sentence to one that was dropped."""
        joining = self.claims.joining
        opening = "|".join(re.escape(word) for word in joining["opening"])
        inside = "|".join(re.escape(word) for word in joining["inside"])
        text = re.sub(rf"^(?:{opening})\b,? ", "", sentence, flags=re.IGNORECASE)
        text = re.sub(rf"^((?:\S+ ){{1,2}})(?:{inside}),? ", r"\1", text, count=1)
        text = re.sub(rf",? (?:{inside})([.!])$", r"\1", text)
        return text[:1].upper() + text[1:]

    def _hangs(self, reading: Reading) -> str | None:
        """Tell whether a sentence points at one that was dropped: "They share 24 films"."""
        first, *rest = reading.tokens
        pointing = fold(first.text) in self.claims.joining["pointing"]
        own = rest and (rest[0].means & {"items"} or rest[0].kind in ("value", "number"))
        if pointing and not own and not (first.text == "both" and rest and rest[0].kind == "user"):
            return "it hangs on a sentence that was dropped"
        return None


def values_of(names: Iterable[str], synonyms: Mapping[str, str]) -> dict[str, str]:
    """Return every spelling of attribute values: as they stand, in the plural, other words."""
    values: dict[str, str] = {}
    plain: dict[str, str] = {}
    for name in names:
        value = fold(name)
        plain[value.replace("'", "")] = value
        for spelling in (value, f"{value}s", f"{value[:-1]}ies" if value.endswith("y") else value):
            values.setdefault(spelling, value)
    for other, meant in synonyms.items():
        if meant in plain:
            values.setdefault(fold(other), plain[meant])
    return values


def _each(column: Iterable[object]) -> Iterable[object]:
    """Yield the values of a column of texts or of tuples of texts, missing ones left out."""
    for cell in column:
        if isinstance(cell, str):
            yield cell
        elif isinstance(cell, list | tuple):
            yield from cell


def _form(sentence: str) -> str | None:
    """Object to what cannot be read safely, before a word of it is looked up."""
    if len(sentence) > MAX_REASON_CHARACTERS:
        return f"it is longer than {MAX_REASON_CHARACTERS} characters"
    if _MARKUP.search(sentence):
        return "it holds markup or a link"
    if sentence.endswith("..."):
        return "it breaks off"
    if sentence.isascii() and sentence.isprintable():
        return None
    for mark, after in zip(sentence, f"{sentence[1:]} ", strict=True):
        category = unicodedata.category(mark)
        if category[0] == "C":
            return "it holds characters that cannot be seen"
        if mark.isnumeric() and not (mark.isascii() and mark.isdigit()):
            return "it writes a number in other than plain digits"
        if mark.isdigit() and unicodedata.category(after)[0] == "M":
            return "it writes a number in other than plain digits"
    return None


def _foreign(reading: Reading) -> str | None:
    """Object to a word that stands neither in the lexicon nor in the evidence."""
    if reading.sentence.unknown is not None:
        return f"{reading.sentence.unknown!r} is not something the data say"
    previous = None
    for token in reading.tokens:
        if token.kind == "mark" and token.text not in _MARKS:
            return f"{token.text!r} is not something the data say"
        if previous is not None and previous.text in ("-", "–", "+") and token.kind == "number":
            return "a range or a sign is no fact of the evidence"
        previous = token
    starts = [token for token in reading.tokens[1:] if token.kind == "word"]
    for token in starts:
        capital = reading.sentence.text[token.start].isupper()
        if (
            capital
            and token.text not in ("deepfm", "deepfm's", "jaccard", "jaccards")
            and not _opens(reading, token)
        ):
            return f"{token.text!r} does not stand in the evidence of this item"
    return None


def _opens(reading: Reading, token: Token) -> bool:
    """Tell whether a word opens a clause after a colon or a quotation mark."""
    before = reading.sentence.text[: token.start].rstrip()
    return before.endswith((":", "“", '"', ".", "!", "?"))


def _empty(reading: Reading) -> str | None:
    """Object to a sentence that claims nothing."""
    facts = any(
        token.kind in ("number", "value")
        or (token.kind == "title" and token.text in reading.facts.liked)
        or (token.kind == "user" and token.text != reading.facts.user_id)
        or token.means & {"highest", "nearest", "all_of", "most_of", "several", "fraction"}
        for token in reading.tokens
    )
    if all(token.kind in ("number", "mark") for token in reading.tokens):
        return "it is a bare number"
    concepts = reading.sentence.concepts
    nobody = "negation" in concepts or {"people", "unseen"} <= concepts  # or it was objected to
    if facts or nobody:
        return None
    idle = {"plain", "it", "items", "rank", "cause", "audience"}
    filler = all(token.kind == "mark" or token.means <= idle for token in reading.tokens)
    return _SAYS_NOTHING if filler else "it states no fact of the evidence"
