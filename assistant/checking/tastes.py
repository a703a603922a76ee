"""Numbers about what the asked user liked: how many liked items have an attribute, of how many."""

from __future__ import annotations

from assistant.checking.claims import Token
from assistant.checking.reading import Reading, bound_of, fits, named_people


def wrong_respective_tastes(reading: Reading) -> tuple[str | None, set[int]]:
    """Check "more Drama than War films (14 versus 3)": a number for each of the values before."""
    values = reading.sentence.of_kind("value")
    numbers = [
        at
        for at in reading.sentence.of_kind("number")
        if values and at > values[-1] and not reading.tokens[at].decimals
    ]
    joined = (
        {reading.tokens[at].text for at in range(numbers[0], numbers[-1])} if numbers else set()
    )
    apart = joined & {"versus", "vs", "against", "and", "to", "compared with", "compared to"}
    if len(values) < 2 or len(numbers) != len(values) or not apart or joined & {"of", "out of"}:
        return None, set()
    if not reading.sentence.concepts & {"liked", "taste"}:
        return None, set()
    for at, value in zip(numbers, values, strict=True):
        count, _ = reading.facts.taste.get(reading.tokens[value].text, (None, None))
        if count != reading.tokens[at].value:
            name = reading.tokens[value].text
            return f"{reading.tokens[at].text} is no count of {name} in the evidence", set()
    return None, set(numbers)


def is_about_taste(reading: Reading) -> bool:
    """Tell "it has Drama in common with 14 of the 25 films you liked"."""
    values = reading.sentence.of_kind("value")
    return "liked" in reading.sentence.concepts and bool(values) and not named_people(reading)


def liked_so_many(reading: Reading, first: int, of: Token) -> bool:
    """Tell whether so many of so many liked items have the attribute that is named."""
    part, bound = reading.tokens[first], bound_of(reading, first)
    counts = taste_at(reading, first)
    return any(fits(count, part, bound) and of.value == whole for count, whole in counts)


def taste_at(reading: Reading, place: int) -> list[tuple[int, int]]:
    """Return (count, of) of the value that a number is about; of all, if none is named."""
    named = reading.sentence.of_kind("value")
    if not named:
        return list(reading.facts.taste.values())
    before = [other for other in named if other < place]
    after = [other for other in named if place < other <= place + 3]
    if after and reading.tokens[after[0] - 1].text in (
        "are",
        "is",
        "were",
        reading.tokens[place].text,
    ):
        before = after[:1]  # "39 are Drama and 17 are War", "14 Drama films"
    value = reading.tokens[before[-1] if before else named[0]].text
    return [reading.facts.taste[value]] if value in reading.facts.taste else []
