"""The fitted weight of the neighbours: what helps gets weight, what does not gets none."""

import numpy as np
import pytest

from ingest.dataset.schema import Dataset
from recsys.evaluation.holdout import Holdout
from recsys.examples.history import Histories
from recsys.lists.blending import fit_blend, start_blend
from recsys.lists.ranking import BlendConfig


class Fixed:
    """A scorer that says what it is told."""

    def __init__(self, scores: np.ndarray) -> None:
        self._scores = scores.astype(np.float32)

    def score_all(self, users: np.ndarray) -> np.ndarray:
        scores: np.ndarray = self._scores[users]
        return scores


@pytest.fixture
def holdout(films: Dataset) -> Holdout:
    """Hold out the second film of user 3: the neighbours who share the first saw it next."""
    rows = np.arange(len(films.interactions))
    due = (films.interactions.user == 2) & (films.interactions.item == 1)
    return Holdout(films, rows[~due], rows[due])


def fitted(scores: np.ndarray, holdout: Holdout, rating: bool = False) -> BlendConfig:
    train = holdout.train
    histories = Histories.from_interactions(train.interactions, train.n_users)
    return fit_blend(Fixed(scores), holdout, histories, start_blend(train, rating))


@pytest.mark.parametrize("rating", [False, True])
def test_neighbours_who_know_better_get_weight(holdout: Holdout, rating: bool) -> None:
    wrong = np.tile(0.5 + np.arange(8) * 1e-3, (7, 1))  # the film that is due comes last
    assert fitted(wrong, holdout, rating).weight > 0


def test_neighbours_who_add_nothing_get_none(films: Dataset) -> None:
    # What is due is user 5's film 107; only user 4 shares his other one, and saw nothing after it.
    rows = np.arange(len(films.interactions))
    due = (films.interactions.user == 4) & (films.interactions.item == 6)
    holdout = Holdout(films, rows[~due], rows[due])
    assert fitted(np.full((7, 8), 0.5), holdout).weight == 0


def test_without_anything_held_out_the_weight_is_zero(films: Dataset) -> None:
    rows = np.arange(len(films.interactions))
    nothing = Holdout(films, rows, rows[:0])
    assert fitted(np.zeros((7, 8)), nothing).weight == 0


def test_neighbours_vote_in_order_only_where_there_are_times(films: Dataset) -> None:
    from dataclasses import replace

    assert start_blend(films, False).votes.in_order
    assert not start_blend(replace(films, has_times=False), False).votes.in_order
