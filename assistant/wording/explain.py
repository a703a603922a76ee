"""Words for explanations: why not, how computed, how sure."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.evidence import Row
from assistant.wording import Voice, named, prediction, spoken, support
from assistant.wording.lists import Args


def place(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return where each item stands in the user's list, or what keeps it out."""
    return "\n".join(_place(row, voice) for row in rows)


def past(answer_id: str, day: str, item_id: str, rank: int, score: float, voice: Voice) -> str:
    """Return when an item was suggested, as the ledger has it."""
    of = f"an expected rating of {score:.1f}" if voice.rating else f"a score of {score:.2f}"
    return (
        f"It was suggested on {day}, at place {rank:,} with {of}; "
        f"`whyrec why {answer_id} {item_id}` shows what that stood on."
    )


def _place(row: Row, voice: Voice) -> str:
    title = named(row)
    if row["removed_by"] == "seen":
        rated = f" and rated it {row['label']:g}" if row["label"] is not None else ""
        return (
            f"{title} is not suggested because {voice.subject} {voice.has} already "
            f"seen it{rated}: seen {voice.noun.many} never come back."
        )
    if row["removed_by"]:
        return f"{title} is not suggested because it does not meet “{row['removed_by']}”."
    text = (
        f"{title} stands at place {row['list_rank']:,} of the "
        f"{voice.items(row['n_allowed'])} that could be suggested to {voice.subject}; "
        f"DeepFM's score is {row['score']:.2f}"
    )
    if row["list_rank"] > 1:
        text += (
            f", the first on the list, {spoken(row['first_title'])}, has {row['first_score']:.2f}"
        )
    return f"{text}. {support(row, voice)}"


def parts(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return what counted most in each score: the item itself, the user's fields, past items."""
    of = [f" of {spoken(row['title'])}" if len(rows) > 1 else "" for row in rows]
    return "\n".join(_parts(row, before, voice) for row, before in zip(rows, of, strict=True))


def _parts(row: Row, of: str, voice: Voice) -> str:
    about = [(f"the {voice.noun.one} itself", row["item_adds"], None)]
    about += [
        (f"{voice.their} {_field(one, voice)}", one["adds"], one["score_without"])
        for one in row["fields"][:_TOLD]
    ]
    about.sort(key=lambda one: -abs(one[1]))
    told = [
        f"{name} ({_signed(adds)}{_without(without, row['score'])})"
        for name, adds, without in about
    ]
    text = (
        f"In DeepFM's score{of}, against the mean {voice.noun.one} that {voice.subject} "
        f"{voice.has} not seen, counted most: {voice.book.listed(told)}."
    )
    if row["history"]:
        past = [f"{spoken(one['title'])} ({_signed(one['adds'])})" for one in row["history"]]
        text += f" Of the history, {voice.book.listed(past)} added most."
    return text + _item_fields(row, voice)


def _item_fields(row: Row, voice: Voice) -> str:
    """Return what the score would be without the fields of the item that matter to it."""
    matter = [
        (one["field"].replace("_", " "), one["score_without"])
        for one in row["item_fields"]
        if one["kind"] != "id"
        and one["score_without"] is not None
        and abs(one["score_without"] - row["score"]) >= _MATTERS
    ]
    if not matter:
        return ""
    (field, score), *others = matter
    told = [f" Without its {field} the score would be {score:.2f} instead of {row['score']:.2f}"]
    told += [f"without its {name} {without:.2f}" for name, without in others]
    place = "their place" if others else "its place"
    return f"{voice.book.listed(told)}, with the mean {voice.noun.one}'s in {place}."


_MATTERS = 0.05
"""A score that a field of the item changes by less is not told."""
_TOLD = 3
"""Fields of the user that are told."""


def _field(part: Row, voice: Voice) -> str:
    """Return what a field of the user is called: "last 16 films", "age"."""
    name: str = part["field"].replace("_", " ")
    if part["kind"] == "activity":
        return f"number of {voice.noun.many}"
    if part["kind"] != "history" or name == "history":
        return name
    last = name.split()[-1]
    if last.isdigit():
        return f"last {voice.noun.one}" if last == "1" else f"{name} {voice.noun.many}"
    return f"{voice.noun.many} of the {name}"


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")


def _without(score: float | None, now: float) -> str:
    if score is None or f"{score:.2f}" == f"{now:.2f}":
        return ""
    return f"; without it the score would be {score:.2f} instead of {now:.2f}"


def arithmetic(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return how one item's place came about, number by number."""
    row = rows[0]
    y = (
        f"the expected rating {row['score']:.4f}"
        if row["rating"]
        else (
            f"the log-odds of DeepFM's score {row['score']:.4f}, ln(p / (1 − p)) = "
            f"{row['model_value']:.3f}"
        )
    )
    return (
        f"For {named(row)} and {voice.subject}: order = y + weight · ln(votes / mean votes + 0.3). "
        f"y is {y}. The votes of {voice.their} neighbours are {row['votes']:.4g}, "
        f"the mean over all unseen is "
        f"{row['mean_votes']:.4g}, so the second part is {row['vote_value']:.3f}; "
        f"the weight, fitted on held-out data, "
        f"is {row['weight']:.3g}. Together {row['order_value']:.3f}, which is "
        f"place {row['list_rank']:,} of {row['n_ranked']:,}."
    )


def pair_formula(row: Row, voice: Voice) -> str:
    """Return the Jaccard of two users, worked out with their sets."""
    return (
        f"Jaccard = |A ∩ B| / |A ∪ B|, where A and B are the sets of "
        f"{voice.noun.many} users {row['user_id']} and "
        f"{row['other_id']} have seen. |A| = {row['n_items']:,}, |B| = "
        f"{row['n_items_other']:,}, |A ∩ B| = {row['intersection']:,}, "
        f"|A ∪ B| = {row['n_items']:,} + {row['n_items_other']:,} − "
        f"{row['intersection']:,} = {row['union']:,}; "
        f"{row['intersection']:,} / {row['union']:,} = {row['jaccard']:.4f}."
    )


def certainty(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return what a score, or all scores of a user, stand on."""
    row = rows[0]
    lines = [
        prediction(one, voice) + " " + _thin(one, voice) + _came_true(one)
        for one in rows
        if "item_id" in one
    ]
    near = (
        f"the nearest of {voice.their} {row['n_near']} nearest users shares "
        f"{voice.items(row['best_overlap'])} (Jaccard {row['best_jaccard']:.2f})"
        if row["n_near"]
        else f"no other user shares a {voice.noun.one}"
    )
    weak = "That is little to go by." if row["thin_user"] else "That is a fair basis."
    lines.append(
        f"{voice.opens} {voice.has} {voice.items(row['n_items'])} to learn from, and {near}. {weak}"
    )
    if voice.rating:
        lines.append("A score is an expected rating, not a promise.")
    else:
        lines.append(
            f"A score is a calibrated probability: of a {voice.noun.one} the user "
            f"did take and one drawn at random, how likely "
            "this is the one taken. It is no promise of taste."
        )
    if "roc_auc" in row["metrics"]:
        lines.append(
            f"On held-out data the model told the two apart in "
            f"{row['metrics']['roc_auc']:.1%} of cases."
        )
    return "\n".join(lines)


def quality(rows: Sequence[Row], voice: Voice, args: Args) -> str:
    """Return how the model did on held-out data."""
    metrics, bins = rows[0]["metrics"], rows[0]["bins"]
    if not metrics:
        return (
            "Nothing is known of how the model does on held-out data; `whyrec train` measures it."
        )
    told = ", ".join(f"{name} {value:.4g}" for name, value in sorted(metrics.items()))
    lines = [f"On held-out data: {told}. `whyrec evaluate` compares it with baselines."]
    lines += [
        f"Of {one['n']:,} scores from {one['low']:.1f} to {one['high']:.1f}, {one['observed']:.0%} "
        f"came true (mean score {one['predicted']:.2f})."
        for one in bins
    ]
    return "\n".join(lines)


def _came_true(row: Row) -> str:
    """Return what became of held-out predictions as high as this one, with its interval."""
    bin_ = row.get("came_true")
    if bin_ is None:
        return ""
    return (
        f" Of {bin_['n']:,} predictions between {bin_['low']:.1f} and {bin_['high']:.1f} on "
        f"held-out data, {bin_['observed']:.0%} came true ({bin_['level']:.0%} interval: "
        f"{bin_['least']:.0%} to {bin_['most']:.0%})."
    )


def _thin(row: Row, voice: Voice) -> str:
    n = row["n_users"]
    who = "user has" if n == 1 else "users have"
    return (
        f"Only {n:,} {who} seen it, which is thin." if row["thin_item"] else f"{n:,} {who} seen it."
    )


def in_general(voice: Voice) -> str:
    """Return how lists and similarities come about, in words and without numbers."""
    return (
        f"A list is made of two things for every {voice.noun.one} the user has "
        f"not seen: DeepFM's score, and the votes of the "
        "users with the most similar sets. Their similarity is the Jaccard index "
        "|A ∩ B| / |A ∪ B| of the two sets of "
        f"{voice.noun.many}; the list is ordered by y + weight · ln(votes / mean "
        f"votes + 0.3), where y is the log-odds of the "
        "score (or the expected rating), and ties go by id. Name a user, two "
        "users, or a user and an item to see the numbers."
    )
