"""Words for people the data do not have, for what would be otherwise, and for groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assistant.evidence import Row
from assistant.wording import Voice, counted, listed, named, spoken, support
from assistant.wording.lists import Args


def for_titles(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return the line above a list for someone known by titles only."""
    if not rows:
        return f"No {voice.noun.one} is left that fits."
    n = len(args["item_ids"])
    liked = listed([spoken(title) for title in rows[0]["from_titles"]])
    weak = " With so few to go by this is a first guess." if n < 3 else ""
    without = (
        f", leaving out the {counted(len(args['disliked_ids']), voice.noun)} disliked"
        if args.get("disliked_ids")
        else ""
    )
    count = counted(len(rows), voice.noun).capitalize()
    return f"{count} for someone who liked {liked}{without}.{weak}"


def for_titles_reason(row: Row, voice: Voice) -> str:
    """Return the score for a stranger and its place."""
    stranger = Voice(voice.noun, "", True, voice.rating)
    text = (
        f"DeepFM's score is {row['score']:.2f}, higher than "
        f"{min(row['percentile'], 99.9):.1f}% of the {voice.items(row['n_unseen'])} "
        f"left."
    )
    return f"{text} {support(row | {'taste': []}, stranger)}" if "neighbours" in row else text


def person(attributes: dict[str, Any]) -> str:
    """Return a described person: "age 25, occupation student"."""
    return ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in attributes.items()
    )


def segment(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return the line above a list for a segment."""
    if not rows:
        return f"No {voice.noun.one} is left that fits."
    who = person(args["attributes"])
    n = rows[0]["n_alike"]
    alike = (
        "nobody in the data is like that"
        if not n
        else (
            f"{n:,} {'user' if n == 1 else 'users'} in the data "
            f"{'is' if n == 1 else 'are'} like that (numbers within five)"
        )
    )
    weak = ", so this rests on little" if n < 20 else ""
    return (
        f"For people with {who}, as a group and not for anyone in person "
        f"({alike}{weak}), DeepFM scores highest:"
    )


def segment_reason(row: Row, voice: Voice) -> str:
    """Return the score for the segment beside that for anybody."""
    return f"score {row['score']:.2f}; for anybody {row['base_score']:.2f}."


def what_if(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return what would be otherwise, before the new list."""
    if not rows:
        return f"No {voice.noun.one} would be left."
    row = rows[0]
    lines = []
    if row["never_had"]:
        lines.append(
            f"{listed([spoken(one) for one in row['never_had']])} "
            f"{'is' if len(row['never_had']) == 1 else 'are'} not in "
            f"{voice.their} history, so leaving that out changes nothing."
        )
    change = []
    if row["n_has"] != row["n_had"]:
        change.append(f"{row['n_has']:,} in place of {voice.items(row['n_had'])}")
    if row["change"]:
        known = person(row["known"])
        change.append(f"{person(row['change'])}{f' in place of {known}' if known else ''}")
    listing = [one for one in rows if not one["asked"]]
    if change:
        lines.append(
            f"Recomputed with {' and '.join(change)}; {row['n_kept']} of the "
            f"first {counted(len(listing), voice.noun)} stay the same."
        )
    for one in rows:
        if one["asked"]:
            lines.append(
                f"{named(one)}: score {one['score']:.3f} in place of "
                f"{one['score_before']:.3f}{_move(one)}."
            )
    lines.append(
        f"Before: {listed([spoken(title) for title in row['first_before']])}. The list would be:"
    )
    return "\n".join(lines)


def _move(row: Row) -> str:
    if row["rank"] is None or row["rank_before"] is None:
        return ""
    return f", place {row['rank']:,} in place of {row['rank_before']:,}"


def what_if_reason(row: Row, voice: Voice) -> str:
    """Return an item's score and place before and after."""
    was = (
        "it was not on the list"
        if row["rank_before"] is None
        else f"it was at place {row['rank_before']:,}"
    )
    return f"score {row['score']:.3f}, before {row['score_before']:.3f}; {was}."


def group(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return the line above a group's list."""
    users = listed([f"user {user_id}" for user_id in args["user_ids"]])
    if not rows:
        return f"No {voice.noun.one} that fits is unseen by all of {users}."
    by = (
        "the least score of any member" if args.get("by") == "least" else "the mean of their scores"
    )
    other = "the mean" if args.get("by") == "least" else "the member least pleased"
    return (
        f"For {users} together, of the {voice.items(rows[0]['n_open'])} none of "
        f"them has seen, by {by} "
        f"(by {other}, {spoken(rows[0]['first_otherwise'])} would be first):"
    )


def group_reason(row: Row, voice: Voice) -> str:
    """Return mean, least and every member's score."""
    members = ", ".join(f"user {one['user_id']} {one['score']:.2f}" for one in row["members"])
    return f"mean {row['score']:.2f}, least {row['least']:.2f} ({members})."
