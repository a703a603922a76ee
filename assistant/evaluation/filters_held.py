"""Whether an item passes the filter a question was read to have, by the data alone.

The expression is the `filters` of an answer's `question`. It is read here a second time, item by
item and without the masks that made the list, so that a fault in those would be seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assistant.evaluation.list_quality import Shelf


def passes(item_id: str, expression: Mapping[str, Any] | None, shelf: Shelf) -> bool:
    """Tell whether an item meets an expression; None, or `all` of nothing, asks for nothing."""
    match expression:
        case None:
            return True
        case {"all": parts}:
            return all(passes(item_id, part, shelf) for part in parts)
        case {"any": parts}:
            return any(passes(item_id, part, shelf) for part in parts)
        case {"not": part}:
            return not passes(item_id, part, shelf)
        case {"named": _, "items": items}:
            return item_id in items
        case {"audience": {"from": low, "to": high}}:
            return _between(shelf.audience_of(item_id), low, high)
        case {"field": name, "is": value}:
            return value in shelf.values(item_id, name)
        case {"field": name, "from": low, "to": high}:
            numbers = [float(value) for value in shelf.values(item_id, name)]
            return any(_between(number, low, high) for number in numbers)
    raise ValueError(f"{expression!r} is no filter that an answer can have")


def _between(number: float, low: float | None, high: float | None) -> bool:
    return (low is None or number >= low) and (high is None or number <= high)
