"""What a sentence says beside numbers and comparisons: who did what, causes, negations, praise."""

from __future__ import annotations

from collections.abc import Callable

from assistant.claims import Token
from assistant.reading import Reading, named_users

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
    for place in named_users(reading):
        before = reading.preceding(place, 3)
        after = reading.following(place, 4)
        words = [
            one for one in before if "people" not in one.means and one.text not in ("to", "'s")
        ]
        alike = bool(words) and bool(words[0].means & {"near", "nearest"})
        whose = bool(words) and words[0].text == "of" and _owned(reading, place)
        if alike or whose or (words and words[0].text in ("for", "that")):
            return f"nothing is computed for user {tokens[place].text}"
        own = [one for one in after if one.means & {"it", "cause"} or one.text == "its"]
        meant = {
            one for token in after[: after.index(own[0]) if own else None] for one in token.means
        }
        placed = bool(after) and "rank" in after[0].means
        if (
            placed
            or "score" in meant
            or (after and after[0].text == "'s" and meant & {"people", "unseen"})
        ):
            return f"nothing is computed for user {tokens[place].text}"
    return None


def _owned(reading: Reading, place: int) -> bool:
    """Tell "the score of user 215" and "a neighbour of user 49" from "0.31 of user 215"."""
    before = [one for one in reading.tokens[max(0, place - 4) : place] if one.text != "user"]
    own = {"score", "percentile", "rank", "people", "neighbours", "unseen"}
    return any(one.means & own for one in before if one.kind == "word")


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
    if about_people and not facts.people and not named_users(reading):
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
            if "seen" in token.means and _saw_a_liked_title(reading, place):
                return "what else other users have seen is not in the evidence"
            if "unseen" in token.means and subject is not None and not asked:
                near = subject.kind == "user" or subject.means & {"people"}
                if near and (reading.facts.people or subject.kind == "user"):
                    return "no fact says that they have not seen it"
    return None


def _saw_a_liked_title(reading: Reading, place: int) -> bool:
    """Tell "user 215 has seen Heat" from "200 users have seen both this and Heat"."""
    titles = any(one.text in reading.facts.liked for one in reading.following(place, 5))
    counted = any(one.kind == "number" for one in reading.tokens[:place])
    return titles and (bool(named_users(reading)) or not counted)


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
    """Liking and marks are the asked user's alone, and of what the evidence names."""
    for place, token in enumerate(reading.tokens):
        if not token.means & {"liked", "label"}:
            continue
        doer = _doer(reading, place)
        if doer is not None and _is_other(reading, doer):
            return "what other users liked is not in the evidence"
        if "liked" in token.means and (why := _wrong_liking(reading, place)):
            return why
    return None


def _doer(reading: Reading, place: int) -> Token | None:
    """Return who likes or rates: whom "by" names after the word, else the last before it."""
    after = reading.following(place, 5)
    people = [
        one
        for one in (after if after and after[0].text == "by" else reading.tokens[:place])
        if one.kind == "user" or one.means & {"people", "you"} or one.text == "they"
    ]
    return people[-1] if people else None


def _wrong_liking(reading: Reading, place: int) -> str | None:
    facts, tokens = reading.facts, reading.tokens
    follows = tokens[place + 1 : place + 2]
    after = reading.following(place, 4)
    if after and after[0].text == "by" and any(one.kind == "number" for one in tokens[place:]):
        return "what other users liked is not in the evidence"
    itself = follows and ("it" in follows[0].means or follows[0].text in facts.titles)
    many = [one for one in (*tokens[:place], *after) if "items" in one.means]
    named = any(one.text in facts.liked for one in tokens)
    plural = any(one.text.endswith("s") for one in many)
    valued = bool(follows) and follows[0].kind in ("value", "number")
    vague = not (named or plural or valued)
    if (itself or vague) and (facts.label is None or not facts.seen):
        return "no fact says that they liked it"
    for value in (one for one in follows if one.kind == "value"):
        if value.text not in facts.taste:
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
    scores = [at for at, one in enumerate(tokens) if "score" in one.means]
    if place:
        return scores[0] > place
    commas = [at for at, one in enumerate(tokens) if one.text == ","]
    return bool(commas) and scores[-1] < commas[-1]  # "since its score is 0.91, it is here"


def _attributes(reading: Reading) -> str | None:
    """An attribute is the item's or of what the asked user liked; nothing else is known."""
    if reading.sentence.of_kind("value") and named_users(reading):
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
    _attributes,
    _quotes,
)
