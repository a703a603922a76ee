"""Words for people: compared, described, and what they have seen."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.evidence import Row
from assistant.wording import Voice, named, spoken, user_similarity
from assistant.wording.lists import Args

WEAK_TASTE = 5
"""Tastes read off fewer items than this are called weak."""
SAME_TASTE = 0.1
"""Mean ratings nearer to each other than this are called equal."""


def comparison(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return two users side by side."""
    row = rows[0]
    lines = [user_similarity(row, voice)]
    for user_id, one in ((row["user_id"], row["one"]), (row["other_id"], row["other"])):
        lines.append(voice.say("brief", user=voice.other(user_id), text=_in_short(one, voice)))
    if row["both_liked"]:
        titles = voice.listed([spoken(title) for title in row["liked_titles"]])
        lines.append(voice.say("both_liked", n=row["both_liked"], titles=titles))
    elif row["both_liked"] == 0 and row["intersection"]:
        lines.append(voice.say("both_liked_none"))
    for gap in row["apart"]:
        lines.append(
            voice.say(
                "differ",
                title=spoken(gap["title"]),
                one=voice.other(row["user_id"]),
                other=voice.other(row["other_id"]),
                label=gap["label"],
                label_other=gap["label_other"],
            )
        )
    return "\n".join(lines)


def _in_short(one: Row, voice: Voice) -> str:
    if not one["n_items"]:
        return voice.say("brief_none")
    mean = one["mean_label"]
    return voice.say(
        "brief_text",
        n=one["n_items"],
        mean="" if mean is None else voice.say("brief_mean", mean=mean),
        tastes=_tastes(one["tastes"], "brief_tastes", voice) if one["tastes"] else "",
    )


def _tastes(tastes: Sequence[Row], sentence: str, voice: Voice) -> str:
    """Return what stands most often in what somebody liked, or had where nothing says liked."""
    counted = [
        voice.say("taste_count", value=one["value"], count=one["count"], of=one["of"])
        for one in tastes
    ]
    name = sentence if voice.graded else f"{sentence}_had"
    return voice.say(name, tastes=voice.listed(counted))


def description(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return a user's history in a few sentences."""
    row = rows[0]
    if not row["n_items"]:
        return voice.say("described_none")
    days = voice.between(row["first_day"], row["last_day"])
    told = [voice.say("described", n=row["n_items"], days=days)]
    if row["mean_label"] is not None:
        n, of = row["n_liked"], row["n_items"]
        liked = "" if n is None else voice.say("described_liked", n=n, of=of)
        mean, everybody = row["mean_label"], row["mean_label_all"]
        told.append(voice.say("described_mean", mean=mean, all=everybody, gladly=liked))
    if row["tastes"]:
        told.append(_tastes(row["tastes"], "described_tastes", voice))
    if row["best_titles"] and row["mean_label"] is not None:
        titles = voice.listed([spoken(title) for title in row["best_titles"]])
        name = "described_best" if voice.graded else "described_best_had"
        told.append(voice.say(name, titles=titles))
    if row["short"]:
        told.append(voice.say("described_short", n=row["n_items"]))
    return voice.joined(told)


def last(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return the line above a user's last, or first, items."""
    if not rows:
        return voice.say("last_none")
    n, seen = len(rows), rows[0]["n_seen"]
    undated = "" if rows[0]["day"] else voice.say("undated")
    if seen == 1:
        return voice.say("last_only", undated=undated)
    which = "first" if args.get("first") else "last"
    sentence = f"{which}_some" if n < seen else f"{which}_all"
    return voice.say(sentence, n=n, of=seen, undated=undated)


def last_reason(row: Row, voice: Voice) -> str:
    """Return when an item was seen and its rating."""
    when = row["day"] or voice.say("done")
    return voice.say("sentence", text=when + voice.marked(row["label"]))


def membership(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return yes or no for each item, with day and rating."""
    return "\n".join(_has(row, voice) for row in rows)


def _has(row: Row, voice: Voice) -> str:
    if not row["seen"]:
        return voice.say("member_no", title=named(row), n=row["n_seen"])
    on, marked = voice.on(row["day"]), voice.marked(row["label"])
    return voice.say("member_yes", title=named(row), on=on, marked=marked)


def shared(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return the line above what two users have both seen, or only the first of them."""
    sentence = "only_one" if args.get("only_first") else "shared"
    users = {"one": voice.other(args["user_id"]), "other": voice.other(args["other_id"])}
    if not rows:
        return voice.say(f"{sentence}_none", **users)
    n = rows[0]["n_found"]
    graded = rows[0]["label"] is not None
    return voice.say(
        sentence,
        **users,
        n=n,
        part="" if n == len(rows) else voice.say("shared_part", n=len(rows)),
        order=voice.say("order_rating" if graded else "order_known", one=users["one"]),
    )


def shared_reason(row: Row, voice: Voice) -> str:
    """Return how the two rated it, and how well known it is."""
    label, other = row["label"], row["label_other"]
    known = voice.say("popular_reason", n=row["n_users"])
    if label is None:
        return known
    sentence = "shared_rated_one" if other is None else "shared_rated"
    return voice.say(sentence, label=label, label_other=other) + known


def taste(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return how somebody took to items of a kind, against what they had otherwise."""
    row = rows[0]
    known = {"n": row["n_matching"], "of": row["n_items"], "condition": row["condition"]}
    if not row["n_items"]:
        return voice.say("taste_nothing")
    if not row["n_matching"]:
        return voice.say("taste_unknown", **known)
    share = row["n_matching"] / row["n_items"]
    told = [voice.say("taste_share", **known, share=share, all=row["share_all"])]
    if row["mean_label"] is None or not voice.graded:
        told.append(voice.say("taste_unrated"))
        return voice.joined(told)
    liked = row["n_liked"]
    told.append(
        voice.say(
            "taste_mean",
            mean=row["mean_label"],
            all=row["mean_label_user"],
            verdict=voice.say(_verdict(row["mean_label"] - row["mean_label_user"])),
            outright="" if liked is None else voice.say("taste_outright", **known, gladly=liked),
        )
    )
    if row["n_matching"] < WEAK_TASTE:
        told.append(voice.say("taste_weak"))
    return voice.joined(told)


def _verdict(gap: float) -> str:
    if abs(gap) < SAME_TASTE:
        return "liked_as_much"
    return "liked_more" if gap > 0 else "liked_less"
