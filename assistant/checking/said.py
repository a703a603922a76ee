"""What phrases stand for, and how they are held against facts: clauses, users, shares, numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assistant.checking.facts import Facts, Person
from assistant.checking.grammar import Parts, Wrong
from assistant.checking.words import Number

SHARES = ("Int", "Pct", "Frac", "all", "most", "many", "several", "some", "none", "each", "no")
"""Symbols that say how many."""


@dataclass(frozen=True)
class Fact:
    """A clause that holds."""

    about: str
    """`item`, `people` or `you`; `score` where it says what the score is."""
    values: tuple[str, ...] = ()
    """The attribute values it speaks of."""
    lack: bool = False
    """Whether it is said of those who have not seen the item."""
    counts: tuple[int, int] | None = None
    """How many of how many liked items have its value."""
    people: tuple[Person, ...] = ()
    """Whom a later "they" may mean."""


@dataclass(frozen=True)
class Who:
    """Near users that are named."""

    people: tuple[Person, ...]
    stated: bool = False
    """Whether something was said of them that holds."""


@dataclass(frozen=True)
class Share:
    """So many of the nearest users, or of what was liked."""

    text: str
    part: Number | str | None
    whole: Number | None = None
    said_again: tuple[Number, ...] = ()
    only: bool = False

    def holds(self, part: float, whole: float) -> bool:
        """Tell whether `part` of `whole` is what is said."""
        if self.whole is not None and not self.whole.fits(whole):
            return False
        again = self.said_again
        if again and not (is_part(again[0], part, whole) and all(n.fits(whole) for n in again[1:])):
            return False
        return is_part(self.part, part, whole)


def is_part(said: Number | str | None, part: float, whole: float) -> bool:
    """Tell whether a count, a share or a word of quantity is `part` of `whole`."""
    share = part / whole if whole else 0.0
    if isinstance(said, Number):
        if said.percent:
            return said.fits(100 * share)
        return said.fits(part) if not said.decimals else said.decimals > 4 and said.fits(share)
    holds = {
        None: part > 1,
        "all": part == whole > 0,
        "each": part == whole > 0,
        "most": share > 0.5,
        "many": share > 0.5,
        "several": part >= 3,
        "none": part == 0 and whole > 0,
        "no": part == 0 and whole > 0,
        "not all": part < whole,
    }
    return holds.get(said, False)


def wrong(text: str, kind: str) -> Wrong:
    """Return the fault of a number that is no fact of its kind."""
    return Wrong(f"{text} is no {kind} in the evidence of this item")


def numbers(p: Parts) -> list[Number]:
    """Return the numbers of a phrase, in order."""
    return p.all("Int", "Dec", "Pct", "Ord", "Frac")


def check_year(year: Number, facts: Facts) -> None:
    """Check a year or a decade against the item's year."""
    known = facts.measures.get("year")
    if year.decade:
        start = year.value + (1900 if year.value < 100 else 0)
        if known is not None and start % 10 == 0 and start <= known < start + 10:
            return
    elif known is not None and year.decimals == 0 and year.value == known:
        return
    raise wrong(year.text, "year")


def check_values(values: Sequence[str], facts: Facts) -> None:
    """Check that the item has each of the values."""
    for value in values:
        if value not in facts.values:
            raise Wrong(f"{value!r} is no attribute of this item")


def no_share(part: Any, whole: Any) -> Wrong:
    """Return the fault of "so many of so many"."""
    said = part.text if isinstance(part, Number) else part
    return Wrong(
        f"no fact says {said} of {whole.text}" if whole is not None else f"{said!r} does not hold"
    )


def check_have(share: Share, facts: Facts, lack: bool) -> None:
    """Check how many of the nearest have the item, or lack it."""
    near = facts.n_neighbours
    have = near - len(facts.people) if lack else len(facts.people)
    if lack and share.part is None:
        raise no_share(share.text, None)
    if not share.holds(have, near) or (share.only and 2 * have > near):
        raise no_share(share.part if share.part is not None else share.text, share.whole)


def relations(p: Parts) -> list[tuple[str, Number]]:
    """Return the kinds and numbers of what two users, or two audiences, have in common."""
    return [one for relation in p.all("Rel") for one in relation]


def _relates(kind: str, number: Number, person: Person) -> bool:
    if (kind == "jaccard") != bool(number.decimals or number.percent):
        return False
    fact = {"jaccard": person.jaccard, "common": person.common, "either": person.either}[kind]
    return number.fits(fact * (100.0 if number.percent else 1.0))


def check_relations(said: Sequence[tuple[str, Number]], people: Sequence[Person]) -> None:
    """Check numbers said of one user, of each of several, or of several in their order."""
    for kind in dict.fromkeys(kind for kind, _ in said):
        numbers = [number for one, number in said if one == kind]
        if len(numbers) == 1:
            numbers *= len(people)
        if len(numbers) != len(people):
            raise Wrong("it is not clear whom a number is said of")
        for number, person in zip(numbers, people, strict=True):
            if not _relates(kind, number, person):
                name = {"common": "number in common", "either": "union"}.get(kind, kind)
                raise wrong(number.text, name)


def listed(p: Parts) -> list[Person]:
    """Return the liked items that are named."""
    return [person for one in p.all("LIKED") for person in one]
