"""The assistant: questions in, computed and verified answers out."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assistant.chain import RecommendationQA
    from assistant.evaluation.running import evaluate

__all__ = ["RecommendationQA", "evaluate"]

_ROOMS = {"RecommendationQA": "assistant.chain", "evaluate": "assistant.evaluation.running"}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: LangChain takes a while."""
    if name in _ROOMS:
        return getattr(importlib.import_module(_ROOMS[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
