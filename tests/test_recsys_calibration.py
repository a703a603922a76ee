"""Calibration: known answers, and never a ranking turned round."""

import numpy as np
import pytest

from recsys.calibration import Calibration, fit_platt, reliability


def test_platt_finds_the_curve_the_labels_were_drawn_from() -> None:
    rng = np.random.default_rng(0)
    raw = rng.normal(size=200_000)
    labels = rng.random(200_000) < 1 / (1 + np.exp(-(0.5 * raw - 1)))
    found = fit_platt(raw, labels, per_user=False)
    assert (found.slope, found.intercept) == pytest.approx((0.5, -1), abs=0.02)
    table = reliability(labels, found.probability(raw.astype(np.float32)))
    assert table.error < 0.01
    assert table.count.sum() == 200_000


def test_a_ranking_is_never_turned_round() -> None:
    raw = np.arange(10.0)
    assert fit_platt(raw, raw < 5, per_user=False).slope > 0


def test_one_label_only_leaves_the_scores_alone() -> None:
    assert fit_platt(np.arange(3.0), np.ones(3), per_user=True) == Calibration(per_user=True)


def test_a_perfect_separation_stays_finite() -> None:
    found = fit_platt(np.array([-1.0, -2, 1, 2]), np.array([0, 0, 1, 1]), per_user=False)
    assert np.isfinite([found.slope, found.intercept]).all()


def test_reliability_is_a_table_one_can_count() -> None:
    table = reliability(np.array([0, 1, 1, 1]), np.array([0.1, 0.1, 0.9, 1.0]), n_bins=2)
    assert table.predicted.tolist() == [0.1, 0.95]
    assert table.observed.tolist() == [1 / 2, 1.0]
    assert table.count.tolist() == [2, 2]
    assert table.error == pytest.approx((2 * 0.4 + 2 * 0.05) / 4)
