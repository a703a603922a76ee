"""Calibration: known answers, and never a ranking turned round."""

import numpy as np
import pytest

from recsys.scoring.calibration import (
    Calibration,
    Reliability,
    cross_fitted,
    fit_platt,
    how_sure,
    reliability,
    wilson,
)


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


def test_how_sure_tells_the_bin_what_came_true_in_it_and_of_how_many() -> None:
    labels = np.repeat([0, 1, 0, 1], [3, 1, 1, 4])
    table = reliability(labels, np.repeat([0.12, 0.18, 0.81, 0.89], [3, 1, 1, 4]))
    sure = how_sure(table, 0.85)
    assert sure is not None
    assert (sure.low, sure.observed, sure.n) == (0.8, 4 / 5, 5)
    assert sure.high == pytest.approx(0.9)
    assert sure.least < 4 / 5 < sure.most
    first = how_sure(table, 0.1)
    assert first is not None and first.observed == 1 / 4
    assert how_sure(table, 0.55) is None
    assert how_sure(None, 0.55) is None


@pytest.mark.parametrize("n_bins", [3, 7, 10, 49])
def test_a_table_comes_back_from_json_the_same(n_bins: int) -> None:
    rng = np.random.default_rng(0)
    table = reliability(rng.integers(0, 2, 300), rng.random(300), n_bins)
    again = Reliability.from_json(table.to_json())
    assert again is not None
    for p in rng.random(20):
        assert how_sure(again, p) == how_sure(table, p)
    assert again.error == table.error
    assert Reliability.from_json([]) is None


def test_wilsons_interval_is_the_one_in_the_tables() -> None:
    assert wilson(8 / 10, 10) == pytest.approx((0.490, 0.943), abs=0.001)
    assert wilson(0.0, 5)[0] == pytest.approx(0, abs=1e-12)


def test_nobody_is_judged_by_a_curve_they_shaped() -> None:
    """Even users are all ones at 5, odd users all zeros there: each side expects the other's."""
    users = np.tile([0, 1], 50)
    raw = np.tile([5.0, 5.0, -5.0, -5.0], 25)
    labels = (users == 0) == (raw > 0)
    table = cross_fitted(raw, labels.astype(int), users, per_user=False)
    assert table is not None
    assert table.error > 0.4
    assert cross_fitted(raw[:0], labels[:0], users[:0], per_user=False) is None
