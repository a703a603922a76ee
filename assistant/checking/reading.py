"""One sentence beside the facts it is held against: whom a number is said of, and how it holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from assistant.checking.claims import Claims, Sentence, Token
from assistant.checking.facts import Facts, Person

_BOUNDS = ("at_least", "more_than", "at_most", "less_than")


_FEW_WORDS = 6
_SKIPPED = frozenset(
    "has have had already both also been was were each too all still 's even now then".split()
)


@dataclass(frozen=True)
class Reading:
    """One sentence, the facts it is held against, and whom the sentence before spoke of."""

    sentence: Sentence
    facts: Facts
    claims: Claims
    carried: tuple[Person, ...] = ()
    tokens: list[Token] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tokens", self.sentence.tokens)

    def following(self, place: int, n: int = _FEW_WORDS) -> list[Token]:
        """Return up to `n` tokens after a place, to the next number or mark."""
        found = []
        for token in self.tokens[place + 1 : place + 1 + n]:
            if token.kind == "number" or (token.kind == "mark" and token.text != "'s"):
                break
            found.append(token)
        return found

    def preceding(self, place: int, n: int = _FEW_WORDS) -> list[Token]:
        """Return up to `n` tokens before a place, the nearest first, to the next number or mark."""
        found = []
        for token in reversed(self.tokens[max(0, place - n) : place]):
            if token.kind == "number" or (token.kind == "mark" and token.text != "'s"):
                break
            found.append(token)
        return found

    def counted_after(self, place: int) -> bool:
        """Tell whether a whole number stands at a place: the 10 of "of your 10 neighbours"."""
        token = self.tokens[place] if place < len(self.tokens) else None
        return (
            token is not None and token.kind == "number" and not (token.decimals or token.percent)
        )

    def person(self, token: Token) -> Person | None:
        """Return the near user or liked item that a token names."""
        if token.kind == "title":
            return self.facts.liked.get(token.text)
        return next((one for one in self.facts.people if one.name == token.text), None)


def noun_of(tokens: Iterable[Token]) -> str | None:
    """Return what is counted: the first noun for people or items; "user 78" counts nobody."""
    found = list(tokens)
    for place, token in enumerate(found):
        if place + 1 < len(found) and found[place + 1].kind == "user":
            continue
        for noun in ("people", "items"):
            if noun in token.means:
                return noun
    return None


def named_users(reading: Reading) -> list[int]:
    """Return the places of the near users that a sentence names."""
    return [
        place
        for place in reading.sentence.of_kind("user")
        if reading.tokens[place].text != reading.facts.user_id
    ]


def is_anchored(reading: Reading) -> bool:
    """Tell whether a sentence, or the one before, says whom its numbers are about."""
    names = [one for one in named_people(reading) if one[1]]
    return bool(names) or bool(reading.carried)


def named_people(reading: Reading, kind: str = "") -> list[tuple[int, Person | None]]:
    """Return the users (not the asked one) and liked titles that are named, with their places."""
    found = []
    for place, token in enumerate(reading.tokens):
        if token.kind in ((kind,) if kind else ("user", "title")):
            asked = token.text == reading.facts.user_id or token.text in reading.facts.titles
            if not asked:
                found.append((place, reading.person(token)))
    return found


def subject_of(reading: Reading, place: int) -> Token | None:
    """Return who does what the word at `place` says: the word before, or after "by"."""
    after = reading.following(place, 4)
    if after and after[0].text == "by":
        who = [one for one in after[1:] if one.kind == "user" or one.means & {"people", "you"}]
        return who[-1] if who and who[-1].kind == "user" else (who[0] if who else None)
    at = place - 1
    while at >= 0 and reading.tokens[at].text in _SKIPPED:
        at -= 1
    if at > 0 and reading.tokens[at].text == ")":  # "7 users (7 of 10) have not seen it"
        opened = [other for other in range(at) if reading.tokens[other].text == "("]
        at = opened[-1] - 1 if opened else at
    if at > 0 and reading.tokens[at].text in ("who", "that", "which"):
        at -= 1  # "user 215, who has seen it" and "a neighbour that has not seen it"
    if at > 0 and reading.tokens[at].text == ",":
        before = reading.tokens[at - 1]
        at -= before.kind == "user" or "people" in before.means  # "user 215, has seen it"
    if at < 0:
        return None
    token = reading.tokens[at]
    if (token.kind == "user" or "you" in token.means) and _compared(reading, at):
        people = [one for one in reading.tokens[:at] if "people" in one.means]
        return people[0] if people else None  # "the users most like user 78 have seen it"
    return token


def _compared(reading: Reading, place: int) -> bool:
    """Tell "users like user 78" and "similar to you" from a user who does something."""
    for token in reversed(reading.tokens[max(0, place - 3) : place]):
        if token.means & {"near", "nearest"} or token.text in ("to", "with", "as", "than"):
            return True
        if token.kind != "word" or "people" not in token.means:
            return False
    return False


def is_said_to_lack(reading: Reading) -> bool:
    """Tell "6 of your 10 neighbours have not seen it" from what the asked user has not seen."""
    for place, token in enumerate(reading.tokens):
        if "unseen" in token.means and token.text not in ("unseen", "unwatched"):
            subject = subject_of(reading, place)
            if subject is not None and "people" in subject.means:
                return True
    return False


def anchored(reading: Reading, place: int, kind: str = "") -> list[Person]:
    """Return whom a number is said of: "0.31 to user 49", else the last named before, else after.

    Without a name in the sentence it is whom the sentence before spoke of, else any near user.
    """
    named = named_people(reading, kind)
    if not named:
        return list(reading.carried or reading.facts.people)
    direct = said_to(reading, place)
    before = [other for other, _ in named if other < place]
    anchor = direct if direct is not None else before[-1] if before else named[0][0]
    group = {anchor}
    places = [other for other, _ in named]
    for step in (-1, 1):  # the whole of "users 215, 49 and 3"
        at = anchor
        while (at := _beside(reading, at, step)) in places:
            group.add(at)
    return [person for other, person in named if other in group and person is not None]


def said_to(reading: Reading, place: int) -> int | None:
    """Return the place of the user in "0.31 to user 49" and "24 films with users 49 and 3"."""
    after = reading.following(place, 7)
    for step, token in enumerate(after, start=1):
        if token.kind in ("user", "title") and token.text != reading.facts.user_id:
            linked = {one.text for one in after[: step - 1]} & {"to", "with", "for", "of"}
            return place + step if linked else None
    return None


def _beside(reading: Reading, place: int, step: int) -> int:
    """Return the place of the next user in a list, or -1."""
    at = place + step
    joins = 0
    while 0 <= at < len(reading.tokens) and joins < 3:
        token = reading.tokens[at]
        if token.kind in ("user", "title"):
            return at
        if token.text not in (",", "and", "or") and "people" not in token.means:
            return -1
        joins += 1
        at += step
    return -1


def bound_of(reading: Reading, place: int) -> str | None:
    """Return "at_least", "more_than", "at_most" or "less_than" where it stands before a number."""
    for token in reading.preceding(place, 2):
        for bound in _BOUNDS:
            if bound in token.means:
                return bound
        if exceeds(reading, place):
            return "more_than" if "above" in token.means else "less_than"
        if token.text not in ("the", "a", "an", "about"):
            return None
    return None


def exceeds(reading: Reading, place: int) -> bool:
    """Tell "it scores above 0.5", which names no other score to compare with."""
    before = reading.preceding(place, 1)
    numbers = [at for at in reading.sentence.of_kind("number") if at < place]
    decimal = place < len(reading.tokens) and reading.tokens[place].decimals > 0
    beside = bool(before) and bool(before[0].means & {"above", "below"})
    score = "score" in reading.sentence.concepts and "jaccard" not in reading.sentence.concepts
    return beside and decimal and score and not numbers and not reading.tokens[place].percent


def fits(fact: float, token: Token, bound: str | None) -> bool:
    """Tell whether a fact is what a number says, with the bound that stands before it."""
    value = token.value
    match bound:
        case "at_least":
            return fact >= value - 1e-9
        case "more_than":
            return fact > value + 1e-9
        case "at_most":
            return fact <= value + 1e-9
        case "less_than":
            return fact < value - 1e-9
    if token.percent and value == 99.9 and 99.9 <= fact <= 100:
        return True  # never rounded up to "100%"
    return holds(fact, value, token.decimals, token.percent)


def holds(fact: float, printed: float, decimals: int, percent: bool = False) -> bool:
    """Tell whether `printed` is `fact` at its printed rounding; a whole number is never rounded."""
    close = abs(fact - printed) <= 0.5 * 10.0**-decimals + 1e-9
    return close and (decimals > 0 or percent or abs(fact - round(fact)) < 1e-9)
