"""The toolbox as LangChain tools: pydantic arguments in, text for models and rows for code out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, Field

from assistant import wording
from assistant.evidence import Row
from assistant.filters import All
from assistant.toolbox import N_NEIGHBOURS, Toolbox
from assistant.wording import Voice
from ingest.errors import WhyrecError

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

_USER = Field(description="Id of a user in the data.")
_FILTERS = Field(
    default=None,
    description='Conditions on items, such as {"all": [{"field": "genres", "is": "Drama"}]}.',
)


class SimilarUsersArgs(BaseModel):
    """Arguments of `similar_users`."""

    user_id: str = _USER
    k: int = Field(default=N_NEIGHBOURS, ge=1, description="How many users.")


class UserSimilarityArgs(BaseModel):
    """Arguments of `user_similarity`."""

    user_id: str = _USER
    other_id: str = Field(description="Id of the user to compare with.")


class DeepfmScoreArgs(BaseModel):
    """Arguments of `deepfm_score`."""

    user_id: str = _USER
    item_ids: list[str] = Field(min_length=1, description="Ids of the items to score.")


class RecommendArgs(BaseModel):
    """Arguments of `recommend`."""

    user_id: str = _USER
    n: int = Field(default=5, ge=0, description="How many items.")
    by: Literal["both", "deepfm", "neighbours"] = Field(
        default="both", description="What decides the order."
    )
    filters: dict[str, Any] | None = _FILTERS
    among_neighbours: int | None = Field(
        default=None, ge=1, description="Consider only what this many nearest users have."
    )
    topic: str | None = Field(
        default=None, description="Consider only items near this text in meaning."
    )


class PopularItemsArgs(BaseModel):
    """Arguments of `popular_items`."""

    n: int = Field(default=5, ge=0, description="How many items.")
    filters: dict[str, Any] | None = _FILTERS


class UserProfileArgs(BaseModel):
    """Arguments of `user_profile`."""

    user_id: str = _USER


class FindItemsArgs(BaseModel):
    """Arguments of `find_items`."""

    text: str = Field(min_length=1, description="What the items are about.")
    n: int = Field(default=10, ge=1, description="How many items.")


def langchain_tools(toolbox: Toolbox, rating: bool = False) -> list[BaseTool]:
    """Return every tool; each gives (text, rows), and a sentence for a bad argument."""
    from langchain_core.tools import StructuredTool, ToolException

    noun = toolbox.dataset.noun

    def tool(
        name: str,
        schema: type[BaseModel],
        compute: Callable[..., list[Row]],
        describe: Callable[[list[Row], Voice], str],
        about: str,
    ) -> BaseTool:
        def run(**args: Any) -> tuple[str, list[Row]]:
            try:
                rows = compute(**args)
            except WhyrecError as error:
                raise ToolException(str(error)) from error
            return describe(rows, Voice(noun, args.get("user_id"), rating=rating)), rows

        return StructuredTool.from_function(
            func=run,
            name=name,
            description=about,
            args_schema=schema,
            response_format="content_and_artifact",
            handle_tool_error=True,
        )

    def recommend(filters: dict[str, Any] | None = None, **args: Any) -> list[Row]:
        return toolbox.recommend(filters=All.from_json(filters, toolbox.dataset), **args)

    def popular(n: int, filters: dict[str, Any] | None = None) -> list[Row]:
        return toolbox.popular(n, All.from_json(filters, toolbox.dataset))

    return [
        tool("similar_users", SimilarUsersArgs, toolbox.similar_users, wording.similar_users,
             "Users whose item sets are most like a user's, by exact Jaccard, with its support."),
        tool("user_similarity", UserSimilarityArgs, toolbox.user_similarity, _similarity_text,
             "Exact Jaccard similarity of two users."),
        tool("deepfm_score", DeepfmScoreArgs, toolbox.deepfm_score, _scores_text,
             "DeepFM's score of given items for a user, with its place among the items not seen."),
        tool("recommend", RecommendArgs, recommend, _list_text,
             "The best items a user has not seen, from DeepFM and the user's neighbours."),
        tool("popular_items", PopularItemsArgs, popular, _popular_text,
             "The items most users have; not personal."),
        tool("user_profile", UserProfileArgs, toolbox.user_profile, _profile_text,
             "What the data say of a user: history, taste and attributes."),
        tool("find_items", FindItemsArgs, toolbox.find_items, _found_text,
             "Items nearest in meaning to a text."),
    ]  # fmt: skip


def _similarity_text(rows: Sequence[Row], voice: Voice) -> str:
    return wording.user_similarity(rows[0], voice)


def _scores_text(rows: Sequence[Row], voice: Voice) -> str:
    return "\n".join(
        f"{row['item_id']}: {wording.prediction(row, voice)} {wording.support(row, voice)}"
        for row in rows
    )


def _list_text(rows: Sequence[Row], voice: Voice) -> str:
    lines = [
        f"{row['item_id']}: {wording.named(row)}. {wording.reason(row, voice)}" for row in rows
    ]
    return "\n".join(lines) or f"No {voice.noun.one} is left."


def _popular_text(rows: Sequence[Row], voice: Voice) -> str:
    lines = [
        f"{row['item_id']}: {wording.named(row)}. {wording.popular_reason(row, voice)}"
        for row in rows
    ]
    return "\n".join(lines) or f"No {voice.noun.one} is left."


def _profile_text(rows: Sequence[Row], voice: Voice) -> str:
    return str(rows[0]["profile"])


def _found_text(rows: Sequence[Row], voice: Voice) -> str:
    return "\n".join(
        f"{row['item_id']}: {wording.named(row)}, similarity {row['similarity']:.2f}"
        for row in rows
    )
