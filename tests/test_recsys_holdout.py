"""What is held out, and the lists measured on it, against plain loops."""

import numpy as np
import pytest

from ingest.dataset.schema import Dataset
from ingest.dataset.split import split_chronological, split_leave_last_out
from recsys.evaluation.holdout import TOP, Holdout


@pytest.fixture
def holdout(films: Dataset) -> Holdout:
    return Holdout(films, *split_leave_last_out(films.interactions))


def test_the_parts_are_apart_and_whole(films: Dataset, holdout: Holdout) -> None:
    assert len(holdout.train.interactions) + len(holdout.test) == len(films.interactions)
    assert not holdout.seen.multiply(holdout.due).nnz
    assert holdout.users.tolist() == [0, 1, 2, 3, 4]  # user 6 has one film, user 7 none


def test_negatives_are_in_neither_part_and_always_the_same(
    films: Dataset, holdout: Holdout
) -> None:
    users, items, labels = holdout.pairs()
    negative = labels == 0
    assert negative.sum() == len(holdout.test)
    own = {(int(u), int(i)) for u, i in zip(films.interactions.user, films.interactions.item)}  # noqa: B905
    assert not own & set(zip(users[negative].tolist(), items[negative].tolist(), strict=True))
    again = Holdout(films, *split_leave_last_out(films.interactions)).pairs()
    assert again[1].tolist() == items.tolist()


def test_a_perfect_model_has_perfect_lists_and_seen_items_never_stand_in_them(
    holdout: Holdout,
) -> None:
    truth = holdout.due.toarray() + 10 * holdout.seen.toarray()  # what was seen tempts most
    top = holdout.lists(lambda users: truth[users].astype(np.float32))
    values = holdout.list_metrics(top)
    assert values["ndcg"] == values["recall"] == values["hit_rate"] == values["mrr"] == 1
    assert values["precision"] == pytest.approx(1 / TOP)
    for user, items in zip(holdout.users, top, strict=True):
        assert not holdout.seen.toarray()[user, items[items >= 0]].any()


def test_metrics_of_lists_are_those_of_plain_loops(films: Dataset) -> None:
    holdout = Holdout(films, *split_chronological(films.interactions, 0.5))
    scores = np.random.default_rng(0).random((7, 8)).astype(np.float32)
    values = holdout.list_metrics(holdout.lists(lambda users: scores[users]))
    ndcg, recall = [], []
    for user in holdout.users:
        due = set(holdout.due[[user]].indices.tolist())
        seen = set(holdout.seen[[user]].indices.tolist())
        ranked = sorted((i for i in range(8) if i not in seen), key=lambda i: -scores[user, i])
        gains = [1 / np.log2(place + 2) for place, item in enumerate(ranked[:10]) if item in due]
        ideal = sum(1 / np.log2(place + 2) for place in range(min(10, len(due))))
        ndcg.append(sum(gains) / ideal)
        recall.append(len(gains) / len(due))
    assert values["ndcg"] == pytest.approx(np.mean(ndcg))
    assert values["recall"] == pytest.approx(np.mean(recall))


def test_of_many_users_some_are_judged_by_lists_and_by_pairs(
    films: Dataset, holdout: Holdout
) -> None:
    some = Holdout(films, *split_leave_last_out(films.interactions), most_users=2)
    assert some.users.tolist() == [0, 3]  # of 0, 1, 2, 3, 4
    users, _, labels = some.pairs()
    assert sorted(set(users.tolist())) == [0, 3]
    assert labels.sum() == len(some.judged) == 2
    assert len(some.test) == len(holdout.test) == len(holdout.judged) == 5
    assert some.rating_metrics(some.judged.label)["rmse"] == 0


def test_nothing_held_out_measures_nothing(films: Dataset) -> None:
    rows = np.arange(len(films.interactions))
    holdout = Holdout(films, rows, rows[:0])
    top = holdout.lists(lambda users: np.zeros((len(users), 8), np.float32))
    assert top.shape == (0, TOP)
    assert holdout.list_metrics(top) == {}
