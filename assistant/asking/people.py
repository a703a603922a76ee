"""Someone described: "a 25-year-old student" → {"age": 25, "occupation": "student"}."""

from __future__ import annotations

import re
from typing import Any

from assistant.asking.amounts import AmountReader
from assistant.asking.catalogue import Catalogue

MIN_AGE, MAX_AGE = 3, 120
Attributes = dict[str, Any]


def described(text: str, catalogue: Catalogue, amounts: AmountReader) -> tuple[Attributes, str]:
    """Return the user attributes of the data that a plain text states, and the text without age."""
    found: Attributes = {}
    ages, rest = amounts.take("age", text)
    for age, pattern in amounts.lexicon.ages.items():
        if not ages and (match := pattern.search(rest)):
            ages, rest = [float(age)], f"{rest[: match.start()]} , {rest[match.end() :]}"
    fields = {field.name: field for field in catalogue.dataset.fields_of("user")}
    if ages and not MIN_AGE <= ages[0] <= MAX_AGE:
        ages, rest = [], text
    if ages and "age" in fields:
        if fields["age"].kind == "dense":
            found["age"] = ages[0]
        elif (group := _age_group(int(ages[0]), catalogue)) is not None:
            found["age"] = group
    words = [word.strip(".,?") for word in rest.replace("'", " ").split()]
    for place in range(len(words)):
        for stop in (place + 2, place + 1):
            value = catalogue.person_value(" ".join(words[place:stop]))
            if value is not None:
                found.setdefault(*value)
                break
    return found, rest


def _age_group(age: int, catalogue: Catalogue) -> str | None:
    """Return the age group of the data that holds `age`: "25-34", "25", "56+"."""
    groups = sorted(map(str, catalogue.dataset.users["age"].dropna().unique()))
    best: tuple[int, str] | None = None
    for group in groups:
        numbers = [int(number) for number in re.findall(r"[0-9]+", group)]
        if not numbers or numbers[0] > age or (len(numbers) > 1 and age > numbers[1]):
            continue
        best = max(best or (-1, ""), (numbers[0], group))
    return best[1] if best else None
