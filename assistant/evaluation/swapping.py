"""The same home with one attribute of every user exchanged: does a list hang on who asks?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from assistant.home import OpenHome
from ingest.dataset.schema import Dataset
from recsys.lists.ranking import Recommender
from recsys.scoring.scorer import Scorer


def swapped_home(home: OpenHome, field: str) -> OpenHome:
    """Return `home` as if every user had another value in `field`; the model stays as it is."""
    dataset = swapped_dataset(home.dataset, field)
    old = home.recommender
    scorer = Scorer(old.scorer.trained, dataset) if isinstance(old.scorer, Scorer) else old.scorer
    recommender = Recommender(dataset, scorer, old.blend, old.histories)
    return replace(home, dataset=dataset, recommender=recommender)


def swapped_dataset(dataset: Dataset, field: str) -> Dataset:
    """Return `dataset` with the values of one user field exchanged; missing ones stay missing.

    Of categories each becomes the next in order, the last the first, so that two change places. A
    number x becomes lowest + highest − x.
    """
    kind = next(one.kind for one in dataset.fields_of("user") if one.name == field)
    users = dataset.users
    column = users[field]
    if kind == "dense":
        users[field] = column.min() + column.max() - column
        return replace(dataset, users=users)
    rows = column if kind == "multi" else [() if value is None else (value,) for value in column]
    values = sorted({value for row in rows for value in row})
    other = dict(zip(values, [*values[1:], *values[:1]], strict=True))
    swapped = [tuple(other[value] for value in row) for row in rows]
    cells = swapped if kind == "multi" else [row[0] if row else None for row in swapped]
    users[field] = pd.Series(cells, index=users.index, dtype=object)
    return replace(dataset, users=users)


def scores_differ(home: OpenHome, other: OpenHome, user_id: str | None) -> bool:
    """Tell whether a user has other scores in the other home; nobody's never differ."""
    code = None if user_id is None else home.dataset.user_ids.code(user_id)
    return code is not None and not np.array_equal(
        home.recommender.scores(code), other.recommender.scores(code)
    )
