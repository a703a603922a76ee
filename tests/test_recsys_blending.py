"""The fitted weight of the neighbours: what helps gets weight, what does not gets none."""

from dataclasses import replace

import numpy as np
import pytest

from ingest.schema import Dataset
from recsys.blending import WEIGHTS, fit_blend
from recsys.holdout import Holdout
from recsys.ranking import BlendConfig


class Fixed:
    """A scorer that says what it is told."""

    def __init__(self, scores: np.ndarray) -> None:
        self._scores = scores.astype(np.float32)

    def score_all(self, users: np.ndarray) -> np.ndarray:
        scores: np.ndarray = self._scores[users]
        return scores


@pytest.fixture
def holdout(films: Dataset) -> Holdout:
    """Hold out the second film of user 3: the neighbours who share the first have it."""
    rows = np.arange(len(films.interactions))
    due = (films.interactions.user == 2) & (films.interactions.item == 1)
    return Holdout(films, rows[~due], rows[due])


def test_neighbours_who_know_better_get_weight(holdout: Holdout) -> None:
    wrong = np.tile(0.5 + np.arange(8) * 1e-3, (7, 1))  # the film that is due comes last
    assert fit_blend(Fixed(wrong), holdout).weight > 0  # type: ignore[arg-type]


def test_neighbours_who_add_nothing_get_none(holdout: Holdout) -> None:
    right = np.where(holdout.due.toarray() > 0, 0.9, 0.1)
    fitted = fit_blend(Fixed(right), holdout, BlendConfig(n_neighbours=7))  # type: ignore[arg-type]
    assert fitted.weight in WEIGHTS
    assert fitted == replace(BlendConfig(n_neighbours=7), weight=0.0)


def test_without_anything_held_out_the_weight_is_zero(films: Dataset) -> None:
    rows = np.arange(len(films.interactions))
    nothing = Holdout(films, rows, rows[:0])
    assert fit_blend(Fixed(np.zeros((7, 8))), nothing).weight == 0  # type: ignore[arg-type]
