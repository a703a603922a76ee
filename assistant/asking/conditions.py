"""Words about items → a boolean filter: and, or, not; years; audiences; what is left out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from assistant.asking.catalogue import Catalogue
from assistant.asking.filters import All, Audience, Between, Condition, Either, Is, Named, Not
from assistant.lexicon import Lexicon, any_of
from assistant.lexicon.phrases import is_unspaced

LITTLE_KNOWN = 50
"""An item with fewer users than this is little known, where the question gives no number."""
MAX_VALUE_WORDS = 4
_NUMBER = r"([0-9]+(?:\.[0-9]+)?)"
_AT_LEAST, _AT_MOST = "over|above|at least|more than|from", "under|below|at most|less than|up to"
_MEASURED = re.compile(
    rf"(?<!\w)(?:(?:{_AT_LEAST}|{_AT_MOST}) |between {_NUMBER} and ){_NUMBER} (?P<unit>\w+)"
)
"""A bound on a number with its unit."""
Joint = Literal["and", "or", ""]


@dataclass(frozen=True)
class _Value:
    """One attribute value in the text, how it is joined to the one before, and its sign."""

    condition: Is
    joint: Joint
    negated: bool
    start: int
    stop: int


@dataclass
class Conditions:
    """What was understood of the items' wished attributes, and what was not."""

    conditions: list[Condition] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    """Attributes that were asked for and the data do not have."""
    rest: str = ""
    """The text without the years and numbers that were used."""

    @property
    def filters(self) -> All:
        return All(tuple(dict.fromkeys(self.conditions)))


class ConditionReader:
    """Reads filters on the items of one data set."""

    def __init__(self, lexicon: Lexicon, catalogue: Catalogue) -> None:
        self.lexicon = lexicon
        self.catalogue = catalogue
        names = {f.name.casefold(): f.name for f in catalogue.dataset.fields_of("item")}
        self._bounds = [
            (f.name, is_low, re.compile(
                rf"(?<!\w)(?:{re.escape(f.name.casefold())} (?:{words}) {_NUMBER}"
                rf"|(?:{words}) {_NUMBER} {re.escape(f.name.casefold())}(?!\w))"
            ))
            for f in catalogue.dataset.fields_of("item")
            if f.kind == "dense" and f.name != catalogue.year_field
            for is_low, words in ((True, _AT_LEAST), (False, _AT_MOST))
        ]  # fmt: skip
        self._spans = [
            (f.name, re.compile(pattern))
            for f in catalogue.dataset.fields_of("item")
            if f.kind == "dense" and f.name != catalogue.year_field
            for name in [re.escape(f.name.casefold())]
            for pattern in (
                rf"(?<!\w){name} (?:between|from) {_NUMBER} (?:and|to) {_NUMBER}",
                rf"(?<!\w)(?:between|from) {_NUMBER} (?:and|to) {_NUMBER} {name}(?!\w)",
            )
        ]
        self._field_names = names
        noun, article = lexicon.words["item"].pattern, lexicon.words["single"].pattern
        self._described = re.compile(
            rf"(?:{lexicon.number.pattern}|{article}) (?P<word>\w+) (?:{noun})"
        )
        without, articles = (lexicon.words[name].pattern for name in ("without", "article"))
        self._without = re.compile(f"(?:{without})(?: (?:{articles}))*$")
        self._unspaced = any_of(word for word in lexicon.synonyms if is_unspaced(word))

    def read(self, text: str) -> Conditions:
        """Return the conditions in a plain text with markers."""
        found = Conditions(rest=text)
        self._audience(found)
        self._years(found)
        self._numbers(found)
        spaced = self._unspaced.sub(r" \g<0> ", found.rest)
        found.conditions[:0] = self._values(spaced)
        found.conditions += self._series(found.rest) + self._wanted_series(found.rest)
        self._absent(found)
        return found

    # --- attribute values

    def _values(self, text: str) -> list[Condition]:
        values = self._values_in(text)
        runs: list[list[_Value]] = []
        for value in values:
            if runs and value.joint and value.negated == runs[-1][-1].negated:
                runs[-1].append(value)
            else:
                runs.append([value])
        return [condition for run in runs for condition in _combined(run)]

    def _values_in(self, text: str) -> list[_Value]:
        words = text.replace("'", "").split()
        bare = [word.strip(".,?") for word in words]
        found: list[_Value] = []
        place = 0
        while place < len(words):
            stop, condition = self._value_at(bare, place)
            if condition is None:
                place += 1
                continue
            joint: Joint = ""
            negated = self._negated(bare, place) or self._refused(bare, stop)
            if found:
                between = words[found[-1].stop : place]
                broken = words[found[-1].stop - 1]
                joint = self._joint(between, broken.endswith((".", "?")))
                negated = negated or (joint != "" and found[-1].negated)
                if joint and self._reverses(between):
                    negated, joint = False, ""
            found.append(_Value(condition, joint, negated, place, stop))
            place = stop
        return found

    def _value_at(self, bare: list[str], start: int) -> tuple[int, Is | None]:
        for stop in range(min(len(bare), start + MAX_VALUE_WORDS), start, -1):
            condition = self.catalogue.value_named(" ".join(bare[start:stop]))
            if condition is not None:
                return stop, condition
        return start, None

    def _negated(self, bare: list[str], place: int) -> bool:
        return self._is_refused(" ".join(bare[max(0, place - 4) : place]))

    def _is_refused(self, before: str) -> bool:
        """Tell whether a text ends with "no", "not", "without" …, an article or two after it."""
        return self._without.search(before.strip()) is not None

    def _refused(self, bare: list[str], stop: int) -> bool:
        """Tell whether "isn't", "is not" … stands right after: "horror is fine, war isn't"."""
        after = self.lexicon.words["negated_after"]
        return after.match(" ".join(bare[stop : stop + 3])) is not None

    def _joint(self, between: list[str], ended: bool) -> Joint:
        """Return how two values are joined by the words between them."""
        words = " ".join(word.strip(".,?") for word in between)
        if ended or len(between) > 4:
            return ""
        if self.lexicon.word("or", words):
            return "or"
        if not words:
            return "and"
        if self.lexicon.word("but", words) and not self.lexicon.word("and", words):
            return ""
        joined = self.lexicon.word("and", words) or self.lexicon.word("also", words)
        return "and" if joined or len(between) <= 2 else ""

    def _reverses(self, between: list[str]) -> bool:
        """Tell whether the words between end a negation: "no horror but comedies"."""
        words = " ".join(between)
        return self.lexicon.word("but", words) and not self.lexicon.word("without", words)

    # --- years and other numbers

    def _years(self, found: Conditions) -> None:
        had = len(found.conditions)
        either = self._one_side_or_other(found.rest)
        for name, pattern in self.lexicon.years.items():
            several = list(pattern.finditer(found.rest)) if name == "decade" else []
            field = self.catalogue.year_field
            if len(several) > 1 and field is not None:
                spans = [
                    _year_bounds(name, [int(next(filter(None, match.groups())))])
                    for match in several
                ]
                found.conditions.append(Either(tuple(Between(field, *span) for span in spans)))
                found.rest = pattern.sub(" , ", found.rest)
                continue
            match = pattern.search(found.rest)
            if match is None:
                continue
            bounds = _year_bounds(name, [int(g) for g in match.groups() if g and g.isdigit()])
            self._add_years(found, match, bounds)
        for word, low in self.lexicon.decades.items():
            match = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", found.rest)
            if match is not None:
                self._add_years(found, match, (low, low + 9))
        new = [one for one in found.conditions[had:] if isinstance(one, Between)]
        if either and len(new) == 2:
            found.conditions[had:] = [Either(tuple(new))]

    def _one_side_or_other(self, text: str) -> bool:
        """Tell whether two spans of years are joined by "or": "before 1960 or after 1997"."""
        years = [m for pattern in self.lexicon.years.values() for m in pattern.finditer(text)]
        years.sort(key=lambda match: match.start())
        return any(
            self.lexicon.words["or"].fullmatch(text[one.end() : other.start()].strip(" ,"))
            for one, other in zip(years, years[1:], strict=False)
        )

    def _add_years(
        self, found: Conditions, match: re.Match[str], bounds: tuple[int | None, int | None]
    ) -> None:
        found.rest = f"{found.rest[: match.start()]} , {found.rest[match.end() :]}"
        field = self.catalogue.year_field
        if field is None:
            found.absent.append("years")
            return
        condition = Between(field, *bounds)
        before = found.rest[: match.start()]
        found.conditions.append(Not(condition) if self._is_refused(before) else condition)

    def _numbers(self, found: Conditions) -> None:
        """Read "price under 20" for the numeric fields the data have."""
        for name, span in self._spans:
            match = span.search(found.rest)
            if match is not None:
                found.conditions.append(Between(name, *sorted(map(float, match.groups()))))
                found.rest = found.rest.replace(match[0], " , ")
        for name, is_low, pattern in self._bounds:
            match = pattern.search(found.rest)
            if match is not None:
                value = float(match[1] or match[2])
                low, high = (value, None) if is_low else (None, value)
                found.conditions.append(Between(name, low, high))
                found.rest = found.rest.replace(match[0], " , ")

    def _audience(self, found: Conditions) -> None:
        amounts = self.lexicon.amounts
        bounds = (("fewer_users", False, -1), ("more_users", True, 1), ("least_users", True, 0))
        for name, least, shift in bounds:
            pattern = amounts.get(name)
            match = pattern.search(found.rest) if pattern else None
            if match is not None:
                number = int(self.lexicon.value_of(next(filter(None, match.groups()))))
                within = self.lexicon.word("at_most", match[0])
                if not least:  # "not seen by more than 20" lets 20 in
                    within = within or self.lexicon.word("over", match[0])
                number += 0 if within else shift
                bound = Audience(number, None) if least else Audience(None, number)
                if self._is_refused(found.rest[: match.start()]):
                    bound = Audience(None, number - 1) if least else Audience(number + 1, None)
                found.conditions.append(bound)
                found.rest = f"{found.rest[: match.start()]} , {found.rest[match.end() :]}"
        bounded = any(isinstance(one, Audience) for one in found.conditions)
        little = amounts.get("little_known")
        if not bounded and little is not None and little.search(found.rest):
            found.conditions.append(Audience(None, LITTLE_KNOWN - 1))

    # --- names

    def _series(self, text: str) -> list[Condition]:
        """Read "nothing from Star Trek", "no Batman": words of titles to be left out."""
        conditions: list[Condition] = []
        without = self.lexicon.words["without"].pattern
        for match in re.finditer(
            rf"(?:{without}) (?:(?:from|of|by|in|any|the|more) )*([^,.?]+)", text
        ):
            words = match[1].split()
            if self._value_at(words, 0)[1] is not None:
                continue
            for stop in range(min(len(words), 5), 0, -1):
                name = " ".join(words[:stop])
                common = all(
                    self.lexicon.is_common(word)
                    or self.catalogue.value_named(word) is not None
                    or word.isdigit()
                    for word in words[:stop]
                )
                if common or self.catalogue.value_named(name) is not None:
                    continue
                if items := self.catalogue.series(name):
                    ids = self.catalogue.dataset.item_ids.external[list(items)]
                    conditions.append(Not(Named(name, tuple(map(str, ids)))))
                    break
        return conditions

    def _wanted_series(self, text: str) -> list[Condition]:
        """Read "Star Trek films": two words or three that stand in several titles."""
        for noun in self.lexicon.words["item"].finditer(text):
            before = text[: noun.start()].split()
            for size in (3, 2):
                words = before[-size:]
                if len(words) < size or any(map(self._is_plain, words)):
                    continue
                items = self.catalogue.series(" ".join(words))
                if len(items) > 1:
                    ids = self.catalogue.dataset.item_ids.external[list(items)]
                    return [Named(" ".join(words), tuple(map(str, ids)))]
        return []

    def _is_plain(self, word: str) -> bool:
        """Tell whether a word is no part of a name: common, a number, a value, or ends a phrase."""
        return (
            not word.isalpha()
            or self.lexicon.is_common(word)
            or word in self.lexicon.numbers
            or self.catalogue.value_named(word) is not None
        )

    def _absent(self, found: Conditions) -> None:
        for name, pattern in self.lexicon.absent.items():
            if pattern.search(found.rest) and name not in self._field_names:
                found.absent.append(name)
        found.rest = _MEASURED.sub(lambda match: self._unmeasured(found, match), found.rest)
        for match in self._described.finditer(found.rest):
            if not self._is_plain(match["word"]):
                found.absent.append(f"“{match['word']}”")

    def _unmeasured(self, found: Conditions, match: re.Match[str]) -> str:
        """Note "under 500 words" where the data have no number of that name."""
        unit = match["unit"]
        counted = any(
            self.lexicon.words[name].fullmatch(unit) for name in ("item", "people", "units")
        )
        if counted or self.lexicon.is_common(unit) or not unit.isalpha():
            return match[0]
        found.absent.append(f"“{match[0].strip()}”")
        return " , "


def _combined(run: list[_Value]) -> list[Condition]:
    """Return one run of joined values as conditions: "or" binds weaker than "and"."""
    negated = run[0].negated
    if negated:  # no horror or war, no horror and no war: neither
        return [Not(value.condition) for value in run]
    parts: list[list[Is]] = [[run[0].condition]]
    for value in run[1:]:
        if value.joint == "or":
            parts.append([value.condition])
        else:
            parts[-1].append(value.condition)
    if len(parts) == 1:
        return list(parts[0])
    return [Either(tuple(part[0] if len(part) == 1 else All(tuple(part)) for part in parts))]


def _year_bounds(name: str, numbers: list[int]) -> tuple[int | None, int | None]:
    first = numbers[0]
    match name:
        case "between":
            return min(numbers[:2]), max(numbers[:2])
        case "before":
            return None, first - 1
        case "until":
            return None, first
        case "after":
            return first + 1, None
        case "since":
            return first, None
        case "decade":
            low = first if first >= 1000 else 1900 + first
            return low, low + 9
        case _:
            return first, first
