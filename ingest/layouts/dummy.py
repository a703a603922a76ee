"""The dummy data of the second notebook, seeded, and its layout: one row per user, a padded list.

    user_id,item_id
    1,"[0, 0, 0, 4, 0, 0, 0, 8, 9, 10]"

The list holds the items at their places and 0 everywhere else. The 0 is padding, not an item:
it is dropped when read.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ingest.dataset.schema import Dataset, Noun
from ingest.intake.assemble import Features, assemble
from ingest.intake.lists import explode_lists
from ingest.sources.encoding import encode

N_USERS = 1_000
N_ITEMS = 20
ARTICLES = Noun("article", "articles")


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
    users, lists = (encode(frame.iloc[:, place].tolist()) for place in range(2))
    everyone = Features(pd.DataFrame(index=pd.Index(users.texts(), dtype=object)))
    return assemble(name, explode_lists(users, lists), everyone, Features(), noun)
