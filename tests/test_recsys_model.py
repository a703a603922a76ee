"""The few lines a new user writes: train, ask, save, go on, with the data's own ids."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ingest.dataset.schema import Dataset
from ingest.errors import AskerError, HomeError
from recsys import Model
from recsys.evaluation.baselines import RatingBiases
from recsys.results import Unknown
from recsys.training.telling import teller


@pytest.fixture(scope="module")
def model(films: Dataset) -> Model:
    return Model.fit(films, n_epochs=5, eval_every=1, verbose=0)


@pytest.fixture(scope="module")
def raters(films: Dataset) -> Model:
    return Model.fit(films, "rating", n_epochs=3, verbose=0)


def test_a_list_holds_the_best_unseen_items_and_none_twice(model: Model, films: Dataset) -> None:
    """User 1 has 101 to 104, so 105 to 108 are left; see conftest.py."""
    found = model.recommend("1", n=4, by="deepfm")
    assert sorted(one.item_id for one in found.items) == ["105", "106", "107", "108"]
    assert [one.rank for one in found.items] == [1, 2, 3, 4]
    scores = [one.score for one in found.items]
    assert scores == sorted(scores, reverse=True)
    pairs = model.predict("1", [one.item_id for one in found.items])
    assert [one.score for one in pairs] == pytest.approx(scores)
    assert (found.user_id, found.by, found.short) == ("1", "deepfm", "")


def test_one_many_and_all_users_get_the_same_lists(model: Model) -> None:
    everybody = list(model.recommend_many(n=3))
    assert [one.user_id for one in everybody] == ["1", "2", "3", "4", "5", "6", "7"]
    assert list(model.recommend_many(["4", "2"], n=3)) == [everybody[3], everybody[1]]
    assert model.recommend("6", n=3) == everybody[5]


def test_more_than_is_left_gives_fewer_and_says_why(model: Model, films: Dataset) -> None:
    found = model.recommend("1", n=10)
    assert (len(found.items), found.short) == (4, "4 films are unseen")
    found = model.recommend("1", n=10, where=films.items["year"] < 1980)
    assert [one.item_id for one in found.items if one.item_id not in ("106", "107")] == []
    assert found.short == "4 films are unseen, and 2 of those may be chosen"
    assert model.recommend("1", n=0).items == ()


def test_a_user_who_saw_everything_gets_an_empty_list_with_the_reason(films: Dataset) -> None:
    seen = films.interactions
    saw_all = replace(
        films,
        interactions=replace(
            seen,
            user=np.r_[seen.user, np.full(8, 6)].astype(np.int32),
            item=np.r_[seen.item, np.arange(8)].astype(np.int32),
            label=np.r_[seen.label, np.ones(8)].astype(np.float32),
            time=np.r_[seen.time, seen.time.max() + np.arange(1, 9)].astype(np.int64),
        ),
    )
    found = Model.fit(saw_all, n_epochs=1, verbose=0).recommend("7", n=2)
    assert (found.items, found.short) == ((), "0 films are unseen")


def test_subsets_and_conditions_bind_before_the_ranking(model: Model, films: Dataset) -> None:
    found = model.recommend("1", items=["101", "106", "108"])
    assert {one.item_id for one in found.items} == {"106", "108"}  # 101 has been seen
    comedies = films.items["genres"].map(lambda genres: "Comedy" in genres)
    found = model.recommend("1", items=["106", "108"], where=comedies)
    assert [one.item_id for one in found.items] == ["108"]
    with pytest.raises(AskerError, match="where must tell true or false of each of the 8 films"):
        model.recommend("1", where=[True])
    with pytest.raises(AskerError, match="film 999 is not in the data set films"):
        model.recommend("1", items=["999"])


def test_unknown_ids_are_refused_unless_asked_for(model: Model) -> None:
    with pytest.raises(AskerError, match="user nobody is not in the data set films; check the id"):
        model.recommend("nobody")
    with pytest.raises(AskerError, match="film 9 is not in the data set films"):
        model.predict("1", ["101", "9"])
    with pytest.raises(AskerError, match="unknown must be one of refuse, average, popular"):
        model.recommend("nobody", unknown="whatever")  # type: ignore[arg-type]


@pytest.mark.parametrize("unknown", ["average", "popular"])
def test_a_list_for_an_unknown_user_says_what_it_is_and_repeats_nothing(
    model: Model, unknown: Unknown
) -> None:
    known, strange, again = model.recommend_many(["1", "nobody", "nobody"], 8, unknown=unknown)
    assert known == model.recommend("1", 8)
    assert strange == again
    assert strange.by == unknown
    ids = [one.item_id for one in strange.items]
    assert sorted(ids) == ["101", "102", "103", "104", "105", "106", "107", "108"]
    if unknown == "popular":
        assert ids[:3] == ["101", "102", "103"]  # 4, 3 and 3 users: ties by id
        assert strange.items[0].score == pytest.approx(4 / 7)


def test_unknown_pairs_are_average_or_popular_and_known_ones_untouched(model: Model) -> None:
    known = model.predict("1", "105")[0]
    for unknown in ("average", "popular"):
        rows = model.predict(["1", "x", "1", "x"], ["105", "101", "y", "y"], unknown)
        assert rows[0] == known
        assert [one.by for one in rows] == ["deepfm", unknown, unknown, unknown]
    assert [one.score for one in rows[1:]] == pytest.approx([4 / 7, 0, 0])  # popular: nobody has y
    average = model.predict("x", "101", "average")[0].score
    known_users = [f"{user}" for user in range(1, 7)]
    scores = [one.score for one in model.predict(known_users, "101")]
    assert min(scores) <= average <= max(scores)


def test_in_the_rating_task_popular_is_the_mean_rating(raters: Model, films: Dataset) -> None:
    biases = RatingBiases(films)
    rows = raters.predict("x", ["101", "y"], "popular")
    assert rows[0].score == pytest.approx(biases.mean + biases.item[0], abs=1e-5)
    assert rows[1].score == pytest.approx(films.interactions.label.mean())


def test_someone_unknown_is_known_by_items_and_features(model: Model) -> None:
    found = model.recommend_for(["101", "102"], {"age": 20, "gender": "F"}, n=8)
    assert found.user_id is None
    assert not {"101", "102"} & {one.item_id for one in found.items}
    assert len(found.items) == 6
    twice = model.recommend_for(["101", "102", "101"], n=3)
    assert twice == model.recommend_for(["102", "101"], n=3)  # the last time counts
    assert len(model.recommend_for(n=3).items) == 3  # of whom nothing is known
    strange = model.recommend_for(["101"], {"occupation": "astronaut"}, n=3)
    assert strange == model.recommend_for(["101"], {"occupation": None}, n=3)
    with pytest.raises(AskerError, match="no field 'shoe'; their fields are age, gender, occup"):
        model.recommend_for(["101"], {"shoe": 42})
    with pytest.raises(AskerError, match="age is a number, not 'old'"):
        model.recommend_for(["101"], {"age": "old"})
    with pytest.raises(AskerError, match="film 9 is not in the data set"):
        model.recommend_for(["9"])


def test_saved_and_loaded_it_answers_the_same(model: Model, films: Dataset, tmp_path: Path) -> None:
    model.save(tmp_path / "kept")
    again = Model.load(tmp_path / "kept", films)
    assert list(again.recommend_many(n=4)) == list(model.recommend_many(n=4))
    fewer = replace(films, interactions=films.interactions.take(np.arange(10)))
    with pytest.raises(HomeError, match="was trained on other data"):
        Model.load(tmp_path / "kept", fewer)


def test_training_goes_on_with_data_that_have_grown(films: Dataset) -> None:
    fewer = replace(films, interactions=films.interactions.take(np.arange(12)))
    first = Model.fit(fewer, n_epochs=2, eval_every=1, verbose=0)
    further = first.fit_more(films, n_epochs=2, verbose=0)
    epochs = [record["epoch"] for record in further.trained.history]
    assert epochs == list(range(1, len(epochs) + 1))
    assert len(further.recommend("5").items) == 6


def test_an_eval_set_of_ones_own_chooses_and_is_never_learnt_from(films: Dataset) -> None:
    rows = np.array([3, 7, 13])
    model = Model.fit(films, eval_rows=rows, n_epochs=2, eval_every=1, verbose=0)
    assert "ndcg" in model.trained.metrics
    moved = films.interactions.item.copy()
    moved[rows] = 7
    other = replace(films, interactions=replace(films.interactions, item=moved))
    same = Model.fit(other, eval_rows=rows, n_epochs=1, eval_every=1, verbose=0)
    once = Model.fit(films, eval_rows=rows, n_epochs=1, eval_every=1, verbose=0)
    for name, weights in once.trained.weights.items():
        assert (same.trained.weights[name] == weights).all()
    for bad in ([], np.arange(len(films.interactions)), [99]):
        with pytest.raises(AskerError, match="the eval set"):
            Model.fit(films, eval_rows=np.array(bad, np.int64), n_epochs=1, verbose=0)


def test_settings_are_named_and_a_wrong_name_lists_them(films: Dataset) -> None:
    model = Model.fit(
        films, loss="bce", metric="map", lr=0.01, n_epochs=1, embed_size=8, n_negatives=3, verbose=0
    )
    assert (model.trained.config.embed_size, model.trained.training.n_negatives) == (8, 3)
    with pytest.raises(
        AskerError, match="there is no setting learning_rate; the settings are .*lr"
    ):
        Model.fit(films, learning_rate=0.1)
    with pytest.raises(AskerError, match="the metric rmse is not for the ranking task"):
        Model.fit(films, metric="rmse", verbose=0)


@pytest.mark.parametrize(("verbose", "lines"), [(0, 0), (1, 0), (2, 2)])
def test_so_much_is_told_as_was_asked_for(
    films: Dataset, verbose: int, lines: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Standard error is no terminal here: level 1 is silent, level 2 has a line an epoch."""
    Model.fit(films, n_epochs=2, eval_every=1, refit=False, verbose=verbose)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("choosing the best epoch: epoch ") == lines
    assert said.err.count("\n") == lines
    with pytest.raises(AskerError, match="verbose must be 0, 1 or 2"):
        Model.fit(films, verbose=7)


def test_a_long_training_is_announced_and_a_short_one_is_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    announce = teller(2).estimate
    assert announce is not None and teller(0).estimate is None
    for seconds in (2, 61, 754, 18_000):
        announce(seconds)
    told = capsys.readouterr().err.splitlines()
    assert [line.partition(" at the most")[0] for line in told] == [
        "training takes about 61 seconds",
        "training takes about 13 minutes",
        "training takes about 5.0 hours",
    ]


def test_a_score_comes_with_what_became_of_such_scores(model: Model, raters: Model) -> None:
    table = model.trained.reliability
    assert table is not None
    sure = model.how_sure(float(table.predicted[0]))
    assert sure is not None
    assert sure.n == table.count[0]
    assert raters.how_sure(0.5) is None
    told = model.explain("1", "105")
    assert told.score == pytest.approx(model.predict("1", "105")[0].score)


def test_users_and_items_pair_up_or_are_refused(model: Model) -> None:
    assert len(model.predict(["1", "2"], ["101", "102"])) == 2
    assert [one.user_id for one in model.predict(["1", "2"], "101")] == ["1", "2"]
    with pytest.raises(AskerError, match="2 users and 3 items do not pair up"):
        model.predict(["1", "2"], ["101", "102", "103"])
    with pytest.raises(AskerError, match="n must not be negative: -1"):
        model.recommend("1", n=-1)
