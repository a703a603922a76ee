"""The numbers of a sentence, each held against the facts of the kind that its words name."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.checking.claims import Token
from assistant.checking.facts import Person
from assistant.checking.number_kinds import kind_of
from assistant.checking.reading import (
    Reading,
    anchored,
    bound_of,
    fits,
    holds,
    is_anchored,
    is_said_to_lack,
    named_people,
    noun_of,
)
from assistant.checking.tastes import (
    is_about_taste,
    liked_so_many,
    taste_at,
    wrong_respective_tastes,
)


def wrong_number(reading: Reading) -> str | None:
    """Return why a number of the sentence does not hold, None when all of them do."""
    why, done = wrong_respective_tastes(reading)
    if why:
        return why
    for first, second in pairs_of(reading):
        why = _wrong_pair(reading, first, second)
        if why:
            return why
        done |= {first, second}
    related: list[tuple[int, str]] = []
    for place, token in enumerate(reading.tokens):
        if token.kind != "number" or place in done or counts_nearness(reading, place):
            continue
        kind = kind_of(reading, place)
        if kind in ("jaccard", "common", "either"):
            related.append((place, kind))
        elif why := _wrong_single(reading, place, kind):
            return why
    return _wrong_relation(reading, related)


def counts_nearness(reading: Reading, place: int) -> bool:
    """Tell "the second nearest": which of them is checked where superlatives are."""
    following = reading.tokens[place + 1 : place + 2]
    if not (reading.tokens[place].ordinal and following):
        return False
    opens = place == 0 and following[0].text == ","  # "First, it scores 0.91."
    return opens or "nearest" in following[0].means


def pairs_of(reading: Reading) -> list[tuple[int, int]]:
    """Return the places of the two numbers of every "a of b" and "a/b"."""
    tokens = reading.tokens
    found: list[tuple[int, int]] = []
    for place, token in enumerate(tokens):
        opens = token.text in ("of", "out of", "among", "from")
        between = token.text in ("/", "in") and 0 < place < len(tokens) - 1
        if not opens and not (
            between and tokens[place - 1].kind == tokens[place + 1].kind == "number"
        ):
            continue
        first = _back_to_number(tokens, place) if token.text not in ("among", "from") else None
        second = _on_to_number(tokens, place)
        if second is not None and first is None and opens:
            first = _after_the_group(tokens, second)
        if first is None or second is None or tokens[first].percent:
            continue
        if first not in {b for _, b in found}:
            found.append((first, second))
    return found


def _after_the_group(tokens: Sequence[Token], second: int) -> int | None:
    """Return the place of 4 in "of your 10 nearest neighbours, 4 have seen it"."""
    for place in range(second + 1, min(len(tokens) - 1, second + 8)):
        if tokens[second].decimals:
            return None  # "a score of 0.91, 4 of 10"
        if tokens[place].text == ",":
            return place + 1 if tokens[place + 1].kind == "number" else None
        if tokens[place].kind == "number":
            return None
    return None


def _back_to_number(tokens: Sequence[Token], place: int) -> int | None:
    for other in range(place - 1, max(-1, place - 6), -1):
        token = tokens[other]
        if token.kind == "number" or (token.text == "one" and other == place - 1):
            return other
        if token.kind not in ("word", "value") or token.text in ("of", "out of"):
            return None
        if tokens[place].text == "of" and not token.means & {"items", "people", "common"}:
            return None
    return None


def _on_to_number(tokens: Sequence[Token], place: int) -> int | None:
    for other in range(place + 1, min(len(tokens), place + 7)):
        token = tokens[other]
        if token.kind == "number":
            return other
        if token.kind in ("title", "value") or (token.kind == "mark" and token.text != "'s"):
            return None
    return None


def _wrong_pair(reading: Reading, first: int, second: int) -> str | None:
    a, b = reading.tokens[first], reading.tokens[second]
    after = reading.following(second)
    if first > second:  # "of the 25 films they liked, 14 are Drama"
        after = [*after, *reading.following(first)]
    between = reading.tokens[min(first, second) : max(first, second)]
    around = [*between, *after, *reading.preceding(first, 3)]
    if _is_scaled_score(reading, first, b):
        held = holds(reading.facts.score, a.value / b.value, a.decimals + len(f"{b.value:.0f}") - 1)
    elif noun_of(after) == "people" or noun_of(between) == "people":
        said_of = after if noun_of(after) == "people" else between  # "8 neighbours out of 10"
        held = _is_about_the_near(said_of) and _some_have_it(reading, first, b)
    elif is_about_taste(reading):
        held = liked_so_many(reading, first, b)
    elif _is_shared(reading, around):
        held = _share(reading, first, (a.value, b.value))
    elif "liked" in reading.sentence.concepts:
        held = liked_so_many(reading, first, b)
    elif noun_of(after) == "items":
        place = (reading.facts.place, reading.facts.n_unseen)
        held = "unseen" in reading.sentence.concepts and (a.value, b.value) == place
    elif b.value == reading.facts.n_neighbours and _near_come_before(reading, first):
        held = _some_have_it(reading, first, b)
    else:  # "user 215 (24 of 77)"
        held = bool(named_people(reading)) and _share(reading, first, (a.value, b.value))
    return None if held else f"no fact says {a.text} of {b.text}"


def _is_shared(reading: Reading, around: Sequence[Token]) -> bool:
    """Tell whether two numbers are of a set in common and of all that either has."""
    beside = any({"common", "either"} & one.means for one in around if one.text != "out of")
    return beside or ("common" in reading.sentence.concepts and bool(named_people(reading, "user")))


def _near_come_before(reading: Reading, place: int) -> bool:
    """Tell "of your neighbours (4 of 10)" and "Neighbours: 4/10": the last noun is of the near."""
    for at in range(place - 1, -1, -1):
        token = reading.tokens[at]
        if token.kind in ("user", "title"):
            return False
        if token.means & {"people", "items"} or "taste" in token.means:
            if "people" not in token.means:
                continue
            near = {one for other in reading.tokens[max(0, at - 2) : at + 4] for one in other.means}
            return "people" in token.means and "near" in near
    return False


def _is_about_the_near(after: Sequence[Token]) -> bool:
    """Tell "of the 10 users most like you" from "of the 10 users who have seen it"."""
    meant = {one for token in after for one in token.means}
    texts = [token.text for token in after]
    return "liked" not in meant and ("who" not in texts or "near" in meant)


def _some_have_it(reading: Reading, first: int, of: Token) -> bool:
    """Tell whether so many of so many near users have the item."""
    have, near = len(reading.facts.people), reading.facts.n_neighbours
    have = near - have if is_said_to_lack(reading) else have
    part = reading.tokens[first]
    return of.value == near and not of.decimals and fits(have, part, bound_of(reading, first))


def _share(reading: Reading, first: int, pair: tuple[float, float]) -> bool:
    """Tell whether the users that are named, or any near user, share so many of so many items."""
    pairs = [(one.common, one.either) for one in anchored(reading, first)]
    if not is_anchored(reading):
        return pair in pairs
    return bool(pairs) and all(one == pair for one in pairs)


def _is_scaled_score(reading: Reading, first: int, scale: Token) -> bool:
    """Tell "0.91 out of 1" and "9.1 out of 10": a number on a scale."""
    named = any("score" in one.means for one in reading.preceding(first))
    noun = noun_of(reading.following(reading.tokens.index(scale)))
    return named and noun is None and scale.value in (1, 10, 100) and 0 <= reading.facts.score <= 1


def _wrong_single(reading: Reading, place: int, kind: str) -> str | None:
    facts, token = reading.facts, reading.tokens[place]
    bound = bound_of(reading, place)
    if kind == "top":
        held = token.value <= _HALF and facts.percentile >= 100 - token.value - 1e-6
    elif kind == "decade":
        year = facts.measures.get("year")
        start = token.value + (1900 if token.value < 100 else 0)
        held = year is not None and start % 10 == 0 and start <= year < start + 10
    elif kind == "item":
        held = token.text == facts.item_id
    elif kind == "users" and not reading.sentence.concepts & {"seen"}:
        held = False  # the data have other users too
    elif kind == "rank" and not _places_the_item(reading, place):
        held = False
    elif kind == "rank" and any("unseen" in one.means for one in reading.following(place)):
        held = token.value == facts.place
    else:
        scale = 100.0 if token.percent else 1.0
        numbers = _facts_of_kind(reading, place, kind, scale)
        held = any(fits(number, token, bound) for number in numbers)
        if kind in _WHOLE and token.decimals or (kind == "jaccard" and not token.decimals):
            held = False
        if kind == "percentile" and not token.decimals and not held:
            held = any(int(number) == token.value for number in numbers)  # 99.9 is never "100%"
    name = {"unclear": "fact", "users": "number of users"}.get(kind, kind.strip("="))
    return None if held else f"{token.text} is no {name} in the evidence of this item"


_WHOLE = frozenset(
    ("label", "users", "neighbours", "neighbours with it", "unseen", "liked", "rank")
)
_HALF = 50.0
"""Percent; who stands in a lower half is not called one of the top."""


def _places_the_item(reading: Reading, place: int) -> bool:
    """Tell "the first in your list" from "your first War film" and "you rank first"."""
    tokens = reading.tokens
    verb = next((at for at, one in enumerate(tokens) if "rank" in one.means), place)
    if verb and ("you" in tokens[verb - 1].means or tokens[verb - 1].kind == "user"):
        return False
    listed = [one for one in tokens if "rank" in one.means or one.text in _LISTS]
    after = reading.following(place, 2)
    comes = any(one.text in _COMES for one in reading.preceding(place, 3))
    return (bool(listed) or comes) and not any(
        one.kind == "value" or "items" in one.means for one in after
    )


_COMES = frozenset(("comes", "come", "coming", "stands", "lands", "it's", "sits", "goes"))
_LISTS = frozenset(
    ("list", "lists", "ranking", "rankings", "recommendations", "suggestions", "picks")
)


def _facts_of_kind(reading: Reading, place: int, kind: str, scale: float) -> Sequence[float]:
    """Return the facts of a kind; shares and probabilities in percent where `scale` is 100."""
    facts = reading.facts
    if kind.startswith("="):
        value = facts.measures.get(kind[1:])
        return [] if value is None else [value]
    have, near = _who_have_it(reading), facts.n_neighbours
    if kind.startswith("#"):
        return [facts.counts[kind[1:]]]
    single: dict[str, float | None] = {
        "score": facts.score * scale if scale == 1 or facts.score <= 1 else None,
        "percentile": facts.percentile,
        "average": None if facts.mean_score is None else facts.mean_score * scale,
        "rank": facts.rank,
        "users": None if is_said_to_lack(reading) else facts.n_users,
        "neighbours": near,
        "neighbours with it": have,
        "unseen": facts.n_unseen,
        "share of people": 100.0 * have / near if near else None,
    }
    if kind in single:
        fact = single[kind]
        return [] if fact is None else [fact]
    if kind == "audience of both":
        return [one.common for one in anchored(reading, place, "title")]
    if kind == "label":
        return _labels(reading, place)
    tastes = taste_at(reading, place)
    if kind == "liked":
        return sorted({float(of) for _, of in tastes})
    if kind == "taste count":
        return [float(count) for count, _ in tastes]
    if kind == "share of taste":
        return [100.0 * count / of for count, of in tastes if of]
    return []


def _who_have_it(reading: Reading) -> int:
    """Return how many of the near have the item, or have not, where that is what is said."""
    have = len(reading.facts.people)
    return reading.facts.n_neighbours - have if is_said_to_lack(reading) else have


def _labels(reading: Reading, place: int) -> list[float]:
    """Return the mark of the liked item named last before a number, or of the item itself."""
    titles = [token for token in reading.tokens if token.kind == "title"]
    liked = [one for token in titles if (one := reading.person(token)) is not None]
    before = [one for one in titles if one.start < reading.tokens[place].start]
    if not before and any("it" in one.means for one in reading.tokens[:place]):
        liked = []
    if before and reading.person(before[-1]) in liked:
        liked = [one for one in liked if one == reading.person(before[-1])]
    if liked:
        return [one.label for one in liked[-1:] if one.label is not None]
    return [] if reading.facts.label is None else [reading.facts.label]


def _wrong_relation(reading: Reading, related: Sequence[tuple[int, str]]) -> str | None:
    """Check Jaccard values and set sizes, each against the user it is said of."""
    loose: set[Person] = set(reading.facts.people)
    for place, kind in related:
        people = anchored(reading, place)
        if is_anchored(reading):
            same = [other for other, of in related if of == kind]
            if len(same) == len(people) > 1:  # "users 215 and 49, with 24 and 12 in common"
                people = [people[same.index(place)]]
            held = bool(people) and all(_relates(reading, place, kind, one) for one in people)
        else:
            loose = {one for one in loose if _relates(reading, place, kind, one)}
            held = bool(loose)
        if not held:
            name = {"common": "number in common", "either": "union"}.get(kind, kind)
            return f"{reading.tokens[place].text} is no {name} in the evidence of this item"
    return None


def _relates(reading: Reading, place: int, kind: str, person: Person) -> bool:
    token = reading.tokens[place]
    if (kind == "jaccard") != bool(token.decimals or token.percent):
        return False
    fact = {"jaccard": person.jaccard, "common": person.common, "either": person.either}[kind]
    scale = 100.0 if token.percent and kind == "jaccard" else 1.0
    return fits(fact * scale, token, bound_of(reading, place))
