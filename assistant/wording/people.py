"""Words for people: compared, described, and what they have seen."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.evidence import Row
from assistant.wording import Voice, listed, named, spoken, user_similarity
from assistant.wording.lists import Args


def comparison(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return two users side by side."""
    row = rows[0]
    lines = [user_similarity(row, voice)]
    for user_id, one in ((row["user_id"], row["one"]), (row["other_id"], row["other"])):
        lines.append(f"User {user_id}: {_in_short(one, voice)}")
    if row["both_liked"]:
        titles = listed([spoken(title) for title in row["liked_titles"]])
        lines.append(f"Both liked {voice.items(row['both_liked'])}, such as {titles}.")
    elif row["both_liked"] == 0 and row["intersection"]:
        lines.append(f"There is no {voice.noun.one} that both liked.")
    for gap in row["apart"]:
        lines.append(
            f"They differ on {spoken(gap['title'])}: user {row['user_id']} rated "
            f"it {gap['label']:g}, "
            f"user {row['other_id']} {gap['label_other']:g}."
        )
    return "\n".join(lines)


def _in_short(one: Row, voice: Voice) -> str:
    if not one["n_items"]:
        return f"no {voice.noun.many} yet."
    text = voice.items(one["n_items"])
    if one["mean_label"] is not None:
        text += f", mean rating {one['mean_label']:.2f}"
    if one["tastes"]:
        text += f"; liked most often: {_tastes(one['tastes'])}"
    return f"{text}."


def _tastes(tastes: Sequence[Row]) -> str:
    return listed([f"{one['value']} ({one['count']:,} of {one['of']:,})" for one in tastes])


def description(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return a user's history in a few sentences."""
    row = rows[0]
    if not row["n_items"]:
        return (
            f"{voice.opens} {voice.has} no {voice.noun.many} yet, so nothing can be "
            f"said of {voice.their} taste."
        )
    text = f"{voice.opens} {voice.has} seen {voice.items(row['n_items'])}"
    if row["first_day"]:
        days = (
            f"on {row['first_day']}"
            if row["first_day"] == row["last_day"]
            else f"from {row['first_day']} to {row['last_day']}"
        )
        text += f", {days}"
    text += "."
    if row["mean_label"] is not None:
        text += (
            f" The mean of {voice.their} ratings is {row['mean_label']:.2f} "
            f"(everybody's: {row['mean_label_all']:.2f})"
        )
        text += (
            f", and {row['n_liked']:,} of {row['n_items']:,} were liked."
            if row["n_liked"] is not None
            else "."
        )
    if row["tastes"]:
        had = "liked" if row["mean_label"] is not None else "have seen"
        text += f" What {voice.they} {had} is most often {_tastes(row['tastes'])}."
    if row["best_titles"]:
        text += f" Liked best: {listed([spoken(title) for title in row['best_titles']])}."
    if row["short"]:
        text += (
            f" That is a short history of only {voice.items(row['n_items'])}: "
            f"whatever is computed from it is weak."
        )
    return text


def last(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return the line above a user's last, or first, items."""
    if not rows:
        return f"{voice.opens} {voice.has} seen no {voice.noun.one} yet."
    undated = ", in the order of the file, as the data have no times"
    dated = "" if rows[0]["day"] else undated
    which = "first" if args.get("first") else "last"
    order = "the earliest first" if args.get("first") else "the latest first"
    n, seen = len(rows), rows[0]["n_seen"]
    some = f"The {which} {n:,} of the" if n < seen else "All" if n > 1 else "The"
    return f"{some} {voice.items(seen)} {voice.subject} {voice.has} seen, {order}{dated}:"


def last_reason(row: Row, voice: Voice) -> str:
    """Return when an item was seen and its rating."""
    when = row["day"] or "seen"
    return f"{when}, rated {row['label']:g}." if row["label"] is not None else f"{when}."


def membership(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return yes or no for each item, with day and rating."""
    return "\n".join(_has(row, voice) for row in rows)


def _has(row: Row, voice: Voice) -> str:
    if not row["seen"]:
        return (
            f"No: {named(row)} is not among the {voice.items(row['n_seen'])} "
            f"{voice.subject} {voice.has} seen."
        )
    when = f" on {row['day']}" if row["day"] else ""
    rated = f" and rated it {row['label']:g}" if row["label"] is not None else ""
    return f"Yes: {voice.subject} {voice.has} seen {named(row)}{when}{rated}."


def shared(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return the line above what two users have both seen, or only the first of them."""
    one, other = f"user {args['user_id']}", f"user {args['other_id']}"
    only = bool(args.get("only_first"))
    if not rows:
        none = f"no {voice.noun.one} that fits"
        if only:
            return f"There is {none} that {one} has seen and {other} has not."
        return f"There is {none} that both {one} and {other} have seen."
    n = rows[0]["n_found"]
    part = "" if n == len(rows) else f", the first {len(rows)} of them"
    graded = rows[0]["label"] is not None
    order = f", by the rating of {one}" if graded else ", the best known first"
    what = (
        f"{one} has seen {voice.items(n)} that {other} has not"
        if only
        else f"{one} and {other} have both seen {voice.items(n)}"
    )
    return f"{what[:1].upper()}{what[1:]}{part}{order}:"


def shared_reason(row: Row, voice: Voice) -> str:
    """Return how the two rated it, and how well known it is."""
    who = "user has" if row["n_users"] == 1 else "users have"
    known = f"{row['n_users']:,} {who} seen it"
    if row["label"] is None:
        return f"{known}."
    if row["label_other"] is None:
        return f"rated {row['label']:g}; {known}."
    return f"rated {row['label']:g} and {row['label_other']:g}; {known}."


WEAK_TASTE = 5
"""Tastes read off fewer items than this are called weak."""


def taste(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return how somebody took to items of a kind, against what they had otherwise."""
    row = rows[0]
    what = row["condition"]
    if not row["n_items"]:
        return f"{voice.opens} {voice.has} no {voice.noun.many} yet, so that is not known."
    if not row["n_matching"]:
        return (
            f"That is not known: none of the {voice.items(row['n_items'])} {voice.subject} "
            f"{voice.has} seen is {what}."
        )
    share = row["n_matching"] / row["n_items"]
    text = (
        f"{voice.opens} {voice.has} seen {voice.items(row['n_matching'])} that "
        f"{'is' if row['n_matching'] == 1 else 'are'} {what}, "
        f"{share:.0%} of {voice.their} {row['n_items']:,} (of everybody's: {row['share_all']:.0%})"
    )
    if row["mean_label"] is None:
        return f"{text}; there are no ratings to tell whether they were liked."
    gap = row["mean_label"] - row["mean_label_user"]
    verdict = "as much as the rest" if abs(gap) < 0.1 else "more" if gap > 0 else "less"
    text += (
        f". Their mean rating is {row['mean_label']:.2f}, over all of {voice.their} "
        f"{voice.noun.many} {row['mean_label_user']:.2f}: liked {verdict}"
    )
    if row["n_liked"] is not None:
        text += f", {row['n_liked']:,} of the {row['n_matching']:,} outright"
    weak = (
        f" With so few {voice.noun.many} this says little."
        if row["n_matching"] < WEAK_TASTE
        else ""
    )
    return f"{text}.{weak}"
