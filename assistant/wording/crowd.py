"""Words for what concerns all users: who is least alike, who has the most items."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.evidence import Row
from assistant.wording import Voice, named
from assistant.wording.lists import Args


def least_similar(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return the users least like somebody, and how many share nothing at all."""
    if not rows:
        return f"There is no other user to hold {voice.subject} against."
    first = rows[0]
    head = f"The {len(rows)} users least like {voice.subject}, by Jaccard similarity"
    if len(rows) == 1:
        head = f"The user least like {voice.subject}, by Jaccard similarity"
    if first["n_apart"]:
        apart = "shares" if first["n_apart"] == 1 else "share"
        head += (
            f" ({first['n_apart']:,} of the {first['n_others']:,} others {apart} no "
            f"{voice.noun.one} with {voice.them}; of these, whoever has seen most comes first)"
        )
    return "\n".join([f"{head}:", *(_apart(row, place, voice) for place, row in _places(rows))])


def _places(rows: Sequence[Row]) -> list[tuple[int, Row]]:
    return list(enumerate(rows, start=1))


def _apart(row: Row, place: int, voice: Voice) -> str:
    common = (
        f"{voice.items(row['intersection'])} in common out of {row['union']:,}"
        if row["intersection"]
        else f"none of their {voice.items(row['n_items'])} in common"
    )
    return f"{place}. user {row['user_id']}: {row['jaccard']:.2f}, {common}."


def likely_users(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return who would like an item, of those who have not seen it."""
    if not rows:
        return "Nobody who has not seen it has seen anything its audience has."
    row = rows[0]
    among = "" if row["n_asked"] == row["n_without"] else (
        f", of the {row['n_asked']:,} whose {voice.noun.many} have the audiences most like its own"
    )  # fmt: skip
    head = (
        f"DeepFM scores {named(row)} highest for these of the {row['n_without']:,} users who "
        f"have not seen it{among}:"
    )
    return "\n".join([head, *(_likely(row, voice) for row in rows)])


def _likely(row: Row, voice: Voice) -> str:
    score = f"expected rating {row['score']:.1f}" if voice.rating else f"score {row['score']:.2f}"
    return f"{row['place']}. user {row['user_id']}: {score}, {voice.items(row['n_items'])} seen."


def most_active(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return who has the most items, or the fewest."""
    if not rows:
        return "The data have no users."
    which = "fewest" if args.get("fewest") else "most"
    who = "user" if len(rows) == 1 else f"{len(rows)} users"
    has = "has" if len(rows) == 1 else "have"
    head = (
        f"The {who} who {has} seen the {which} {voice.noun.many} "
        f"(the median user: {rows[0]['median_items']:g}):"
    )
    return "\n".join([head, *(_active(row, voice) for row in rows)])


def _active(row: Row, voice: Voice) -> str:
    mean = "" if row["mean_label"] is None else f", mean rating {row['mean_label']:.2f}"
    share = f"{row['share']:.1%} of all"
    return f"{row['place']}. user {row['user_id']}: {voice.items(row['n_items'])} ({share}){mean}."


def similar_pairs(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return the pairs of users most alike, and among how many they were looked for."""
    if not rows:
        return f"No two users have any {voice.noun.one} in common."
    row = rows[0]
    pairs = "pair of users" if len(rows) == 1 else f"{len(rows)} pairs of users"
    least = f" with at least {voice.items(row['least_items'])}" if row["least_items"] > 1 else ""
    most = "" if row["n_compared"] == row["n_enough"] else " who have the most"
    head = (
        f"The {pairs} most alike by Jaccard similarity, of the {row['n_compared']:,} users"
        f"{least}{most}:"
    )
    return "\n".join([head, *(_pair(row, voice) for row in rows)])


def _pair(row: Row, voice: Voice) -> str:
    return (
        f"{row['place']}. users {row['user_id']} and {row['other_id']}: {row['jaccard']:.2f}, "
        f"{voice.items(row['intersection'])} in common out of {row['union']:,}."
    )


def fans(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return who liked most of what meets conditions."""
    if not rows:
        return f"No user liked any of those {voice.noun.many}."
    row = rows[0]
    did = "seen" if row["n_liked"] is None else "liked"
    who = "user" if len(rows) == 1 else f"{len(rows)} users"
    has = "has" if len(rows) == 1 else "have"
    head = (
        f"The {who} who {has} {did} the most {voice.noun.many} with “{row['condition']}” (of the "
        f"{row['n_fans']:,} who {did} any; of equals, first whoever has little else):"
    )
    return "\n".join([head, *(_fan(row, voice) for row in rows)])


def _fan(row: Row, voice: Voice) -> str:
    share = f"{row['share']:.1%} of their {voice.items(row['n_items'])}"
    if row["n_liked"] is None:
        return f"{row['place']}. user {row['user_id']}: {row['n_matching']:,}, {share}."
    return (
        f"{row['place']}. user {row['user_id']}: liked {row['n_liked']:,} of the "
        f"{row['n_matching']:,} they have seen, {share}; mean rating {row['mean_label']:.2f}."
    )
