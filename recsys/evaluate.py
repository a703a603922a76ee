"""Ranking quality on held-out interactions: DeepFM and the shipped list against what is simpler.

Protocols, both over all items but the user's train items:

    r80  each user's last 20 % by (time, file row) are the test items
    loo  each user's last item is the test item

Everything that is tuned (epochs, calibration, the neighbours' weight) is tuned on a cut from the
train part, made the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ingest.ids import IntArray
from ingest.schema import Dataset
from ingest.split import split_chronological, split_leave_last_out
from recsys.baselines import Ease, Popularity
from recsys.config import TrainingConfig
from recsys.holdout import TOP, Holdout
from recsys.presets import Preset
from recsys.ranking import BlendConfig, By, Recommender
from recsys.scoring import Scorer
from recsys.topn import NO_ITEM
from recsys.training import train_model
from recsys.votes import VotesConfig

Protocol = Literal["r80", "loo"]
_EASE_MOST_ITEMS = 5000


@dataclass(frozen=True)
class Row:
    """One recommender's results: a dict of metrics for every seed (one where none is drawn)."""

    name: str
    results: tuple[Mapping[str, float], ...]

    def mean(self, metric: str) -> float | None:
        """Return the mean over seeds; None where the metric was not measured."""
        values = [result[metric] for result in self.results if metric in result]
        return float(np.mean(values)) if values else None

    def sd(self, metric: str) -> float | None:
        """Return the standard deviation over seeds (n − 1); None for fewer than two."""
        values = [result[metric] for result in self.results if metric in result]
        return float(np.std(values, ddof=1)) if len(values) > 1 else None


@dataclass(frozen=True)
class Report:
    """The rows of one protocol on one data set."""

    dataset: str
    protocol: Protocol
    seeds: tuple[int, ...]
    n_users: int
    """Users with a test item, over whom the means are taken."""
    n_short: int
    """Users without one: too few interactions."""
    rows: tuple[Row, ...]


def hold_out(dataset: Dataset, protocol: Protocol) -> Holdout:
    """Part `dataset` as the protocol says."""
    if protocol == "loo":
        return Holdout(dataset, *split_leave_last_out(dataset.interactions))
    return Holdout(dataset, *split_chronological(dataset.interactions, 0.2))


def evaluate(
    dataset: Dataset,
    protocol: Protocol,
    seeds: Sequence[int],
    preset: Preset,
    n_threads: int = 1,
    on_step: Callable[[str], None] | None = None,
) -> Report:
    """Measure the baselines once, and DeepFM and the shipped list for every seed."""
    holdout = hold_out(dataset, protocol)
    rows = list(_baselines(holdout))
    alone, shipped = [], []
    training = cut_like(preset.training, protocol)
    for seed in seeds:
        if on_step is not None:
            on_step(f"seed {seed}")
        trained = train_model(holdout.train, preset.config, training, seed, n_threads=n_threads)
        scorer = Scorer(trained, holdout.train)
        alone.append(holdout.measure(scorer))
        recommender = Recommender(holdout.train, scorer, scorer.blend, scorer.inputs.histories)
        shipped.append(
            holdout.list_metrics(ranked_lists(recommender, holdout.users, "both"))
            | {"neighbour_weight": scorer.blend.weight}
        )
    rows += [Row("DeepFM only", tuple(alone)), Row("shipped list", tuple(shipped))]
    return Report(
        dataset.name,
        protocol,
        tuple(seeds),
        len(holdout.users),
        dataset.n_users - len(holdout.users),
        tuple(rows),
    )


def cut_like(training: TrainingConfig, protocol: Protocol) -> TrainingConfig:
    """Return `training` with its validation cut made as the protocol makes the test."""
    return replace(training, validation_last=protocol == "loo", validation_ratio=0.2)


def _baselines(holdout: Holdout) -> Iterator[Row]:
    popularity = Popularity(holdout.seen)
    top = holdout.lists(popularity.score_all)
    yield Row("popularity", (holdout.list_metrics(top),))
    blend = BlendConfig(votes=VotesConfig(in_order=holdout.train.has_times))
    recommender = Recommender(holdout.train, popularity, blend)
    top = ranked_lists(recommender, holdout.users, "neighbours")
    yield Row("neighbours only", (holdout.list_metrics(top),))
    if holdout.train.n_items <= _EASE_MOST_ITEMS:
        top = holdout.lists(Ease(holdout.seen).score_all)
        yield Row("EASE", (holdout.list_metrics(top),))


def ranked_lists(recommender: Recommender, users: IntArray, by: By) -> IntArray:
    """Return the lists that `recommender` gives, (len(users), TOP), short ones filled up."""
    top = np.full((len(users), TOP), NO_ITEM, np.int32)
    for row, ranking in zip(top, recommender.rank_many(users, TOP, by), strict=True):
        row[: len(ranking.item)] = ranking.item
    return top


def notebook_result(
    dataset: Dataset, preset: Preset, seeds: Sequence[int], n_threads: int = 1
) -> Row:
    """Measure DeepFM with the first notebook's settings, as that notebook measures it.

    Log-loss and AUC of the test interactions and one fixed unseen item each, of the plain σ(y)
    after the best epoch, which a cut from train decides.
    """
    holdout = hold_out(dataset, "r80")
    results = []
    for seed in seeds:
        trained = train_model(
            holdout.train, preset.config, preset.training, seed, n_threads=n_threads
        )
        results.append(holdout.measure(Scorer(trained, holdout.train)))
    return Row("DeepFM, the notebook's settings", tuple(results))
