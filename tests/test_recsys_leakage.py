"""Nothing of what is tested reaches training or lists: the test part changes, they do not."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from ingest.dataset.schema import Dataset
from recsys import presets
from recsys.evaluate import Protocol, cut_like, hold_out, ranked_lists
from recsys.evaluation import baselines
from recsys.evaluation.holdout import Holdout
from recsys.lists.ranking import Recommender
from recsys.scoring.scorer import Scorer
from recsys.training.train import train_model

PROTOCOLS: tuple[Protocol, ...] = ("r80", "loo")


def taken_over(dataset: Dataset, test: NDArray[np.int64]) -> Dataset:
    """Return `dataset` with other items, labels and far later times in the test rows.

    Only what a test row must keep stays: its user, and that it comes after all of theirs.
    """
    seen, rng = dataset.interactions, np.random.default_rng(1)
    item, label, time = seen.item.copy(), seen.label.copy(), seen.time.copy()
    for user in np.unique(seen.user[test]):
        rows = test[seen.user[test] == user]
        kept = np.setdiff1d(np.flatnonzero(seen.user == user), rows)
        others = np.setdiff1d(np.arange(dataset.n_items), seen.item[kept])
        item[rows] = rng.choice(others, len(rows), replace=False)
    label[test] = 6 - label[test]
    time[test] += 1000 * 86_400 + np.arange(len(test))
    return replace(dataset, interactions=replace(seen, item=item, label=label, time=time))


def shuffled(dataset: Dataset, test: NDArray[np.int64]) -> Dataset:
    """Return `dataset` with the file rows of the test part in another order."""
    order = np.arange(len(dataset.interactions))
    order[test] = np.random.default_rng(2).permutation(test)
    return replace(dataset, interactions=dataset.interactions.take(order))


def everything_learnt(part: Holdout, protocol: Protocol) -> list[NDArray[np.floating]]:
    """Return all that a training on the train part comes to: weights, scores, blend, lists."""
    preset = cut_like(presets.ranking(), protocol)
    quick = replace(preset.training, n_epochs=2, eval_every=1)
    trained = train_model(part.train, preset.config, quick)
    scorer = Scorer(trained, part.train)
    users = np.arange(part.train.n_users, dtype=np.int32)
    recommender = Recommender(part.train, scorer, scorer.blend, scorer.inputs.histories)
    return [
        *trained.weights.values(),
        scorer.score_all(users),
        np.array([trained.calibration.slope, scorer.blend.weight, trained.best_epoch]),
        ranked_lists(recommender, users, "both"),
        baselines.transitions(part.train, baselines.MARKOV).score_all(users),
        baselines.ease(part.seen).score_all(users),
    ]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("change", [taken_over, shuffled])
def test_other_test_rows_change_no_bit_of_what_is_learnt(
    films: Dataset, protocol: Protocol, change: object
) -> None:
    assert callable(change)
    part = hold_out(films, protocol)
    rows = np.flatnonzero(~np.isin(_keys(films), _keys(part.train)))
    other = hold_out(change(films, rows), protocol)
    if change is taken_over:
        assert _keys(other.train).tolist() == _keys(part.train).tolist()
        assert other.test.item.tolist() != part.test.item.tolist()
    for one, two in zip(
        everything_learnt(part, protocol), everything_learnt(other, protocol), strict=True
    ):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_candidates_are_all_items_but_those_of_the_train_part(
    films: Dataset, protocol: Protocol
) -> None:
    part = hold_out(films, protocol)
    lists = part.lists(
        lambda users: np.tile(np.arange(8, 0, -1).astype(np.float32), (len(users), 1)), 8
    )
    for user, items in zip(part.users, lists, strict=True):
        train = part.train.interactions.item[part.train.interactions.user == user]
        assert sorted(items[items >= 0].tolist()) == sorted(set(range(8)) - set(train.tolist()))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_test_row_comes_after_all_that_is_known_of_its_user(
    ml100k: Dataset, protocol: Protocol
) -> None:
    part = hold_out(ml100k, protocol)
    last = np.full(ml100k.n_users, np.iinfo(np.int64).min)
    np.maximum.at(last, part.train.interactions.user, part.train.interactions.time)
    assert (part.test.time >= last[part.test.user]).all()


def _keys(dataset: Dataset) -> NDArray[np.int64]:
    seen = dataset.interactions
    return seen.user.astype(np.int64) * dataset.n_items + seen.item
