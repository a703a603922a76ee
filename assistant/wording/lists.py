"""Words for lists: again, given items, best, rising, unseen by all, varied, what binds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assistant.evidence import Row
from assistant.wording import Voice, counted

Args = Mapping[str, Any]


def again(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return the line above items to see again."""
    if not rows:
        return (
            f"{voice.opens} {voice.has} seen no {voice.noun.one} that fits, so there "
            f"is none to see again."
        )
    order = ", the lowest first" if args.get("lowest") else ""
    by = "own rating, then by DeepFM's score" if rows[0]["label"] is not None else "DeepFM score"
    count = counted(len(rows), voice.noun).capitalize()
    return f"{count} that {voice.subject} {voice.has} already seen, by {voice.their} {by}{order}:"


def again_reason(row: Row, voice: Voice) -> str:
    """Return when an item was seen and how it was rated."""
    when = f" on {row['day']}" if row["day"] else ""
    rated = f" and rated {row['label']:g}" if row["label"] is not None else ""
    return f"seen{when}{rated}; DeepFM's score is {row['score']:.2f}."


def ranked(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return the line above given items in order."""
    if len(rows) == 1:
        return f"Of these only one can be ranked for {voice.subject}:"
    return f"In DeepFM's order for {voice.subject}:"


def ranked_reason(row: Row, voice: Voice) -> str:
    """Return a given item's score, its place, and whether it was seen."""
    score = f"expected rating {row['score']:.1f}" if voice.rating else f"score {row['score']:.2f}"
    if row["seen"]:
        rated = f", rated {row['label']:g}" if row["label"] is not None else ""
        return f"{score}; already seen{rated}."
    return (
        f"{score}, place {row['place']:,} of the {voice.items(row['n_unseen'])} "
        f"{voice.subject} {voice.has} not seen."
    )


def least_likely(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return the line above what somebody had better leave alone."""
    if not rows:
        return ""
    return f"DeepFM scores these lowest of all {voice.subject} {voice.has} not seen:"


def binding(rows: Sequence[Row], voice: Voice) -> str:
    """Return which condition leaves nothing, and the nearest one that would leave something."""
    if not rows or rows[0]["n_together"]:
        return ""
    if rows[0]["n_unseen"] == 0:
        return voice.say("binding_seen_all")
    alone = [row for row in rows if not row["n_alone"]]
    if alone:
        text = voice.say("binding_alone", condition=alone[0]["condition"])
    else:
        each = [
            voice.say("binding_each_one", condition=row["condition"], n=row["n_alone"])
            for row in rows
        ]
        text = voice.say("binding_each", each=voice.book.listed(each))
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
    which = "lowest" if args.get("lowest") else "highest"
    least = args.get("least_users", 20)
    if not rows:
        return f"No {voice.noun.one} has at least {least:,} ratings, so none can be ranked by them."
    return (
        f"The {which} rated of the {voice.items(rows[0]['n_enough'])} with at least {least:,} "
        f"{'rating' if least == 1 else 'ratings'} (not personal):"
    )


def top_reason(row: Row, voice: Voice) -> str:
    """Return an item's mean rating and how many stand behind it."""
    ratings = "rating" if row["n_labels"] == 1 else "ratings"
    return f"mean rating {row['mean_label']:.2f} from {row['n_labels']:,} {ratings}."


def divided(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return the line above the items whose ratings differ most."""
    if not rows:
        return top(rows, voice, args)
    return (
        f"The {voice.noun.many} whose ratings differ most, of the "
        f"{voice.items(rows[0]['n_enough'])} with at least {rows[0]['least_users']:,} ratings "
        "(not personal):"
    )


def divided_reason(row: Row, voice: Voice) -> str:
    """Return how far an item's ratings lie apart, and around what."""
    return (
        f"standard deviation {row['spread']:.2f} around a mean rating of {row['mean_label']:.2f}, "
        f"from {row['n_labels']:,} ratings."
    )


def rising(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return the line above rising items."""
    if not rows:
        return f"No {voice.noun.one} stands out in the newest tenth of the data."
    return (
        f"Seen more often since {rows[0]['since']} (the newest {rows[0]['of_recent']:,} "
        "interactions, a tenth of all) than before:"
    )


def rising_reason(row: Row, voice: Voice) -> str:
    """Return how an item's share has grown."""
    return (
        f"{row['n_recent']:,} of the newest {row['of_recent']:,} interactions, "
        f"{row['n_before']:,} of the "
        f"{row['of_before']:,} before; its share is {row['growth']:.1f} times as large."
    )


def unwatched(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return the line above items nobody has."""
    if not rows or "item_id" not in rows[0]:
        fewest = rows[0]["fewest"] if rows else 0
        who = "user" if fewest == 1 else "users"
        return (
            f"There is none: every {voice.noun.one} has been seen. The fewest is "
            f"{fewest:,} {who}, for {voice.items(rows[0]['n_fewest'])}."
        )
    n = rows[0]["n_unwatched"]
    are = "is" if n == 1 else "are"
    return f"{voice.items(n)} {are} in the catalogue that nobody has seen; by id:"


def unwatched_reason(row: Row, voice: Voice) -> str:
    """Return that nobody has it."""
    return "nobody has seen it."


def varied(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return the line above a varied list, with its cost."""
    if not rows:
        return f"No {voice.noun.one} is left."
    row = rows[0]
    if [one["place"] for one in rows] == list(range(1, len(rows) + 1)):
        same = "the plain list is already as varied as can be, so variety costs nothing"
        return f"{counted(len(rows), voice.noun).capitalize()} for {voice.subject}; {same}:"
    of = "attributes" if row["by_attributes"] else "audiences"
    return (
        f"{counted(len(rows), voice.noun).capitalize()} for {voice.subject}, chosen to differ. "
        f"Variety costs score: the mean is {row['mean_score']:.3f}, where the plain list has "
        f"{row['mean_score_plain']:.3f}; their {of} overlap by {row['likeness']:.2f} on average "
        f"in place of {row['likeness_plain']:.2f}:"
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
    name, row = _field_name(rows[0]["field"], voice), rows[0]
    ends = ("oldest", "newest") if row["field"] == "year" else ("lowest", "highest")
    end = ends[bool(args.get("highest"))]
    of = f"the {voice.items(row['n_found'])}"
    if args.get("user_id"):
        of += f" {voice.subject} {voice.has}{'' if args.get('seen') else ' not'} seen"
    without = f"; {voice.items(row['n_without'])} without a {name} left out"
    return f"By {name}, the {end} first, of {of}{without if row['n_without'] else ''}:"


def in_order_reason(row: Row, voice: Voice) -> str:
    """Return the number an item stands by, and what else there is to go by."""
    said = f"{_field_name(row['field'], voice)} {row['value']:.10g}"
    if row["score"] is None:
        users = "user has" if row["n_users"] == 1 else "users have"
        return f"{said}; {row['n_users']:,} {users} seen it."
    by = f"expected rating {row['score']:.1f}" if voice.rating else f"score {row['score']:.2f}"
    return f"{said}; DeepFM: {by}."


def _field_name(field: str, voice: Voice) -> str:
    return voice.say("year") if field == "year" else field
