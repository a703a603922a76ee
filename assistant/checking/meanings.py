"""What phrases mean: each is held against the facts when the grammar builds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from assistant.checking.facts import Facts, Person
from assistant.checking.grammar import Parts, Wrong
from assistant.checking.words import Number

LIKELY = 80.0
"""From this percentile on an item may be called likely, strong or a match."""
_HALF = 50.0
"""Percent; who stands in a lower half is not called one of the top."""


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
        if again and not (
            _is_part(again[0], part, whole) and all(n.fits(whole) for n in again[1:])
        ):
            return False
        return _is_part(self.part, part, whole)


def _is_part(said: Number | str | None, part: float, whole: float) -> bool:
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


def _wrong(text: str, kind: str) -> Wrong:
    return Wrong(f"{text} is no {kind} in the evidence of this item")


def _numbers(p: Parts) -> list[Number]:
    return p.all("Int", "Dec", "Pct", "Ord", "Frac")


_BOUNDS = ("atleast", "morethan", "atmost", "lessthan")


def _bounded(p: Parts) -> Number:
    said = next((one.symbol for one in p.parts if one.symbol in _BOUNDS), "atleast")
    if p.has("above"):
        said = "morethan"
    return replace(_numbers(p)[0], bound=said)


def _percent(p: Parts) -> Number:
    return replace(_numbers(p)[0], percent=True)


def _item(p: Parts) -> Any:
    """Check the year in "Heat (1995)"."""
    if p.has("LP") and (year := p.one("Int")) is not None:
        _check_year(year, p.facts)
    return None


def _check_year(year: Number, facts: Facts) -> None:
    known = facts.measures.get("year")
    if year.decade:
        start = year.value + (1900 if year.value < 100 else 0)
        if known is not None and start % 10 == 0 and start <= known < start + 10:
            return
    elif known is not None and year.decimals == 0 and year.value == known:
        return
    raise _wrong(year.text, "year")


def _values(p: Parts) -> tuple[str, ...]:
    return tuple(p.all("VALUE"))


def _check_values(values: Sequence[str], facts: Facts) -> None:
    for value in values:
        if value not in facts.values:
            raise Wrong(f"{value!r} is no attribute of this item")


# People.


def _users(p: Parts) -> Who:
    found = p.all("USER")
    people = tuple(person for one in found for person in one.people)
    return Who(people, all(one.stated for one in found))


def _near_one(p: Parts) -> Who:
    """Return "your nearest neighbour", "your second nearest", "the nearest of them"."""
    order = p.one("Ord")
    place = int(order.value) if order is not None else 1
    near: Share | None = p.one("Near")
    if near is not None:
        number = near.whole or near.part
        counts = (p.facts.n_neighbours, len(p.facts.people))
        if isinstance(number, Number) and number.value not in counts:
            raise _no_share(p.text, number)
        return Who(p.facts.people[:1])
    alone = all(one.symbol in ("the", "nearest", "Ord") for one in p.parts)
    if alone or p.has("seen") or (p.has("among", "of") and p.has("they", "these", "everything")):
        found = p.facts.people[place - 1 : place]
    else:
        found = tuple(one for one in p.facts.people if one.place == place)
    return Who(found)


def _item_of(p: Parts) -> None:
    """Check "this 1994 Drama film"."""
    _check_values([value for one in p.all("Vals") for value in one], p.facts)
    for year in p.all("Int", "Decade"):
        _check_year(year, p.facts)


def _near_counted(p: Parts) -> Fact:
    """Check "7 similar users", said by itself."""
    share: Share = p.one("Near")
    if share.part is None:
        raise Wrong("it says nothing of them")
    _check_have(share, p.facts, lack=False)
    return Fact("people", people=p.facts.people)


def _ratio(p: Parts) -> Fact:
    """Check "7 of 10", said by itself: so many of the nearest."""
    part, whole = p.all("Int")
    _check_have(Share(p.text, part, whole), p.facts, lack=False)
    return Fact("people", people=p.facts.people)


def _group(p: Parts) -> Share:
    """Return "your 10 nearest neighbours" as all of them, "8 neighbours" as so many."""
    number = p.one("Int")
    if number is None:
        return Share(p.text, "all" if p.has("all") else None)
    every = p.has("the", "your", "their", "all")
    return Share(p.text, "all" if every else number, number if every else None)


def _share_of_near(p: Parts) -> Share:
    parts = [one for one in p.parts if one.symbol in (*_SHARES, "Near")]
    numbers = [one for one in parts if one.symbol in ("Int", "Pct", "Frac")]
    part: Number | str | None
    near = p.one("Near")
    words = next((one.symbol for one in parts if one.symbol in _SHARES[3:]), None)
    whole = near.whole if near is not None else None
    if whole is None and near is not None and p.place("Near") > 0 and isinstance(near.part, Number):
        whole = near.part
    if (
        p.place("Near") == 0
        and len(numbers) == 1
        and numbers[0].symbol == "Int"
        and isinstance(near.part, Number)
    ):
        part, whole = near.part, numbers[0].value  # "8 neighbours out of 10"
    else:
        part = numbers[0].value if numbers else words
        if len(numbers) > 1:
            if whole is not None and numbers[1].value.value != whole.value:
                raise _no_share(part, numbers[1].value)
            whole = numbers[1].value
    if p.place("Near") == 0 and isinstance(near.part, Number) and near.part != part:
        raise _no_share(near.part, whole)
    if p.has("not"):
        part = "not all"
    if whole is not None and not whole.fits(p.facts.n_neighbours):
        raise _no_share(part, whole)
    return Share(p.text, part, whole, only=p.has("only"))


_SHARES = ("Int", "Pct", "Frac", "all", "most", "many", "several", "some", "none", "each", "no")


def _no_share(part: Any, whole: Any) -> Wrong:
    said = part.text if isinstance(part, Number) else part
    return Wrong(
        f"no fact says {said} of {whole.text}" if whole is not None else f"{said!r} does not hold"
    )


def _said_again(p: Parts) -> Share:
    """Return "most of your neighbours (8 of 10)"."""
    share: Share = p.one("NC", "Ct")
    return replace(share, said_again=tuple(p.all("Int", "Pct")))


def _check_have(share: Share, facts: Facts, lack: bool) -> None:
    near = facts.n_neighbours
    have = near - len(facts.people) if lack else len(facts.people)
    if lack and share.part is None:
        raise _no_share(share.text, None)
    if not share.holds(have, near) or (share.only and 2 * have > near):
        raise _no_share(share.part if share.part is not None else share.text, share.whole)


def _seen_by_near(p: Parts) -> Fact:
    share = p.one("NC", "Near")
    numbers = [one.value for one in p.parts if one.symbol == "Int"]
    if numbers and p.one("NC") is None:  # "the neighbours who have seen it: 8 of 10"
        if len(numbers) > 1 and not numbers[1].fits(p.facts.n_neighbours):
            raise _no_share(*numbers[:2])
        share = Share(share.text, numbers[0])
    lack = p.has("Vunseen", "unseen")
    _check_have(share, p.facts, lack)
    return Fact("people", people=() if lack else p.facts.people, lack=lack)


def _seen_by(p: Parts) -> Fact:
    who: Who = p.one("USER", "One")
    if p.has("Vunseen"):
        if p.has("One") and not who.people:
            return Fact("people")
        raise Wrong("a user who has seen it is said not to have")
    if not who.people:
        raise Wrong(f"no fact says {p.text!r}")
    return Fact("people", people=who.people)


def _and_seen(p: Parts) -> Fact:
    return p.one("P")  # type: ignore[no-any-return]


def _crowd(p: Parts) -> Fact:
    number = p.one("Int")
    if not number.fits(p.facts.n_users):
        raise _wrong(number.text, "number of users")
    return Fact("item")


def _common(p: Parts) -> list[tuple[str, Number]]:
    numbers = p.all("Int")
    kinds = ("common", "either")
    return list(zip(kinds, numbers, strict=False))


def _union(p: Parts) -> list[tuple[str, Number]]:
    return [("either", p.one("Int"))]


def _jaccard(p: Parts) -> list[tuple[str, Number]]:
    return [("jaccard", number) for number in p.all("Dec", "Pct")]


def _relations(p: Parts) -> list[tuple[str, Number]]:
    return [one for relation in p.all("Rel") for one in relation]


def _relates(kind: str, number: Number, person: Person) -> bool:
    if (kind == "jaccard") != bool(number.decimals or number.percent):
        return False
    fact = {"jaccard": person.jaccard, "common": person.common, "either": person.either}[kind]
    return number.fits(fact * (100.0 if number.percent else 1.0))


def _check_relations(said: Sequence[tuple[str, Number]], people: Sequence[Person]) -> None:
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
                raise _wrong(number.text, name)


def _related(p: Parts) -> Fact:
    users: Who = _users(p)
    said = _relations(p)
    said += [("jaccard", number) for number in p.all("Dec", "Pct")]
    people = users.people or p.carried
    if not people:
        raise Wrong("it names no user")
    if len(people) > 1 and len({kind for kind, _ in said}) == len(said) and not p.has(*_ASKED):
        raise Wrong("what other users share with each other is not in the evidence")
    _check_relations(said, people)
    return Fact("people", people=people)


_ASKED = ("YOU", "your", "they", "their", "yours", "twoofyou")


def _is_one_of(p: Parts) -> Fact:
    return Fact("people", people=p.one("USER").people)


def _with_relation(p: Parts) -> Fact:
    """Check "user 215 has seen it, with 24 films in common"."""
    fact: Fact = p.one("P")
    _check_relations(_relations(p), fact.people)
    return fact


def _stated(p: Parts) -> Fact:
    who: Who = p.one("USER")
    if not who.stated:
        raise Wrong("it says nothing of a user")
    return Fact("people", people=who.people)


def _one_near(p: Parts) -> Share:
    near: Share = p.one("Near")
    if near.whole is not None and not near.whole.fits(p.facts.n_neighbours):
        raise _no_share("one", near.whole)
    return Share(p.text, Number("one", 1.0), near.whole, only=p.has("only"))


def _one_named(p: Parts) -> Fact:
    """Check "one neighbour, user 360, has seen it"."""
    _check_have(p.one("NC", "Near"), p.facts, lack=False)
    return Fact("people", people=p.one("USER").people)


def _and_lack(p: Parts) -> Fact:
    number: Number = p.one("Int")
    if not number.fits(p.facts.n_neighbours - len(p.facts.people)):
        raise _no_share(number, None)
    return Fact("people")


def _share_again(p: Parts) -> Fact:
    fact: Fact = p.one("P")
    part, *whole = p.all("Int", "Pct")
    share = Share(p.text, part, whole[0] if whole else None)
    _check_have(share, p.facts, fact.lack)
    return fact


def _includes_user(p: Parts) -> Fact:
    if p.has("USER"):
        return Fact("people", people=p.one("USER").people)
    return p.all("P")[-1]  # type: ignore[no-any-return]


def _audience_nearer(p: Parts) -> Fact:
    one, other = _listed(p)[:2]
    numbers = p.all("Dec")
    sign = 1 if p.has("nearer") else -1
    held = all(n.fits(of.jaccard) for n, of in zip(numbers, (one, other), strict=False))
    if not held or (one.jaccard - other.jaccard) * sign <= 0:
        raise Wrong("the comparison does not hold")
    return Fact("item")


def _genres(p: Parts) -> Fact:
    number = p.one("Int")
    values = [value for one in p.all("Vals") for value in one]
    _check_values(values, p.facts)
    if number is None or not number.fits(p.facts.counts.get("genres")):
        raise _wrong(p.text, "number of genres")
    return Fact("item")


def _liked_total(p: Parts) -> Fact:
    number = p.one("Int")
    if not any(number.fits(of) for _, of in p.facts.taste.values()):
        raise Wrong(f"no fact says {p.text!r}")
    return Fact("you")


def _user_related(p: Parts) -> Who:
    fact = _related(p)
    return Who(fact.people, stated=True)


def _nearer(p: Parts) -> Fact:
    one, other = (who.people[0] for who in p.all("USER")[:2])
    sign = -1 if p.has("farther", "lessthan", "fewer") else 1
    if p.has("share", "have", "common"):
        held = (one.common - other.common) * sign > 0
    else:
        held = (one.jaccard - other.jaccard) * sign > 0
    if not held:
        raise Wrong("the comparison does not hold")
    return Fact("people", people=(one, other))


def _near_named(p: Parts) -> Who:
    """Check "your nearest neighbour, user 215,"."""
    one: Who = p.one("One")
    who: Who = p.one("USER")
    if not one.people or one.people != who.people[: len(one.people)]:
        raise Wrong("no fact says 'nearest' of them")
    return Who(who.people, stated=True)


def _is_near(p: Parts) -> Fact:
    """Check "user 215 is your nearest neighbour" and "the nearest of those who have seen it"."""
    who: Who = p.one("USER")
    among = p.has("Vseen", "them", "these", "those")
    one = p.one("One")
    nearest = p.facts.people[:1] if among or one is None else one.people
    if not nearest or who.people[:1] != tuple(nearest[:1]):
        raise Wrong("no fact says 'nearest' of them")
    return Fact("people", people=who.people)


# The item.


def _score(p: Parts) -> Fact:
    facts = p.facts
    at = max(p.place("Dec"), p.place("Pct"))
    number: Number = p.parts[at].value
    scale = [one.value for one in p.parts[at + 1 :] if one.symbol == "Int"]
    score = facts.score
    if scale:
        whole = scale[-1].value
        held = whole in (1, 10, 100) and 0 <= score <= 1 and number.fits(score * whole)
    elif number.percent:
        held = 0 <= score <= 1 and number.fits(100 * score)
    else:
        held = number.fits(score)
    if p.has("rating", "rates") and not p.has("predicted", "MODEL", "score", "scores"):
        held = False
    if not held:
        raise _wrong(number.text, "score")
    return Fact("score")


def _unseen_group(p: Parts) -> Number | None:
    number: Number | None = p.one("Int")
    if number is not None and number.value not in (p.facts.n_unseen, p.facts.n_allowed):
        raise _wrong(number.text, "number of unseen items")
    return number


def _highest(p: Parts) -> Fact:
    if not p.facts.highest:
        raise Wrong("its score is not the highest")
    number = p.one("Dec")
    if number is not None and not number.fits(p.facts.score):
        raise _wrong(number.text, "score")
    return Fact("item")


def _percentile(p: Parts) -> Fact:
    facts = p.facts
    number: Number = p.one("Pct") or [*p.all("Dec", "Ord"), *p.all("Int")][-1]
    if p.has("percentile") and len(p.all("Dec", "Ord", "Int", "Pct")) > 1:
        number = p.all("Dec", "Ord", "Int", "Pct")[-1]
    if p.has("top"):
        held = number.value <= _HALF and facts.percentile >= 100 - number.value - 1e-6
    elif not number.percent and not p.has("percentile"):  # "above 1,600 of the 1,642"
        held = number.decimals == 0 and number.fits(round(facts.percentile * facts.n_unseen / 100))
    else:
        said = replace(number, percent=True, ordinal=False)
        held = said.fits(facts.percentile) or (
            said.decimals == 0 and said.bound is None and int(facts.percentile) == said.value
        )
    if p.has("only"):
        held = held and facts.percentile < _HALF
    if not held:
        raise _wrong(number.text, "percentile")
    for other in p.all("Dec"):
        if other is not number and not other.fits(facts.score):
            raise _wrong(other.text, "score")
    return Fact("item")


def _measure(p: Parts) -> Fact:
    """Check "its price is 9.99"."""
    name = next(one.text for one in p.parts if one.symbol == "attribute")
    number = p.one("Int", "Dec")
    if not number.fits(p.facts.measures.get(name)):
        raise _wrong(number.text, name)
    return Fact("item")


def _above_average(p: Parts) -> Fact:
    mean = p.facts.mean_score
    if mean is None or (p.facts.score > mean) != p.has("above"):
        raise Wrong("no fact carries the comparison with an average")
    number = p.one("Dec")
    if number is not None and not number.fits(mean):
        raise _wrong(number.text, "average")
    return Fact("item")


def _rank(p: Parts) -> Fact:
    number: Number = p.all("Int", "Ord")[-1] if not p.has("Ord") else p.one("Ord")
    place = p.facts.place if p.has("Unseen") else p.facts.rank
    if place is None or number.bound or number.decimals or number.value != place:
        raise _wrong(number.text, "rank")
    return Fact("item")


def _first(p: Parts) -> Fact:
    if p.facts.rank != 1:
        raise _wrong("first", "rank")
    return Fact("item")


def _content(p: Parts) -> Fact:
    values = [value for one in p.all("Vals") for value in one]
    _check_values(values, p.facts)
    for year in p.all("Int", "Decade"):
        _check_year(year, p.facts)
    return Fact("item", tuple(values))


def _like_liked(p: Parts) -> Fact:
    """Check "it is a Drama, like 14 of the 25 films you liked"."""
    fact: Fact = p.one("F", "T")
    share: Share = p.one("Ct")
    if len(fact.values) != 1 or not share.holds(*p.facts.taste.get(fact.values[0], (0, 0))):
        raise Wrong(f"no fact says {share.text}")
    return fact


def _both_seen(p: Parts) -> Fact:
    fact: Fact = p.one("F")
    if not fact.people:
        raise Wrong("it names no liked item")
    _check_relations([("common", number) for number in p.all("Int")], fact.people)
    return fact


def _and_have(p: Parts) -> Fact:
    number: Number = p.one("Int")
    if not number.fits(len(p.facts.people)):
        raise _no_share(number, None)
    return Fact("people")


def _year(p: Parts) -> Fact:
    for year in p.all("Int", "Decade"):
        _check_year(year, p.facts)
    return Fact("item")


# What was liked.


def _liked_group(p: Parts) -> Share:
    return Share(p.text, None, p.one("Int"))


def _liked_of_value(p: Parts) -> tuple[Number | None, str]:
    values = p.one("Vals")
    if len(values) != 1:
        raise Wrong("it is not clear what a number is said of")
    return p.one("Int"), values[0]


def _listed(p: Parts) -> list[Person]:
    return [person for one in p.all("LIKED") for person in one]


def _share_of_liked(p: Parts) -> Share:
    parts = [one for one in p.parts if one.symbol in _SHARES]
    liked = p.one("Liked")
    first = parts[0]
    part = first.value if first.symbol in ("Int", "Pct", "Frac") else first.symbol
    whole = liked.whole if liked is not None else None
    if len(parts) > 1 and parts[1].symbol == "Int":
        whole = parts[1].value
    return Share(p.text, part, whole)


def _taste(p: Parts) -> Fact:
    values = [value for one in p.all("Vals") for value in one]
    _check_values(values, p.facts)
    numbers = p.all("Int")
    shares = p.all("Ct") or [Share(p.text, numbers[0], numbers[1])]
    for value, share in zip(
        values, shares * (len(values) if len(shares) == 1 else 1), strict=False
    ):
        count, of = p.facts.taste.get(value, (0, 0))
        if not of or not share.holds(count, of):
            raise Wrong(f"no fact says {share.text} of {value}")
    return Fact("you", tuple(values), counts=p.facts.taste[values[0]] if len(values) == 1 else None)


def _taste_again(p: Parts) -> Fact:
    """Check "30% of the films you liked are Drama (14 of 25)"."""
    fact: Fact = p.one("F")
    if fact.counts is None or [one.value for one in p.all("Int")] != list(fact.counts):
        raise Wrong(f"no fact says {p.text}")
    return fact


def _not_seen(p: Parts) -> Fact:
    if p.facts.seen:
        raise Wrong("they have seen it")
    return Fact("you")


def _only_seen_by(p: Parts) -> Fact:
    who: Who = p.one("USER")
    if set(who.people) != set(p.facts.people):
        raise Wrong("others near have seen it too")
    return Fact("people", people=who.people)


def _near_item(p: Parts) -> list[Person]:
    liked: list[Person] = p.one("LIKED")
    if p.has("Rel"):
        _check_relations(_relations(p), liked)
    if p.has("gives", "rates", "rating"):
        return _marked(p)
    return liked


def _marked(p: Parts) -> list[Person]:
    liked: list[Person] = p.one("LIKED")
    numbers = p.all("Int")
    if not numbers:
        return liked
    _check_marks(numbers[:1], liked)
    if len(numbers) > 1 and numbers[1].value != 5:
        raise _wrong(numbers[1].text, "scale")
    return liked


def _check_marks(numbers: Sequence[Number], liked: Sequence[Person]) -> None:
    if len(numbers) == 1:
        numbers = list(numbers) * len(liked)
    if len(numbers) != len(liked):
        raise Wrong("it is not clear what a mark is said of")
    for number, one in zip(numbers, liked, strict=True):
        if one.label is None or not number.fits(one.label):
            raise _wrong(number.text, "label")


def _audience(p: Parts) -> Fact:
    liked = _listed(p)
    said = [one for relation in p.all("Rel") for one in relation]
    said += [("common", number) for number in p.all("Int")]
    said += [("jaccard", number) for number in p.all("Dec")]
    _check_relations(said, liked)
    return Fact("item")


def _liked(p: Parts) -> Fact:
    """Check "you liked X", "you rated X 5 and Y 4"."""
    liked = _listed(p)
    numbers = p.all("Int")
    if p.has("of", "outof", "/") and len(numbers) > 1 and numbers[-1].value == 5:
        numbers = numbers[:-1]
    if numbers:
        _check_marks(numbers, liked)
    return Fact("you", people=tuple(liked))


def _fans(p: Parts) -> Fact:
    return Fact("item")


def _own_taste(p: Parts) -> Fact:
    """Check "you like Drama" and "your taste for Drama": some liked item has it."""
    for value in (value for one in p.all("Vals") for value in one):
        _check_values([value], p.facts)
        if not p.facts.taste.get(value, (0, 0))[0]:
            raise Wrong(f"no fact says that they liked {value}")
    return Fact("taste", tuple(value for one in p.all("Vals") for value in one))


def _liked_count(p: Parts) -> Fact:
    """Check "you liked 14 Drama films", "the 25 films you liked include 14 Drama films"."""
    number, value = p.one("LC")
    _check_values([value], p.facts)
    count, of = p.facts.taste.get(value, (0, 0))
    whole = [one.whole for one in p.all("Liked") if one.whole is not None] + p.all("Int")[-1:]
    if number is None or not number.fits(count) or not all(one.fits(of) for one in whole):
        raise Wrong(f"no fact says {p.text!r}")
    return Fact("you")


def _more_liked(p: Parts) -> Fact:
    """Check "you liked more Drama than War films (14 versus 3)"."""
    one, other = (value for found in p.all("Vals") for value in found)
    a, b = (p.facts.taste.get(value, (0, 0))[0] for value in (one, other))
    numbers = p.all("Int")
    sign = -1 if p.has("lessthan", "fewer") else 1
    if (a - b) * sign <= 0 or (numbers and [n.value for n in numbers] != [a, b]):
        raise Wrong("the comparison does not hold")
    return Fact("you")


def _sentence(p: Parts) -> tuple[Person, ...]:
    """Return whom the next sentence may call "they": who was named last."""
    named = [fact.people for fact in p.all("P") if fact.people]
    return named[-1] if named else ()


def _same(p: Parts) -> Any:
    return next((one.value for one in p.parts if one.value is not None), None)


MEANINGS: Mapping[str, Callable[[Parts], Any]] = {
    name[1:]: value
    for name, value in list(globals().items())
    if name.startswith("_") and callable(value) and name[1:2].islower()
}
