"""Words for items and their audiences."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.evidence import Row
from assistant.wording import Voice, listed, named, spoken
from assistant.wording.lists import Args

WEAK_AUDIENCE = 5
"""Audiences that share fewer users than this are called weak evidence."""


def neighbours(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return the line above items like one item, or between several."""
    if not rows:
        return (
            f"No other {voice.noun.one} that fits shares a user with it, so nothing "
            f"can be called like it."
        )
    titles = listed([spoken(seed["title"]) for seed in rows[0]["seeds"]])
    where = "like" if len(rows[0]["seeds"]) == 1 else "that stand between"
    new = f", and that {voice.subject} {voice.has} not seen" if args.get("user_id") else ""
    return (
        f"{voice.noun.many.capitalize()} {where} {titles}{new}, by how much their "
        f"audiences overlap (Jaccard):"
    )


def neighbour_reason(row: Row, voice: Voice) -> str:
    """Return the overlap of the audiences, and the attributes in common."""
    several = len(row["seeds"]) > 1
    parts = [
        f"Jaccard {seed['jaccard']:.2f}{' with ' + spoken(seed['title']) if several else ''} "
        f"({seed['intersection']:,} of the {seed['union']:,} users who have seen either)"
        for seed in row["seeds"]
    ]
    text = "; ".join(parts)
    if row["shared_values"]:
        text += f"; both are {listed(row['shared_values'])}"
    if min(seed["intersection"] for seed in row["seeds"]) < WEAK_AUDIENCE:
        text += "; this is weak evidence"
    return f"{text}."


def similarity(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return how alike two items' audiences are."""
    row = rows[0]
    one, other = spoken(row["title"]), spoken(row["other_title"])
    text = (
        f"The audiences of {one} and {other} have a Jaccard similarity of {row['jaccard']:.2f}: "
        f"{row['intersection']:,} of the {row['union']:,} users who have seen either have seen "
        f"both ({one} {row['n_users']:,}, {other} {row['n_users_other']:,})."
    )
    if row["shared_values"]:
        text += f" Both are {listed(row['shared_values'])}."
    if row["intersection"] < WEAK_AUDIENCE:
        text += " With so few in common this says little."
    return text


def also(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return the line above what an audience also sees."""
    if not rows:
        return "Too few users have seen it for anything to stand out in what else they see."
    row = rows[0]
    weak = " That is a small audience, so take it lightly." if row["n_viewers"] < 20 else ""
    return (
        f"What the {row['n_viewers']:,} users who have seen {spoken(row['seed_title'])} see "
        f"more often than others do:{weak}"
    )


def also_reason(row: Row, voice: Voice) -> str:
    """Return the lift with its counts."""
    return (
        f"{row['n_both']:,} of the {row['n_viewers']:,} have seen it, as have "
        f"{row['n_users']:,} of all "
        f"{row['n_all']:,} users: {row['lift']:.1f} times as often."
    )


def audience(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return what is known of an item and of who has it."""
    row = rows[0]
    title = named(row)
    about = [
        f"{k}: {listed(v) if isinstance(v, list) else v}"
        for k, v in row["attributes"].items()
        if k != "year"
    ]
    text = f"{title}" + (f" ({'; '.join(about)})" if about else "")
    if not row["n_users"]:
        return f"{text}: nobody has seen it."
    have = "has" if row["n_users"] == 1 else "have"
    text += (
        f": {row['n_users']:,} of {row['n_all']:,} users {have} seen it "
        f"({row['share']:.1%}), which is place "
        f"{row['place']:,} of {row['n_items']:,} by audience."
    )
    if row["mean_label"] is not None:
        text += (
            f" Its mean rating is {row['mean_label']:.2f}; over everything it is "
            f"{row['mean_label_all']:.2f}."
        )
    if row["n_liked"] is not None:
        text += f" {row['n_liked']:,} liked it."
    if row["people"]:
        text += f" As a group, its viewers: {listed([_trait(one) for one in row['people']])}."
    elif row["n_users"] < WEAK_AUDIENCE:
        text += " So few have seen it that nothing is said about who they are."
    return text


def _trait(one: Row) -> str:
    if "median" in one:
        return f"median {one['field']} {one['median']:g} (all users: {one['median_all']:g})"
    return (
        f"most often {one['field']} {one['value']}, {one['count']:,} of {one['of']:,} "
        f"({one['share_all']:.0%} of all users)"
    )


def matching(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return how many items meet conditions and how they were taken."""
    row = rows[0]
    are = "is" if row["n_matching"] == 1 else "are"
    text = f"{voice.items(row['n_matching'])} of {row['n_items']:,} {are} {row['condition']}"
    if not row["n_seen"]:
        return f"{text}; nobody has seen any."
    times = "time" if row["n_seen"] == 1 else "times"
    text += f", seen {row['n_seen']:,} {times} in all ({row['share_seen']:.1%} of everything seen)."
    if row["mean_label"] is not None:
        text += (
            f" Their mean rating is {row['mean_label']:.2f}; over everything it is "
            f"{row['mean_label_all']:.2f}."
        )
    return f"{text} Seen by most: {listed([spoken(title) for title in row['best_titles']])}."


def facts(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return what the data hold."""
    row = rows[0]
    text = (
        f"The data set {row['name']} has {row['n_users']:,} users, "
        f"{voice.items(row['n_items'])} and "
        f"{row['n_interactions']:,} interactions ({row['density']:.1%} of all pairs)"
    )
    text += f", from {row['first_day']} to {row['last_day']}." if row["first_day"] else "."
    if row["mean_label"] is not None:
        text += f" The mean rating is {row['mean_label']:.2f}."
    for name, values in row["values"].items():
        shown = values[:20]
        more = f" and {len(values) - 20:,} more" if len(values) > 20 else ""
        text += f" {name.capitalize()}: {', '.join(shown)}{more}."
    if not row["values"] and not row["numbers"]:
        text += f" Of the {voice.noun.many} only ids are known."
    return text
