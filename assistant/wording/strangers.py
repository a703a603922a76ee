"""Words for people the data do not have, for what would be otherwise, and for groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from assistant.evidence import Row
from assistant.wording import Voice, named, spoken, support
from assistant.wording.lists import Args

FEW_TITLES = 3
"""With fewer titles than this a list for a stranger is called a first guess."""
FEW_ALIKE = 20
"""A segment of fewer users than this is said to rest on little."""


def for_titles(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return the line above a list for someone known by titles only."""
    if not rows:
        return voice.say("none_left_fits")
    n_without = len(args.get("disliked_ids") or ())
    head = voice.say(
        "for_titles",
        n=len(rows),
        titles=voice.listed([spoken(title) for title in rows[0]["from_titles"]]),
        without=voice.say("for_titles_without", n=n_without) if n_without else "",
    )
    few = len(args["item_ids"]) < FEW_TITLES
    return voice.joined([head, voice.say("first_guess") if few else ""])


def for_titles_reason(row: Row, voice: Voice) -> str:
    """Return the score for a stranger and its place."""
    share, of = row["percentile"], row["n_unseen"]
    name = "for_titles_reason" if share else "for_titles_lowest"
    if share >= 100.0 * (of - 1) / of - 1e-3:
        name = "for_titles_highest" if of > 1 else "for_titles_only"
    text = voice.say(name, score=row["score"], share=share, n=of)
    if "neighbours" not in row:
        return text
    stranger = replace(voice, user_id="", addressed=True)
    return voice.joined([text, support(row | {"taste": []}, stranger)])


def person(attributes: Mapping[str, Any], voice: Voice) -> str:
    """Return a described person: "age 25, occupation student"."""
    return voice.book.comma.join(
        voice.say("trait", field=name, value=f"{value:g}" if isinstance(value, float) else value)
        for name, value in attributes.items()
    )


def segment(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return the line above a list for a segment."""
    if not rows:
        return voice.say("none_left_fits")
    n = rows[0]["n_alike"]
    alike = voice.say("segment_alike" if n else "segment_nobody", n=n)
    weak = voice.say("segment_weak") if n < FEW_ALIKE else ""
    return voice.say("segment", people=person(args["attributes"], voice), alike=alike, weak=weak)


def segment_reason(row: Row, voice: Voice) -> str:
    """Return the score for the segment beside that for anybody."""
    return voice.say("segment_reason", score=voice.scored(row["score"]), base=row["base_score"])


def what_if(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return what would be otherwise, before the new list."""
    if not rows:
        return voice.say("none_left")
    row = rows[0]
    lines = []
    if row["never_had"]:
        titles = voice.listed([spoken(one) for one in row["never_had"]])
        lines.append(voice.say("never_had", titles=titles, n=len(row["never_had"])))
    if change := _change(row, voice):
        n = sum(not one["asked"] for one in rows)
        lines.append(voice.say("what_if", change=change, kept=row["n_kept"], n=n))
    lines += [_asked(one, voice) for one in rows if one["asked"]]
    before = voice.listed([spoken(title) for title in row["first_before"]])
    lines.append(voice.say("what_if_before", titles=before or voice.say("nothing")))
    return "\n".join(lines)


def _change(row: Row, voice: Voice) -> str:
    """Return what was changed: the number of items, or attributes of the person."""
    changes = []
    if row["n_has"] != row["n_had"]:
        changes.append(voice.say("what_if_items", left=row["n_has"], n=row["n_had"]))
    if row["change"]:
        known = person(row["known"], voice)
        instead = voice.say("in_place_of", what=known) if known else ""
        changes.append(person(row["change"], voice) + instead)
    return voice.listed(changes)


def _asked(row: Row, voice: Voice) -> str:
    """Return how one item that was asked about would move."""
    ranks = {"rank": row["rank"], "before": row["rank_before"]}
    moved = "" if None in ranks.values() else voice.say("what_if_place", **ranks)
    return voice.say(
        "what_if_asked",
        title=named(row),
        score=row["score"],
        before=row["score_before"],
        moved=moved,
    )


def what_if_reason(row: Row, voice: Voice) -> str:
    """Return an item's score and place before and after."""
    rank = row["rank_before"]
    was = voice.say("was_absent") if rank is None else voice.say("was_at", rank=rank)
    return voice.say("what_if_reason", score=row["score"], before=row["score_before"], was=was)


def group(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return the line above a group's list."""
    users = voice.others(args["user_ids"])
    if not rows:
        return voice.say("group_none", users=users)
    return voice.say(
        "group_by_least" if args.get("by") == "least" else "group_by_mean",
        users=users,
        n=rows[0]["n_open"],
        title=spoken(rows[0]["first_otherwise"]),
    )


def group_reason(row: Row, voice: Voice) -> str:
    """Return mean, least and every member's score."""
    members = [
        voice.say("member_score", user=voice.other(one["user_id"]), score=one["score"])
        for one in row["members"]
    ]
    told = voice.book.comma.join(members)
    return voice.say("group_reason", mean=row["score"], least=row["least"], members=told)
