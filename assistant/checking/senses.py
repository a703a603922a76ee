"""What a sentence says beside numbers, people and comparisons: causes, negations, praise, names."""

from __future__ import annotations

from collections.abc import Callable

from assistant.checking.claims import Token
from assistant.checking.reading import Reading, named_users

LIKELY = 80.0
"""From this percentile on an item may be called likely, strong or a match."""


def wrong_sense(reading: Reading) -> str | None:
    """Return why what a sentence says does not hold, None when its evidence carries it."""
    return next((why for check in _CHECKS if (why := check(reading)) is not None), None)


_GIVES = frozenset(
    "gives give gave adds add puts put makes make earns brings gets raises lifts lowers".split()
)


def _verb_like(reading: Reading) -> str | None:
    """Check "you like Drama", which needs liked items with it; what others like is not known."""
    tokens = reading.tokens
    for place, token in enumerate(tokens):
        after = tokens[place + 1 : place + 2]
        if token.text != "like" or not after or after[0].kind != "value":
            continue
        before = reading.preceding(place, 3)
        own = before and ("you" in before[0].means or before[0].text in ("to", "they"))
        if "both" in reading.sentence.concepts or not own:
            return "what other users liked is not in the evidence"
        if after[0].text not in reading.facts.taste:
            return f"no fact says that they liked {after[0].text}"
    return None


def _others_scores(reading: Reading) -> str | None:
    """A score is the asker's: no row holds one among, by or from other users."""
    for place, token in enumerate(reading.tokens):
        if "score" not in token.means:
            continue
        after = reading.following(place, 4)
        if after and after[0].text in ("among", "with", "by", "of"):
            if any("people" in one.means for one in after[1:3]):
                return "nothing is scored among other users"
    return None


def _acting_values(reading: Reading) -> str | None:
    """No tool computes what a single attribute does to a score here: "its War side gives it …"."""
    for place in reading.sentence.of_kind("value"):
        after = reading.following(place, 3)
        if any(one.text in _GIVES for one in after) and "score" not in {
            one.text for one in reading.tokens[:place]
        }:
            return f"no tool computed what {reading.tokens[place].text!r} does"
        before = reading.tokens[place - 1].text if place else ""
        if before in ("more", "less", "fewer") and "than" not in {
            one.text for one in reading.tokens[place:]
        }:
            return f"no fact says that it is {before} {reading.tokens[place].text}"
    return None


def _strangers(reading: Reading) -> str | None:
    facts = reading.facts
    for token in reading.tokens:
        known = token.text == facts.user_id or reading.person(token) is not None
        if token.kind == "user" and not known:
            return f"user {token.text} is no near user with this item"
        if token.kind == "value" and token.text not in facts.values:
            return f"{token.text!r} is no attribute of this item"
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
    few_share = min((one.common for one in facts.people), default=0) < 3
    weak = facts.percentile < LIKELY or few_share or 2 * len(facts.people) < facts.n_neighbours
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


def _liked_titles(reading: Reading) -> str | None:
    """Of a liked title only its liking, its mark and its audience are known."""
    for place, token in enumerate(reading.tokens):
        if token.kind != "title" or token.text not in reading.facts.liked:
            continue
        follows = reading.tokens[place + 1 : place + 4]
        valued = any(one.kind == "value" for one in follows) and follows[0].text == ","
        before = reading.tokens[place - 1].text if place else ""
        if not reading.sentence.concepts & {
            "liked",
            "label",
            "audience",
            "both",
            "jaccard",
            "common",
        }:
            return f"nothing but its liking is computed of {token.text}"
        if any("audience" in one.means for one in reading.tokens[:place]):
            continue
        owns = before == "of" and reading.tokens[place - 2].text in ("that", "those")
        if valued or owns or follows and follows[0].text in (
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
        scored = "score" in reading.sentence.concepts or _bare_score(reading, place)
        if scored and not _scored_cause(reading, place):
            return "no tool computed what the score comes from"
        named = [one for one in reading.tokens[place:] if one.kind == "user"]
        if "rank" in reading.sentence.concepts and any(
            one.text != reading.facts.user_id for one in named
        ):
            return "no tool computed what a single user does to the list"
        values = [one for one in reading.tokens[place:] if one.kind == "value"]
        unliked = [one.text for one in values if one.text not in reading.facts.taste]
        if unliked:
            return f"no fact says that they liked {unliked[0]}"
    return None


def _bare_score(reading: Reading, place: int) -> bool:
    """Tell "it has 0.91 because …": a number that can only be the score."""
    numbers = [one for one in reading.tokens[:place] if one.decimals]
    return bool(numbers) and not reading.sentence.concepts & {"jaccard", "audience", "common"}


def _scored_cause(reading: Reading, place: int) -> bool:
    """Tell "recommended because its score is high" from "the score is high because …"."""
    tokens = reading.tokens
    scores = [at for at, one in enumerate(tokens) if "score" in one.means]
    if not scores:
        return False
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
    _promises,
    _praise,
    _negations,
    _liked_titles,
    _causes,
    _attributes,
    _quotes,
    _acting_values,
    _verb_like,
    _others_scores,
)
