"""The dummy data of the second notebook, seeded, and its layout: one row per user, a padded list.

    user_id,item_id
    1,"[0, 0, 0, 4, 0, 0, 0, 8, 9, 10]"

The list holds the items at their places and 0 everywhere else. The 0 is padding, not an item:
it is dropped when read.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ingest.assemble import Features, Seen, assemble
from ingest.schema import Columns, Dataset, Noun

N_USERS = 1_000
N_ITEMS = 20
PADDING = "0"
ARTICLES = Noun("article", "articles")
_LIST = r"\s*\[.*\]\s*"


def dummy_lists(seed: int = 0) -> pd.DataFrame:
    """Return 1,000 users × 20 items in the notebook's layout, columns user_id and item_id (text).

    As there, 10,000 (user, item) pairs are drawn with repetition and the distinct ones are kept.
    """
    rng = np.random.default_rng(seed)
    users = rng.integers(1, N_USERS + 1, N_USERS * 10)
    items = rng.integers(1, N_ITEMS + 1, N_USERS * 10)
    grid = np.zeros((N_USERS, N_ITEMS), dtype=np.int64)
    grid[users - 1, items - 1] = items
    ids = [str(user) for user in range(1, N_USERS + 1)]
    return pd.DataFrame({"user_id": ids, "item_id": [str(row) for row in grid.tolist()]}, dtype=str)


def load_dummy(seed: int = 0) -> Dataset:
    """Return the dummy data set: articles, without labels or times."""
    return read_lists(dummy_lists(seed), "dummy", ARTICLES)


def read_lists(frame: pd.DataFrame, name: str, noun: Noun | None = None) -> Dataset:
    """Read a table whose first column is the user and whose second is a padded list of items.

    Users whose list is all padding stay in the catalogue.
    """
    seen, everyone = explode_lists(frame.iloc[:, 0], frame.iloc[:, 1])
    return assemble(name, seen, everyone, Features(), noun)


def explode_lists(users: pd.Series, lists: pd.Series) -> tuple[Seen, Features]:
    """Return the pairs that padded lists stand for, and the table of all users, without features.

    `find_bad_lists` tells beforehand which lists cannot be read.
    """
    items = lists.str.strip().str.strip("[]").str.split(",").explode()
    items = items.str.strip().str.strip("'\"")
    items = items[~items.isin([PADDING, ""])]
    pairs = pd.DataFrame({Columns.USER: users.loc[items.index], Columns.ITEM: items})
    pairs = pairs.drop_duplicates(ignore_index=True)
    everyone = Features(pd.DataFrame(index=pd.Index(users.unique(), dtype=object)))
    return Seen(pairs[Columns.USER], pairs[Columns.ITEM]), everyone


def looks_like_lists(column: pd.Series) -> bool:
    """Tell whether the first ten values of a column of text are all lists in square brackets."""
    first = column.dropna().head(10).astype(str)
    return len(first) > 0 and bool(first.str.fullmatch(_LIST).all())


def find_bad_lists(column: pd.Series) -> NDArray[np.bool_]:
    """Return a mask of the rows that are not a list in square brackets."""
    return ~column.astype(str).str.fullmatch(_LIST).to_numpy(np.bool_)
