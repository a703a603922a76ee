"""What each kind of question needs, and the tool calls that answer it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from assistant.asking.arguments import Call, counts_of, list_of, user_of, wanted_of
from assistant.asking.filters import All, Audience
from assistant.asking.question import Question
from assistant.toolbox import N_NEIGHBOURS
from assistant.tools.lists import MEAN_USERS

AGREEMENT_DEPTH = 10
"""How far down two lists are compared, even where fewer items are asked for."""


@dataclass(frozen=True)
class Rule:
    """How a kind of question is answered."""

    calls: Callable[[Question], Sequence[Call]]
    users: int = 0
    """How many users it needs."""
    items: int = 0
    """How many items it needs."""
    takes_items: bool = False
    """Whether it may name items though it needs none."""
    lists: bool = False
    """Whether a number of items is asked for."""
    popular_otherwise: bool = False
    """Whether strangers are given what is popular."""
    data: Literal["labels", "times"] | None = None
    """What the data must have for it."""


def _varied(q: Question) -> list[Call]:
    apart = {"variety": 0.95} if "all_different" in q.wishes else {}
    return [Call("varied", user_of(q) | list_of(q) | apart)]


def _near(q: Question) -> Call:
    return Call("similar_users", user_of(q) | {"k": N_NEIGHBOURS})


def _recommend(q: Question) -> list[Call]:
    wanted = wanted_of(q) | {"by": q.by}
    causes = [Call("list_parts", wanted)] if _asks_why(q) and q.by != "neighbours" else []
    return [_near(q), Call("recommend", wanted), *causes, *counts_of(q)]


def _asks_why(q: Question) -> bool:
    """Tell whether causes are asked for."""
    return "wants_reason" in q.wishes


def _from_neighbours(q: Question) -> list[Call]:
    only = {"by": "neighbours", "among_neighbours": N_NEIGHBOURS}
    return [_near(q), Call("recommend", wanted_of(q) | only), *counts_of(q)]


def _both_ways(q: Question) -> list[Call]:
    deep = wanted_of(q) | {"n": max(q.n, AGREEMENT_DEPTH)}
    return [
        _near(q),
        Call("recommend", deep | {"by": "deepfm"}),
        Call("recommend", deep | {"by": "neighbours"}),
    ]


def _recommend_many(q: Question) -> list[Call]:
    if "liked_by" in q.wishes and len(q.user_ids) == 2:
        one, other = q.user_ids
        return [Call("recommend", wanted_of(q) | {"user_id": one, "by": q.by, "liked_by": other})]
    return [Call("recommend", wanted_of(q) | {"user_id": user, "by": q.by}) for user in q.user_ids]


def _swap(q: Question) -> list[Call]:
    one, other = q.user_ids[:2]
    pairs = ((one, other), (other, one))
    return [
        Call("recommend", list_of(q) | {"user_id": mine, "by": q.by, "liked_by": theirs})
        for mine, theirs in pairs
    ]


def _predict(q: Question) -> list[Call]:
    scores = [
        Call("deepfm_score", {"user_id": user, "item_ids": list(q.item_ids)}) for user in q.user_ids
    ]
    if len(scores) != 1:
        return scores
    return [_near(q), *scores, *(_score_parts(q) if _asks_why(q) else [])]


def _with_items(tool: str) -> Callable[[Question], list[Call]]:
    return lambda q: [Call(tool, user_of(q) | {"item_ids": list(q.item_ids)})]


def _per_item(tool: str) -> Callable[[Question], list[Call]]:
    def calls(q: Question) -> list[Call]:
        label = {} if q.label is None else {"label": q.label}
        return [Call(tool, {"item_id": item, **label}) for item in q.item_ids]

    return calls


def _rank_given(q: Question) -> list[Call]:
    if not q.item_ids:
        return []
    return [Call("rank_given", user_of(q) | {"item_ids": list(q.item_ids)})]


def _again(q: Question) -> list[Call]:
    return [Call("watch_again", user_of(q) | list_of(q))]


def _own_ratings(q: Question) -> list[Call]:
    wanted: dict[str, Any] = {"lowest": True} if "own_lowest" in q.wishes else {}
    if q.label is not None:
        wanted["label"] = q.label
    return [Call("watch_again", user_of(q) | list_of(q) | wanted)]


def _like_item(q: Question) -> list[Call]:
    args = {"item_ids": list(q.item_ids), **list_of(q)}
    if q.user_ids:
        args |= user_of(q)
    return [Call("item_neighbours", args), *counts_of(q)]


def _also_seen(q: Question) -> list[Call]:
    first, *others = q.item_ids
    more = {"other_ids": others} if others else {}
    return [Call("also_seen", {"item_id": first, **list_of(q)} | more)]


def _pair(q: Question) -> list[Call]:
    one, *others = q.user_ids
    return [Call("user_similarity", {"user_id": one, "other_id": other}) for other in others]


def _compare(q: Question) -> list[Call]:
    return [Call("compare_users", {"user_id": q.user_ids[0], "other_id": q.user_ids[1]})]


def _similar(q: Question) -> list[Call]:
    return [Call("similar_users", user_of(q) | {"k": max(q.n, 1)})]


def _shared(only_first: bool) -> Callable[[Question], list[Call]]:
    only = {"only_first": True} if only_first else {}

    def calls(q: Question) -> list[Call]:
        one, other = q.user_ids[:2]
        return [Call("shared_history", list_of(q) | {"user_id": one, "other_id": other} | only)]

    return calls


def _least_similar(q: Question) -> list[Call]:
    return [Call("least_similar", user_of(q) | {"k": max(q.n, 1)})]


def _taste(q: Question) -> list[Call]:
    several = "prefers" in q.wishes and len(q.filters.conditions) > 1
    each = [All((one,)) for one in q.filters.conditions] if several else [q.filters]
    return [Call("taste_for", user_of(q) | {"filters": one.to_json()}) for one in each]


def _item_similarity(q: Question) -> list[Call]:
    one, other = q.item_ids[:2]
    return [Call("item_similarity", {"item_id": one, "other_item_id": other})]


def _likely(q: Question) -> list[Call]:
    return [Call("likely_users", {"item_id": item, "k": max(q.n, 1)}) for item in q.item_ids]


def _active(q: Question) -> list[Call]:
    fewest = {"fewest": True} if "fewest" in q.wishes else {}
    return [Call("most_active", {"k": max(q.n, 1)} | fewest)]


def _pairs(q: Question) -> list[Call]:
    return [Call("similar_pairs", {"k": max(q.n, 1)})]


def _fans(q: Question) -> list[Call]:
    return [Call("fans_of", {"filters": q.filters.to_json(), "k": max(q.n, 1)})]


def _in_order(q: Question) -> list[Call]:
    args = list_of(q) | (user_of(q) if q.user_ids else {})
    if q.order is not None:
        args["field"] = q.order.field
        args |= {"highest": True} if q.order.highest else {}
    args |= {"seen": True} if q.user_ids and "own_seen" in q.wishes else {}
    return [Call("in_order", args), *counts_of(q)]


def _history(q: Question) -> list[Call]:
    first = {"first": True} if "first" in q.wishes else {}
    return [Call("history", user_of(q) | {"n": max(q.n, 1)} | first)]


def _what_if(q: Question) -> list[Call]:
    change: dict[str, Any] = {}
    if q.negated:
        change["without_items"] = [choices[0] for choices in q.negated]
    if q.item_ids:
        change["with_items" if "what_if_with" in q.wishes else "item_ids"] = list(q.item_ids)
    if q.attributes:
        change["attributes"] = dict(q.attributes)
    return [Call("what_if", user_of(q) | list_of(q) | change)]


def _how(q: Question) -> list[Call]:
    if len(q.user_ids) >= 2:
        return _pair(q)[:1]
    if not q.user_ids:
        return []
    if q.item_ids:
        return [Call("list_arithmetic", user_of(q) | {"item_id": item}) for item in q.item_ids]
    first = wanted_of(q) | {"n": 1, "by": "both"}
    return [Call("similar_users", user_of(q) | {"k": 1}), Call("recommend", first)]


def _why(q: Question) -> list[Call]:
    return [*_with_items("place_in_list")(q), *_score_parts(q)]


def _score_parts(q: Question) -> list[Call]:
    return [Call("score_parts", user_of(q) | {"item_id": item}) for item in q.item_ids]


def _certain(q: Question) -> list[Call]:
    return [Call("certainty", user_of(q) | {"item_ids": list(q.item_ids)})]


def _titles(q: Question) -> list[Call]:
    args: dict[str, Any] = {"item_ids": list(q.item_ids), **list_of(q)}
    if q.negated:
        args["disliked_ids"] = [choices[0] for choices in q.negated]
    if q.attributes:
        args["attributes"] = dict(q.attributes)
    return [Call("recommend_for_titles", args), *counts_of(q)]


def _segment(q: Question) -> list[Call]:
    return [Call("recommend_for_segment", {"attributes": dict(q.attributes), **list_of(q)})]


def _group(q: Question) -> list[Call]:
    by = {"by": "least"} if "group_fair" in q.wishes else {}
    return [Call("group_list", {"user_ids": list(q.user_ids), **list_of(q)} | by)]


def _top(lowest: bool) -> Callable[[Question], list[Call]]:
    def calls(q: Question) -> list[Call]:
        least = [c.low for c in q.filters.conditions if isinstance(c, Audience) and c.low]
        args = list_of(q) | {"least_users": int(least[0]) if least else MEAN_USERS}
        return [Call("top_rated", args | ({"lowest": True} if lowest else {})), *counts_of(q)]

    return calls


def _divided(q: Question) -> list[Call]:
    least = _top(lowest=False)(q)[0].args["least_users"]
    return [Call("most_divided", list_of(q) | {"least_users": least}), *counts_of(q)]


def _popular(q: Question) -> list[Call]:
    least = {"least": True} if "least_popular" in q.wishes else {}
    return [Call("popular_items", list_of(q) | least)]


RULES: Mapping[str, Rule] = {
    "recommend": Rule(_recommend, users=1, lists=True, popular_otherwise=True),
    "recommend_from_neighbours": Rule(
        _from_neighbours, users=1, lists=True, popular_otherwise=True
    ),
    "recommend_both_ways": Rule(_both_ways, users=1, lists=True, popular_otherwise=True),
    "recommend_many": Rule(_recommend_many, users=1, lists=True),
    "swap": Rule(_swap, users=2, lists=True),
    "diverse": Rule(
        _varied, users=1, lists=True,
        popular_otherwise=True,
    ),
    "again": Rule(_again, users=1, lists=True),
    "rank_given": Rule(_rank_given, users=1, items=1),
    "predict": Rule(_predict, users=1, items=1),
    "why_recommended": Rule(_why, users=1, items=1),
    "why_last": Rule(_with_items("place_in_list"), items=1),
    "why_not": Rule(_with_items("place_in_list"), users=1, items=1),
    "what_if": Rule(_what_if, users=1, takes_items=True),
    "how_computed": Rule(_how, takes_items=True),
    "certainty": Rule(_certain, users=1, takes_items=True),
    "like_item": Rule(_like_item, items=1, lists=True),
    "also_seen": Rule(_also_seen, items=1, lists=True),
    "audience": Rule(_per_item("item_audience"), items=1),
    "describe_item": Rule(_per_item("item_audience"), items=1),
    "similar_users": Rule(_similar, users=1),
    "user_similarity": Rule(_pair, users=2),
    "compare_users": Rule(_compare, users=2),
    "both_seen": Rule(_shared(only_first=False), users=2, lists=True),
    "only_one_seen": Rule(_shared(only_first=True), users=2, lists=True),
    "least_similar": Rule(_least_similar, users=1),
    "most_active": Rule(_active),
    "similar_pairs": Rule(_pairs),
    "fans": Rule(_fans),
    "in_order": Rule(_in_order, lists=True),
    "likely_users": Rule(_likely, items=1),
    "items_that": Rule(lambda q: [Call("items_that", {"filters": q.filters.to_json()})]),
    "describe_user": Rule(lambda q: [Call("describe_user", user_of(q))], users=1),
    "own_ratings": Rule(_own_ratings, users=1, lists=True, data="labels"),
    "avoid": Rule(
        lambda q: [Call("least_likely", user_of(q) | list_of(q)), *counts_of(q)],
        users=1, lists=True,
    ),
    "compare_items": Rule(_per_item("item_audience"), items=2),
    "taste_check": Rule(_taste, users=1),
    "item_similarity": Rule(_item_similarity, items=2),
    "model_quality": Rule(lambda q: [Call("model_quality", {})]),
    "membership": Rule(_with_items("membership"), users=1, items=1),
    "history": Rule(_history, users=1),
    "from_titles": Rule(_titles, items=1, lists=True),
    "segment": Rule(_segment, lists=True),
    "group": Rule(_group, users=2, lists=True),
    "top_rated": Rule(_top(lowest=False), lists=True, data="labels"),
    "lowest_rated": Rule(_top(lowest=True), lists=True, data="labels"),
    "most_divided": Rule(_divided, lists=True, data="labels"),
    "most_popular": Rule(_popular, lists=True),
    "rising": Rule(lambda q: [Call("rising", list_of(q))], lists=True, data="times"),
    "unwatched": Rule(lambda q: [Call("unwatched", list_of(q))], lists=True),
    "catalogue": Rule(lambda q: [Call("catalogue_facts", {})]),
}  # fmt: skip
