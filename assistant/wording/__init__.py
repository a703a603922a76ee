"""The answer worded by code: full sentences made from evidence rows and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from assistant.evidence import Row
from assistant.wording.phrasebook import Phrasebook, phrasebook
from assistant.wording.titles import named as named
from assistant.wording.titles import spoken as spoken
from ingest.dataset.schema import Dataset, Noun

PSEUDONYM = "neighbour "
"""What stands before the letters that hide a user's id."""
FEW_UNSEEN = 5
"""Among fewer unseen items than this a score's place tells nothing."""
WEAK_OVERLAP = 3
"""Neighbours with fewer items in common than this are called weak."""


@dataclass(frozen=True)
class Voice:
    """How the asked user is spoken of, what the items are called, and in which language."""

    noun: Noun
    user_id: str | None = None
    addressed: bool = False
    """True when the asker is that user."""
    rating: bool = False
    """True when the score is a predicted rating, not a probability."""
    language: str = "en"
    graded: bool = True
    """True when labels are ratings that tell what was liked."""

    @property
    def book(self) -> Phrasebook:
        return phrasebook(self.language)

    @cached_property
    def person(self) -> dict[str, str]:
        """The words that stand for the asked user."""
        return self.book.person(self.addressed, self.user_id, self.noun)

    @cached_property
    def _always(self) -> dict[str, str]:
        words = ("rating", "ratings") if self.graded else ("label", "labels")
        rating, ratings = (self.book.sentences[word] for word in words)
        return {**self.person, "rating": rating, "ratings": ratings}

    def say(self, sentence: str, **values: Any) -> str:
        """Return a sentence of the language, with its values and the words for the user."""
        return self.book.say(sentence, self.noun, **{**self._always, **values})

    def listed(self, words: Sequence[str]) -> str:
        """Join words as a sentence of the language does."""
        return self.book.listed(words)

    def joined(self, sentences: Sequence[str]) -> str:
        """Join sentences that are not empty as the language does."""
        return self.book.space.join(filter(None, sentences))

    def other(self, user_id: str) -> str:
        """Return how another user is named in a sentence."""
        if user_id.startswith(PSEUDONYM):
            return self.say("neighbour", name=user_id.removeprefix(PSEUDONYM))
        return self.say("user", id=user_id)

    def others(self, user_ids: Sequence[str]) -> str:
        """Return how several users are named in a sentence."""
        return self.listed([self.other(user_id) for user_id in user_ids])

    def scored(self, score: float) -> str:
        """Return "score 0.97", or "expected rating 4.1"."""
        return self.say("expected" if self.rating else "scored", score=score)

    def marked(self, label: float | None) -> str:
        """Return ", rating 4" to follow what was seen; nothing where there is no label."""
        return "" if label is None else self.say("marked", label=label)

    def n_ratings(self, n: int) -> str:
        """Return "112 ratings"."""
        return self.say("n_ratings" if self.graded else "n_labels", n=n)

    def on(self, day: str | None) -> str:
        """Return " on 1997-12-31"; nothing where the data have no times."""
        return "" if day is None else self.say("on_day", day=day)

    def between(self, first: str | None, last: str | None) -> str:
        """Return ", from 1997-09-20 to 1997-12-31"."""
        if first is None:
            return ""
        if first == last:
            return self.say("on_one_day", day=first)
        return self.say("between_days", first=first, last=last)


def voice_over(
    dataset: Dataset, user_id: str | None = None, addressed: bool = False, rating: bool = False
) -> Voice:
    """Return the voice that speaks of a data set's users and items."""
    graded = dataset.liked_from is not None
    return Voice(dataset.noun, user_id, addressed, rating, graded=graded)


def reason(row: Row, voice: Voice) -> str:
    """Return why an item stands in the list: score and place, neighbours, shared taste."""
    sentence = "reason_rating" if voice.rating else "reason_score"
    scored = voice.say(sentence, score=row["score"], standing=_standing(row, voice))
    return voice.joined([scored, support(row, voice)])


def _standing(row: Row, voice: Voice) -> str:
    """Return where the score stands among the scores of all that the user has not seen."""
    unseen, share = row["n_unseen"], row["percentile"]
    if row.get("seen"):
        if not unseen:
            return voice.say("standing_seen_alone")
        name = "standing_seen" if share else "standing_below"
        name = "standing_above" if share >= 100 else name
    elif unseen == 1:
        name = "standing_only"
    elif share >= 100.0 * (unseen - 1) / unseen - 1e-3:
        name = "standing_highest"
    else:
        name = "standing_higher" if share else "standing_lowest"
    return voice.say(name, share=share, unseen=unseen)


def support(row: Row, voice: Voice) -> str:
    """Return what speaks for an item beside its score: neighbours who have it, shared taste."""
    return voice.joined([_neighbour_sentence(row, voice), _taste_sentence(row, voice)])


def _neighbour_sentence(row: Row, voice: Voice) -> str:
    """Return how many of the nearest users have the item and who is first among them."""
    total, have = row["n_neighbours"], row["neighbours"]
    if total == 0:
        return voice.say("neighbours_none")
    if not have:
        return voice.say("neighbours_no" if total > 1 else "neighbour_no", n=total)
    first = have[0]
    likeness = voice.say("likeness", jaccard=first["jaccard"], common=_in_common(first, voice))
    sentence = "neighbours_some"
    if total == 1:
        sentence = "neighbour_yes"
    elif len(have) == 1:
        sentence = "neighbours_one"
    elif len(have) == total:
        sentence = "neighbours_all"
    user = voice.other(first["user_id"])
    return voice.say(sentence, n=total, have=len(have), user=user, likeness=likeness)


def _in_common(row: Row, voice: Voice) -> str:
    few = row["intersection"] < WEAK_OVERLAP
    n, union = row["intersection"], row["union"]
    return voice.say("common_few" if few else "common", n=n, union=union)


def _taste_sentence(row: Row, voice: Voice) -> str:
    """Return the attribute of the item that stands most often in what the user liked."""
    if not row["taste"] or row["taste"][0]["count"] < 2:
        return ""
    best = row["taste"][0]
    sentence = "taste" if voice.graded else "taste_had"
    return voice.say(sentence, value=best["value"], count=best["count"], of=best["of"])


def similar_users(rows: Sequence[Row], voice: Voice) -> str:
    """Return the list of nearest users with the sets behind each value."""
    if not rows:
        return voice.say("similar_none")
    lines = [voice.say("similar_one" if len(rows) == 1 else "similar_many", n=len(rows))]
    lines += [f"{place}. {_neighbour_line(row, voice)}" for place, row in enumerate(rows, start=1)]
    if rows[0]["intersection"] < WEAK_OVERLAP:
        lines.append(voice.say("similar_weak", n=rows[0]["intersection"]))
    return "\n".join(lines)


def _neighbour_line(row: Row, voice: Voice) -> str:
    shown = [spoken(title) for title in row["shared_titles"]]
    return voice.say(
        "similar_line",
        user=voice.other(row["user_id"]),
        jaccard=row["jaccard"],
        common=_in_common(row, voice),
        such_as=voice.say("such_as", titles=voice.listed(shown)) if shown else "",
    )


def user_similarity(row: Row, voice: Voice) -> str:
    """Return how alike two users are, with both sets' sizes."""
    one, other = voice.other(row["user_id"]), voice.other(row["other_id"])
    n, m, both = row["n_items"], row["n_items_other"], row["intersection"]
    sizes = voice.say("pair_sizes", one=one, other=other, n=n, m=m)
    if not both:
        return voice.say("pair_none", one=one, other=other, sizes=sizes)
    text = voice.say(
        "pair", one=one, other=other, jaccard=row["jaccard"], n=both, union=row["union"],
        sizes=sizes,
    )  # fmt: skip
    shown = [spoken(title) for title in row["shared_titles"]]
    if both > len(shown):
        shown.append(voice.say("pair_more", n=both - len(shown)))
    text += voice.say("pair_shared", titles=voice.listed(shown))
    return text + (voice.say("pair_weak", n=both) if both < WEAK_OVERLAP else "")


def most_similar(rows: Sequence[Row], voice: Voice) -> str:
    """Return which of several others is most like a user."""
    best = max(row["jaccard"] for row in rows)
    first = [voice.other(row["other_id"]) for row in rows if row["jaccard"] == best]
    return voice.say(
        "most_similar" if len(first) == 1 else "equally_similar",
        one=voice.other(rows[0]["user_id"]),
        others=voice.listed(first),
        jaccard=best,
    )


def prediction(row: Row, voice: Voice) -> str:
    """Return whether the user will like an item: verdict, score, its place, the usual score."""
    title, mean = named(row), row["mean_score"]
    sentence = voice.say(
        "predict_rating" if voice.rating else "predict_score",
        verdict=voice.say(_verdict(row)),
        title=title,
        score=row["score"],
        standing=_standing(row, voice),
        usual="" if mean is None else voice.say("predict_usual", mean=mean),
    )
    if not row["seen"]:
        return sentence
    rated = voice.marked(row["label"])
    return voice.say("predict_seen", title=title, rated=rated, prediction=sentence)


def _verdict(row: Row) -> str:
    """Return the verdict by the place of the score; none where there is little to compare with."""
    if row["n_unseen"] < FEW_UNSEEN:
        return "verdict_0"
    percentile = row["percentile"]
    steps = ((95, "verdict_5"), (80, "verdict_4"), (50, "verdict_3"), (20, "verdict_2"))
    return next((name for least, name in steps if percentile >= least), "verdict_1")


def popular_reason(row: Row, voice: Voice) -> str:
    """Return why an item stands in a list that is not personal."""
    return voice.say("popular_reason", n=row["n_users"])


def numbered(rows: Sequence[Row], reasons: Mapping[str, str]) -> str:
    """Return the list as lines: place, title and reason; items of one title show their ids."""
    return "\n".join(
        lead + reasons[row["item_id"]] for row, lead in zip(rows, leads(rows), strict=True)
    )


def leads(rows: Sequence[Row]) -> list[str]:
    """Return what stands before each item's reason: place and title, the id where titles repeat."""
    names = [named(row) for row in rows]
    often = Counter(names)
    return [
        f"{row['rank']}. {name}{_which(row) if often[name] > 1 else ''}: "
        for row, name in zip(rows, names, strict=True)
    ]


def _which(row: Row) -> str:
    return f" [{row['item_id']}]"


def claim(claimed: float, computed: float, voice: Voice) -> str:
    """Return what is said to somebody who has another number than the computed one."""
    decimals = len(f"{claimed:g}".partition(".")[2])
    agrees = abs(claimed - computed) <= 0.5 * 10.0**-decimals + 1e-9
    return voice.say(
        "claim_agrees" if agrees else "claim_stands", claimed=claimed, computed=computed
    )
