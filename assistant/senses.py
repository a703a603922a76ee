"""What a sentence says beside its numbers: who did what, comparisons, causes, negations, praise."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from assistant.claims import Token
from assistant.facts import Person
from assistant.quantities import Reading

LIKELY = 80.0
"""From this percentile on an item may be called likely, strong or a match."""
_SKIPPED = frozenset(
    "has have had already both also been was were each too all still 's even now then".split()
)


def wrong_sense(reading: Reading) -> str | None:
    """Return why what a sentence says does not hold, None when its evidence carries it."""
    return next((why for check in _CHECKS if (why := check(reading)) is not None), None)


def _strangers(reading: Reading) -> str | None:
    facts = reading.facts
    for token in reading.tokens:
        known = token.text == facts.user_id or reading.person(token) is not None
        if token.kind == "user" and not known:
            return f"user {token.text} is no near user with this item"
        if token.kind == "value" and token.text not in facts.values:
            return f"{token.text!r} is no attribute of this item"
    return None


def _other_askers(reading: Reading) -> str | None:
    """Scores, neighbours and suggestions are the asked user's: of nobody else are they computed."""
    tokens = reading.tokens
    for place in _named(reading):
        before = reading.preceding(place, 3)
        after = reading.following(place, 4)
        words = [
            one for one in before if "people" not in one.means and one.text not in ("to", "'s")
        ]
        alike = bool(words) and bool(words[0].means & {"near", "nearest"})
        if alike or (words and words[0].text in ("for", "that")):
            return f"nothing is computed for user {tokens[place].text}"
        own = [one for one in after if one.means & {"it", "cause"} or one.text == "its"]
        meant = {
            one for token in after[: after.index(own[0]) if own else None] for one in token.means
        }
        if "score" in meant or (after and after[0].text == "'s" and meant & {"people", "unseen"}):
            return f"nothing is computed for user {tokens[place].text}"
    return None


def _twice(reading: Reading) -> bool:
    """Tell whether one user stands on both sides of an "and"."""
    words = [one.text for one in reading.tokens if "people" not in one.means]
    return any(
        words[at] == words[at + 2] and words[at + 1] == "and" and words[at].isalnum()
        for at in range(len(words) - 2)
    )


_NEIGHBOURS_FOLLOW = frozenset(("including", "include", "includes", "namely", "such as", "only"))


def _asked_as_neighbour(reading: Reading) -> str | None:
    """The asked user is nobody's example, no nearest one and not like himself."""
    tokens, asked = reading.tokens, reading.facts.user_id
    users = [place for place in reading.sentence.of_kind("user") if tokens[place].text == asked]
    if "jaccard" in reading.sentence.concepts and _twice(reading):
        return "nobody is compared with himself"
    for place in users:
        after = tokens[place + 1 : place + 3]
        before = [one for one in tokens[:place] if "people" not in one.means][-2:]
        last = before[-1] if before else None
        numbered = len(after) > 1 and after[0].text == "(" and after[1].kind == "number"
        example = last is not None and last.text in _NEIGHBOURS_FOLLOW
        superlative = "nearest" in {one for token in tokens[:place] for one in token.means}
        nearest = superlative and last is not None and last.text in ("is", "are", ",", ":")
        if numbered or example or nearest:
            return f"user {asked} is the one who asked"
    return None


def _promises(reading: Reading) -> str | None:
    for place, token in enumerate(reading.tokens):
        if token.means & {"promise", "likes"} and not _said_by_chance(reading, place):
            return f"{token.text!r} promises what nobody computed"
        if "lowest" in token.means or ("times" in token.means and not _counts(reading, token)):
            return f"no fact carries {token.text!r}"
    return None


def _said_by_chance(reading: Reading, place: int) -> bool:
    """Tell "a 72% chance that user 78 will like it" from "user 78 will like it"."""
    chances = ("chance", "probability", "likelihood")
    before = [one.text in chances for one in reading.tokens[:place]]
    after = reading.following(place, 1)
    likes = "likes" in reading.tokens[place].means or (after and after[0].text in ("like", "enjoy"))
    return (
        any(before)
        and bool(likes)
        and reading.tokens[place].text in ("will", "would", "likes", "enjoys")
    )


def _counts(reading: Reading, token: Token) -> bool:
    place = reading.tokens.index(token)
    return token.text == "times" and place > 0 and reading.tokens[place - 1].kind == "number"


def _praise(reading: Reading) -> str | None:
    facts = reading.facts
    weak = facts.percentile < LIKELY or min((one.common for one in facts.people), default=0) < 3
    for token in reading.tokens:
        if "praise" in token.means and facts.percentile < LIKELY:
            return f"its score does not carry {token.text!r}"
        if "weak" in token.means and not weak:
            return f"no fact carries {token.text!r}"
    return None


def _negations(reading: Reading) -> str | None:
    """Allow only what is computed: nobody near has it, and no unseen item scores higher."""
    negation = next((token for token in reading.tokens if "negation" in token.means), None)
    if negation is None:
        return None
    concepts, facts = reading.sentence.concepts, reading.facts
    about_people = "people" in concepts and concepts & {"seen", "praise", "items"}
    if about_people and not facts.people and not _named(reading):
        return None
    nothing_above = "above" in concepts and concepts & {"unseen", "items"} and "score" in concepts
    if nothing_above and facts.highest and not reading.sentence.of_kind("value"):
        return None
    return f"no fact carries the negation {negation.text!r}"


def _who_saw(reading: Reading) -> str | None:
    """The asked user has not seen the item, those near who are named have; the facts say who."""
    for place, token in enumerate(reading.tokens):
        if token.means & {"seen", "unseen"}:
            subject = _subject(reading, place)
            asked = subject is not None and (
                (subject.kind == "user" and subject.text == reading.facts.user_id)
                or "you" in subject.means
            )
            if "seen" in token.means and asked and not reading.facts.seen:
                return f"{subject.text if subject else ''} has not seen it"
            if "unseen" in token.means and subject is not None and not asked:
                near = subject.kind == "user" or subject.means & {"people"}
                if near and (reading.facts.people or subject.kind == "user"):
                    return "no fact says that they have not seen it"
    return None


def _subject(reading: Reading, place: int) -> Token | None:
    """Return who does what the word at `place` says: the word before, or after "by"."""
    after = reading.following(place, 4)
    if after and after[0].text == "by":
        who = [one for one in after[1:] if one.kind == "user" or one.means & {"people", "you"}]
        return who[-1] if who and who[-1].kind == "user" else (who[0] if who else None)
    at = place - 1
    while at >= 0 and reading.tokens[at].text in _SKIPPED:
        at -= 1
    if at > 0 and reading.tokens[at].text == "," and reading.tokens[at - 1].kind == "user":
        at -= 1  # "your neighbour, user 215, has seen it"
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


def _who_liked(reading: Reading) -> str | None:
    """Liking is known of the asked user alone, and of the titles in the evidence alone."""
    for place, token in enumerate(reading.tokens):
        if "liked" not in token.means:
            continue
        doers = [
            one
            for one in reading.tokens[:place]
            if one.kind == "user" or one.means & {"people", "you"} or one.text == "they"
        ]
        if doers and _is_other(reading, doers[-1]):
            return "what other users liked is not in the evidence"
        follows = reading.tokens[place + 1 : place + 2]
        itself = follows and ("it" in follows[0].means or follows[0].text in reading.facts.titles)
        if itself and (reading.facts.label is None or not reading.facts.seen):
            return "no fact says that they liked it"
        for value in (one for one in follows if one.kind == "value"):
            if value.text not in reading.facts.taste:
                return f"no fact says that they liked {value.text}"
    return None


def _is_other(reading: Reading, doer: Token) -> bool:
    if doer.kind == "user":
        return doer.text != reading.facts.user_id
    return "people" in doer.means


def _liked_titles(reading: Reading) -> str | None:
    """Of a liked title only its liking, its mark and its audience are known."""
    for place, token in enumerate(reading.tokens):
        if token.kind != "title" or token.text not in reading.facts.liked:
            continue
        follows = reading.tokens[place + 1 : place + 2]
        if follows and follows[0].text in (
            "is", "was", "has", "had", "ranks", "ranked", "scores", "scored", "stands", "gets",
            "belongs", "combines", "falls", "comes", "came", "'s", "makes", "takes", "are", "were",
        ):  # fmt: skip
            return f"nothing but its liking is computed of {token.text}"
    titles = reading.sentence.of_kind("title")
    if "label" in reading.sentence.concepts and titles:
        return None
    return None


def _causes(reading: Reading) -> str | None:
    """A cause must be a fact, and no tool computes what a score comes from."""
    for place, token in enumerate(reading.tokens):
        if "cause" not in token.means or token.text in ("why", "so", "hence", "therefore"):
            continue
        if "score" in reading.sentence.concepts - {"deepfm"} and not _scored_cause(reading, place):
            return "no tool computed what the score comes from"
        values = [one for one in reading.tokens[place:] if one.kind == "value"]
        unliked = [one.text for one in values if one.text not in reading.facts.taste]
        if unliked:
            return f"no fact says that they liked {unliked[0]}"
    return None


def _scored_cause(reading: Reading, place: int) -> bool:
    """Tell "recommended because its score is high" from "the score is high because …"."""
    tokens = reading.tokens
    first = next(i for i, one in enumerate(tokens) if "score" in one.means)
    return first > place > 0


def _named(reading: Reading) -> list[int]:
    """Return the places of the near users that a sentence names."""
    return [
        place
        for place in reading.sentence.of_kind("user")
        if reading.tokens[place].text != reading.facts.user_id
    ]


# --- comparisons


def _superlatives(reading: Reading) -> str | None:
    for place, token in enumerate(reading.tokens):
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
    if nouns and (nouns[0].text.endswith("s") or nouns[0].text == "people"):
        return None
    if not nouns and before is not None and _of_the(reading, place):
        return None  # "among the nearest"
    ordinal = before.value if before is not None and before.ordinal else 1
    people = reading.facts.people
    named = [reading.person(reading.tokens[at]) for at in _named_list(reading, place)]
    among = any(
        one.text in ("of them", "of these", "of those", "among", "them", "who", "with it")
        for one in reading.following(place, 4)
    )
    if not named:
        named = list(reading.carried[:1] or people[:1])
    expected = list(range(int(ordinal), int(ordinal) + len(named)))
    places = [one.place for one in named if one is not None]
    if places == expected or (among and [_index(people, one) for one in named] == expected):
        return None
    return f"no fact says {reading.tokens[place].text!r} of them"


def _of_the(reading: Reading, place: int) -> bool:
    words = [one.text.split()[-1] for one in reading.preceding(place, 2)]
    return words == ["the", "among"] or words == ["the", "of"]


def _index(people: Sequence[Person], one: Person | None) -> int | None:
    return people.index(one) + 1 if one in people else None


def _named_list(reading: Reading, place: int) -> list[int]:
    """Return the first run of named users after `place`, else the last before."""
    named = _named(reading)
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
        if token.means & {"nearer", "farther"} and _than_follows(reading, place):
            why = _wrong_nearer(reading, place, "nearer" in token.means)
        elif token.means & {"above", "below"}:
            why = _wrong_above(reading, place, "above" in token.means)
        else:
            why = None
        if why:
            return why
    return None


def _than_follows(reading: Reading, place: int) -> bool:
    return any(one.text == "than" for one in reading.tokens[place + 1 : place + 8])


def _wrong_nearer(reading: Reading, place: int, nearer: bool) -> str | None:
    named = _named(reading)
    before, after = [at for at in named if at < place], [at for at in named if at > place]
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
            return None if above else "its score is not lower"
        if same:
            held = (same[-1].value > number.value) == above and same[-1].value != number.value
            return None if held else "the comparison does not hold"
    if above and reading.facts.highest:
        return None
    return "no fact carries the comparison"


def _relates_people(reading: Reading) -> bool:
    return "jaccard" in reading.sentence.concepts and bool(_named(reading))


def _parts(reading: Reading) -> str | None:
    """Check "all", "most of", "half of", "several" against the counts that are known."""
    for place, token in enumerate(reading.tokens):
        part = token.means & {"all_of", "most_of", "several", "some", "many", "fraction"}
        if not part:
            continue
        known = _part_known(reading, place)
        if known is None:
            if _is_all_of_a_comparison(reading, token):
                continue
            return f"no fact says {token.text!r}"
        if not _part_holds(reading, place, *known):
            return f"{token.text!r} does not hold"
    return None


def _is_all_of_a_comparison(reading: Reading, token: Token) -> bool:
    """Tell "the highest of all films": the superlative itself is checked."""
    concepts = reading.sentence.concepts
    return "all_of" in token.means and bool(concepts & {"highest", "above", "nearest"})


def _part_known(reading: Reading, place: int) -> tuple[float, float] | None:
    """Return (part, whole) that a quantity word speaks of: who has it, what is liked, or unseen."""
    facts, after = reading.facts, reading.tokens[place + 1 : place + 8]
    ahead = {one for token in after for one in token.means}
    noun = next((n for t in after for n in ("people", "items") if n in t.means), None)
    if noun == "people":
        seen = "seen" in reading.sentence.concepts
        return (len(facts.people), facts.n_neighbours) if seen and "near" in ahead else None
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
        return part == whole > 0
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
        soon = reading.tokens[place + 1 : place + 4]
        if any(one.kind == "user" and one.text != reading.facts.user_id for one in soon):
            if len(_named(reading)) != len(reading.facts.people):
                return "others near have seen it too"
    return None


def _attributes(reading: Reading) -> str | None:
    """An attribute is the item's or of what the asked user liked; nothing else is known."""
    if reading.sentence.of_kind("value") and _named(reading):
        clause = reading.sentence.concepts & {"common", "taste"}
        if clause and "liked" not in reading.sentence.concepts:
            return "what other users share of attributes is not in the evidence"
    if reading.sentence.concepts & {"taste", "liked"}:
        values = [reading.tokens[at].text for at in reading.sentence.of_kind("value")]
        missing = [value for value in values if value not in reading.facts.taste]
        if missing:
            return f"no fact says that they liked {missing[0]}"
    return None


def _quotes(reading: Reading) -> str | None:
    """What stands in quotation marks must be a name."""
    tokens = reading.tokens
    opened = [at for at, one in enumerate(tokens) if one.text in ("“", "‘", '"')]
    for at in opened:
        following = tokens[at + 1 : at + 2]
        closing = not following or following[0].kind == "mark"
        if not closing and following[0].kind not in ("title", "value"):
            if not (at and tokens[at - 1].kind in ("title", "value")):
                return "it quotes what is no name in the evidence"
    return None


_CHECKS: tuple[Callable[[Reading], str | None], ...] = (
    _strangers,
    _other_askers,
    _asked_as_neighbour,
    _promises,
    _praise,
    _negations,
    _who_saw,
    _who_liked,
    _liked_titles,
    _causes,
    _superlatives,
    _comparisons,
    _parts,
    _only,
    _attributes,
    _quotes,
)
