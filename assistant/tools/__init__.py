"""Every tool with its wording, and the same as LangChain tools for any agent.

A tool is a typed function from a toolbox and plain arguments to rows; its first docstring line is
what agents read. A new tool is one function in a room beside this file, one wording, one line here.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_type_hints

from pydantic import BaseModel, Field, create_model

from assistant import wording
from assistant.asking.filters import All
from assistant.evidence import Row
from assistant.toolbox import Toolbox
from assistant.tools import crowd, explain, items, lists, people, strangers
from assistant.wording import Voice, voice_over
from assistant.wording import crowd as crowd_words
from assistant.wording import explain as explain_words
from assistant.wording import items as item_words
from assistant.wording import lists as list_words
from assistant.wording import people as people_words
from assistant.wording import strangers as stranger_words
from ingest.errors import WhyrecError

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

Head = Callable[[Sequence[Row], Voice, Mapping[str, Any]], str]


@dataclass(frozen=True)
class Tool:
    """A function that computes rows, and how they are said."""

    compute: Callable[..., list[Row]]
    head: Head
    """Rows, voice and arguments → the answer, or the line above a list."""
    reason: Callable[[Row, Voice], str] | None = None
    """What stands beside each listed item; None where rows are no list of items."""

    def text(self, rows: Sequence[Row], voice: Voice, args: Mapping[str, Any]) -> str:
        """Return the rows in sentences, with ids, for a model to read."""
        head = self.head(rows, voice, args)
        if self.reason is None:
            return head
        lines = [
            f"{row['item_id']}: {wording.named(row)}. {self.reason(row, voice)}"
            for row in rows
            if "item_id" in row
        ]
        return "\n".join([head, *lines] if head else lines) or voice.say("none_left")


def _none(rows: Sequence[Row], voice: Voice, args: Mapping[str, Any]) -> str:
    return ""


def _rows(words: Callable[[Sequence[Row], Voice], str]) -> Head:
    return lambda rows, voice, args: words(rows, voice)


def _scores(rows: Sequence[Row], voice: Voice) -> str:
    return "\n".join(
        f"{wording.prediction(row, voice)} {wording.support(row, voice)}" for row in rows
    )


def _found(row: Row, voice: Voice) -> str:
    return f"similarity {row['similarity']:.2f}"


TOOLS: Mapping[str, Tool] = {
    "similar_users": Tool(Toolbox.similar_users, _rows(wording.similar_users)),
    "user_similarity": Tool(
        Toolbox.user_similarity, _rows(lambda rows, voice: wording.user_similarity(rows[0], voice))
    ),
    "deepfm_score": Tool(Toolbox.deepfm_score, _rows(_scores)),
    "recommend": Tool(Toolbox.recommend, _none, wording.reason),
    "popular_items": Tool(Toolbox.popular, list_words.popular_head, wording.popular_reason),
    "user_profile": Tool(Toolbox.user_profile, _rows(lambda rows, voice: str(rows[0]["profile"]))),
    "find_items": Tool(Toolbox.find_items, _none, _found),
    "watch_again": Tool(lists.watch_again, list_words.again, list_words.again_reason),
    "rank_given": Tool(lists.rank_given, list_words.ranked, list_words.ranked_reason),
    "least_likely": Tool(lists.least_likely, list_words.least_likely, list_words.ranked_reason),
    "filter_counts": Tool(lists.filter_counts, _rows(list_words.binding)),
    "top_rated": Tool(lists.top_rated, list_words.top, list_words.top_reason),
    "most_divided": Tool(lists.most_divided, list_words.divided, list_words.divided_reason),
    "in_order": Tool(lists.in_order, list_words.in_order, list_words.in_order_reason),
    "rising": Tool(lists.rising, list_words.rising, list_words.rising_reason),
    "unwatched": Tool(lists.unwatched, list_words.unwatched, list_words.unwatched_reason),
    "varied": Tool(lists.varied, list_words.varied, wording.reason),
    "item_neighbours": Tool(
        items.item_neighbours, item_words.neighbours, item_words.neighbour_reason
    ),
    "also_seen": Tool(items.also_seen, item_words.also, item_words.also_reason),
    "item_similarity": Tool(items.item_similarity, item_words.similarity),
    "model_quality": Tool(explain.model_quality, explain_words.quality),
    "item_audience": Tool(items.item_audience, item_words.audience),
    "catalogue_facts": Tool(items.catalogue_facts, item_words.facts),
    "compare_users": Tool(people.compare_users, people_words.comparison),
    "describe_user": Tool(people.describe_user, people_words.description),
    "taste_for": Tool(people.taste_for, people_words.taste),
    "shared_history": Tool(people.shared_history, people_words.shared, people_words.shared_reason),
    "similar_pairs": Tool(crowd.similar_pairs, crowd_words.similar_pairs),
    "fans_of": Tool(crowd.fans_of, crowd_words.fans),
    "least_similar": Tool(crowd.least_similar, crowd_words.least_similar),
    "most_active": Tool(crowd.most_active, crowd_words.most_active),
    "likely_users": Tool(crowd.likely_users, crowd_words.likely_users),
    "items_that": Tool(items.items_that, item_words.matching),
    "history": Tool(people.history, people_words.last, people_words.last_reason),
    "membership": Tool(people.membership, people_words.membership),
    "place_in_list": Tool(explain.place_in_list, explain_words.place),
    "list_arithmetic": Tool(explain.list_arithmetic, explain_words.arithmetic),
    "score_parts": Tool(explain.score_parts, explain_words.parts),
    "list_parts": Tool(explain.list_parts, explain_words.parts_in_short),
    "certainty": Tool(explain.certainty, explain_words.certainty),
    "recommend_for_titles": Tool(
        strangers.recommend_for_titles, stranger_words.for_titles, stranger_words.for_titles_reason
    ),
    "recommend_for_segment": Tool(
        strangers.recommend_for_segment, stranger_words.segment, stranger_words.segment_reason
    ),
    "what_if": Tool(strangers.what_if, stranger_words.what_if, stranger_words.what_if_reason),
    "group_list": Tool(strangers.group_list, stranger_words.group, stranger_words.group_reason),
}

_ABOUT: Mapping[str, Any] = {
    "user_id": {"description": "Id of a user in the data."},
    "other_id": {"description": "Id of another user."},
    "user_ids": {"description": "Ids of the users.", "min_length": 1},
    "item_id": {"description": "Id of an item."},
    "other_item_id": {"description": "Id of another item."},
    "item_ids": {"description": "Ids of items."},
    "other_ids": {"description": "Ids of further items that they have, too."},
    "disliked_ids": {"description": "Ids of items that were disliked."},
    "without_items": {"description": "Ids of items to take out of the history."},
    "with_items": {"description": "Ids of items to add to the history."},
    "attributes": {"description": "User attributes, such as {'age': 25}."},
    "n": {"description": "How many items.", "ge": 0, "le": 1000},
    "k": {"description": "How many users.", "ge": 1, "le": 1000},
    "filters": {
        "description": 'Conditions on items: {"all": [{"field": "genres", "is": "Drama"}]}.'
    },
    "by": {"description": "What decides the order."},
    "among_neighbours": {"description": "Only what this many nearest users have.", "ge": 1},
    "topic": {"description": "Only items near this text in meaning."},
    "offset": {"description": "How many of the best to pass over.", "ge": 0},
    "least_score": {"description": "Only items scored at least so high."},
    "liked_by": {"description": "Only what this other user liked."},
    "least_users": {"description": "How many must have rated an item.", "ge": 1},
    "variety": {"description": "0 is by rank alone, 1 as unlike as can be.", "ge": 0, "le": 1},
    "lowest": {"description": "The lowest first."},
    "highest": {"description": "The highest first."},
    "field": {"description": "Name of a number that items have, such as their year."},
    "seen": {"description": "What the user has seen, in place of what is unseen."},
    "least_items": {"description": "How many items each of two users must have.", "ge": 1},
    "least": {"description": "The least popular first."},
    "first": {"description": "The earliest in place of the latest."},
    "fewest": {"description": "The fewest in place of the most."},
    "only_first": {"description": "What only the first has, in place of what both have."},
    "label": {"description": "Only items with this label."},
    "text": {"description": "What the items are about.", "min_length": 1},
}
_NEEDS_ONE = {"deepfm_score", "rank_given", "membership", "place_in_list", "item_neighbours"}


def schema_of(name: str, tool: Tool) -> type[BaseModel]:
    """Return the pydantic model of a tool's arguments, read off its signature."""
    hints = get_type_hints(tool.compute)
    fields: dict[str, Any] = {}
    for argument in list(inspect.signature(tool.compute).parameters.values())[1:]:
        kind = hints[argument.name]
        if argument.name == "filters":
            kind = dict[str, Any] if kind is All else dict[str, Any] | None
        about = dict(_ABOUT.get(argument.name, {}))
        if argument.name == "item_ids" and name in _NEEDS_ONE:
            about["min_length"] = 1
        required = argument.default is inspect.Parameter.empty
        fields[argument.name] = (kind, Field(... if required else argument.default, **about))
    return create_model(f"{name.title().replace('_', '')}Args", **fields)


def langchain_tools(toolbox: Toolbox, rating: bool = False) -> list[BaseTool]:
    """Return every tool; each gives (text, rows), and a sentence for a bad argument."""
    return [_langchain_tool(name, tool, toolbox, rating) for name, tool in TOOLS.items()]


def _langchain_tool(name: str, tool: Tool, toolbox: Toolbox, rating: bool) -> BaseTool:
    from langchain_core.tools import StructuredTool, ToolException

    takes_filters = "filters" in inspect.signature(tool.compute).parameters

    def run(**args: Any) -> tuple[str, list[Row]]:
        try:
            given = dict(args)
            if takes_filters:
                given["filters"] = All.from_json(args.get("filters"), toolbox.dataset)
            rows = tool.compute(toolbox, **given)
        except WhyrecError as error:
            raise ToolException(str(error)) from error
        voice = voice_over(toolbox.dataset, args.get("user_id"), rating=rating)
        return tool.text(rows, voice, args), rows

    return StructuredTool.from_function(
        func=run,
        name=name,
        description=(inspect.getdoc(tool.compute) or "").partition("\n")[0],
        args_schema=schema_of(name, tool),
        response_format="content_and_artifact",
        handle_tool_error=True,
    )
