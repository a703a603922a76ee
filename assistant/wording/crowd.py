"""Words for what concerns all users: who is least alike, who has the most items."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.evidence import Row
from assistant.wording import Voice, named
from assistant.wording.lists import Args


def least_similar(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return the users least like somebody, and how many share nothing at all."""
    if not rows:
        return voice.say("least_none")
    n, others = rows[0]["n_apart"], rows[0]["n_others"]
    apart = voice.say("least_apart", n=n, others=others) if n else ""
    head = voice.say("least_one" if len(rows) == 1 else "least_many", n=len(rows), apart=apart)
    return _lines(head, [_apart(row, voice) for row in rows])


def _apart(row: Row, voice: Voice) -> str:
    n, union = row["intersection"], row["union"]
    common = (
        voice.say("common", n=n, union=union) if n else voice.say("common_none", n=row["n_items"])
    )
    user, jaccard = voice.other(row["user_id"]), row["jaccard"]
    return voice.say("similar_line", user=user, jaccard=jaccard, common=common, such_as="")


def likely_users(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return who would like an item, of those who have not seen it."""
    if not rows:
        return voice.say("likely_none")
    row = rows[0]
    all_asked = row["n_asked"] == row["n_without"]
    among = "" if all_asked else voice.say("likely_among", n=row["n_asked"])
    head = voice.say("likely", title=named(row), n=row["n_without"], among=among)
    return _lines(head, [_likely(one, voice) for one in rows])


def _likely(row: Row, voice: Voice) -> str:
    user, score = voice.other(row["user_id"]), voice.scored(row["score"])
    return voice.say("likely_line", user=user, score=score, n=row["n_items"])


def most_active(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return who has the most items, or the fewest."""
    if not rows:
        return voice.say("active_none")
    which = "fewest" if args.get("fewest") else "most"
    head = voice.say(f"active_{which}", n=len(rows), median=rows[0]["median_items"])
    return _lines(head, [_active(row, voice) for row in rows])


def _active(row: Row, voice: Voice) -> str:
    mean = row["mean_label"]
    return voice.say(
        "active_line",
        user=voice.other(row["user_id"]),
        n=row["n_items"],
        share=row["share"],
        mean="" if mean is None else voice.say("brief_mean", mean=mean),
    )


def similar_pairs(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return the pairs of users most alike, and among how many they were looked for."""
    if not rows:
        return voice.say("pairs_none")
    row = rows[0]
    least = row["least_items"]
    head = voice.say(
        "pairs_one" if len(rows) == 1 else "pairs_many",
        n=len(rows),
        of=row["n_compared"],
        least=voice.say("pairs_least", n=least) if least > 1 else "",
        most="" if row["n_compared"] == row["n_enough"] else voice.say("pairs_most"),
    )
    return _lines(head, [_pair(one, voice) for one in rows])


def _pair(row: Row, voice: Voice) -> str:
    users = voice.others([row["user_id"], row["other_id"]])
    common = voice.say("common", n=row["intersection"], union=row["union"])
    return voice.say("pairs_line", users=users, jaccard=row["jaccard"], common=common)


def fans(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return who liked most of what meets conditions."""
    if not rows:
        return voice.say("fans_none")
    row = rows[0]
    sentence = "fans_had" if row["n_liked"] is None else "fans_liked"
    head = voice.say(sentence, condition=row["condition"], n=row["n_fans"])
    return _lines(head, [_fan(one, voice) for one in rows])


def _fan(row: Row, voice: Voice) -> str:
    return voice.say(
        "fan_had" if row["n_liked"] is None else "fan_liked",
        user=voice.other(row["user_id"]),
        gladly=row["n_liked"],
        n=row["n_matching"],
        share=row["share"],
        of=row["n_items"],
        mean=row["mean_label"],
    )


def _lines(head: str, lines: Sequence[str]) -> str:
    return "\n".join([head, *(f"{place}. {line}" for place, line in enumerate(lines, start=1))])
