"""Claims against evidence: keep the sentences that an item's own evidence carries, drop the rest.

A sentence is kept when every number, name and attribute in it is a fact of that item, of the kind
its words name and at its printed rounding, and when it states at least one such fact. Negations,
superlatives and statements from outside the data are kept only where a fact says so. What is
dropped is returned with why.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from assistant.evidence import Row
from assistant.lexicon import Lexicon, any_of, plain_text

MAX_REASON_CHARACTERS = 600
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"“'(0-9])|\n+")
_NUMBER = re.compile(
    r"(?<![\w.])#?(?P<digits>[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?)(?P<percent>\s?%|\s+percent\b)?"
)
_PAIR = re.compile(
    r"(?<![\w.,])([0-9][0-9,]*)(?: [^\W\d]+){0,4} (?:out of|of)(?: [^\W\d]+){0,2} "
    r"([0-9][0-9,]*)(?![0-9]|\.[0-9]|\s?%)"
)
_NAME = re.compile(r"(?:[A-Z][\w'’&-]*)(?:(?:[ :,-]+| of | the | and | in )(?:[A-Z][\w'’&-]*))*")
_ALWAYS_NAMED = frozenset({"deepfm", "jaccard", "user", "users", "i", "e"})


@dataclass(frozen=True)
class Rejected:
    """A sentence that was not shown, and why."""

    text: str
    why: str

    def to_json(self) -> dict[str, str]:
        return {"text": self.text, "why": self.why}


@dataclass(frozen=True)
class Facts:
    """What may be said of one item to one user: numbers by kind, pairs "a of b", names, values."""

    numbers: dict[str, tuple[float, ...]]
    pairs: frozenset[tuple[int, int]]
    values: frozenset[str]
    """Plain attribute values that the item has."""
    names: frozenset[str]
    """Plain words of the item's title and attribute values."""
    highest: bool
    """Whether the score is the highest of all the user has not seen."""


def facts_of(row: Row, user_id: str) -> Facts:
    """Return the facts in one row of the tools `recommend` or `deepfm_score`."""
    have = row["neighbours"]
    values = [
        str(one)
        for value in row["attributes"].values()
        for one in (value if isinstance(value, list) else [value])
    ]
    year = row["attributes"].get("year")
    return Facts(
        numbers={
            "score": (row["score"],),
            "percentile": (row["percentile"],),
            "jaccard": tuple(one["jaccard"] for one in have),
            "common": tuple(one["intersection"] for one in have),
            "either": tuple(one["union"] for one in have),
            "people": (len(have), row["n_neighbours"], row["n_users"]),
            "items": (
                row["n_unseen"],
                *(n for taste in row["taste"] for n in (taste["count"], taste["of"])),
            ),
            "rank": (row["rank"],) if "rank" in row else (),
            "year": (year,) if year is not None else (),
            "user": tuple(
                float(one) for one in (user_id, *(n["user_id"] for n in have)) if one.isdigit()
            ),
            "item": (float(row["item_id"]),) if row["item_id"].isdigit() else (),
        },
        pairs=frozenset(
            [(len(have), row["n_neighbours"])]
            + [(taste["count"], taste["of"]) for taste in row["taste"]]
            + [(one["intersection"], one["union"]) for one in have]
        ),
        values=frozenset(plain_text(value) for value in values),
        names=frozenset(
            word.strip(".,?'")
            for text in [row["title"], *values, user_id, *(one["user_id"] for one in have)]
            for word in plain_text(text).split()
        ),
        highest=row["percentile"] >= 100.0 * (row["n_unseen"] - 1) / max(row["n_unseen"], 1) - 1e-3,
    )


@dataclass(frozen=True)
class Verifier:
    """Holds sentences against facts, with one language's words and one data set's values."""

    lexicon: Lexicon
    attribute_values: Iterable[str]
    """Every plain attribute value of the data, those the item lacks included."""
    _values: re.Pattern[str] = field(init=False)
    _user_before: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        user = self.lexicon.claims["user"].pattern
        listed = re.compile(rf"{user}(?: id)?(?: [0-9]+(?:,|,? and))*$")
        object.__setattr__(self, "_user_before", listed)
        object.__setattr__(self, "_values", any_of(list(self.attribute_values) or ["\0"]))

    def verify(self, reason: str, facts: Facts) -> tuple[str, list[Rejected]]:
        """Return the sentences of `reason` that hold, joined, and those that do not."""
        kept: list[str] = []
        rejected: list[Rejected] = []
        for sentence in sentences(reason):
            why = self.objection(sentence, facts)
            if why is None and len(" ".join([*kept, sentence])) > MAX_REASON_CHARACTERS:
                why = f"the reason is longer than {MAX_REASON_CHARACTERS} characters"
            if why is None and sentence not in kept:
                kept.append(sentence)
            elif why is not None:
                rejected.append(Rejected(sentence, why))
        return " ".join(kept), rejected

    def objection(self, sentence: str, facts: Facts) -> str | None:
        """Return why a sentence cannot be shown, or None when the facts carry it."""
        if re.search(r"[<>{}\[\]]|https?:", sentence):
            return "it holds markup or a link"
        if not re.search(r"[.!?][\"'”’)]?$", sentence):
            return "it breaks off"
        if any(mark.isdigit() and not mark.isascii() for mark in sentence):
            return "it writes a number in other than plain digits"
        plain = plain_text(sentence)
        outside = self.lexicon.claims["outside"].search(plain)
        if outside:
            return f"{outside[0]!r} is not something the data say"
        numbers = list(_NUMBER.finditer(sentence))
        checks = (
            self._wrong_pair(sentence, facts),
            *(self._wrong_number(sentence, number, facts) for number in numbers),
            self._wrong_value(plain, facts),
            self._wrong_name(sentence, facts),
            self._wrong_sense(plain, facts),
        )
        why = next((check for check in checks if check is not None), None)
        if (
            why is None
            and not numbers
            and not self._values.search(plain)
            and not self._says_highest(plain)
        ):
            return "it states no fact of the evidence"
        return why

    def _wrong_pair(self, sentence: str, facts: Facts) -> str | None:
        """Check "a of b" and "a out of b" as pairs: right numbers can be paired wrongly."""
        for pair in _PAIR.finditer(sentence):
            first, second = (int(part.replace(",", "") or 0) for part in pair.groups())
            if (first, second) not in facts.pairs:
                return f"no fact says {first} of {second}"
        return None

    def _wrong_number(self, sentence: str, number: re.Match[str], facts: Facts) -> str | None:
        kinds = self._kinds(sentence, number)
        digits = number["digits"].replace(",", "")
        decimals = len(digits.partition(".")[2])
        value = float(digits)
        for kind in kinds:
            for fact in facts.numbers[kind]:
                exact = fact * 100 if number["percent"] and kind in ("score", "jaccard") else fact
                if abs(exact - value) <= 0.5 * 10.0**-decimals + 1e-9 and (
                    decimals or exact == round(exact) or number["percent"]
                ):
                    return None
        return f"{number[0].strip()} is no {' or '.join(kinds)} in the evidence of this item"

    def _kinds(self, sentence: str, number: re.Match[str]) -> Sequence[str]:
        """Return the kinds of fact that the words around a number say it is."""
        claims = self.lexicon.claims
        before = plain_text(sentence[: number.start()])
        after = plain_text(sentence[number.end() :])
        last_words = " ".join(before.split()[-2:])
        if sentence[number.start()] == "#" or self._user_before.search(before):
            return ("user",)
        if number["percent"]:
            return (
                self._nearest_cue(before, after, ("score", "percentile", "jaccard"))
                or "percentile",
            )
        if "." in number["digits"]:
            cue = self._nearest_cue(before, after, ("score", "percentile", "jaccard"))
            return (cue,) if cue else ("score",)
        if (
            len(number["digits"]) == 4
            and re.match(r"1[89]|20", number["digits"])
            and not re.match(claims["people"].pattern, after)
        ):
            return ("year",) if "(" in sentence[: number.start()][-2:] else ("year", "items")
        if claims["rank"].search(last_words):
            return ("rank",)
        soon = " ".join(after.split()[:4])
        if claims["common"].search(" ".join(after.split()[:3])) or re.search(
            rf"{claims['common'].pattern}$", last_words
        ):
            return ("common",)
        if claims["either"].search(last_words):
            return ("either", "items", "people")
        people = claims["people"].search(soon)
        items = self.lexicon.words["item"].search(soon)
        if people and not (items and items.start() < people.start()):
            return ("people",)
        return ("items", "common") if items else ("items", "people", "common")

    def _nearest_cue(self, before: str, after: str, concepts: Sequence[str]) -> str | None:
        """Return the concept whose words stand nearest to a number, the one before it on a tie."""
        best: tuple[int, str] | None = None
        for concept in concepts:
            pattern = self.lexicon.claims[concept]
            ends = [match.end() for match in pattern.finditer(before)]
            starts = [match.start() for match in pattern.finditer(after)]
            distances = ([len(before) - ends[-1]] if ends else []) + (
                [starts[0] + 1] if starts else []
            )
            for distance in distances:
                if best is None or distance < best[0]:
                    best = (distance, concept)
        return best[1] if best else None

    def _wrong_value(self, plain: str, facts: Facts) -> str | None:
        """Check attribute values wherever they stand: a genre the item lacks is a wrong claim."""
        for match in self._values.finditer(plain):
            if match[0] not in facts.values and match[0] not in facts.names:
                return f"{match[0]!r} is no attribute of this item"
        return None

    def _wrong_name(self, sentence: str, facts: Facts) -> str | None:
        """Check capitalised words: each must belong to the item's title or attributes."""
        for match in _NAME.finditer(sentence):
            words = [word.strip(".,?'’:&") for word in plain_text(match[0]).split()]
            if match.start() == 0 or sentence[: match.start()].rstrip().endswith(("“", '"', ":")):
                words = words[1:] if words and words[0] not in facts.names else words
            unknown = [
                w
                for w in words
                if w not in facts.names | _ALWAYS_NAMED and w not in ("of", "the", "and", "in", "")
            ]
            if unknown:
                return f"{match[0]!r} does not stand in the evidence of this item"
        return None

    def _wrong_sense(self, plain: str, facts: Facts) -> str | None:
        """Check negations and superlatives, which numbers alone do not carry."""
        claims = self.lexicon.claims
        negation = claims["negation"].search(claims["unseen"].sub(" ", plain))
        if negation:
            return f"no fact carries the negation {negation[0]!r}"
        if self._says_highest(plain) and not facts.highest:
            return "its score is not the highest"
        return None

    def _says_highest(self, plain: str) -> bool:
        return self.lexicon.claims["highest"].search(plain) is not None


def sentences(text: str) -> list[str]:
    """Split a text into sentences; spaces are folded, control characters and widths made plain."""
    normal = unicodedata.normalize("NFKC", text)
    printable = "".join(
        mark if mark == "\n" or unicodedata.category(mark)[0] != "C" else " " for mark in normal
    )
    return [" ".join(part.split()) for part in _SENTENCE_END.split(printable) if part.strip()]
