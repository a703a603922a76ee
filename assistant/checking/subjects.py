"""Who a sentence says did what: has seen, liked or rated, is near, is scored for."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from assistant.checking.claims import Token
from assistant.checking.reading import Reading, named_users, subject_of

_RELATIONS = {"seen", "common", "jaccard", "either", "near", "nearer", "farther", "above", "below"}


_NEIGHBOURS_FOLLOW = frozenset(("including", "include", "includes", "namely", "such as", "only"))


def wrong_subject(reading: Reading) -> str | None:
    """Return why somebody has not done what a sentence says of him, None when all of it holds."""
    return next((why for check in _CHECKS if (why := check(reading)) is not None), None)


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


def _unrelated(reading: Reading) -> str | None:
    """Of another user it is known what he shares with the asked one, and that he has the item."""
    tokens = reading.tokens
    for place in named_users(reading):
        if not reading.sentence.concepts & _RELATIONS:
            return f"nothing of the kind is computed of user {tokens[place].text}"
        for token in reading.following(place, 5) + tokens[place + 1 : place + 4]:
            if "it" in token.means or token.text in ("and", "its"):
                break
            if token.kind == "value":
                return f"{token.text!r} is not said of users in the evidence"
    return None


def _owned(reading: Reading, place: int) -> bool:
    """Tell "the score of user 215" and "a neighbour of user 49" from "0.31 of user 215"."""
    before = [one for one in reading.tokens[max(0, place - 4) : place] if one.text != "user"]
    own = {"score", "percentile", "rank", "people", "neighbours", "unseen"}
    return any(one.means & own or one.text == "list" for one in before if one.kind == "word")


def _twice(reading: Reading) -> bool:
    """Tell whether one user stands on both sides of an "and"."""
    words = [one.text for one in reading.tokens if "people" not in one.means]
    return any(
        words[at] == words[at + 2] and words[at + 1] == "and" and words[at].isalnum()
        for at in range(len(words) - 2)
    )


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
        numbered = (len(after) > 1 and after[0].text == "(" and after[1].kind == "number") and not (
            after[1].value.is_integer() and named_users(reading)
        )
        example = last is not None and last.text in _NEIGHBOURS_FOLLOW
        superlative = "nearest" in {one for token in tokens[:place] for one in token.means}
        nearest = superlative and last is not None and last.text in ("is", "are", ",", ":")
        if numbered or example or nearest:
            return f"user {asked} is the one who asked"
    return None


def _described(reading: Reading) -> str | None:
    """Of the asked user it is known what he has seen and liked, not what he is."""
    for place, token in enumerate(reading.tokens):
        asked = (
            "you" in token.means or token.text == "you're" or token.text == reading.facts.user_id
        )
        after = reading.following(place, 5) if asked else []
        if token.text == "you're":
            after = [token, *after]
        if asked and after and after[0].text in ("are", "is", "were", "was", "'re", "'s", "you're"):
            for one in after[1:]:
                if one.means & {"unseen", "near", "liked", "taste", "it"}:
                    break
                if one.text == "known":
                    return "what the asker is like is not in the evidence"
                if one.kind == "value" or one.means & {"people", "items"}:
                    return "what the asker is like is not in the evidence"
    return None


_ACTS = frozenset(
    "recommended recommend recommends suggested suggesting suggests picked chosen choose chooses "
    "selected say says said saying tell tells told report reports reported mention mentioning "
    "awarded awards gave give gives assigns puts put placed ranked scored".split()
)
"""What nobody but the recommender does here."""


def _who_scores(reading: Reading) -> str | None:
    """Only the model scores, and only items are scored, ranked or of a genre."""
    for place, token in enumerate(reading.tokens[:-1]):
        after = reading.tokens[place + 1]
        group = "people" in token.means and reading.tokens[place + 1].kind != "user"
        asked = _is_asked(reading, token) and token.kind == "word" or token.kind == "user"
        if group and "score" in after.means and "deepfm" not in after.text:
            return f"no fact says that they {after.text}"
        if asked and (after.means & {"score", "rank"} or after.text in _OF_ITEMS):
            if token.kind != "user" or token.text == reading.facts.user_id:
                return "what is said of an item is said of the asker"
    return None


_OF_ITEMS = frozenset("falls mixes carries combines belongs tops consists spans blends".split())


def _who_acts(reading: Reading) -> str | None:
    """Near users have seen an item and share items with the asker; no row says anything else."""
    for place, token in enumerate(reading.tokens):
        if token.text not in _ACTS:
            continue
        subject = subject_of(reading, place)
        named = subject is not None and (subject.kind == "user" or "people" in subject.means)
        told = [one for one in reading.following(place, 2) if one.text in ("to", "for")]
        if named and not (token.text == "gave" and subject and _is_asked(reading, subject)):
            if "label" not in token.means and (told or not _passive(reading, place)):
                return f"no fact says that they {token.text}"
    return None


def _is_asked(reading: Reading, token: Token) -> bool:
    return "you" in token.means or token.text == reading.facts.user_id


def _passive(reading: Reading, place: int) -> bool:
    """Tell "it was recommended by user 215" from "it is recommended"."""
    return place > 0 and reading.tokens[place - 1].text in ("is", "was", "are", "were", "been")


def _who_saw(reading: Reading) -> str | None:
    """The asked user has not seen the item, those near who are named have; the facts say who."""
    for place, token in enumerate(reading.tokens):
        if token.means & {"seen", "unseen"}:
            subject = subject_of(reading, place)
            asked = subject is not None and (
                (subject.kind == "user" and subject.text == reading.facts.user_id)
                or "you" in subject.means
            )
            if "seen" in token.means and asked and not reading.facts.seen:
                return f"{subject.text if subject else ''} has not seen it"
            if "seen" in token.means and _saw_a_liked_title(reading, place):
                return "what else other users have seen is not in the evidence"
            if "unseen" in token.means and subject is not None and not asked:
                if "both" in reading.sentence.concepts:
                    return "no fact says that they have not seen it"
                counted = "people" in subject.means and _is_counted(reading, place)
                near = subject.kind == "user" or subject.means & {"people"}
                if near and (reading.facts.people or subject.kind == "user") and not counted:
                    return "no fact says that they have not seen it"
            if "unseen" in token.means and _of_liked_titles(reading, place):
                return "what they liked they have seen"
    return None


def _near_lacks(reading: Reading) -> str | None:
    """Object to "user 215 is near, and has not seen it"."""
    for before, token in pairwise(reading.tokens):
        lacks = "unseen" in token.means and token.text.startswith("has ")
        if lacks and before.text == "and" and named_users(reading):
            return "no fact says that they have not seen it"
    return None


def _saw_a_liked_title(reading: Reading, place: int) -> bool:
    """Tell "user 215 has seen Heat" from "200 users have seen both this and Heat"."""
    titles = any(one.text in reading.facts.liked for one in reading.following(place, 5))
    counted = any(one.kind == "number" for one in reading.tokens[:place])
    return titles and (bool(named_users(reading)) or not counted)


def _of_liked_titles(reading: Reading, place: int) -> bool:
    """Tell "you have not seen Heat" and "films you have not seen: Heat and Alien"."""
    tokens = reading.tokens
    soon = reading.following(place, 3)
    if soon and ("it" in soon[0].means or soon[0].text in reading.facts.titles):
        return False
    if any(one.text in reading.facts.liked for one in soon):
        return True
    before = [one for one in tokens[max(0, place - 5) : place] if "items" in one.means]
    titles = any(one.text in reading.facts.liked for one in tokens)
    numbers = any(one.kind == "number" and one.percent for one in tokens)
    return bool(before) and titles and not numbers and "highest" not in reading.sentence.concepts


def _is_counted(reading: Reading, place: int) -> bool:
    """Tell "6 of your 10 neighbours have not seen it": how many is checked as a number."""
    parts = {"most_of", "many", "several", "some", "fraction"}
    numbers = [one for one in reading.tokens[:place] if one.kind == "number" or one.means & parts]
    return len(numbers) > 0 and numbers[0].text != "one"


def _together(reading: Reading) -> str | None:
    """What two other users share with each other is not computed, only what each shares with you.

    Nor is when anybody saw anything.
    """
    tokens, concepts = reading.tokens, reading.sentence.concepts
    asked = any("you" in one.means or one.text in _ASKED for one in tokens) or any(
        one.text == reading.facts.user_id for one in tokens
    )
    others = len(named_users(reading))
    related = concepts & {"common", "jaccard", "either"}
    if related and any(one.text == "each other" for one in tokens):
        return "what other users share with each other is not in the evidence"
    spoken = concepts & {"people", "audience"} or others or reading.carried
    if "jaccard" in concepts and "it" in concepts and not spoken and asked:
        return "nobody is compared with an item"
    numbers = [one for one in tokens if one.kind == "number"]
    if related and others > 1 and not asked and 0 < len(numbers) < others:
        return "what other users share with each other is not in the evidence"
    for place, token in enumerate(tokens):
        after = tokens[place + 1 : place + 3]
        named = any(one.kind in ("user", "title") for one in after)
        if token.text in ("before", "after", "until") and named and "seen" in concepts:
            return "when others saw it is not in the evidence"
        in_year = token.kind == "number" and 1800 <= token.value < 2100 and not token.decimals
        saw = [one for one in reading.preceding(place, 4) if "seen" in one.means]
        if in_year and saw and token.text in reading.sentence.text and "," not in token.text:
            return "when others saw it is not in the evidence"
    return None


_ASKED = frozenset(("your", "yours", "their", "they", "them", "theirs"))


def _who_liked(reading: Reading) -> str | None:
    """Liking and marks are the asked user's alone, and of what the evidence names."""
    for place, token in enumerate(reading.tokens):
        if not token.means & {"liked", "label"}:
            continue
        doer = _doer(reading, place)
        if doer is not None and _is_other(reading, doer):
            return "what other users liked is not in the evidence"
        doer = _rated_by(reading, place)
        if doer is not None and _is_other(reading, doer):
            return "what other users liked is not in the evidence"
        if "liked" in token.means and (why := _wrong_liking(reading, place)):
            return why
    return None


def _rated_by(reading: Reading, place: int) -> Token | None:
    """Return whom "rated by eight of your neighbours" and "rated by 8 people" name."""
    after = reading.tokens[place + 1 : place + 7]
    if not after or after[0].text != "by":
        return None
    return next((one for one in after if one.kind == "user" or "people" in one.means), None)


def _doer(reading: Reading, place: int) -> Token | None:
    """Return who likes or rates: whom "by" names after the word, else the last before it."""
    after = reading.following(place, 5)
    if after == [] and place + 1 < len(reading.tokens):
        after = reading.following(place + 1, 5)  # "rated 0.91 by your neighbours"
    if place and reading.tokens[place - 1].kind == "number":
        return None  # "14 liked films"
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
    if len(tokens) > 2 and "what" in {one.text for one in tokens[max(0, place - 3) : place]}:
        valued = valued or bool(reading.sentence.of_kind("value"))  # "24% of what you liked"
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


_CHECKS: tuple[Callable[[Reading], str | None], ...] = (
    _other_askers,
    _unrelated,
    _asked_as_neighbour,
    _described,
    _together,
    _who_acts,
    _who_scores,
    _who_saw,
    _near_lacks,
    _who_liked,
)
