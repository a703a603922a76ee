"""Comparisons in a sentence: the nearest, the highest, "closer than", "most of", "only"."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.checking.facts import Person
from assistant.checking.reading import Reading, exceeds, is_said_to_lack, named_people, named_users


def wrong_comparison(reading: Reading) -> str | None:
    """Return why a comparison in a sentence does not hold, None when all of them do."""
    checks = (_superlatives, _comparisons, _than, _parts, _only)
    return next((why for check in checks if (why := check(reading)) is not None), None)


def _superlatives(reading: Reading) -> str | None:
    for place, token in enumerate(reading.tokens):
        if token.text == "most":
            follows = reading.tokens[place + 1 : place + 2]
            if follows and follows[0].means & {"items", "people", "common"}:
                return "no fact says that it is the most"
        if not token.means & {"highest", "nearest"}:
            continue
        related = any("jaccard" in one.means for one in reading.following(place, 2))
        if "highest" in token.means and not related:
            if any(one.ordinal for one in reading.tokens[max(0, place - 1) : place]):
                return "no fact carries that place"
            if not reading.facts.highest:
                return "its score is not the highest"
        if "nearest" in token.means or ("highest" in token.means and related):
            why = _wrong_nearest(reading, place)
            if why:
                return why
    return None


def _wrong_nearest(reading: Reading, place: int) -> str | None:
    """Check "the nearest (of them) is user 215"; "the 10 nearest users" is no such claim."""
    nouns = [one for one in reading.following(place, 3) if "people" in one.means]
    before = reading.tokens[place - 1] if place else None
    if before is not None and "people" in before.means:
        nouns = [before]
    if not nouns and _a_group(reading, place):
        return None
    if nouns and (nouns[0].text.endswith("s") or nouns[0].text == "people"):
        claimed = [one for one in reading.following(place, 4) if one.text in ("are", "is", "were")]
        if not (claimed and _named_list(reading, place)):
            return None
    if not nouns and before is not None and _of_the(reading, place):
        return None  # "among the nearest"
    ordinal = before.value if before is not None and before.ordinal else 1
    people = reading.facts.people
    if "audience" in reading.sentence.concepts or not _speaks_of_users(reading):
        return _wrong_nearest_title(reading, place)
    named = [reading.person(reading.tokens[at]) for at in _named_list(reading, place)]
    earlier = [one.text for one in reading.tokens[max(0, place - 2) : place]]
    aside = earlier == [",", "the"] and "seen" in reading.sentence.concepts
    among = aside or any(
        "it" in one.means
        or one.text in ("of them", "of these", "of those", "among", "them", "who", "with it")
        for one in reading.following(place, 4)
    )
    if not named:
        named = list(reading.carried[:1] or people[:1])
    expected = list(range(int(ordinal), int(ordinal) + len(named)))
    places = [one.place for one in named if one is not None]
    if places == expected or (among and [_index(people, one) for one in named] == expected):
        return None
    return f"no fact says {reading.tokens[place].text!r} of them"


def _speaks_of_users(reading: Reading) -> bool:
    carried = any(one.place is not None for one in reading.carried)
    return carried or any("people" in one.means or one.kind == "user" for one in reading.tokens)


def _wrong_nearest_title(reading: Reading, place: int) -> str | None:
    """Check "its audience is closest to that of Heat" against the liked items of the row."""
    named = [person for _, person in named_people(reading, "title") if person is not None]
    nearest = max(reading.facts.liked.values(), key=lambda one: one.jaccard, default=None)
    if nearest is not None and [one.name for one in named] == [nearest.name]:
        return None
    return f"no fact says {reading.tokens[place].text!r} of them"


def _a_group(reading: Reading, place: int) -> bool:
    """Tell "6 of the 10 nearest" and "the people whose taste is closest to yours"."""
    before = reading.preceding(place, 6)
    counted = reading.tokens[place - 1] if place else None
    if counted is not None and counted.kind == "number" and not counted.ordinal:
        return True
    several = [
        one for one in before if "people" in one.means and one.text.endswith(("s", "people"))
    ]
    joined = {one.text.split()[0] for one in before} & {"whose", "who", "with", "that"}
    return bool(several and joined)


def _of_the(reading: Reading, place: int) -> bool:
    words = [one.text.split()[-1] for one in reading.preceding(place, 2)]
    return words == ["the", "among"] or words == ["the", "of"]


def _index(people: Sequence[Person], one: Person | None) -> int | None:
    return people.index(one) + 1 if one in people else None


def _named_list(reading: Reading, place: int) -> list[int]:
    """Return the first run of named users after `place`, else the last before."""
    named = named_users(reading)
    after = [at for at in named if at > place]
    start = after or named[-1:]
    run = start[:1]
    for at in start[1:]:
        between = reading.tokens[run[-1] + 1 : at]
        if any(one.text not in (",", "and", "user") for one in between):
            break
        run.append(at)
    return run


def _comparisons(reading: Reading) -> str | None:
    for place, token in enumerate(reading.tokens):
        if token.means & {"above", "below"} and exceeds(reading, place + 1):
            continue  # checked as a number
        if token.means & {"nearer", "farther"} and _than_follows(reading, place):
            why = _wrong_nearer(reading, place, "nearer" in token.means)
        elif token.means & {"above", "below"}:
            why = _wrong_above(reading, place, "above" in token.means)
        else:
            why = None
        if why:
            return why
    return None


def _than(reading: Reading) -> str | None:
    """Object to "more viewers than": only the comparisons above are checked."""
    for place, token in enumerate(reading.tokens):
        if token.text == "than":
            before = {
                one for other in reading.tokens[max(0, place - 8) : place] for one in other.means
            }
            if not before & {"above", "below", "nearer", "farther"} and not _liked_more(
                reading, place
            ):
                return "no fact carries the comparison"
    return None


def _liked_more(reading: Reading, place: int) -> bool:
    """Tell whether "you liked more Drama than War films" holds; `place` is that of "than"."""
    tokens = reading.tokens
    values = reading.sentence.of_kind("value")
    first = [at for at in values if at < place]
    second = [at for at in values if at > place]
    words = {one.text for one in tokens[max(0, place - 6) : place]}
    sign = 1 if "more" in words else -1 if words & {"fewer", "less"} else 0
    about = reading.sentence.concepts & {"liked", "taste"}
    if not (first and second and sign and about):
        return False
    taste = reading.facts.taste
    a, b = (taste.get(tokens[at].text, (None, 0))[0] for at in (first[-1], second[0]))
    return a is not None and b is not None and (a - b) * sign > 0


def _than_follows(reading: Reading, place: int) -> bool:
    return any(one.text == "than" for one in reading.tokens[place + 1 : place + 8])


def _wrong_nearer(reading: Reading, place: int, nearer: bool) -> str | None:
    named = [at for at, _ in named_people(reading)]
    before, after = [at for at in named if at < place], [at for at in named if at > place]
    if "audience" in reading.sentence.concepts and len(after) > 1:
        before, after = after[:1], after[1:]  # "its audience is closer to that of Heat than to …"
    if before and after:
        one = reading.person(reading.tokens[before[-1]])
        other = reading.person(reading.tokens[after[-1]])
        if one and other and one.jaccard != other.jaccard:
            if (one.jaccard > other.jaccard) == nearer:
                return None
    return "no fact carries the comparison"


def _wrong_above(reading: Reading, place: int, above: bool) -> str | None:
    """Check "higher than 99% of", "higher than the 0.20 to user 49", "above the average"."""
    after = [one for one in reading.tokens[place + 1 : place + 6]]
    number = next((one for one in after if one.kind == "number"), None)
    if any("average" in one.means for one in after):
        mean = reading.facts.mean_score
        held = mean is not None and (reading.facts.score > mean) == above
        return None if held else "no fact carries the comparison with an average"
    if any(one.means & {"most_of", "all_of", "fraction"} for one in after) and number is None:
        return None if above else "its score is not lower"  # how many is checked as a part
    earlier = [one for one in reading.tokens[:place] if one.kind == "number"]
    if number is not None:
        same = [
            one for one in earlier
            if one.percent == number.percent and bool(one.decimals) == bool(number.decimals)
        ]  # fmt: skip
        if number.percent and not _relates_people(reading):
            if "jaccard" in reading.sentence.concepts:
                return "no fact carries the comparison"
            return None if above else "its score is not lower"
        if same:
            held = (same[-1].value > number.value) == above and same[-1].value != number.value
            return None if held else "the comparison does not hold"
    other = any(one.text in reading.facts.liked or one.kind == "user" for one in after)
    if above and reading.facts.highest and not other:
        return None
    return "no fact carries the comparison"


def _relates_people(reading: Reading) -> bool:
    return "jaccard" in reading.sentence.concepts and bool(named_users(reading))


def _parts(reading: Reading) -> str | None:
    """Check "all", "most of", "half of", "several" against the counts that are known."""
    for place, token in enumerate(reading.tokens):
        part = token.means & {"all_of", "most_of", "several", "some", "many", "fraction"}
        if not part:
            continue
        if "all_of" in token.means and _each_is_named(reading, place):
            continue
        known = _part_known(reading, place)
        if known is None:
            if _is_all_of_a_comparison(reading, place):
                continue
            return f"no fact says {token.text!r}"
        if not _part_holds(reading, place, *known):
            return f"{token.text!r} does not hold"
    return None


def _each_is_named(reading: Reading, place: int) -> bool:
    """Tell "users 215, 49 and 3 have all seen it": each of them is held against the facts."""
    follows = reading.tokens[place + 1 : place + 2]
    before = [at for at in named_users(reading) if at < place]
    return len(before) > 1 and bool(follows) and "seen" in follows[0].means


_EACH = frozenset(("every", "each of", "every one of", "every single", "all of them", "them all"))


def _is_all_of_a_comparison(reading: Reading, place: int) -> bool:
    """Tell "the highest of all films", checked as a superlative, and "above all unseen films"."""
    concepts = reading.sentence.concepts
    if "all_of" not in reading.tokens[place].means or reading.tokens[place].text in _EACH:
        return False
    if concepts & {"highest", "nearest"}:
        return True
    of_liked = any("liked" in one.means for one in reading.following(place))
    return "above" in concepts and reading.facts.highest and not of_liked


def _part_known(reading: Reading, place: int) -> tuple[float, float] | None:
    """Return (part, whole) that a quantity word speaks of: who has it, what is liked, or unseen."""
    facts, after = reading.facts, reading.tokens[place + 1 : place + 8]
    ahead = {one for token in after for one in token.means}
    noun = next((n for t in after for n in ("people", "items") if n in t.means), None)
    if noun == "people":
        if "near" not in ahead:
            return None
        have, near = len(facts.people), facts.n_neighbours
        if is_said_to_lack(reading):
            return near - have, near
        return (have, near) if "seen" in reading.sentence.concepts else None
    token = reading.tokens[place]
    concepts = reading.sentence.concepts
    if noun == "items" and "liked" in concepts:
        counts = [
            facts.taste.get(reading.tokens[at].text) for at in reading.sentence.of_kind("value")
        ]
        return counts[0] if counts else None
    if noun == "items" and concepts & {"above", "unseen"} and "all_of" not in token.means:
        return facts.percentile, 100.0
    return None


def _part_holds(reading: Reading, place: int, part: float, whole: float) -> bool:
    token = reading.tokens[place]
    share = part / whole if whole else 0.0
    if "all_of" in token.means:
        return part == whole > 0 and not (place == 0 and token.text.startswith("every"))
    if "several" in token.means:
        return part >= 3
    if "some" in token.means:
        return part >= 2
    if "many" in token.means or "most_of" in token.means:
        return share > 0.5
    top, bottom = reading.claims.fractions.get(token.text, (0, 1))
    before = {one for other in reading.preceding(place, 2) for one in other.means}
    if "more_than" in before:
        return part * bottom > whole * top
    if "less_than" in before:
        return part * bottom < whole * top
    if "at_least" in before:
        return part * bottom >= whole * top
    if "at_most" in before:
        return part * bottom <= whole * top
    return part * bottom == whole * top > 0


def _only(reading: Reading) -> str | None:
    """Check "only user 215 has seen it"."""
    for place, token in enumerate(reading.tokens):
        if "only" not in token.means:
            continue
        soon = [
            one for one in reading.tokens[place + 1 : place + 4] if one.text not in ("the", "a")
        ]
        if soon and (soon[0].kind == "value" or "items" in soon[0].means):
            return f"no fact says {token.text!r}"
        if soon and reading.facts.counts.get(soon[0].text.rstrip("s") + "s", 1) != 1:
            return f"no fact says {token.text!r}"  # "its only genre"
        if any(one.kind == "user" and one.text != reading.facts.user_id for one in soon):
            if len(named_users(reading)) != len(reading.facts.people):
                return "others near have seen it too"
    return None
