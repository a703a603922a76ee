"""The numbers of a sentence, each held against the facts of the kind that its words name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assistant.claims import Claims, Sentence, Token
from assistant.facts import Facts, Person

_BOUNDS = ("at_least", "more_than", "at_most", "less_than")
_FEW_WORDS = 6


@dataclass(frozen=True)
class Reading:
    """One sentence, the facts it is held against, and whom the sentence before spoke of."""

    sentence: Sentence
    facts: Facts
    claims: Claims
    carried: tuple[Person, ...] = ()

    @property
    def tokens(self) -> list[Token]:
        return self.sentence.tokens

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

    def person(self, token: Token) -> Person | None:
        """Return the near user or liked item that a token names."""
        if token.kind == "title":
            return self.facts.liked.get(token.text)
        return next((one for one in self.facts.people if one.name == token.text), None)


def wrong_number(reading: Reading) -> str | None:
    """Return why a number of the sentence does not hold, None when all of them do."""
    done: set[int] = set()
    for first, second in _pairs(reading):
        why = _wrong_pair(reading, first, second)
        if why:
            return why
        done |= {first, second}
    related: list[tuple[int, str]] = []
    for place, token in enumerate(reading.tokens):
        if token.kind != "number" or place in done or _counts_nearness(reading, place):
            continue
        kind = kind_of(reading, place)
        if kind in ("jaccard", "common", "either"):
            related.append((place, kind))
        elif why := _wrong_single(reading, place, kind):
            return why
    return _wrong_relation(reading, related)


def _counts_nearness(reading: Reading, place: int) -> bool:
    """Tell "the second nearest": which of them is checked where superlatives are."""
    following = reading.tokens[place + 1 : place + 2]
    return reading.tokens[place].ordinal and bool(following) and "nearest" in following[0].means


# --- pairs: "4 of your 5", "24 films in common out of 77", "half of the 10 nearest"


def _pairs(reading: Reading) -> list[tuple[int, int]]:
    """Return the places of the two numbers of every "a of b" and "a/b"."""
    tokens = reading.tokens
    found: list[tuple[int, int]] = []
    for place, token in enumerate(tokens):
        opens = token.text in ("of", "out of", "among", "from")
        if not opens and not (token.text == "/" and place):
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
        if token.kind != "word" or token.text in ("of", "out of"):
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
        held = _holds(
            reading.facts.score, a.value / b.value, a.decimals + len(f"{b.value:.0f}") - 1
        )
    elif _noun(after) == "people":
        held = not any("liked" in token.means for token in after) and _some_have_it(
            reading, first, b
        )
    elif any({"common", "either"} & one.means for one in around if one.text != "out of"):
        held = _share(reading, first, (a.value, b.value))
    elif "liked" in reading.sentence.concepts:
        bound = _bound(reading, first)
        counts = _taste_at(reading, first)
        held = any(_fits(count, a, bound) and b.value == of for count, of in counts)
    elif _noun(after) == "items":
        place = (reading.facts.place, reading.facts.n_unseen)
        held = "unseen" in reading.sentence.concepts and (a.value, b.value) == place
    else:  # "user 215 (24 of 77)"
        held = bool(_named_people(reading)) and _share(reading, first, (a.value, b.value))
    return None if held else f"no fact says {a.text} of {b.text}"


def _some_have_it(reading: Reading, first: int, of: Token) -> bool:
    """Tell whether so many of so many near users have the item."""
    have, near = len(reading.facts.people), reading.facts.n_neighbours
    part = reading.tokens[first]
    return of.value == near and not of.decimals and _fits(have, part, _bound(reading, first))


def _share(reading: Reading, first: int, pair: tuple[float, float]) -> bool:
    """Tell whether the users that are named, or any near user, share so many of so many items."""
    pairs = [(one.common, one.either) for one in _anchored(reading, first)]
    if not _is_anchored(reading):
        return pair in pairs
    return bool(pairs) and all(one == pair for one in pairs)


def _is_scaled_score(reading: Reading, first: int, scale: Token) -> bool:
    """Tell "0.91 out of 1" and "9.1 out of 10": a number on a scale."""
    named = reading.sentence.near(first, "score", before=first)
    noun = _noun(reading.following(reading.tokens.index(scale)))
    return named and noun is None and scale.value in (1, 10, 100) and 0 <= reading.facts.score <= 1


# --- numbers that stand alone


def kind_of(reading: Reading, place: int) -> str:
    """Return what the words around a number say that it is."""
    token = reading.tokens[place]
    if token.percent:
        return _percent_kind(reading, place)
    if token.decade:
        return "decade"
    if (measure := _measure(reading, place)) is not None:
        return f"={measure}"
    if token.decimals:
        return _decimal_kind(reading, place)
    if token.ordinal or _after_rank_word(reading, place):
        return "rank"
    if _names_item(reading, place):
        return "item"
    if _is_label(reading, place):
        return "label"
    return _count_kind(reading, place)


def _percent_kind(reading: Reading, place: int) -> str:
    after = reading.following(place, 9)
    if any("top" in token.means for token in reading.preceding(place, 2)):
        return "top"
    if after and after[0].text in ("of", "percent"):
        noun = _noun(after)
        if noun == "people":
            return "share of people"
        if noun == "items":
            liked = any("liked" in token.means for token in after)
            return "share of taste" if liked else "percentile"
    return _nearest_cue(reading, place, ("score", "jaccard", "percentile", "above")) or "score"


def _decimal_kind(reading: Reading, place: int) -> str:
    tokens = reading.tokens
    if place > 1 and tokens[place - 1].text == "(" and tokens[place - 2].kind in ("user", "title"):
        return "jaccard"
    return _nearest_cue(reading, place, ("score", "jaccard", "percentile", "average")) or "score"


def _nearest_cue(reading: Reading, place: int, concepts: Iterable[str]) -> str | None:
    distances = {
        ("percentile" if concept == "above" else concept): distance
        for concept in concepts
        if (distance := reading.sentence.distance(place, concept)) is not None
    }
    return min(distances, key=lambda concept: distances[concept]) if distances else None


def _measure(reading: Reading, place: int) -> str | None:
    """Return the attribute that a number is a value of: the year, or one named beside it."""
    token = reading.tokens[place]
    near = reading.preceding(place) + reading.following(place, 2)
    for name in reading.facts.measures:
        if name != "year" and any(name == one.text for one in near):
            return name
    if token.decimals or not (1800 <= token.value < 2100 and "," not in token.text):
        return None
    following = reading.following(place, 2)
    counted = any(one.text.endswith("s") and one.means & {"items", "people"} for one in following)
    return None if counted else "year"


def _after_rank_word(reading: Reading, place: int) -> bool:
    tokens = reading.preceding(place, 3)
    words = [one for one in tokens if one.text not in ("at", "is", "in", "on", "as", "the", "of")]
    return bool(words) and "rank" in words[0].means and words[0] in tokens[:3]


def _names_item(reading: Reading, place: int) -> bool:
    before = reading.tokens[place - 1] if place else None
    singular = before is not None and "items" in before.means and not before.text.endswith("s")
    return singular or (before is not None and before.text == "#")


def _is_label(reading: Reading, place: int) -> bool:
    """Tell a mark somebody gave: "rated X 5", "gave it a 4", "5 stars"."""
    around = reading.preceding(place, 6) + reading.following(place, 1)
    return any("label" in token.means for token in around) and _noun(
        reading.following(place, 3)
    ) not in ("items", "people")


def _count_kind(reading: Reading, place: int) -> str:
    after = reading.following(place)
    before = reading.preceding(place, 3)
    noun = _noun(after)
    if noun == "people":
        return _people_kind(reading, place)
    named = reading.preceding(place, 6)  # "the overlap with user 215 is 24"
    shared = any("common" in one.means for one in (*after[:4], *named))
    if any("either" in one.means and one.text != "either" for one in before[:2]):
        return "either"
    if any("either" in one.means for one in after[:5]) and not shared:
        return "either"
    if shared:
        return "common"
    if after and after[0].text in ("times", "of them"):
        return "taste count"
    if noun == "items" and any("liked" in one.means for one in (*after, *before[:1])):
        return "liked"
    if noun == "items" and any("unseen" in one.means for one in after):
        return "unseen"
    if "common" in reading.sentence.concepts and _said_to(reading, place) is not None:
        return "common"  # "24 films in common with user 215 and 12 with user 49"
    return "unclear"


def _people_kind(reading: Reading, place: int) -> str:
    """Tell apart who has the item among the nearest, all the nearest, and everybody."""
    after, before = reading.following(place, 5), reading.preceding(place, 6)
    if "both" in reading.sentence.concepts and reading.sentence.of_kind("title"):
        return "audience of both"
    where = next(i for i, one in enumerate(after) if "people" in one.means)
    if not any("near" in one.means for one in after[: where + 2]):
        return "users"
    every = [one.text for one in before]
    if "all_of" in {meaning for one in before[:2] for meaning in one.means}:
        return "neighbours with it"
    if any(text.split()[-1] in ("of", "among", "amongst", "from") for text in every):
        return "neighbours"
    seen = "seen" in reading.sentence.concepts
    return "neighbours with it" if seen or not every or every[0] != "the" else "neighbours"


def _noun(tokens: Iterable[Token]) -> str | None:
    """Return what is counted: the first noun for people or items; "user 78" counts nobody."""
    found = list(tokens)
    for place, token in enumerate(found):
        if place + 1 < len(found) and found[place + 1].kind == "user":
            continue
        for noun in ("people", "items"):
            if noun in token.means:
                return noun
    return None


def _wrong_single(reading: Reading, place: int, kind: str) -> str | None:
    facts, token = reading.facts, reading.tokens[place]
    bound = _bound(reading, place)
    if kind == "top":
        held = facts.percentile >= 100 - token.value - 1e-6
    elif kind == "decade":
        year = facts.measures.get("year")
        start = token.value + (1900 if token.value < 100 else 0)
        held = year is not None and start % 10 == 0 and start <= year < start + 10
    elif kind == "item":
        held = token.text == facts.item_id
    elif kind == "rank" and "unseen" in reading.sentence.concepts and facts.place is not None:
        held = token.value == facts.place
    else:
        scale = 100.0 if token.percent else 1.0
        numbers = _facts_of_kind(reading, place, kind, scale)
        held = any(_fits(number, token, bound) for number in numbers)
    name = {"unclear": "fact", "users": "number of users"}.get(kind, kind.strip("="))
    return None if held else f"{token.text} is no {name} in the evidence of this item"


def _facts_of_kind(reading: Reading, place: int, kind: str, scale: float) -> Sequence[float]:
    """Return the facts of a kind; shares and probabilities in percent where `scale` is 100."""
    facts = reading.facts
    if kind.startswith("="):
        value = facts.measures.get(kind[1:])
        return [] if value is None else [value]
    have, near = len(facts.people), facts.n_neighbours
    single: dict[str, float | None] = {
        "score": facts.score * scale if scale == 1 or facts.score <= 1 else None,
        "percentile": facts.percentile,
        "average": None if facts.mean_score is None else facts.mean_score * scale,
        "rank": facts.rank,
        "users": facts.n_users,
        "neighbours": near,
        "neighbours with it": have,
        "unseen": facts.n_unseen,
        "share of people": 100.0 * have / near if near else None,
    }
    if kind in single:
        fact = single[kind]
        return [] if fact is None else [fact]
    if kind == "audience of both":
        return [one.common for one in _anchored(reading, place, "title")]
    if kind == "label":
        return _labels(reading, place)
    tastes = _taste_at(reading, place)
    if kind == "liked":
        return sorted({float(of) for _, of in tastes})
    if kind == "taste count":
        return [float(count) for count, _ in tastes]
    if kind == "share of taste":
        return [100.0 * count / of for count, of in tastes if of]
    return []


def _labels(reading: Reading, place: int) -> list[float]:
    """Return the mark of the liked item named last before a number, or of the item itself."""
    titles = [token for token in reading.tokens if token.kind == "title"]
    liked = [one for token in titles if (one := reading.person(token)) is not None]
    if liked:
        return [one.label for one in liked[-1:] if one.label is not None]
    return [] if reading.facts.label is None else [reading.facts.label]


def _taste_at(reading: Reading, place: int) -> list[tuple[int, int]]:
    """Return (count, of) of the value that a number is about; of all, if none is named."""
    named = reading.sentence.of_kind("value")
    if not named:
        return list(reading.facts.taste.values())
    before = [other for other in named if other < place]
    value = reading.tokens[before[-1] if before else named[0]].text
    return [reading.facts.taste[value]] if value in reading.facts.taste else []


# --- numbers that relate the asked user to one near user


def _wrong_relation(reading: Reading, related: Sequence[tuple[int, str]]) -> str | None:
    """Check Jaccard values and set sizes, each against the user it is said of."""
    loose: set[Person] = set(reading.facts.people)
    for place, kind in related:
        people = _anchored(reading, place)
        if _is_anchored(reading):
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
    fact = {"jaccard": person.jaccard, "common": person.common, "either": person.either}[kind]
    scale = 100.0 if token.percent and kind == "jaccard" else 1.0
    return _fits(fact * scale, token, _bound(reading, place))


def _is_anchored(reading: Reading) -> bool:
    names = [one for one in _named_people(reading) if one[1]]
    return bool(names) or bool(reading.carried)


def _named_people(reading: Reading, kind: str = "") -> list[tuple[int, Person | None]]:
    """Return the users (not the asked one) and liked titles that are named, with their places."""
    found = []
    for place, token in enumerate(reading.tokens):
        if token.kind in ((kind,) if kind else ("user", "title")):
            asked = token.text == reading.facts.user_id or token.text in reading.facts.titles
            if not asked:
                found.append((place, reading.person(token)))
    return found


def _anchored(reading: Reading, place: int, kind: str = "") -> list[Person]:
    """Return whom a number is said of: "0.31 to user 49", else the last named before, else after.

    Without a name in the sentence it is whom the sentence before spoke of, else any near user.
    """
    named = _named_people(reading, kind)
    if not named:
        return list(reading.carried or reading.facts.people)
    direct = _said_to(reading, place)
    before = [other for other, _ in named if other < place]
    anchor = direct if direct is not None else before[-1] if before else named[0][0]
    group = {anchor}
    places = [other for other, _ in named]
    for step in (-1, 1):  # the whole of "users 215, 49 and 3"
        at = anchor
        while (at := _beside(reading, at, step)) in places:
            group.add(at)
    return [person for other, person in named if other in group and person is not None]


def _said_to(reading: Reading, place: int) -> int | None:
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


# --- how a printed number holds


def _bound(reading: Reading, place: int) -> str | None:
    """Return "at_least", "more_than", "at_most" or "less_than" where it stands before a number."""
    for token in reading.preceding(place, 2):
        for bound in _BOUNDS:
            if bound in token.means:
                return bound
        if token.text not in ("the", "a", "an", "about"):
            return None
    return None


def _fits(fact: float, token: Token, bound: str | None) -> bool:
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
    return _holds(fact, value, token.decimals, token.percent)


def _holds(fact: float, printed: float, decimals: int, percent: bool = False) -> bool:
    """Tell whether `printed` is `fact` at its printed rounding; a whole number is never rounded."""
    close = abs(fact - printed) <= 0.5 * 10.0**-decimals + 1e-9
    return close and (decimals > 0 or percent or abs(fact - round(fact)) < 1e-9)
