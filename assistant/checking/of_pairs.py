"""What phrases about single users mean: who is named, what they share with the asker."""

from __future__ import annotations

from assistant.checking.grammar import Parts, Wrong
from assistant.checking.said import (
    Fact,
    Share,
    Who,
    check_relations,
    no_share,
    relations,
)
from assistant.checking.words import Number

_ASKED = ("YOU", "your", "they", "their", "yours", "twoofyou")


def common(p: Parts) -> list[tuple[str, Number]]:
    """Read "24 films in common out of 77"."""
    numbers = p.all("Int")
    kinds = ("common", "either")
    return list(zip(kinds, numbers, strict=False))


def union(p: Parts) -> list[tuple[str, Number]]:
    """Read "a union of 77 films"."""
    return [("either", p.one("Int"))]


def jaccard(p: Parts) -> list[tuple[str, Number]]:
    """Read "Jaccard 0.31"."""
    return [("jaccard", number) for number in p.all("Dec", "Pct")]


def related(p: Parts) -> Fact:
    """Check "you share 24 films with user 215", or with whom the sentence before named."""
    named = users(p)
    said = relations(p)
    said += [("jaccard", number) for number in p.all("Dec", "Pct")]
    people = named.people or p.carried
    if not people:
        raise Wrong("it names no user")
    if len(people) > 1 and len({kind for kind, _ in said}) == len(said) and not p.has(*_ASKED):
        raise Wrong("what other users share with each other is not in the evidence")
    check_relations(said, people)
    return Fact("people", people=people)


def user_related(p: Parts) -> Who:
    """Check "user 215, who shares 24 films with you"."""
    fact = related(p)
    return Who(fact.people, stated=True)


def with_relation(p: Parts) -> Fact:
    """Check "user 215 has seen it, with 24 films in common"."""
    fact: Fact = p.one("P")
    check_relations(relations(p), fact.people)
    return fact


def nearer(p: Parts) -> Fact:
    """Check "user 215 is closer to you than user 49"."""
    one, other = (who.people[0] for who in p.all("USER")[:2])
    sign = -1 if p.has("farther", "lessthan", "fewer") else 1
    if p.has("share", "have", "common"):
        held = (one.common - other.common) * sign > 0
    else:
        held = (one.jaccard - other.jaccard) * sign > 0
    if not held:
        raise Wrong("the comparison does not hold")
    return Fact("people", people=(one, other))


def near_named(p: Parts) -> Who:
    """Check "your nearest neighbour, user 215,"."""
    one: Who = p.one("One")
    who: Who = p.one("USER")
    if not one.people or one.people != who.people[: len(one.people)]:
        raise Wrong("no fact says 'nearest' of them")
    return Who(who.people, stated=True)


def is_near(p: Parts) -> Fact:
    """Check "user 215 is your nearest neighbour" and "the nearest of those who have seen it"."""
    who: Who = p.one("USER")
    among = p.has("Vseen", "them", "these", "those")
    one = p.one("One")
    nearest = p.facts.people[:1] if among or one is None else one.people
    if not nearest or who.people[:1] != tuple(nearest[:1]):
        raise Wrong("no fact says 'nearest' of them")
    return Fact("people", people=who.people)


def is_one_of(p: Parts) -> Fact:
    """Read "user 215 is one of your neighbours": all of whom the row names are."""
    return Fact("people", people=p.one("USER").people)


def stated(p: Parts) -> Fact:
    """Accept a user by himself of whom something was said."""
    who: Who = p.one("USER")
    if not who.stated:
        raise Wrong("it says nothing of a user")
    return Fact("people", people=who.people)


def near_one(p: Parts) -> Who:
    """Return "your nearest neighbour", "your second nearest", "the nearest of them"."""
    order = p.one("Ord")
    place = int(order.value) if order is not None else 1
    near: Share | None = p.one("Near")
    if near is not None:
        number = near.whole or near.part
        counts = (p.facts.n_neighbours, len(p.facts.people))
        if isinstance(number, Number) and number.value not in counts:
            raise no_share(p.text, number)
        return Who(p.facts.people[:1])
    alone = all(one.symbol in ("the", "nearest", "Ord") for one in p.parts)
    if alone or p.has("seen") or (p.has("among", "of") and p.has("they", "these", "everything")):
        found = p.facts.people[place - 1 : place]
    else:
        found = tuple(one for one in p.facts.people if one.place == place)
    return Who(found)


def users(p: Parts) -> Who:
    """Read users that are named one after another."""
    found = p.all("USER")
    people = tuple(person for one in found for person in one.people)
    return Who(people, all(one.stated for one in found))


def includes_user(p: Parts) -> Fact:
    """Read "…, including user 215": all of whom the row names have the item."""
    if p.has("USER"):
        return Fact("people", people=p.one("USER").people)
    return p.all("P")[-1]  # type: ignore[no-any-return]
