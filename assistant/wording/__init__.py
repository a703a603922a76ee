"""The answer worded by code: full sentences made from evidence rows and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistant.evidence import Row
from ingest.schema import Noun

WEAK_OVERLAP = 3
"""Neighbours with fewer items in common than this are called weak."""


@dataclass(frozen=True)
class Voice:
    """How the asked user is spoken of, and what the items are called."""

    noun: Noun
    user_id: str | None = None
    addressed: bool = False
    """True when the asker is that user."""
    rating: bool = False
    """True when the score is a predicted rating, not a probability."""

    @property
    def subject(self) -> str:
        return "you" if self.addressed else f"user {self.user_id}"

    @property
    def opens(self) -> str:
        """The subject at the start of a sentence."""
        return _capital(self.subject)

    @property
    def they(self) -> str:
        return "you" if self.addressed else "they"

    @property
    def them(self) -> str:
        return "you" if self.addressed else "them"

    @property
    def their(self) -> str:
        return "your" if self.addressed else "their"

    @property
    def has(self) -> str:
        return "have" if self.addressed else "has"

    def items(self, n: int) -> str:
        """Return "1 film", "1,204 films"."""
        return f"{n:,} {self.noun.one if n == 1 else self.noun.many}"


_INVERTED = re.compile(
    r"^(?P<name>[^()]*), (?P<article>The|A|An|Le|La|Les|L'|Il|Der|Die|Das|El)(?P<rest> \(.*)?$"
)


def spoken(title: str) -> str:
    """Return a title as it is said: "Lion King, The" is "The Lion King"."""
    return _INVERTED.sub(_said, title)


def _said(match: re.Match[str]) -> str:
    article = match["article"] + ("" if match["article"].endswith("'") else " ")
    return f"{article}{match['name']}{match['rest'] or ''}"


def named(row: Row) -> str:
    """Return an item's title with its year, where the data have one."""
    year = row["attributes"].get("year")
    title = spoken(str(row["title"]))
    return f"{title} ({year})" if isinstance(year, int) else title


def listed(words: Sequence[str]) -> str:
    """Join words as a sentence does: "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


_WORDS = "no one two three four five six seven eight nine ten eleven twelve".split()


def counted(n: int, noun: Noun) -> str:
    """Return a number of items as prose has it: "two films", "15 films"."""
    number = _WORDS[n] if n < len(_WORDS) else f"{n:,}"
    return f"{number} {noun.one if n == 1 else noun.many}"


def reason(row: Row, voice: Voice) -> str:
    """Return why an item stands in the list: score and place, neighbours, shared taste."""
    return f"DeepFM {_gives(row, voice, 'it')}, {_standing(row, voice)}. {support(row, voice)}"


def _gives(row: Row, voice: Voice, title: str) -> str:
    if voice.rating:
        return f"expects {voice.subject} to rate {title} {row['score']:.1f}"
    return f"gives {title} a score of {row['score']:.2f}"


def _standing(row: Row, voice: Voice) -> str:
    """Return where the score stands among the scores of all that the user has not seen."""
    unseen = f"the {voice.items(row['n_unseen'])} {voice.subject} {voice.has} not seen"
    if row.get("seen"):
        return f"as high as or higher than {_percent(row['percentile'])} of {unseen}"
    if row["percentile"] >= 100.0 * (row["n_unseen"] - 1) / max(row["n_unseen"], 1) - 1e-3:
        return f"the highest of {unseen}"
    return f"higher than {_percent(row['percentile'])} of {unseen}"


def _percent(value: float) -> str:
    return f"{min(value, 99.9):.1f}%" if value >= 10 else f"{value:.0f}%"


def _neighbour_sentence(row: Row, voice: Voice) -> str:
    """Return how many of the nearest users have the item and who is first among them."""
    total, have = row["n_neighbours"], row["neighbours"]
    if total == 0:
        return f"No other user has {voice.their} {voice.noun.many}, so no neighbour speaks for it."
    group = (
        f"the {total} users most like {voice.them}"
        if total > 1
        else f"the one user like {voice.them}"
    )
    if not have:
        return (
            f"None of {group} has seen it." if total > 1 else f"{_capital(group)} has not seen it."
        )
    first = have[0]
    likeness = f"Jaccard {first['jaccard']:.2f}, {_in_common(first, voice)}"
    if total == 1:
        return f"{_capital(group)}, user {first['user_id']} ({likeness}), has seen it."
    who = f"user {first['user_id']} ({likeness})"
    if len(have) == 1:
        return f"Of {group}, only {who} has seen it."
    if len(have) == total:
        return f"All of {group} have seen it, the nearest of them {who}."
    return f"{len(have)} of {group} have seen it, the nearest of them {who}."


def _in_common(row: Row, voice: Voice) -> str:
    only = "only " if row["intersection"] < WEAK_OVERLAP else ""
    return f"{only}{voice.items(row['intersection'])} in common out of {row['union']:,}"


def _taste_sentence(row: Row, voice: Voice) -> str:
    """Return the attribute of the item that stands most often in what the user liked."""
    if not row["taste"] or row["taste"][0]["count"] < 2:
        return ""
    best = row["taste"][0]
    of = f"{best['count']:,} of the {voice.items(best['of'])}"
    return f"{best['value']} stands in {of} {voice.they} liked."


def similar_users(rows: Sequence[Row], voice: Voice) -> str:
    """Return the list of nearest users with the sets behind each value."""
    if not rows:
        return (
            f"Nobody has a {voice.noun.one} in common with {voice.subject}, so nobody is similar."
        )
    one = len(rows) == 1
    who = "user" if one else f"{len(rows)} users"
    head = f"The {who} most like {voice.subject}, by Jaccard similarity"
    head += f" ({voice.noun.many} in common ÷ {voice.noun.many} either has seen):"
    lines = [f"{place}. {_neighbour_line(row, voice)}" for place, row in enumerate(rows, start=1)]
    if rows[0]["intersection"] < WEAK_OVERLAP:
        shared = voice.items(rows[0]["intersection"])
        lines.append(f"This is weak evidence: even the nearest has only {shared} in common.")
    return "\n".join([head, *lines])


def _neighbour_line(row: Row, voice: Voice) -> str:
    shown = [spoken(title) for title in row["shared_titles"]]
    titles = f", such as {listed(shown)}" if shown else ""
    return f"user {row['user_id']}: {row['jaccard']:.2f}, {_in_common(row, voice)}{titles}."


def user_similarity(row: Row, voice: Voice) -> str:
    """Return how alike two users are, with both sets' sizes."""
    one, other = f"user {row['user_id']}", f"user {row['other_id']}"
    sizes = (
        f"{one} has seen {voice.items(row['n_items'])}, {other} {voice.items(row['n_items_other'])}"
    )
    if not row["intersection"]:
        none = f"{_capital(one)} and {other} have no {voice.noun.one} in common"
        return f"{none}, so their Jaccard is 0; {sizes}."
    text = (
        f"The Jaccard similarity of {one} and {other} is {row['jaccard']:.2f}: "
        f"{voice.items(row['intersection'])} in common out of the {row['union']:,} either has seen "
        f"({sizes})."
    )
    shown = [spoken(title) for title in row["shared_titles"]]
    more = row["intersection"] - len(shown)
    text += f" In common: {listed([*shown, f'{more:,} more'] if more else shown)}."
    if row["intersection"] < WEAK_OVERLAP:
        text += f" With only {voice.items(row['intersection'])} in common this says little."
    return text


def most_similar(rows: Sequence[Row]) -> str:
    """Return which of several others is most like a user."""
    best = max(row["jaccard"] for row in rows)
    first = [f"user {row['other_id']}" for row in rows if row["jaccard"] == best]
    who = listed(first)
    if len(first) > 1:
        return f"Equally like user {rows[0]['user_id']}: {who}, with {best:.2f}."
    return f"Of these, {who} is most like user {rows[0]['user_id']}."


def prediction(row: Row, voice: Voice) -> str:
    """Return whether the user will like an item: verdict, score, its place, the usual score."""
    title = named(row)
    sentence = f"{_verdict(row['percentile'])}: DeepFM {_gives(row, voice, title)}"
    sentence += f", {_standing(row, voice)}"
    if row["mean_score"] is not None:
        sentence += f"; their average is {row['mean_score']:.2f}"
    if not row["seen"]:
        return sentence + "."
    rated = f" and rated it {row['label']:g}" if row["label"] is not None else ""
    return f"{_capital(voice.subject)} {voice.has} already seen {title}{rated}. {sentence}."


def support(row: Row, voice: Voice) -> str:
    """Return what speaks for an item beside its score: neighbours who have it, shared taste."""
    parts = (_neighbour_sentence(row, voice), _taste_sentence(row, voice))
    return " ".join(part for part in parts if part)


def _verdict(percentile: float) -> str:
    steps = ((95, "Very likely"), (80, "Likely"), (50, "Perhaps"), (20, "Rather not"))
    return next((words for least, words in steps if percentile >= least), "Unlikely")


def popular_reason(row: Row, voice: Voice) -> str:
    """Return why an item stands in a list that is not personal."""
    return f"{row['n_users']:,} {'user has' if row['n_users'] == 1 else 'users have'} seen it."


def numbered(rows: Sequence[Row], reasons: Mapping[str, str]) -> str:
    """Return the list as lines: place, title and reason."""
    return "\n".join(f"{row['rank']}. {named(row)}: {reasons[row['item_id']]}" for row in rows)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def claim(claimed: float, computed: float) -> str:
    """Return what is said to somebody who has another number than the computed one."""
    decimals = len(f"{claimed:g}".partition(".")[2])
    if abs(claimed - computed) <= 0.5 * 10.0**-decimals + 1e-9:
        return f"Your {claimed:g} agrees with the {computed:.4f} computed here."
    return f"You have {claimed:g}; recomputed from the data it is {computed:.4f}, and that stands."
