"""Words for explanations: why not, how computed, how sure."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.evidence import Row
from assistant.wording import Voice, named, prediction, spoken, support
from assistant.wording.lists import Args

_MATTERS = 0.05
"""A score that a field of the item changes by less is not told."""
_TOLD = 3
"""Fields of the user that are told."""


def place(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return where each item stands in the user's list, or what keeps it out."""
    return "\n".join(_place(row, voice) for row in rows)


def past(answer_id: str, day: str, item_id: str, rank: int, score: float, voice: Voice) -> str:
    """Return when an item was suggested, as the ledger has it."""
    known = {"answer_id": answer_id, "item_id": item_id, "day": day, "rank": rank}
    return voice.say("past", **known, scored=voice.scored(score))


def _place(row: Row, voice: Voice) -> str:
    title = named(row)
    if row["removed_by"] == "seen":
        return voice.say("place_seen", title=title, marked=voice.marked(row["label"]))
    if row["removed_by"]:
        return voice.say("place_removed", title=title, condition=row["removed_by"])
    scored = voice.scored(row["score"])
    n, rank = row["n_allowed"], row["list_rank"]
    sentence = "place_only" if n == 1 else "place"
    told = voice.say(sentence, title=title, rank=rank, n=n, scored=scored)
    if rank > 1:
        first = voice.scored(row["first_score"])
        told += voice.say("place_first", title=spoken(row["first_title"]), scored=first)
    return voice.joined([voice.say("sentence", text=told), support(row, voice)])


def parts(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return what moved each score most: the item itself, the user's fields, past items."""
    return "\n".join(_parts(row, _of(row, rows, voice), voice) for row in rows)


def parts_in_short(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return what moved each score of a list most, without its numbers."""
    return "\n".join(_parts_in_short(row, _of(row, rows, voice), voice) for row in rows)


def _of(row: Row, rows: Sequence[Row], voice: Voice) -> str:
    """Return " of TITLE" where there are several scores to speak of."""
    return voice.say("parts_of", title=spoken(row["title"])) if len(rows) > 1 else ""


def _parts_in_short(row: Row, of: str, voice: Voice) -> str:
    told = [name for name, _, _ in _strongest(row, voice)]
    sentences = [voice.say("parts_in_short", of=of, told=voice.listed(told))]
    if row["history"]:
        past = voice.listed([spoken(one["title"]) for one in row["history"]])
        sentences.append(voice.say("parts_history", told=past))
    return voice.joined(sentences)


def _strongest(row: Row, voice: Voice) -> list[tuple[str, float, float | None]]:
    """Return the item itself and the user's fields: name, what it adds, the score without it."""
    about: list[tuple[str, float, float | None]] = [
        (voice.say("part_item"), row["item_adds"], None),
        *((_field(one, voice), one["adds"], one["score_without"]) for one in row["fields"][:_TOLD]),
    ]
    return sorted(about, key=lambda one: -abs(one[1]))


def _parts(row: Row, of: str, voice: Voice) -> str:
    told = [
        voice.say("part_without", name=name, adds=adds, without=without)
        if _matters(without, row["score"])
        else voice.say("part", name=name, adds=adds)
        for name, adds, without in _strongest(row, voice)
    ]
    unit = voice.say("unit_rating" if voice.rating else "unit_log_odds")
    sentences = [voice.say("parts", of=of, unit=unit, told=voice.listed(told))]
    if row["history"]:
        past = [
            voice.say("part", name=spoken(one["title"]), adds=one["adds"]) for one in row["history"]
        ]
        sentences.append(voice.say("parts_history", told=voice.listed(past)))
    return voice.joined([*sentences, _item_fields(row, voice)])


def _matters(without: float | None, score: float) -> bool:
    """Tell whether the score without a field is known and another one as it is printed."""
    return without is not None and f"{without:.2f}" != f"{score:.2f}"


def _item_fields(row: Row, voice: Voice) -> str:
    """Return what the score would be without the fields of the item that matter to it."""
    matter = [
        voice.say("field_without", field=_words(one["field"], voice), score=one["score_without"])
        for one in row["item_fields"]
        if one["kind"] != "id"
        and one["score_without"] is not None
        and abs(one["score_without"] - row["score"]) >= _MATTERS
    ]
    if not matter:
        return ""
    return voice.say("fields_without", told=voice.listed(matter))


def _field(part: Row, voice: Voice) -> str:
    """Return what a field of the user is called: "their last 16 films", "their age"."""
    name = _words(part["field"], voice)
    if part["kind"] == "activity":
        return voice.say("field_activity")
    if part["kind"] != "history":
        return voice.say("field_own", field=name)
    span = name.split()[-1]
    if name == "history":
        return voice.say("field_history")
    if span.isdigit():
        return voice.say("field_last_one" if span == "1" else "field_last", n=int(span))
    known = f"field_{span}" in voice.book.sentences
    return voice.say(f"field_{span}") if known else voice.say("field_own", field=name)


def _words(field: str, voice: Voice) -> str:
    """Return the name of a column as words."""
    return voice.say("year") if field == "year" else field.replace("_", " ")


def arithmetic(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return how one item's place came about, number by number."""
    row = rows[0]
    y = voice.say(
        "y_rating" if row["rating"] else "y_log_odds", score=row["score"], y=row["model_value"]
    )
    return voice.say(
        "arithmetic",
        title=named(row),
        y=y,
        votes=row["votes"],
        mean=row["mean_votes"],
        part=row["vote_value"],
        weight=row["weight"],
        total=row["order_value"],
        rank=row["list_rank"],
        of=row["n_ranked"],
    )


def pair_formula(row: Row, voice: Voice) -> str:
    """Return the Jaccard of two users, worked out with their sets."""
    return voice.say(
        "pair_formula",
        one=voice.other(row["user_id"]),
        other=voice.other(row["other_id"]),
        n=row["n_items"],
        m=row["n_items_other"],
        both=row["intersection"],
        union=row["union"],
        jaccard=row["jaccard"],
    )


def certainty(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return what a score, or all scores of a user, stand on."""
    row = rows[0]
    lines = [
        voice.joined([prediction(one, voice), _thin(one, voice), _came_true(one, voice)])
        for one in rows
        if "item_id" in one
    ]
    lines.append(_basis(row, voice))
    lines.append(voice.say("score_is_rating" if voice.rating else "score_is"))
    if "roc_auc" in row["metrics"]:
        lines.append(voice.say("told_apart", share=row["metrics"]["roc_auc"]))
    lines.append(_against_popularity(row["popularity"], voice))
    return "\n".join(filter(None, lines))


def _basis(row: Row, voice: Voice) -> str:
    """Return how much is known of the user."""
    near = voice.say("basis_alone")
    if row["n_near"]:
        sentence = "basis_near_one" if row["n_near"] == 1 else "basis_near"
        overlap, jaccard = row["best_overlap"], row["best_jaccard"]
        near = voice.say(sentence, near=row["n_near"], n=overlap, jaccard=jaccard)
    verdict = voice.say("basis_thin" if row["thin_user"] else "basis_fair")
    return voice.joined([voice.say("basis", n=row["n_items"], near=near), verdict])


def _against_popularity(row: Row | None, voice: Voice) -> str:
    """Return, for a model that is no better than popularity, that it is not."""
    if row is None or row["better"]:
        return ""
    sentence = "no_better_rating" if voice.rating else "no_better"
    return voice.say(sentence, model=row["model"], popular=row["popular"])


def quality(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return how the model did on held-out data."""
    row = rows[0]
    if not row["metrics"]:
        return voice.say("quality_unknown")
    told = voice.book.comma.join(
        voice.say("metric", name=name, value=value)
        for name, value in sorted(row["metrics"].items())
    )
    lines = [voice.say("quality", metrics=told)]
    lines.append(_against_popularity(row["popularity"], voice))
    lines += [
        voice.say(
            "quality_bin",
            n=one["n"],
            low=one["low"],
            high=one["high"],
            observed=one["observed"],
            mean=one["predicted"],
        )
        for one in row["bins"]
    ]
    return "\n".join(filter(None, lines))


def _came_true(row: Row, voice: Voice) -> str:
    """Return what became of held-out predictions as high as this one, with its interval."""
    bin_ = row.get("came_true")
    if bin_ is None:
        return ""
    names = ("n", "low", "high", "observed", "level", "least", "most")
    return voice.say("came_true", **{name: bin_[name] for name in names})


def _thin(row: Row, voice: Voice) -> str:
    told = voice.say("audience_thin" if row["thin_item"] else "popular_reason", n=row["n_users"])
    return told[:1].upper() + told[1:]


def in_general(voice: Voice) -> str:
    """Return how lists and similarities come about, in words and without numbers."""
    return voice.say("in_general")
