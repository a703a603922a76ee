"""What the words around a number say that it is: a score, a share, a year, a count of users."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from assistant.checking.claims import Token
from assistant.checking.reading import Reading, named_people, noun_of, said_to

_NOT_THEN = ("before", "after", "since", "between", "into", "because of", "due to")


def kind_of(reading: Reading, place: int) -> str:
    """Return what the words around a number say that it is."""
    token = reading.tokens[place]
    if token.percent:
        return _percent_kind(reading, place)
    if token.decade:
        return "decade"
    if (measure := _measure(reading, place)) is not None:
        return f"={measure}"
    before = reading.preceding(place, 2)
    if not token.decimals and "jaccard" in _meant(before):
        return "jaccard"  # and a whole number is none
    given = [one.text in ("a", "an") for one in before[:1]]
    if given and given[0] and "label" in _meant(reading.preceding(place)):
        return "label"
    return _decimal_kind(reading, place) if token.decimals else _whole_kind(reading, place)


def _whole_kind(reading: Reading, place: int) -> str:
    token = reading.tokens[place]
    if token.ordinal or _after_rank_word(reading, place):
        return "rank"
    if (counted := _counted_attribute(reading, place)) is not None:
        return f"#{counted}"
    if _stands_in_brackets(reading, place):
        return "neighbours with it"
    if _names_item(reading, place):
        return "item"
    if _is_label(reading, place):
        return "label"
    return _count_kind(reading, place)


def _percent_kind(reading: Reading, place: int) -> str:
    after = reading.following(place, 9)
    if len(after) < 9 and reading.counted_after(place + len(after) + 1):
        after += reading.following(place + len(after) + 1)  # "80% of your 10 nearest neighbours"
    if any("top" in token.means for token in reading.preceding(place, 2)):
        return "top"
    if after and after[0].text in ("of", "percent"):
        noun = noun_of(after)
        if noun == "people":
            return "share of people"
        if noun == "items":
            if any("liked" in token.means for token in after):
                return "share of taste"
            placed = reading.sentence.concepts & {"above", "below", "percentile"}
            return "percentile" if placed else "unclear"
        if any("liked" in one.means for one in after) and not _meant(after) & {"audience"}:
            return "share of taste"  # "24% of what you liked"
    cue = _nearest_cue(reading, place, ("score", "jaccard", "percentile", "above"))
    shared = reading.sentence.concepts & {"common", "near"} and named_people(reading)
    return cue or ("jaccard" if shared else "score")


def _decimal_kind(reading: Reading, place: int) -> str:
    tokens = reading.tokens
    if place > 1 and tokens[place - 1].text == "(" and tokens[place - 2].kind in ("user", "title"):
        return "jaccard"
    titles = [one for one in tokens[:place] if one.text in reading.facts.liked]
    if titles and not reading.tokens[place].percent and reading.sentence.concepts & {"audience"}:
        return "jaccard" if "score" not in _meant(reading.preceding(place, 3)) else "score"
    after = reading.following(place)
    if after and after[0].text == "of" and (noun_of(after) or "score" in _meant(after)):
        return "unclear"  # "0.5 of the users"
    compared = reading.sentence.concepts & {"above", "below"}
    if not compared and any("average" in one.means for one in reading.preceding(place, 4)):
        return "average"
    cue = _nearest_cue(reading, place, ("score", "jaccard", "percentile", "average"))
    if cue is None and "label" in reading.sentence.concepts:
        return "label"  # "it has a rating of 0.91", which nobody gave
    return cue or "score"


def _meant(tokens: Iterable[Token]) -> set[str]:
    return {one for token in tokens for one in token.means}


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
    if counted:
        return None
    other = any(one.text in _NOT_THEN for one in reading.preceding(place, 2))
    return "other year" if other else "year"


def _counted_attribute(reading: Reading, place: int) -> str | None:
    """Return the attribute whose values are counted: the 3 of "3 genres"."""
    after = reading.tokens[place + 1 : place + 2]
    return next((one.text for one in after if one.text in reading.facts.counts), None)


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
    before = [one for one in reading.tokens[max(0, place - 2) : place] if one.text != "with"]
    if before and before[-1].text in reading.facts.liked:
        return "label" in reading.sentence.concepts  # "you rated Heat 4 and Alien 5"
    around = reading.preceding(place, 6) + reading.following(place, 1)
    return any("label" in token.means for token in around) and noun_of(
        reading.following(place, 3)
    ) not in ("items", "people")


def _count_kind(reading: Reading, place: int) -> str:
    after = reading.following(place)
    before = reading.preceding(place, 3)
    noun = noun_of(after)
    if noun == "people":
        return _people_kind(reading, place)
    named = reading.tokens[max(0, place - 6) : place]  # "the overlap with user 215 is 24"
    shared = any("common" in one.means for one in (*after[:4], *named))
    if any("either" in one.means and one.text != "either" for one in before[:2]):
        return "either"
    if any("either" in one.means for one in after[:5]) and not shared:
        return "either"
    if shared:
        return "common"
    if kind := _taste_kind(reading, after, before):
        return kind
    if noun == "items" and any("unseen" in one.means for one in after):
        return "unseen"
    if "common" in reading.sentence.concepts and said_to(reading, place) is not None:
        return "common"  # "24 films in common with user 215 and 12 with user 49"
    return "unclear"


def _taste_kind(reading: Reading, after: Sequence[Token], before: Sequence[Token]) -> str | None:
    """Tell how many liked items have a value ("14 are Drama", "Drama in 14") from how many all."""
    liked = any("liked" in one.means for one in (*after, *before[:1]))
    inside = len(before) > 1 and before[0].text == "in" and before[1].kind == "value"
    are = len(after) > 1 and after[0].text in ("are", "is", "were") and after[1].kind == "value"
    if inside or are:
        return "taste count" if reading.sentence.concepts & {"liked", "taste"} else "unclear"
    part = after and (after[0].text == "of" or after[0].kind == "value")
    if after and (after[0].text in ("times", "of them") or (liked and part)):
        return "taste count"
    return "liked" if noun_of(after) == "items" and liked else None


def _stands_in_brackets(reading: Reading, place: int) -> bool:
    """Tell "half of your neighbours (5) have seen it"."""
    tokens = reading.tokens
    around = [one.text for one in (*tokens[place - 1 : place], *tokens[place + 1 : place + 2])]
    before = reading.preceding(place - 1, 4) if place else []
    near = noun_of(reversed(before)) == "people" and "near" in _meant(before)
    return around == ["(", ")"] and near and "seen" in reading.sentence.concepts


def _people_kind(reading: Reading, place: int) -> str:
    """Tell apart who has the item among the nearest, all the nearest, and everybody."""
    after, before = reading.following(place), reading.preceding(place)
    if len(before) > 1 and before[0].text in ("have", "has") and "you" in before[1].means:
        return "unclear"
    titles = [one for one in reading.tokens if one.text in reading.facts.liked]
    shared = any("common" in one.means for one in before)
    if titles and ("both" in reading.sentence.concepts or shared):
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
