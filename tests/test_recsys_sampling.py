"""Negatives: never the user's own, the asked-for distribution, the same from the same seed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from ingest.dataset.schema import Dataset
from recsys.config import DeepFMConfig, TrainingConfig
from recsys.examples.batches import PairBatch, PairBatches
from recsys.examples.features import FeatureSpace
from recsys.examples.inputs import Inputs
from recsys.examples.sampling import NO_ITEM, NegativeSampler


def sampler_of(rows: np.ndarray, kind: str = "uniform") -> NegativeSampler:
    return NegativeSampler(sparse.csr_array(rows.astype(np.float32)), kind)  # type: ignore[arg-type]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(["uniform", "popularity"]), st.floats(0.05, 1))
def test_a_negative_is_never_one_of_the_users_own_items(
    seed: int, kind: str, density: float
) -> None:
    rng = np.random.default_rng(seed)
    seen = rng.random((6, 11)) < density
    drawn = sampler_of(seen, kind).draw(np.arange(6), 20, rng)
    for user in range(6):
        if seen[user].all():
            assert (drawn[user] == NO_ITEM).all()
        else:
            assert not seen[user, drawn[user]].any()


def test_the_only_item_left_is_found() -> None:
    seen = np.ones((1, 5000), dtype=bool)
    seen[0, 4321] = False
    assert (
        sampler_of(seen).draw(np.zeros(50, int), 1, np.random.default_rng(0)).tolist()
        == [[4321]] * 50
    )


def test_uniform_draws_every_unseen_item_alike() -> None:
    seen = np.zeros((1, 5), dtype=bool)
    seen[0, 2] = True
    drawn = sampler_of(seen).draw(np.zeros(40_000, int), 1, np.random.default_rng(0))
    shares = np.bincount(drawn.ravel(), minlength=5) / 40_000
    assert shares == pytest.approx([1 / 4, 1 / 4, 0, 1 / 4, 1 / 4], abs=0.01)


def test_popularity_draws_by_the_power_three_quarters_of_the_count() -> None:
    seen = np.zeros((20, 4), dtype=bool)
    seen[1:17, 0] = True  # 16 users
    seen[1:2, 1] = True  # 1 user
    drawn = sampler_of(seen, "popularity").draw(np.zeros(40_000, int), 1, np.random.default_rng(0))
    shares = np.bincount(drawn.ravel(), minlength=4) / 40_000
    assert shares == pytest.approx([8 / 9, 1 / 9, 0, 0], abs=0.01)


def test_the_same_seed_draws_the_same_and_the_next_epoch_others() -> None:
    sampler = sampler_of(np.random.default_rng(1).random((30, 100)) < 0.2)
    users = np.arange(30)
    rng = np.random.default_rng(7)
    first, second = sampler.draw(users, 3, rng), sampler.draw(users, 3, rng)
    again = sampler.draw(users, 3, np.random.default_rng(7))
    assert (first == again).all()
    assert (first != second).any()


@pytest.mark.parametrize("kind", ["uniform", "popularity"])
def test_rows_too_many_for_bits_are_searched_with_the_same_result(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = np.random.default_rng(1).random((30, 130)) < 0.7
    users = np.arange(30)
    by_bits = sampler_of(seen, kind).draw(users, 50, np.random.default_rng(3))
    monkeypatch.setattr("recsys.examples.sampling._MOST_BITS", 0)
    searched = sampler_of(seen, kind).draw(users, 50, np.random.default_rng(3))
    assert (by_bits == searched).all()


def dealt(n: int, seed: int, n_negatives: int = 2) -> np.ndarray:
    """Deal n rows whose user, item and negatives follow from their number."""
    from recsys.examples.sampling_kernels import deal

    numbers = np.arange(n, dtype=np.int32)
    negatives = numbers[:, None] + np.arange(4, 4 + n_negatives, dtype=np.int32)
    out = np.empty((n, 3 + n_negatives), np.int32)
    deal(numbers + 1, numbers + 2, negatives, (0,) * out.shape[1], np.uint64(seed), out)
    return out


@pytest.mark.parametrize("n_negatives", [0, 2])
def test_everybody_is_dealt_once_with_what_is_theirs(n_negatives: int) -> None:
    out = dealt(5000, 3, n_negatives)
    assert sorted(out[:, 0]) == list(range(5000))
    assert (np.diff(out[:, 0]) != 1).any()
    assert (out == out[:, :1] + [0, 1, 2, 4, 5][: 3 + n_negatives]).all()


def test_every_order_is_alike() -> None:
    found = np.array([dealt(3, 7919 * seed)[:, 0] for seed in range(30_000)])
    _, counts = np.unique(found, axis=0, return_counts=True)
    assert counts / 30_000 == pytest.approx([1 / 6] * 6, abs=0.01)


def test_an_epoch_holds_every_interaction_once_with_fresh_negatives(films: Dataset) -> None:
    config = DeepFMConfig(embed_size=2)
    inputs = Inputs(FeatureSpace.from_dataset(films, config), films, ())
    batches = PairBatches(inputs, films, TrainingConfig(batch_size=6, n_negatives=2))
    seen = inputs.matrix.toarray() > 0
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(2):
        epoch = [batch for batch in batches.epoch(rng) if isinstance(batch, PairBatch)]
        users = np.concatenate([batch.user_rows for batch in epoch])
        items = np.concatenate([batch.item_rows for batch in epoch])
        valid = np.concatenate([batch.valid for batch in epoch])
        assert sorted(zip(users, items[:, 0], strict=True)) == sorted(
            zip(*seen.nonzero(), strict=True)
        )
        for user, row, allowed in zip(users, items[:, 1:], valid[:, 1:] > 0, strict=True):
            assert allowed.all() == (not seen[user].all())
            assert not seen[user, row[allowed]].any()
        drawn.append(sorted(map(tuple, np.column_stack([users, items]))))
    assert drawn[0] != drawn[1]
