"""Random splits and folds: whole, apart, reproducible, and nobody left without anything."""

import numpy as np
import pytest

from ingest.dataset.schema import Dataset
from ingest.dataset.split import k_folds, split_random


def test_a_random_split_keeps_the_share_of_every_user(films: Dataset) -> None:
    split = split_random(films.interactions, np.random.default_rng(0), 0.5)
    kept = np.bincount(films.interactions.user[split.train], minlength=7)
    assert kept.tolist() == [2, 2, 1, 2, 1, 1, 0]  # of 4, 4, 2, 4, 2, 1 and 0
    assert sorted([*split.train, *split.test]) == list(range(len(films.interactions)))


def test_the_seed_decides_the_split(films: Dataset) -> None:
    draws = [split_random(films.interactions, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert draws[0].test.tolist() == draws[1].test.tolist()
    assert draws[0].test.tolist() != draws[2].test.tolist()


def test_folds_test_every_interaction_once_but_those_of_users_with_one(films: Dataset) -> None:
    folds = k_folds(films.interactions, np.random.default_rng(0), 3)
    tested = np.concatenate([fold.test for fold in folds])
    alone = np.flatnonzero(films.interactions.user == 5)
    assert sorted([*tested, *alone]) == list(range(len(films.interactions)))
    users = set(films.interactions.user.tolist())
    for fold in folds:
        assert not set(fold.train) & set(fold.test)
        assert set(films.interactions.user[fold.train].tolist()) == users


def test_folds_are_of_nearly_the_same_size(ml100k: Dataset) -> None:
    sizes = [len(fold.test) for fold in k_folds(ml100k.interactions, np.random.default_rng(0), 5)]
    assert max(sizes) - min(sizes) < 200


def test_a_split_of_nothing_or_all_and_one_fold_are_refused(films: Dataset) -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="between 0 and 1, not 1.0"):
        split_random(films.interactions, rng, 1.0)
    with pytest.raises(ValueError, match="k must be at least 2, not 1"):
        k_folds(films.interactions, rng, 1)
