"""Metrics against scikit-learn, torchmetrics and fractions written as fractions."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference  # type: ignore[import-untyped]
from torchmetrics.functional import retrieval

from recsys.evaluation import metrics

# two lists of 4; the first user has 3 test items, the second 1
HITS = np.array([[True, False, True, False], [False, False, False, False]])
N_RELEVANT = np.array([3, 1])


def discount(place: int) -> float:
    return 1 / float(np.log2(place + 1))


def test_list_metrics_are_the_fractions_one_can_work_out_by_hand() -> None:
    assert metrics.precision_at_k(HITS).tolist() == [2 / 4, 0]
    assert metrics.recall_at_k(HITS, N_RELEVANT).tolist() == [2 / 3, 0]
    assert metrics.hit_rate_at_k(HITS).tolist() == [1, 0]
    assert metrics.average_precision_at_k(HITS, N_RELEVANT).tolist() == [(1 / 1 + 2 / 3) / 3, 0]
    assert metrics.reciprocal_rank_at_k(HITS[:, ::-1]).tolist() == [1 / 2, 0]


def test_the_ideal_list_of_ndcg_has_as_many_hits_as_there_are_test_items() -> None:
    ideal = discount(1) + discount(2) + discount(3)
    expected = (discount(1) + discount(3)) / ideal
    assert metrics.ndcg_at_k(HITS, N_RELEVANT) == pytest.approx([expected, 0])
    full = np.ones((1, 4), dtype=bool)
    assert metrics.ndcg_at_k(full, np.array([9])) == pytest.approx([1.0])


def test_ndcg_is_scikit_learns_when_every_test_item_is_ranked() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        relevant = rng.random(12) < 0.4
        scores = rng.permutation(12).astype(float)
        if relevant.any():
            hits = relevant[np.argsort(-scores)][None, :5]
            ours = metrics.ndcg_at_k(hits, np.array([relevant.sum()]))[0]
            assert ours == pytest.approx(reference.ndcg_score([relevant], [scores], k=5))


def test_coverage_counts_distinct_items_and_no_padding() -> None:
    assert metrics.coverage_at_k(np.array([[0, 3], [3, -1]]), n_items=8) == 2 / 8


@given(
    st.lists(
        st.tuples(st.booleans(), st.sampled_from([0.1, 0.25, 0.5, 0.75, 0.9])),
        min_size=2,
        max_size=60,
    )
)
def test_metrics_of_scores_agree_with_scikit_learn_ties_included(
    rows: list[tuple[bool, float]],
) -> None:
    labels, scores = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    expected = reference.log_loss(labels, scores, labels=[False, True])
    assert metrics.log_loss(labels, scores) == pytest.approx(expected)
    if labels.all() or not labels.any():
        assert np.isnan(metrics.roc_auc(labels, scores))
    else:
        auc = reference.roc_auc_score(labels, scores)
        assert metrics.roc_auc(labels, scores) == pytest.approx(auc)
    if labels.any():
        precision = reference.average_precision_score(labels, scores)
        assert metrics.pr_auc(labels, scores) == pytest.approx(precision)
    else:
        assert np.isnan(metrics.pr_auc(labels, scores))


def test_metrics_of_ratings_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(1, 6, 50).astype(np.float32)
    guess = truth + rng.normal(size=50)
    assert metrics.rmse(truth, guess) == pytest.approx(
        reference.root_mean_squared_error(truth, guess)
    )
    assert metrics.mae(truth, guess) == pytest.approx(reference.mean_absolute_error(truth, guess))
    assert metrics.r2(truth, guess) == pytest.approx(reference.r2_score(truth, guess))


def test_r2_of_equal_labels_is_not_a_number() -> None:
    assert np.isnan(metrics.r2(np.ones(3), np.zeros(3)))


def test_a_certain_wrong_answer_has_a_large_but_finite_log_loss() -> None:
    assert 30 < metrics.log_loss(np.array([1]), np.array([0.0])) < 40


def test_list_metrics_agree_with_torchmetrics() -> None:
    """Its average precision divides by the hits that are shown, not by min(k, relevant)."""
    rng = np.random.default_rng(0)
    for _ in range(30):
        relevant = rng.random(15) < 0.3
        relevant[rng.integers(15)] = True
        scores = rng.permutation(15).astype(np.float32)
        order = np.argsort(-scores)
        for k in (1, 3, 10):
            hits, n = relevant[order][None, :k], np.array([relevant.sum()])
            given = torch.from_numpy(scores), torch.from_numpy(relevant)
            n_shown = max(int(hits.sum()), 1)
            ours = {
                retrieval.retrieval_precision: metrics.precision_at_k(hits),
                retrieval.retrieval_recall: metrics.recall_at_k(hits, n),
                retrieval.retrieval_hit_rate: metrics.hit_rate_at_k(hits),
                retrieval.retrieval_reciprocal_rank: metrics.reciprocal_rank_at_k(hits),
                retrieval.retrieval_normalized_dcg: metrics.ndcg_at_k(hits, n),
                retrieval.retrieval_average_precision: metrics.average_precision_at_k(hits, n)
                * min(k, n[0])
                / n_shown,
            }
            for theirs, value in ours.items():
                assert value[0] == pytest.approx(float(theirs(*given, top_k=k)), abs=1e-6)


def test_librecommenders_ndcg_forgives_what_is_missed() -> None:
    """One of three test items found, in the first place: ours is far from 1, theirs is 1."""
    hits = np.array([[True, False, False]])
    assert metrics.ndcg_at_k(hits, np.array([3]))[0] == pytest.approx(
        discount(1) / (discount(1) + discount(2) + discount(3))
    )
    theirs = metrics.ndcg_at_k(hits, hits.sum(axis=1))  # the ideal is its own list, sorted
    assert theirs == pytest.approx([1.0])
