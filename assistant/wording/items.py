"""Words for items and their audiences."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.evidence import Row
from assistant.wording import Voice, named, spoken
from assistant.wording.lists import Args

WEAK_AUDIENCE = 5
"""Audiences that share fewer users than this are called weak evidence."""
SMALL_AUDIENCE = 20
"""What an audience of fewer users has more often than others is to be taken lightly."""
MAX_VALUES = 20
"""Values of a field that are told."""


def neighbours(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return the line above items like one item, or between several."""
    if not rows:
        return voice.say("like_none")
    seeds = rows[0]["seeds"]
    return voice.say(
        "like_one" if len(seeds) == 1 else "like_between",
        titles=voice.listed([spoken(seed["title"]) for seed in seeds]),
        new=voice.say("like_new") if args.get("user_id") else "",
    )


def neighbour_reason(row: Row, voice: Voice) -> str:
    """Return the overlap of the audiences, and the attributes in common."""
    seeds = row["seeds"]
    parts = [_overlap(seed, len(seeds) > 1, voice) for seed in seeds]
    if row["shared_values"]:
        parts.append(voice.say("both_are", values=voice.listed(row["shared_values"])))
    if min(seed["intersection"] for seed in seeds) < WEAK_AUDIENCE:
        parts.append(voice.say("weak_evidence"))
    return voice.say("sentence", text=voice.say("semicolon").join(parts))


def _overlap(seed: Row, several: bool, voice: Voice) -> str:
    return voice.say(
        "overlap",
        jaccard=seed["jaccard"],
        title=voice.say("overlap_with", title=spoken(seed["title"])) if several else "",
        n=seed["intersection"],
        union=seed["union"],
    )


def similarity(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return how alike two items' audiences are."""
    row = rows[0]
    text = voice.say(
        "item_pair",
        one=spoken(row["title"]),
        other=spoken(row["other_title"]),
        jaccard=row["jaccard"],
        n=row["intersection"],
        union=row["union"],
        n_one=row["n_users"],
        n_other=row["n_users_other"],
    )
    both = row["shared_values"]
    return voice.joined(
        [
            text,
            voice.say("item_pair_values", values=voice.listed(both)) if both else "",
            voice.say("item_pair_weak") if row["intersection"] < WEAK_AUDIENCE else "",
        ]
    )


def also(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return the line above what an audience also sees."""
    if not rows:
        return voice.say("also_none")
    row = rows[0]
    titles = voice.listed([spoken(title) for title in (row["seed_title"], *row["with_titles"])])
    weak = voice.say("also_weak") if row["n_viewers"] < SMALL_AUDIENCE else ""
    return voice.say("also", n=row["n_viewers"], title=titles, weak=weak)


def also_reason(row: Row, voice: Voice) -> str:
    """Return the lift with its counts."""
    return voice.say(
        "also_reason",
        both=row["n_both"],
        viewers=row["n_viewers"],
        n=row["n_users"],
        all=row["n_all"],
        lift=row["lift"],
    )


def audience(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return what is known of an item and of who has it."""
    row = rows[0]
    what = _about(row, voice)
    if not row["n_users"]:
        return voice.say("audience_nobody", what=what)
    told = [
        voice.say(
            "audience",
            what=what,
            n=row["n_users"],
            all=row["n_all"],
            share=row["share"],
            place=row["place"],
            of=row["n_items"],
        )
    ]
    if row["mean_label"] is not None:
        told.append(voice.say("mean_of_it", mean=row["mean_label"], all=row["mean_label_all"]))
    if row["n_liked"] is not None:
        told.append(voice.say("audience_liked", n=row["n_liked"]))
    if row["n_label"] is not None:
        told.append(voice.say("audience_label", n=row["n_label"], label=row["label"]))
    if row["people"]:
        traits = voice.listed([_trait(one, voice) for one in row["people"]])
        told.append(voice.say("audience_people", traits=traits))
    elif row["n_users"] < WEAK_AUDIENCE:
        told.append(voice.say("audience_few"))
    return voice.joined(told)


def _about(row: Row, voice: Voice) -> str:
    """Return an item's title with what the data say of it."""
    told = [
        voice.say(
            "attribute", field=name, value=voice.listed(value) if isinstance(value, list) else value
        )
        for name, value in row["attributes"].items()
        if name != "year"
    ]
    if not told:
        return named(row)
    return voice.say("with_attributes", title=named(row), about=voice.say("semicolon").join(told))


def _trait(one: Row, voice: Voice) -> str:
    if "median" in one:
        return voice.say(
            "trait_median", field=one["field"], median=one["median"], all=one["median_all"]
        )
    return voice.say(
        "trait_value",
        field=one["field"],
        value=one["value"],
        count=one["count"],
        of=one["of"],
        share=one["share_all"],
    )


def matching(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return how many items meet conditions and how they were taken."""
    row = rows[0]
    known = {"n": row["n_matching"], "of": row["n_items"], "condition": row["condition"]}
    if not row["n_seen"]:
        return voice.say("matching_none", **known)
    told = [voice.say("matching", **known, times=row["n_seen"], share=row["share_seen"])]
    if row["mean_label"] is not None:
        told.append(voice.say("mean_of_them", mean=row["mean_label"], all=row["mean_label_all"]))
    titles = voice.listed([spoken(title) for title in row["best_titles"]])
    return voice.joined([*told, voice.say("matching_best", titles=titles)])


def facts(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return what the data hold."""
    row = rows[0]
    told = [
        voice.say(
            "facts",
            name=row["name"],
            users=row["n_users"],
            n=row["n_items"],
            rows=row["n_interactions"],
            density=row["density"],
            days=voice.between(row["first_day"], row["last_day"]),
        )
    ]
    if row["mean_label"] is not None:
        told.append(voice.say("facts_mean", mean=row["mean_label"]))
    told += [_values(name, values, voice) for name, values in row["values"].items()]
    if not row["values"] and not row["numbers"]:
        told.append(voice.say("facts_ids"))
    return voice.joined(told)


def _values(name: str, values: Sequence[str], voice: Voice) -> str:
    shown = voice.book.comma.join(values[:MAX_VALUES])
    n_more = len(values) - MAX_VALUES
    more = voice.say("values_more", n=n_more) if n_more > 0 else ""
    return voice.say("facts_values", field=name, values=shown, more=more)
