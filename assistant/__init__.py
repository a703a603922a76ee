"""The assistant: questions in, computed and verified answers out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assistant.chain import RecommendationQA

__all__ = ["RecommendationQA"]


def __getattr__(name: str) -> Any:
    """Import the chain when it is asked for: it brings LangChain along, which takes a while."""
    if name in __all__:
        from assistant import chain

        return getattr(chain, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
