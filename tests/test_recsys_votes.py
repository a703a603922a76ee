"""Votes on films whose order can be read off the table, and against the formula in loops."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from ingest.dataset.matrix import interaction_matrix
from ingest.dataset.schema import Dataset, FloatArray
from recsys.examples.history import Histories
from recsys.lists.votes import Voters, VotesConfig
from recsys.neighbours.audience import Audience
from tests.test_recsys_train import dataset


def voters_of(dataset: Dataset, **config: object) -> Voters:
    matrix = interaction_matrix(dataset.interactions, dataset.n_users, dataset.n_items)
    histories = Histories.from_interactions(dataset.interactions, dataset.n_users)
    return Voters(matrix, Audience(matrix), histories, VotesConfig(**config))  # type: ignore[arg-type]


def by_loops(dataset: Dataset, user: int, config: VotesConfig) -> FloatArray:
    """The first formula, word for word."""
    rows = dataset.interactions
    history: dict[int, list[int]] = {v: [] for v in range(dataset.n_users)}
    for row in np.lexsort((np.arange(len(rows)), rows.time)):
        history[int(rows.user[row])].append(int(rows.item[row]))
    votes = np.zeros(dataset.n_items)
    own = history[user]
    likeness = {
        v: Fraction(len(set(own) & set(other)), len(set(own) | set(other)))
        for v, other in history.items()
        if v != user and other
    }
    for x, j in enumerate(own[::-1][: config.depth]):
        crowd = sum(jaccard for v, jaccard in likeness.items() if j in history[v])
        for v, jaccard in likeness.items():
            if j in history[v]:
                after = history[v][history[v].index(j) + 1 :][: config.window]
                for g, i in enumerate(after):
                    fading = math.exp(-x / config.decay) * math.exp(-g / config.fade)
                    votes[i] += float(jaccard) * fading / math.sqrt(crowd)
    return votes.astype(np.float32)


def test_neighbours_vote_for_what_they_saw_next(films: Dataset) -> None:
    # User 3 saw 101, then 102. After 102, user 1 (J = 1/2) saw 103 and 104, user 2 (1/2) 103 and
    # 105, and so both did after 101, which is one step older. User 6 (1/2) saw nothing after 101,
    # but is one of three who have it.
    voters = voters_of(films)
    code = films.user_ids.code("3")
    assert code is not None
    votes = dict(zip(films.item_ids.external, voters.votes(code), strict=True))
    newest = 0.5 / math.sqrt(0.5 + 0.5)
    older = math.exp(-1 / 5) * 0.5 / math.sqrt(0.5 + 0.5 + 0.5)
    second, third = math.exp(-1 / 10), math.exp(-2 / 10)
    assert votes["103"] == pytest.approx(2 * (newest + older * second))
    assert votes["104"] == pytest.approx(newest * second + older * third)
    assert votes["105"] == pytest.approx(newest * second + older * third)
    assert votes["106"] == votes["107"] == votes["108"] == 0


@pytest.mark.parametrize("config", [{}, {"depth": 1}, {"window": 1}, {"decay": 0.5}, {"fade": 0.5}])
def test_votes_are_what_the_formula_says(films: Dataset, config: dict[str, float]) -> None:
    voters = voters_of(films, **config)
    for user in range(films.n_users):
        expected = by_loops(films, user, voters.config)
        np.testing.assert_allclose(voters.votes(user), expected, rtol=1e-6)


@pytest.mark.slow
def test_votes_on_movielens_are_what_the_formula_says(ml100k: Dataset) -> None:
    voters = voters_of(ml100k)
    for user in (0, 77, 404):
        expected = by_loops(ml100k, user, voters.config)
        np.testing.assert_allclose(voters.votes(user), expected, rtol=1e-4)


def test_without_an_order_the_nearest_vote_for_what_they_have(films: Dataset) -> None:
    voters = voters_of(films, in_order=False, power=1.0, popularity=1.0)
    code = films.user_ids.code("3")
    assert code is not None
    votes = dict(zip(films.item_ids.external, voters.votes(code), strict=True))
    assert votes["103"] == pytest.approx((0.5 + 0.5) / 3)  # users 1 and 2; three have it
    assert votes["104"] == pytest.approx(0.5 / 2)


def test_a_user_without_items_gets_no_votes(films: Dataset) -> None:
    code = films.user_ids.code("7")
    assert code is not None
    for in_order in (True, False):
        assert not voters_of(films, in_order=in_order).votes(code).any()


def test_a_stranger_with_the_same_items_gets_the_same_votes_but_for_the_users_own(
    films: Dataset,
) -> None:
    voters = voters_of(films)
    code = films.user_ids.code("3")
    items = films.item_ids.codes(["101", "102"])
    assert code is not None
    np.testing.assert_array_equal(voters.votes_for(items, exclude=code), voters.votes(code))


def test_a_window_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="window must be more than 0"):
        VotesConfig(window=0)


def test_many_interactions_are_summed_to_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways add the same numbers in the same order, whoever is asked and however they tie."""
    rng = np.random.default_rng(0)
    pairs = np.unique(rng.integers(0, [60, 40], (900, 2)), axis=0)
    table = dataset([(int(user), int(item), 1.0) for user, item in rng.permutation(pairs)])
    shared_times = replace(table.interactions, time=table.interactions.time // 7)
    for data in (table, replace(table, interactions=shared_times)):
        few = voters_of(data, depth=9, window=6)
        monkeypatch.setattr("recsys.lists.votes.FEW", 0)
        many = voters_of(data, depth=9, window=6)
        monkeypatch.undo()
        for user in range(data.n_users):
            np.testing.assert_array_equal(many.votes(user), few.votes(user))
        items = np.array([3, 1, 30], np.int32)
        assert few.votes_for(items).any()
        np.testing.assert_array_equal(many.votes_for(items), few.votes_for(items))


def test_histories_of_other_data_are_refused(films: Dataset) -> None:
    voters = voters_of(films)
    fewer = Histories.from_interactions(
        films.interactions.take(np.arange(len(films.interactions) - 1)), films.n_users
    )
    with pytest.raises(ValueError, match="cannot vote with histories"):
        Voters(voters.matrix, voters.audience, fewer, voters.config)
