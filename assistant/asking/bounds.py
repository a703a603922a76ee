"""Years, audiences and other numbers of items in a text → bounds, and in which order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property

from assistant.asking.catalogue import Catalogue
from assistant.asking.filters import Audience, Between, Condition, Either, Not
from assistant.asking.marked import Conditions, Order
from assistant.asking.values import ValueReader
from assistant.lexicon import Lexicon, any_of, named_fields

LITTLE_KNOWN = 50
"""An item with fewer users than this is little known, where the question gives no number."""
_COUNTED = ("item", "people", "units", "counted")
"""Lists of words for what may be counted."""
SIDES = ("between", "more", "least", "less", "most")
"""What a bound says of a number."""
_DIGITS = re.compile(r"(?<![\w.,])[0-9]+(?:[.,][0-9]+)*(?![\w.,]*[0-9])")


class BoundReader:
    """Finds bounds on the numbers of one data set's items in texts of one language."""

    def __init__(self, lexicon: Lexicon, catalogue: Catalogue, values: ValueReader) -> None:
        self.lexicon = lexicon
        self.catalogue = catalogue
        self.values = values

    def read(self, found: Conditions) -> None:
        """Take audiences, years and other numbers out of a text, in this order."""
        self._audience(found)
        self._years(found)
        self._numbers(found)

    def order(self, plain: str) -> Order | None:
        """Return the order that a text asks for: "the oldest", "newest first", "by price"."""
        first = self._first_order(plain)
        return first[1] if first else None

    def without_order(self, plain: str) -> str:
        """Return a text less the words that ask for an order."""
        first = self._first_order(plain)
        return plain if first is None else plain.replace(first[0][0], ",", 1)

    def _first_order(self, plain: str) -> tuple[re.Match[str], Order] | None:
        found = [
            (match, Order(concept, field, highest))
            for highest, pattern, concept, field in self._orders
            if (match := pattern.search(plain)) is not None
        ]
        return min(found, key=lambda one: one[0].start(), default=None)

    # --- years

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
        before = found.rest[: match.start()]
        found.take(match)
        field = self.catalogue.year_field
        if field is None:
            found.absent.append("years")
            return
        condition = Between(field, *bounds)
        found.conditions.append(Not(condition) if self.values.is_refused(before) else condition)

    # --- other numbers of items

    def _numbers(self, found: Conditions) -> None:
        """Read "price under 20", "at most 300 pages", "cheaper than 20 euros"."""
        text, concepts = self._without_units(found.rest)
        bare = Conditions(rest=text)
        for side, pattern in self._sides:
            place = 0
            while (match := pattern.search(bare.rest, place)) is not None:
                place = match.end()
                if self._bound(bare, side, match, concepts):
                    place = 0
        for concept, pattern, side in self._comparatives:
            match = pattern.search(bare.rest)
            if match is not None:
                number = self.lexicon.value_of(next(filter(None, match.groups())))
                bare.conditions += _between(self._fields[concept], side, [number])
                bare.take(match)
        if bare.conditions or bare.absent:
            found.conditions += bare.conditions
            found.absent += bare.absent
            found.rest = bare.rest

    def _bound(
        self, found: Conditions, side: str, match: re.Match[str], concepts: Mapping[str, str]
    ) -> bool:
        """Note one bound and take it out; False where it bounds no number of items."""
        numbers = [group for group in match.groups() if group]
        before = self._named_before.search(found.rest[: match.start()])
        named = None if before is None else self._units[before["unit"]]
        concept = next((concepts[one] for one in numbers if one in concepts), named)
        after = found.rest[match.end() :]
        foreign = self._is_foreign(after)
        of_nothing = side in ("more", "less") and not self._is_counted(after)
        if concept is None and not foreign and not of_nothing:
            return False
        field = None if concept is None else self._fields.get(concept)
        if field is not None:
            found.conditions += _between(field, side, list(map(self.lexicon.value_of, numbers)))
        else:
            unit = concepts.get(f"{numbers[-1]} unit", after.split()[0] if foreign else "")
            found.absent.append(f"“{f'{match[0].strip()} {unit}'.strip()}”")
        found.take(match)
        return True

    def _without_units(self, text: str) -> tuple[str, dict[str, str]]:
        """Return a text less the units beside its numbers, and what each such number is of.

        By the number as it stands, and under "20 unit" the unit itself.
        """
        concepts: dict[str, str] = {}

        def bare(match: re.Match[str]) -> str:
            unit = match["before"] or match["after"]
            if unit is not None:
                concepts[match["n"]] = self._units[unit]
                concepts[f"{match['n']} unit"] = unit
            return match["n"]

        return self._measured.sub(bare, text), concepts

    def _is_foreign(self, after: str) -> bool:
        """Tell whether an unknown unit follows a bound: "under 500 calories"."""
        unit = _first(after)
        return unit.isalpha() and not self.lexicon.is_common(unit) and not self._is_counted(after)

    def _is_counted(self, after: str) -> bool:
        """Tell whether what follows a bound may be counted: items, people, attribute values."""
        word, noun = _first(after), self.catalogue.dataset.noun
        of_lists = any(self.lexicon.words[one].match(after.strip()) for one in _COUNTED)
        named = self.catalogue.value_named(word) is not None
        return of_lists or named or word in (noun.one, noun.many)

    @cached_property
    def _fields(self) -> Mapping[str, str]:
        """The data's numbers of items by concept; a column no concept knows is its own."""
        return {concept: name for name, concept in self.catalogue.concepts.items()}

    @cached_property
    def _units(self) -> Mapping[str, str]:
        """Concepts by what stands beside their numbers; those the data have come first."""
        units: dict[str, str] = {}
        known = [*self._fields, *(one for one in named_fields() if one not in self._fields)]
        for concept in known:
            field = named_fields().get(concept)
            column = self._fields.get(concept)
            words = [] if field is None or concept == "year" else [*field.names, *field.units]
            if column is not None and column != self.catalogue.year_field:
                words.append(self.catalogue.plain_name(column))
            for word in words:
                units.setdefault(word, concept)
        return units

    @cached_property
    def _unit(self) -> re.Pattern[str]:
        return any_of(self._units)

    @cached_property
    def _named_before(self) -> re.Pattern[str]:
        copula = self.lexicon.words["do"].pattern
        return re.compile(rf"(?P<unit>{self._unit.pattern})(?: (?:{copula}))? ?$")

    @cached_property
    def _measured(self) -> re.Pattern[str]:
        """A number with its unit on either side: "20 euros", "euros 20"."""
        unit, number = self._unit.pattern, _DIGITS.pattern
        return re.compile(rf"(?:(?P<before>{unit}) )?(?P<n>{number})(?: ?(?P<after>{unit}))?")

    @cached_property
    def _sides(self) -> list[tuple[str, re.Pattern[str]]]:
        return [
            (side, self.lexicon.pattern(phrases))
            for side, phrases in self.lexicon.bounds.items()
            if side in SIDES
        ]

    @cached_property
    def _comparatives(self) -> list[tuple[str, re.Pattern[str], str]]:
        return [
            (concept, self.lexicon.pattern(f"{word} {{number}}" for word in words), side)
            for concept in self._fields
            if (field := named_fields().get(concept)) is not None
            for side, words in (("less", field.less), ("more", field.more))
            if words
        ]

    @cached_property
    def _orders(self) -> list[tuple[bool, re.Pattern[str], str, str | None]]:
        """Whether the highest come first, the words for it, the concept and the data's field."""
        found = []
        for concept in (*self._fields, *(c for c in named_fields() if c not in self._fields)):
            field, column = named_fields().get(concept), self._fields.get(concept)
            names = [] if column is None else [self.catalogue.plain_name(column)]
            names += [] if field is None else [*field.names, *field.units]
            for highest in (False, True):
                phrases = list(self.lexicon.bounds["highest" if highest else "lowest"])
                phrases = phrases if column is not None else []
                if field is not None:
                    ends = (field.highest, field.descending) if highest else (
                        field.lowest, field.ascending)  # fmt: skip
                    phrases += [*ends[0], *ends[1]]
                if phrases:
                    pattern = self.lexicon.pattern(phrases, unit=names)
                    found.append((highest, pattern, concept, column))
        return found

    # --- audiences

    def _audience(self, found: Conditions) -> None:
        amounts = self.lexicon.amounts
        for name, least, shift in (("fewer_users", False, -1), ("more_users", True, 1),
                                   ("least_users", True, 0)):  # fmt: skip
            match = amounts[name].search(found.rest) if name in amounts else None
            if match is not None:
                bound = self._bound_of(found.rest, match, least, shift)
                found.conditions.append(bound)
                found.take(match)
        bounded = any(isinstance(one, Audience) for one in found.conditions)
        little = amounts.get("little_known")
        if not bounded and little is not None and little.search(found.rest):
            found.conditions.append(Audience(None, LITTLE_KNOWN - 1))

    def _bound_of(self, text: str, match: re.Match[str], least: bool, shift: int) -> Audience:
        number = int(self.lexicon.value_of(next(filter(None, match.groups()))))
        within = self.lexicon.word("at_most", match[0])
        if not least:  # "not seen by more than 20" lets 20 in
            within = within or self.lexicon.word("over", match[0])
        number += 0 if within else shift
        if self.values.is_refused(text[: match.start()]):
            return Audience(None, number - 1) if least else Audience(number + 1, None)
        return Audience(number, None) if least else Audience(None, number)


def _first(text: str) -> str:
    """Return the first word of a text, nothing where a mark comes first."""
    return next(iter(text.split()), "").strip(".,?")


def _between(field: str, side: str, numbers: list[float]) -> Iterator[Condition]:
    """Yield the condition of a bound; "under" and "over" leave out the number itself."""
    low, high = min(numbers), max(numbers)
    match side:
        case "between":
            yield Between(field, low, high)
        case "least" | "more":
            yield Between(field, low, None, open=side == "more")
        case _:
            yield Between(field, None, high, open=side == "less")


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
