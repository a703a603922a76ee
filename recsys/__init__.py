"""The recommender: DeepFM, exact Jaccard neighbours and the one list they make together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recsys.model import Model

__all__ = ["Model"]


def __getattr__(name: str) -> Any:
    """Import the model when it is asked for, so that a room of this package stays light."""
    if name in __all__:
        from recsys.model import Model

        return Model
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
