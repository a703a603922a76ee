"""What phrases about the nearest users mean: how many of them have the item."""

from __future__ import annotations

from dataclasses import replace

from assistant.checking.grammar import Parts, Wrong
from assistant.checking.said import (
    SHARES,
    Fact,
    Share,
    Who,
    check_have,
    no_share,
    wrong,
)
from assistant.checking.words import Number


def near_counted(p: Parts) -> Fact:
    """Check "7 similar users", said by itself."""
    share: Share = p.one("Near")
    if share.part is None:
        raise Wrong("it says nothing of them")
    check_have(share, p.facts, lack=False)
    return Fact("people", people=p.facts.people)


def ratio(p: Parts) -> Fact:
    """Check "7 of 10", said by itself: so many of the nearest."""
    part, whole = p.all("Int")
    check_have(Share(p.text, part, whole), p.facts, lack=False)
    return Fact("people", people=p.facts.people)


def group(p: Parts) -> Share:
    """Return "your 10 nearest neighbours" as all of them, "8 neighbours" as so many."""
    number = p.one("Int")
    if number is None:
        return Share(p.text, "all" if p.has("all") else None)
    every = p.has("the", "your", "their", "all")
    return Share(p.text, "all" if every else number, number if every else None)


def share_of_near(p: Parts) -> Share:
    """Read "8 of your 10 neighbours", "of the 10 nearest, 8", "8 neighbours out of 10"."""
    parts = [one for one in p.parts if one.symbol in (*SHARES, "Near")]
    numbers = [one for one in parts if one.symbol in ("Int", "Pct", "Frac")]
    part: Number | str | None
    near = p.one("Near")
    words = next((one.symbol for one in parts if one.symbol in SHARES[3:]), None)
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
                raise no_share(part, numbers[1].value)
            whole = numbers[1].value
    if p.place("Near") == 0 and isinstance(near.part, Number) and near.part != part:
        raise no_share(near.part, whole)
    if p.has("not"):
        part = "not all"
    if whole is not None and not whole.fits(p.facts.n_neighbours):
        raise no_share(part, whole)
    return Share(p.text, part, whole, only=p.has("only"))


def said_again(p: Parts) -> Share:
    """Return "most of your neighbours (8 of 10)"."""
    share: Share = p.one("NC", "Ct")
    return replace(share, said_again=tuple(p.all("Int", "Pct")))


def seen_by_near(p: Parts) -> Fact:
    """Check "8 of your 10 neighbours have seen it", or have not."""
    share = p.one("NC", "Near")
    numbers = [one.value for one in p.parts if one.symbol == "Int"]
    if numbers and p.one("NC") is None:  # "the neighbours who have seen it: 8 of 10"
        if len(numbers) > 1 and not numbers[1].fits(p.facts.n_neighbours):
            raise no_share(*numbers[:2])
        share = Share(share.text, numbers[0])
    lack = p.has("Vunseen", "unseen")
    check_have(share, p.facts, lack)
    return Fact("people", people=() if lack else p.facts.people, lack=lack)


def seen_by(p: Parts) -> Fact:
    """Check "user 215 has seen it" and "your nearest neighbour has not seen it"."""
    who: Who = p.one("USER", "One")
    if p.has("Vunseen"):
        if p.has("One") and not who.people:
            return Fact("people")
        raise Wrong("a user who has seen it is said not to have")
    if not who.people:
        raise Wrong(f"no fact says {p.text!r}")
    return Fact("people", people=who.people)


def only_seen_by(p: Parts) -> Fact:
    """Check "only user 215 has seen it"."""
    who: Who = p.one("USER")
    if set(who.people) != set(p.facts.people):
        raise Wrong("others near have seen it too")
    return Fact("people", people=who.people)


def and_seen(p: Parts) -> Fact:
    """Read "…, and has seen it" after a clause about users who have."""
    return p.one("P")  # type: ignore[no-any-return]


def crowd(p: Parts) -> Fact:
    """Check "283 users have seen it"."""
    number = p.one("Int")
    if not number.fits(p.facts.n_users):
        raise wrong(number.text, "number of users")
    return Fact("item")


def one_near(p: Parts) -> Share:
    """Read "one of your 10 neighbours"."""
    near: Share = p.one("Near")
    if near.whole is not None and not near.whole.fits(p.facts.n_neighbours):
        raise no_share("one", near.whole)
    return Share(p.text, Number("one", 1.0), near.whole, only=p.has("only"))


def one_named(p: Parts) -> Fact:
    """Check "one neighbour, user 360, has seen it"."""
    check_have(p.one("NC", "Near"), p.facts, lack=False)
    return Fact("people", people=p.one("USER").people)


def and_lack(p: Parts) -> Fact:
    """Check "…, and 3 have not"."""
    number: Number = p.one("Int")
    if not number.fits(p.facts.n_neighbours - len(p.facts.people)):
        raise no_share(number, None)
    return Fact("people")


def and_have(p: Parts) -> Fact:
    """Check "…, and the other 7 have"."""
    number: Number = p.one("Int")
    if not number.fits(len(p.facts.people)):
        raise no_share(number, None)
    return Fact("people")


def share_again(p: Parts) -> Fact:
    """Check "similar users have seen it (7 of 10)"."""
    fact: Fact = p.one("P")
    part, *whole = p.all("Int", "Pct")
    share = Share(p.text, part, whole[0] if whole else None)
    check_have(share, p.facts, fact.lack)
    return fact
