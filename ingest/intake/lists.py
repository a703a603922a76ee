"""The layout of one user per row with a padded list of items, `1,"[0, 0, 0, 4]"`.

The list holds the items at their places and 0 everywhere else. The 0 is padding, not an item: it is
dropped when read.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from numpy.typing import NDArray

from ingest.intake.assemble import Seen
from ingest.sources.encoding import Encoded, encode

PADDING = "0"
_LIST = r"^\s*\[[^\[\]]*\]\s*$"
_LOOKED_AT = 10


def looks_like_lists(column: Encoded) -> bool:
    """Tell whether the first ten values of a column of text are all lists in square brackets."""
    first = column.codes[column.codes >= 0][:_LOOKED_AT]
    return (
        len(first) > 0 and not bad_lists(column.take(np.flatnonzero(column.codes >= 0)[:10])).any()
    )


def bad_lists(column: Encoded) -> NDArray[np.bool_]:
    """Return a mask of the rows that are not a list in square brackets."""
    good = pc.match_substring_regex(column.values, _LIST).to_numpy(zero_copy_only=False)
    return column.per_value(~good, True)


def n_entries(lists: Encoded) -> int:
    """Return how many entries the lists hold, padding among them."""
    of_each = pc.add(pc.count_substring(lists.values, ","), 1).to_numpy().astype(np.int64)
    return int(lists.per_value(of_each, 0).sum())


def explode_lists(users: Encoded, lists: Encoded) -> Seen:
    """Return the distinct pairs that padded lists stand for, in the order of the rows.

    A list that `bad_lists` names counts as empty. Arrow passes; the cost is that of the text.
    """
    texts = pc.replace_substring_regex(pc.utf8_trim(lists.values, " \t\r\n[]"), r"\s*,\s*", ",")
    written = texts.take(pa.array(lists.codes, mask=bad_lists(lists)))
    parts = pc.split_pattern(written, ",")
    owners = pc.list_parent_indices(parts).to_numpy()
    items = pc.utf8_trim(pc.list_flatten(parts), " '\"")
    none = pc.is_in(items, pa.array(["", PADDING])).to_numpy(zero_copy_only=False)
    item = encode(items.filter(pa.array(~none)))
    user = users.codes[owners[~none]]
    pairs = user.astype(np.int64) * max(len(item.values), 1) + item.codes
    first = np.sort(np.unique(pairs, return_index=True)[1])
    return Seen(Encoded(user, users.values).take(first), item.take(first))
