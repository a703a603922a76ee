"""Intervals and comparisons against known values, and how often they are wrong."""

import numpy as np
import pytest
from scipy import stats

from assistant.evaluation.list_quality import kendall_tau
from assistant.evaluation.statistics import (
    adjusted,
    compare,
    estimates,
    holm,
    sign_test,
    smallest_difference,
)
from recsys.scoring.calibration import wilson


def alone(n: int) -> np.ndarray:  # every case its own question
    return np.arange(n)


@pytest.mark.parametrize(
    ("better", "worse"), [(0, 0), (5, 0), (6, 0), (8, 3), (40, 41), (700, 600)]
)
def test_the_sign_test_is_scipys_binomial_test(better: int, worse: int) -> None:
    n = better + worse
    exact = stats.binomtest(better, n, 0.5).pvalue if n else 1.0
    assert sign_test(better, worse) == pytest.approx(exact, abs=2e-4)


def test_holm_is_worked_out_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []


def test_wilson_says_what_ten_clean_cases_leave_open() -> None:
    low, high = wilson(0.0, 10)
    assert (low, high) == pytest.approx((0.0, 0.2775), abs=1e-4)
    found = estimates(np.zeros((10, 1)), alone(10), 0, [True])[0]
    assert (found.mean, found.high) == pytest.approx((0.0, 0.2775), abs=1e-4)


def test_the_bootstrap_interval_is_the_normal_one_for_many_cases() -> None:
    values = np.random.default_rng(0).normal(3.0, 2.0, size=(2000, 1))
    found = estimates(values, alone(2000), 0, [False])[0]
    error = values.std() / np.sqrt(2000)
    assert found.mean == pytest.approx(values.mean())
    assert (found.low, found.high) == pytest.approx(
        (found.mean - 1.96 * error, found.mean + 1.96 * error), abs=0.15 * error
    )


def test_wordings_of_one_question_count_as_one() -> None:
    # 20 questions, each in 10 wordings that answer alike: as uncertain as 20 cases, not 200.
    each = (np.arange(20) % 2).astype(float)
    wide = estimates(np.repeat(each, 10)[:, None], np.repeat(alone(20), 10), 0, [True])[0]
    plain = estimates(each[:, None], alone(20), 0, [True])[0]
    assert wide.n == 200
    assert wide.high - wide.low == pytest.approx(plain.high - plain.low, abs=0.05)


def test_missing_values_are_left_out() -> None:
    values = np.array([[1.0, np.nan], [0.0, np.nan], [np.nan, np.nan]])
    first, second = estimates(values, alone(3), 0, [True, True])
    assert (first.mean, first.n, second.n) == (0.5, 2, 0)


def test_the_same_seed_gives_the_same_bits() -> None:
    values = np.random.default_rng(1).random((50, 2))
    assert estimates(values, alone(50), 5, [True] * 2) == estimates(
        values, alone(50), 5, [True] * 2
    )


def test_a_against_a_is_seen_as_different_in_at_most_five_of_a_hundred_families() -> None:
    generator = np.random.default_rng(7)
    wrong = 0
    for _ in range(200):  # three metrics: two shares, one graded
        n = int(generator.integers(30, 120))
        shares = generator.random((2, n, 2)) < 0.7
        graded = generator.beta(2, 1, (2, n, 1))
        first, second = np.concatenate([shares, graded], axis=2)
        wrong += any(one.seen for one in compare(first, second, alone(n), 0))
    assert wrong <= 10


def test_a_known_effect_is_seen_and_its_size_is_covered() -> None:
    generator = np.random.default_rng(8)
    seen = covered = 0
    for _ in range(60):  # 70 % right against 85 %, 300 cases
        first = (generator.random((300, 1)) < 0.70).astype(float)
        second = (generator.random((300, 1)) < 0.85).astype(float)
        one = compare(first, second, alone(300), 0)[0]
        seen += one.seen
        covered += one.low <= 0.15 <= one.high
    assert seen >= 50
    assert covered >= 53


def test_the_smallest_difference_is_one_that_is_seen_in_eight_of_ten() -> None:
    generator = np.random.default_rng(9)
    noise = generator.normal(0, 1, 400)
    smallest = smallest_difference(noise)
    assert smallest == pytest.approx(2.8 / 20, rel=0.1)
    found = [
        stats.ttest_1samp(generator.normal(smallest, 1, 400), 0).pvalue < 0.05 for _ in range(200)
    ]
    assert 0.7 < sum(map(bool, found)) / 200 < 0.9


def test_few_cases_that_never_differ_can_show_only_large_differences() -> None:
    assert smallest_difference(np.zeros(12)) == pytest.approx(6 / 12)
    one = compare(np.ones((12, 1)), np.ones((12, 1)), alone(12), 0)[0]
    assert not one.seen and (one.better, one.worse) == (0, 0)


def test_nothing_in_common_is_no_difference() -> None:
    one = compare(np.full((3, 1), np.nan), np.ones((3, 1)), alone(3), 0)[0]
    assert (one.n, one.seen) == (0, False)
    assert adjusted([]) == []


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2], [4, 9]])
def test_kendalls_tau_is_scipys(order: list[int]) -> None:
    expected = stats.kendalltau(range(len(order)), order).statistic
    assert kendall_tau(order) == pytest.approx(expected)
    assert kendall_tau([3]) is None
