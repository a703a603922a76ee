"""Words for lists: again, given items, best, rising, unseen by all, varied, what binds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assistant.evidence import Row
from assistant.wording import Voice

Args = Mapping[str, Any]


def again(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return the line above items to come back to."""
    if not rows:
        return voice.say("again_none")
    by = voice.say("again_by_score" if rows[0]["label"] is None else "again_by_rating")
    lowest = voice.say("again_lowest") if args.get("lowest") else ""
    return voice.say("again", n=len(rows), by=by, lowest=lowest)


def again_reason(row: Row, voice: Voice) -> str:
    """Return when an item was seen and how it was rated."""
    return voice.say(
        "again_reason",
        on=voice.on(row["day"]),
        marked=voice.marked(row["label"]),
        score=row["score"],
    )


def ranked(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return the line above given items in order."""
    return voice.say("ranked_one" if len(rows) == 1 else "ranked")


def ranked_reason(row: Row, voice: Voice) -> str:
    """Return a given item's score, its place, and whether it was seen."""
    score = voice.scored(row["score"])
    if row["seen"]:
        return voice.say("ranked_seen", score=score, marked=voice.marked(row["label"]))
    return voice.say("ranked_place", score=score, place=row["place"], unseen=row["n_unseen"])


def least_likely(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return the line above what somebody had better leave alone."""
    return voice.say("least_likely") if rows else ""


def binding(rows: Sequence[Row], voice: Voice) -> str:
    """Return which condition leaves nothing, and the nearest one that would leave something."""
    if not rows or rows[0]["n_together"]:
        return ""
    if rows[0]["n_unseen"] == 0:
        return voice.say("binding_seen_all")
    alone = [row for row in rows if not row["n_alone"]]
    if alone:
        of_user = voice.addressed or voice.user_id is not None
        sentence = "binding_alone" if of_user else "binding_nobody"
        text = voice.say(sentence, condition=alone[0]["condition"])
    else:
        each = [
            voice.say("binding_each_one", condition=row["condition"], n=row["n_alone"])
            for row in rows
        ]
        text = voice.say("binding_each", each=voice.listed(each))
    loose = max(rows, key=lambda row: row["n_without"])
    if loose["n_without"] and len(rows) > 1:
        text += voice.say("binding_without", condition=loose["condition"], n=loose["n_without"])
    near = next((row for row in rows if "nearest" in row), None)
    if near is not None:
        text += voice.say(
            "binding_nearest",
            nearest=near["nearest"],
            condition=near["condition"],
            n=near["n_nearest"],
        )
    return text


def top(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return the line above the best rated items."""
    least = voice.n_ratings(args.get("least_users", 20))
    if not rows:
        asked = (args.get("filters") or {}).get("all", [])
        only_counts = all("audience" in condition for condition in asked)
        return voice.say("top_none", least=least) if only_counts else ""
    sentence = "top_lowest" if args.get("lowest") else "top_highest"
    enough = rows[0]["n_enough"]
    return voice.say("top_only" if enough == 1 else sentence, n=enough, least=least)


def top_reason(row: Row, voice: Voice) -> str:
    """Return an item's mean rating and how many stand behind it."""
    return voice.say("top_reason", mean=row["mean_label"], count=voice.n_ratings(row["n_labels"]))


def divided(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return the line above the items whose ratings differ most."""
    if not rows:
        return top(rows, voice, args)
    least, enough = voice.n_ratings(rows[0]["least_users"]), rows[0]["n_enough"]
    return voice.say("top_only" if enough == 1 else "divided", n=enough, least=least)


def divided_reason(row: Row, voice: Voice) -> str:
    """Return how far an item's ratings lie apart, and around what."""
    return voice.say(
        "divided_reason",
        spread=row["spread"],
        mean=row["mean_label"],
        count=voice.n_ratings(row["n_labels"]),
    )


def rising(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return the line above rising items."""
    if not rows:
        return voice.say("rising_none")
    return voice.say("rising", since=rows[0]["since"], recent=rows[0]["of_recent"])


def rising_reason(row: Row, voice: Voice) -> str:
    """Return how an item's share has grown."""
    return voice.say(
        "rising_reason",
        n=row["n_recent"],
        recent=row["of_recent"],
        before=row["n_before"],
        of_before=row["of_before"],
        growth=row["growth"],
    )


def unwatched(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return the line above items nobody has."""
    if not rows:
        return voice.say("unwatched_none", fewest=0, n=0)
    row = rows[0]
    if "item_id" not in row:
        return voice.say("unwatched_none", fewest=row["fewest"], n=row["n_fewest"])
    return voice.say("unwatched", n=row["n_unwatched"])


def unwatched_reason(row: Row, voice: Voice) -> str:
    """Return that nobody has it."""
    return voice.say("unwatched_reason")


def varied(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return the line above a varied list, with its cost."""
    if not rows:
        return voice.say("none_left")
    row = rows[0]
    if [one["place"] for one in rows] == list(range(1, len(rows) + 1)):
        return voice.say("varied_same", n=len(rows))
    return voice.say(
        "varied",
        n=len(rows),
        mean=row["mean_score"],
        plain=row["mean_score_plain"],
        of=voice.say("attributes" if row["by_attributes"] else "audiences"),
        likeness=row["likeness"],
        likeness_plain=row["likeness_plain"],
    )


def popular_head(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return the line above a list that is not personal."""
    if not rows:
        return ""
    return voice.say("popular_least" if args.get("least") else "popular_most")


def in_order(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return the line above items in the order of one of their numbers."""
    if not rows:
        return ""
    row = rows[0]
    ends = ("by_oldest", "by_newest") if row["field"] == "year" else ("by_lowest", "by_highest")
    by = voice.say(ends[bool(args.get("highest"))], field=_field_name(row["field"], voice))
    sentence = "in_order"
    if args.get("user_id"):
        sentence = "in_order_seen" if args.get("seen") else "in_order_unseen"
    lacking = row["n_without"]
    without = voice.say("in_order_without", n=lacking) if lacking else ""
    return voice.say(sentence, by=by, n=row["n_found"], without=without)


def in_order_reason(row: Row, voice: Voice) -> str:
    """Return the number an item stands by, and what else there is to go by."""
    field, value = _field_name(row["field"], voice), row["value"]
    if row["score"] is None:
        known = voice.say("popular_reason", n=row["n_users"])
        return voice.say("in_order_reason", field=field, value=value, known=known)
    scored = voice.scored(row["score"])
    return voice.say("in_order_scored", field=field, value=value, scored=scored)


def _field_name(field: str, voice: Voice) -> str:
    return voice.say("year") if field == "year" else field.replace("_", " ")
