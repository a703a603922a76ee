"""What phrases about the item mean: its score and place, what it is, when it is from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from assistant.checking.grammar import Parts, Wrong
from assistant.checking.said import (
    Fact,
    check_values,
    check_year,
    wrong,
)
from assistant.checking.words import Number

_HALF = 50.0


def item(p: Parts) -> Any:
    """Check the year in "Heat (1995)"."""
    if p.has("LP") and (year := p.one("Int")) is not None:
        check_year(year, p.facts)
    return None


def item_of(p: Parts) -> None:
    """Check "this 1994 Drama film"."""
    check_values([value for one in p.all("Vals") for value in one], p.facts)
    for year in p.all("Int", "Decade"):
        check_year(year, p.facts)


def values(p: Parts) -> tuple[str, ...]:
    """Read attribute values that are named one after another."""
    return tuple(p.all("VALUE"))


def score(p: Parts) -> Fact:
    """Check "a score of 0.91", "91%" and "9.1 out of 10"."""
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
        raise wrong(number.text, "score")
    return Fact("score")


def unseen_group(p: Parts) -> Number | None:
    """Check the number in "the 1,642 films you have not seen"."""
    number: Number | None = p.one("Int")
    if number is not None and number.value not in (p.facts.n_unseen, p.facts.n_allowed):
        raise wrong(number.text, "number of unseen items")
    return number


def highest(p: Parts) -> Fact:
    """Check "the highest score of all you have not seen"."""
    if not p.facts.highest:
        raise Wrong("its score is not the highest")
    number = p.one("Dec")
    if number is not None and not number.fits(p.facts.score):
        raise wrong(number.text, "score")
    return Fact("item")


def extreme(p: Parts) -> Fact:
    """Check "no higher than any other you have not seen", "the only film you have not seen"."""
    if p.has("only"):
        held = p.facts.n_unseen == 1
    else:
        held = p.facts.percentile <= 0 if p.has("above") else p.facts.percentile >= 100
    if not held:
        raise Wrong(f"no fact says {p.text!r}")
    return Fact("item")


def percentile(p: Parts) -> Fact:
    """Check "higher than 99% of what you have not seen", "the top 1%", "the 99th percentile"."""
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
        raise wrong(number.text, "percentile")
    for other in p.all("Dec"):
        if other is not number and not other.fits(facts.score):
            raise wrong(other.text, "score")
    return Fact("item")


def measure(p: Parts) -> Fact:
    """Check "its price is 9.99"."""
    name = next(one.text for one in p.parts if one.symbol == "attribute")
    number = p.one("Int", "Dec")
    if not number.fits(p.facts.measures.get(name)):
        raise wrong(number.text, name)
    return Fact("item")


def above_average(p: Parts) -> Fact:
    """Check "above your average of 0.2"."""
    mean = p.facts.mean_score
    if mean is None or (p.facts.score > mean) != p.has("above"):
        raise Wrong("no fact carries the comparison with an average")
    number = p.one("Dec")
    if number is not None and not number.fits(mean):
        raise wrong(number.text, "average")
    return Fact("item")


def rank(p: Parts) -> Fact:
    """Check "number 2 in your list"."""
    number: Number = p.all("Int", "Ord")[-1] if not p.has("Ord") else p.one("Ord")
    place = p.facts.place if p.has("Unseen") else p.facts.rank
    if place is None or number.bound or number.decimals or number.value != place:
        raise wrong(number.text, "rank")
    return Fact("item")


def first(p: Parts) -> Fact:
    """Check "tops your list"."""
    if p.facts.rank != 1:
        raise wrong("first", "rank")
    return Fact("item")


def content(p: Parts) -> Fact:
    """Check "a 1994 Drama"."""
    values = [value for one in p.all("Vals") for value in one]
    check_values(values, p.facts)
    for year in p.all("Int", "Decade"):
        check_year(year, p.facts)
    return Fact("item", tuple(values))


def genres(p: Parts) -> Fact:
    """Check "three genres: …"."""
    number = p.one("Int")
    values = [value for one in p.all("Vals") for value in one]
    check_values(values, p.facts)
    if number is None or not number.fits(p.facts.counts.get("genres")):
        raise wrong(p.text, "number of genres")
    return Fact("item")


def year(p: Parts) -> Fact:
    """Check "released in 1994", "a 1990s film"."""
    for year in p.all("Int", "Decade"):
        check_year(year, p.facts)
    return Fact("item")
