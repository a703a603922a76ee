"""Claims against evidence: keep the sentences that an item's own evidence carries, drop the rest.

A sentence is kept when every word of it is known (`lexicon/claims.toml`) or stands in the evidence
of that item, and the grammar (`lexicon/grammar.toml`) puts all of it together from phrases that
hold. Whatever a model remembers, promises or is told to say has words that are not known, or is
put together as no fact is, and is dropped with why.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from assistant.checking.facts import Facts, Person
from assistant.checking.grammar import Grammar, Part, Wrong, load_grammar
from assistant.checking.layout import CUT_OFF, plain
from assistant.checking.meanings import MEANINGS
from assistant.checking.said import Who
from assistant.checking.text import fold, sentences, shown
from assistant.checking.words import Unknown, Words, load_words, read
from ingest.dataset.schema import Dataset, Noun

MAX_READ = 4_000
"""Characters of one reason that are read; what follows is not."""
MAX_REASON_CHARACTERS = 600
LIKELY = 80.0
"""From this percentile on an item may be called likely, strong or a match."""
_MAX_CUTS = 6
"""Places at which a sentence that does not hold is cut, to keep what does."""
_CUT = re.compile(r"(?:,|;| [–—-])? (?:and|but|while|whereas|though|although) |[,;] |: | [–—] ")
_SUBORDINATE = re.compile(
    r"(?:while|although|though|since|because|as|given|with|if|when|not|despite|in|on)\b", re.I
)
_SUBJECT = re.compile(r"(?:it|its|this|deepfm|the model|users?|you|your|[0-9]+) ", re.I)
_MARKUP = re.compile(r"[<>{}\[\]`|~^\\]|https?:|www\.")
_ALSO_IN_NAMES = re.compile(r"[*_$€£]")
"""Marks that layout and prices have, and names such as "M*A*S*H", too."""
_SAYS_NOTHING = "it says nothing"
"""The objection to "Why this one?" and "Here is why": shown only beside a sentence that does."""
_NOT_BUILT = "no sentence that is checked is built so"


@dataclass(frozen=True)
class Rejected:
    """A sentence that was not shown, and why."""

    text: str
    why: str

    def to_json(self) -> dict[str, str]:
        return {"text": self.text, "why": self.why}


@lru_cache
def load_rules() -> Grammar:
    """Read the rules by which phrases are put together."""
    return load_grammar("grammar.toml", MEANINGS)


@dataclass(frozen=True)
class Verifier:
    """Holds sentences against facts, with one language's words and one data set's values."""

    values: Mapping[str, str] = field(default_factory=dict)
    """Every folded spelling of an attribute value of the data, and the value it spells."""
    noun: Noun = Noun()
    attributes: tuple[str, ...] = ()
    graded: bool = True
    """Whether the data say what was liked; else what somebody has seen is all there is."""

    @classmethod
    def of(cls, dataset: Dataset, synonyms: Mapping[str, str] | None = None) -> Verifier:
        """Return the verifier for a data set; `synonyms` are other words for its values."""
        names = {
            str(one)
            for attribute in dataset.fields_of("item")
            if attribute.kind != "dense"
            for one in _each(dataset.items[attribute.name])
        }
        return cls(
            values_of(names, synonyms or {}),
            dataset.noun,
            tuple(attribute.name for attribute in dataset.fields_of("item")),
            dataset.liked_from is not None,
        )

    @cached_property
    def words(self) -> Words:
        return load_words().of_data(self.noun, self.attributes, self.values)

    def verify(self, reason: str, facts: Facts) -> tuple[str, list[Rejected]]:
        """Return the sentences of `reason` that hold, joined, and those that do not."""
        kept: list[str] = []
        rejected: list[Rejected] = []
        fillers: list[str] = []
        carried: tuple[Person, ...] = ()
        dropped = False
        whole = reason if len(reason) <= MAX_READ else reason[:MAX_READ] + CUT_OFF
        for sentence in sentences(plain(whole), facts.names):
            text = self._unjoined(sentence) if dropped else sentence
            why, carried = self._held(text, facts, carried, dropped)
            if why not in (None, _SAYS_NOTHING) and (part := self._holding(text, facts)):
                rejected.append(Rejected(_rest(sentence, part), why or ""))
                sentence = text = part
                why, carried = self._held(text, facts, carried, dropped=True)
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

    def _holding(self, sentence: str, facts: Facts) -> str | None:
        """Return the longest beginning of a sentence, or else its end, that holds by itself."""
        cuts = list(_CUT.finditer(sentence))[:_MAX_CUTS]
        begun = [sentence[: cut.start()] for cut in reversed(cuts)]
        ended = [sentence[cut.end() :] for cut in cuts if _SUBJECT.match(sentence[cut.end() :])]
        for part in (*(one for one in begun if not _SUBORDINATE.match(one)), *ended):
            if part.count("(") != part.count(")") or sentence.endswith("..."):
                continue
            text = part[:1].upper() + part[1:].rstrip(" ,;:.!") + "."
            if self._held(text, facts, (), dropped=True)[0] is None:
                return text
        return None

    def objection(self, sentence: str, facts: Facts) -> str | None:
        """Return why a sentence cannot be shown, or None when the facts carry it."""
        return self._held(plain(sentence), facts, (), dropped=False)[0]

    def _held(
        self, sentence: str, facts: Facts, carried: tuple[Person, ...], dropped: bool
    ) -> tuple[str | None, tuple[Person, ...]]:
        """Return why a sentence does not hold, and whom the next one may speak of as "they"."""
        why = _form(sentence, facts.names)
        if why is not None:
            return why, ()
        try:
            built = self.built(sentence, facts, carried)
        except Unknown as unknown:
            return f"{str(unknown).strip()!r} is not something the data say", ()
        except Wrong as wrong:
            return str(wrong), ()
        if len(built) != 1 or built[0].symbol not in ("S", "Idle"):
            return _NOT_BUILT, ()
        if built[0].symbol == "Idle":
            return _SAYS_NOTHING, ()
        if dropped and _points_back(sentence, self.words.joining["pointing"]):
            return "it hangs on a sentence that was dropped", ()
        return None, built[0].value or ()

    def built(self, sentence: str, facts: Facts, carried: tuple[Person, ...] = ()) -> list[Part]:
        """Return the phrases that a sentence is made of, as far as they are understood."""
        people = [facts.user_id, *(one.name for one in facts.people)]
        parts = read(sentence, self.words, facts.names, people)
        if all(part.symbol in _BARE for part in parts):
            raise Wrong("it is a bare number")
        for part in parts:
            _resolve(part, facts)
        if not self.graded:
            parts = _own_history(parts)
        return load_rules().built(parts, facts, carried)

    def _unjoined(self, sentence: str) -> str:
        """Take away the words that tie a sentence to one that was dropped."""
        joining = self.words.joining
        opening = "|".join(re.escape(word) for word in joining["opening"])
        inside = "|".join(re.escape(word) for word in joining["inside"])
        text = re.sub(rf"^(?:{opening})\b,? ", "", sentence, flags=re.IGNORECASE)
        text = re.sub(rf"^((?:\S+ ){{1,2}})(?:{inside}),? ", r"\1", text, count=1)
        text = re.sub(rf",? (?:{inside})([.!])$", r"\1", text)
        return text[:1].upper() + text[1:]


def _own_history(parts: list[Part]) -> list[Part]:
    """Read "the 21 items you saw" and "… in your history" as what counts as liked elsewhere."""
    read: list[Part] = []
    for place, one in enumerate(parts):
        symbols = [other.symbol for other in read[-3:]]
        itself = place + 1 < len(parts) and parts[place + 1].symbol in ("IT", "this")
        own = {*symbols[-2:]} & {"YOU", "they"} and symbols[-1] in ("YOU", "they", "have", "do")
        if one.symbol in ("seen", "saw") and own and not itself:
            one = Part("liked", one.text)
        if one.symbol == "history" and symbols in (
            ["items", "in", "your"],
            ["items", "in", "their"],
        ):
            read[-2:] = [Part("YOU", "you")]
            one = Part("liked", one.text)
        read.append(one)
    return read


_BARE = frozenset(("Int", "Dec", "Pct", "Ord", "Decade", "LP", "RP", *".,;:/%#&=-"))


def _rest(sentence: str, part: str) -> str:
    """Return what was cut away from a sentence to keep `part`."""
    kept = part.rstrip(".")
    if sentence.lower().startswith(kept.lower()):
        return sentence[len(kept) :].strip(" ,;:") or sentence
    return sentence[: max(0, sentence.lower().find(kept.lower()))].strip(" ,;:") or sentence


_OWN = re.compile(r"^(?:this|that|these|those) (?:\w+ )?(?:film|movie|item|one)|^both users?", re.I)


def _points_back(sentence: str, pointing: Iterable[str]) -> bool:
    """Tell whether a sentence points at the one before it: "They share 24 films"."""
    said = fold(sentence)
    return not _OWN.match(said) and any(said.startswith(f"{word} ") for word in pointing)


def _resolve(part: Part, facts: Facts) -> None:
    """Turn a name into what it stands for in the evidence: the item, a liked one, a near user."""
    if part.symbol == "NAME":
        liked = facts.liked.get(part.text)
        part.symbol, part.value = ("IT", None) if liked is None else ("LIKED", [liked])
    elif part.symbol == "USER":
        if part.text == facts.user_id:
            part.symbol = "YOU"
            return
        found = next((one for one in facts.people if one.name == part.text), None)
        if found is None:
            raise Wrong(f"user {part.text} is no near user with this item")
        part.value = Who((found,))
    elif part.symbol in ("good", "fits") and facts.percentile < LIKELY:
        raise Wrong(f"its score does not carry {part.text!r}")
    elif part.symbol == "promise":
        raise Wrong(f"{part.text!r} promises what nobody computed")


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


def _without(sentence: str, names: Iterable[str]) -> str:
    """Return a sentence less the names in it: there is markup in "M*A*S*H"."""
    for name in sorted(names, key=len, reverse=True):
        sentence = sentence.replace(name, "")
    return sentence


def _form(sentence: str, names: Iterable[str]) -> str | None:
    """Object to what cannot be read safely, before a word of it is looked up."""
    if len(sentence) > MAX_REASON_CHARACTERS:
        return f"it is longer than {MAX_REASON_CHARACTERS} characters"
    marked = _ALSO_IN_NAMES.search(sentence) and _ALSO_IN_NAMES.search(_without(sentence, names))
    if marked or _MARKUP.search(sentence):
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
