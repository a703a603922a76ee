"""What phrases about liked items mean: shares of a value, marks, audiences in common."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.checking.facts import Person
from assistant.checking.grammar import Parts, Wrong
from assistant.checking.said import (
    SHARES,
    Fact,
    Share,
    check_relations,
    check_values,
    listed,
    relations,
    wrong,
)
from assistant.checking.words import Number


def liked_group(p: Parts) -> Share:
    """Read "the 25 films you liked"."""
    return Share(p.text, None, p.one("Int"))


def liked_of_value(p: Parts) -> tuple[Number | None, str]:
    """Read "14 Drama films you liked"."""
    values = p.one("Vals")
    if len(values) != 1:
        raise Wrong("it is not clear what a number is said of")
    return p.one("Int"), values[0]


def liked_total(p: Parts) -> Fact:
    """Check "you liked 25 films"."""
    number = p.one("Int")
    if not any(number.fits(of) for _, of in p.facts.taste.values()):
        raise Wrong(f"no fact says {p.text!r}")
    return Fact("you")


def share_of_liked(p: Parts) -> Share:
    """Read "14 of the 25 films you liked"."""
    parts = [one for one in p.parts if one.symbol in SHARES]
    liked = p.one("Liked")
    first = parts[0]
    part = first.value if first.symbol in ("Int", "Pct", "Frac") else first.symbol
    whole = liked.whole if liked is not None else None
    if len(parts) > 1 and parts[1].symbol == "Int":
        whole = parts[1].value
    return Share(p.text, part, whole)


def taste(p: Parts) -> Fact:
    """Check "14 of the 25 films you liked are Drama"."""
    values = [value for one in p.all("Vals") for value in one]
    check_values(values, p.facts)
    numbers = p.all("Int")
    shares = p.all("Ct") or [Share(p.text, numbers[0], numbers[1])]
    for value, share in zip(
        values, shares * (len(values) if len(shares) == 1 else 1), strict=False
    ):
        count, of = p.facts.taste.get(value, (0, 0))
        if not of or not share.holds(count, of):
            raise Wrong(f"no fact says {share.text} of {value}")
    return Fact("you", tuple(values), counts=p.facts.taste[values[0]] if len(values) == 1 else None)


def taste_again(p: Parts) -> Fact:
    """Check "30% of the films you liked are Drama (14 of 25)"."""
    fact: Fact = p.one("F")
    if fact.counts is None or [one.value for one in p.all("Int")] != list(fact.counts):
        raise Wrong(f"no fact says {p.text}")
    return fact


def like_liked(p: Parts) -> Fact:
    """Check "it is a Drama, like 14 of the 25 films you liked"."""
    fact: Fact = p.one("F", "T")
    share: Share = p.one("Ct")
    if len(fact.values) != 1 or not share.holds(*p.facts.taste.get(fact.values[0], (0, 0))):
        raise Wrong(f"no fact says {share.text}")
    return fact


def not_seen(p: Parts) -> Fact:
    """Check "you have not seen it"."""
    if p.facts.seen:
        raise Wrong("they have seen it")
    return Fact("you")


def near_item(p: Parts) -> list[Person]:
    """Check what is said of a liked item beside its name: its audience, its mark."""
    liked: list[Person] = p.one("LIKED")
    if p.has("Rel"):
        check_relations(relations(p), liked)
    if p.has("gives", "rates", "rating"):
        return marked(p)
    return liked


def marked(p: Parts) -> list[Person]:
    """Check "Heat (rated 5)"."""
    liked: list[Person] = p.one("LIKED")
    numbers = p.all("Int")
    if not numbers:
        return liked
    _check_marks(numbers[:1], liked)
    if len(numbers) > 1 and numbers[1].value != 5:
        raise wrong(numbers[1].text, "scale")
    return liked


def _check_marks(numbers: Sequence[Number], liked: Sequence[Person]) -> None:
    if len(numbers) == 1:
        numbers = list(numbers) * len(liked)
    if len(numbers) != len(liked):
        raise Wrong("it is not clear what a mark is said of")
    for number, one in zip(numbers, liked, strict=True):
        if one.label is None or not number.fits(one.label):
            raise wrong(number.text, "label")


def audience(p: Parts) -> Fact:
    """Check "200 users have seen both it and Heat", "its audience overlaps with that of Heat"."""
    liked = listed(p)
    said = [one for relation in p.all("Rel") for one in relation]
    said += [("common", number) for number in p.all("Int")]
    said += [("jaccard", number) for number in p.all("Dec")]
    check_relations(said, liked)
    return Fact("item")


def audience_nearer(p: Parts) -> Fact:
    """Check "its audience is closer to that of Heat than to that of Alien"."""
    one, other = listed(p)[:2]
    numbers = p.all("Dec")
    sign = 1 if p.has("nearer") else -1
    held = all(n.fits(of.jaccard) for n, of in zip(numbers, (one, other), strict=False))
    if not held or (one.jaccard - other.jaccard) * sign <= 0:
        raise Wrong("the comparison does not hold")
    return Fact("item")


def both_seen(p: Parts) -> Fact:
    """Check "you liked Heat, and 200 users have seen both"."""
    fact: Fact = p.one("F")
    if not fact.people:
        raise Wrong("it names no liked item")
    check_relations([("common", number) for number in p.all("Int")], fact.people)
    return fact


def liked(p: Parts) -> Fact:
    """Check "you liked X", "you rated X 5 and Y 4"."""
    liked = listed(p)
    numbers = p.all("Int")
    if p.has("of", "outof", "/") and len(numbers) > 1 and numbers[-1].value == 5:
        numbers = numbers[:-1]
    if numbers:
        _check_marks(numbers, liked)
    return Fact("you", people=tuple(liked))


def own_taste(p: Parts) -> Fact:
    """Check "you like Drama" and "your taste for Drama": some liked item has it."""
    for value in (value for one in p.all("Vals") for value in one):
        check_values([value], p.facts)
        if not p.facts.taste.get(value, (0, 0))[0]:
            raise Wrong(f"no fact says that they liked {value}")
    return Fact("taste", tuple(value for one in p.all("Vals") for value in one))


def liked_count(p: Parts) -> Fact:
    """Check "you liked 14 Drama films", "the 25 films you liked include 14 Drama films"."""
    number, value = p.one("LC")
    check_values([value], p.facts)
    count, of = p.facts.taste.get(value, (0, 0))
    whole = [one.whole for one in p.all("Liked") if one.whole is not None] + p.all("Int")[-1:]
    if number is None or not number.fits(count) or not all(one.fits(of) for one in whole):
        raise Wrong(f"no fact says {p.text!r}")
    return Fact("you")


def more_liked(p: Parts) -> Fact:
    """Check "you liked more Drama than War films (14 versus 3)"."""
    one, other = (value for found in p.all("Vals") for value in found)
    a, b = (p.facts.taste.get(value, (0, 0))[0] for value in (one, other))
    numbers = p.all("Int")
    sign = -1 if p.has("lessthan", "fewer") else 1
    if (a - b) * sign <= 0 or (numbers and [n.value for n in numbers] != [a, b]):
        raise Wrong("the comparison does not hold")
    return Fact("you")
