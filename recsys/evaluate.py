"""Quality on held-out interactions: DeepFM and the shipped list against what is simpler.

Protocols; lists are over all items but the user's train items:

    r80     each user's last 20 % by (time, file row) are the test items
    loo     each user's last item is the test item
    random  a random 20 % of each user's items, drawn once
    folds   every user's items dealt at random; each fold is once the test

What is held out at random does not come after what is known, so random and folds train and measure
as if the interactions had no times. Where they have none, r80 and loo draw an order first.

Everything that is tuned (epochs, calibration, the neighbours' weight, the baselines' constants) is
tuned on a cut from the train part: the last item under loo, else the last 20 %.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

import numpy as np

from ingest.dataset.ids import IntArray
from ingest.dataset.schema import Dataset
from ingest.dataset.split import (
    in_random_order,
    k_folds,
    split_chronological,
    split_leave_last_out,
    split_random,
)
from ingest.errors import AskerError
from recsys.config import TrainingConfig
from recsys.evaluation import baselines
from recsys.evaluation.holdout import TOP, Holdout
from recsys.lists.ranking import BlendConfig, By, Recommender
from recsys.lists.votes import VotesConfig
from recsys.presets import Preset
from recsys.scoring.calibration import Reliability, reliability
from recsys.scoring.scorer import Scorer
from recsys.scoring.topn import NO_ITEM
from recsys.training.train import train_model

Protocol = Literal["r80", "loo", "random", "folds"]
Config = TypeVar("Config")
_SQUARE_MOST = 5000
"""Baselines that hold items × items numbers are left out for more items than this."""


@dataclass(frozen=True)
class Row:
    """One recommender's results: a dict of metrics for every part of the data and every seed."""

    name: str
    results: tuple[Mapping[str, float], ...]
    note: str = ""
    """The constants that were chosen for it."""

    def mean(self, metric: str) -> float | None:
        """Return the mean over results; None where the metric was not measured."""
        values = [result[metric] for result in self.results if metric in result]
        return float(np.mean(values)) if values else None

    def sd(self, metric: str) -> float | None:
        """Return the standard deviation over results (n − 1); None for fewer than two."""
        values = [result[metric] for result in self.results if metric in result]
        return float(np.std(values, ddof=1)) if len(values) > 1 else None


@dataclass(frozen=True)
class Report:
    """The rows of one protocol on one data set."""

    dataset: str
    protocol: Protocol
    seeds: tuple[int, ...]
    k: int
    """Length of the lists."""
    n_users: int
    """Users with a test item, over whom the means are taken."""
    n_short: int
    """Users without one: too few interactions."""
    rows: tuple[Row, ...]
    reliability: Reliability | None = None
    """How honest DeepFM's probabilities are on the test items; None in the rating task."""


@dataclass
class _Tally:
    """What has been measured so far."""

    results: dict[str, list[Mapping[str, float]]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    labels: list[Any] = field(default_factory=list)
    probabilities: list[Any] = field(default_factory=list)

    def add(self, name: str, result: Mapping[str, float], note: str = "") -> None:
        self.results.setdefault(name, []).append(result)
        self.notes[name] = note

    def rows(self) -> tuple[Row, ...]:
        return tuple(
            Row(name, tuple(found), self.notes[name]) for name, found in self.results.items()
        )

    def reliability(self) -> Reliability | None:
        if not self.labels:
            return None
        return reliability(np.concatenate(self.labels), np.concatenate(self.probabilities))


def hold_out(dataset: Dataset, protocol: Protocol) -> Holdout:
    """Part `dataset` as a protocol of one part says."""
    return hold_outs(dataset, protocol)[0]


def hold_outs(dataset: Dataset, protocol: Protocol, n_folds: int = 5) -> list[Holdout]:
    """Part `dataset` as the protocol says, in `n_folds` parts under folds, else in one.

    Raises:
        AskerError: nobody has enough interactions for it.
    """
    seen = dataset.interactions
    most = int(np.bincount(seen.user).max()) if len(seen) else 0
    if protocol == "folds" and not 2 <= n_folds <= most:
        raise AskerError(
            f"{dataset.name} cannot be dealt into {n_folds} folds: the most interactions that a "
            f"user has are {most}; ask for 2 folds or more, and no more than that"
        )
    rng = np.random.default_rng(0)
    if protocol in ("random", "folds"):
        dataset = replace(dataset, has_times=False)
    elif not dataset.has_times:
        seen = in_random_order(seen, rng)
    if protocol == "folds":
        splits = k_folds(seen, rng, n_folds)
    elif protocol == "random":
        splits = [split_random(seen, rng)]
    elif protocol == "loo":
        splits = [split_leave_last_out(seen)]
    else:
        splits = [split_chronological(seen, 0.2)]
    if not all(len(split.test) for split in splits):
        raise AskerError(
            f"nothing of {dataset.name} can be held out under the protocol {protocol}: the most "
            f"interactions that a user has are {most}; loo asks for 2, r80 for 4"
        )
    return [Holdout(dataset, *split) for split in splits]


def evaluate(
    dataset: Dataset,
    protocol: Protocol,
    seeds: Sequence[int],
    preset: Preset,
    n_threads: int = 1,
    on_step: Callable[[str], None] | None = None,
    k: int = TOP,
    n_folds: int = 5,
) -> Report:
    """Measure the baselines once, and DeepFM and the shipped list for every seed.

    Args:
        dataset: what to part, train on and measure.
        protocol: how it is parted.
        seeds: one training each.
        preset: the network and its training; its task decides what is measured.
        n_threads: of torch.
        on_step: told what is being trained.
        k: length of the lists.
        n_folds: how many parts under `folds`.
    """
    parts = hold_outs(dataset, protocol, n_folds)
    tally = _Tally()
    measured = np.zeros(dataset.n_users, dtype=bool)
    for number, part in enumerate(parts, start=1):
        measured[part.users] = True
        simple = _rating_baselines if preset.config.task == "rating" else _list_baselines
        for name, result, note in simple(part, protocol, k):
            tally.add(name, result, note)
        for seed in seeds:
            if on_step is not None:
                fold = f", fold {number} of {len(parts)}" if len(parts) > 1 else ""
                on_step(f"seed {seed}{fold}")
            _measure_trained(part, cut_like(preset, protocol), seed, n_threads, k, tally)
    n_users = int(measured.sum())
    return Report(
        dataset.name,
        protocol,
        tuple(seeds),
        k,
        n_users,
        dataset.n_users - n_users,
        tally.rows(),
        tally.reliability(),
    )


def _measure_trained(
    part: Holdout, preset: Preset, seed: int, n_threads: int, k: int, tally: _Tally
) -> None:
    trained = train_model(part.train, *preset, seed, n_threads=n_threads)
    scorer = Scorer(trained, part.train)
    tally.add("DeepFM only", part.measure(scorer, k))
    if scorer.task == "rating":
        return
    users, items, labels = part.pairs()
    tally.labels.append(labels)
    tally.probabilities.append(scorer.score_pairs(users, items))
    recommender = Recommender(part.train, scorer, scorer.blend, scorer.inputs.histories)
    lists = part.list_metrics(ranked_lists(recommender, part.users, "both", k))
    tally.add("shipped list", lists | {"neighbour_weight": scorer.blend.weight})


def cut_like(preset: Preset, protocol: Protocol) -> Preset:
    """Return `preset` with its validation cut made as the protocol makes the test."""
    last = protocol == "loo"
    return preset._replace(
        training=replace(preset.training, validation_last=last, validation_ratio=0.2)
    )


def _list_baselines(
    part: Holdout, protocol: Protocol, k: int
) -> Iterator[tuple[str, dict[str, float], str]]:
    """Yield name, metrics and chosen constants of each."""

    def measured(fitted: baselines.Weighted | baselines.Popularity) -> dict[str, float]:
        return part.list_metrics(part.lists(fitted.score_all, k))

    popularity = baselines.Popularity(part.seen)
    yield "popularity", measured(popularity), ""
    blend = BlendConfig(votes=VotesConfig(in_order=part.train.has_times))
    recommender = Recommender(part.train, popularity, blend)
    lists = ranked_lists(recommender, part.users, "neighbours", k)
    yield "neighbours only", part.list_metrics(lists), ""
    cut = _cut_for_constants(part.train, protocol)
    if part.train.n_items <= _SQUARE_MOST:
        knn = best_of(baselines.ITEM_KNN_TRIED, lambda c: baselines.item_knn(cut.seen, c), cut)
        yield "ItemKNN", measured(baselines.item_knn(part.seen, knn)), str(knn)
        yield "EASE", measured(baselines.ease(part.seen)), "λ = 100"
    if not part.train.has_times:  # nothing follows anything
        return
    yield "Markov chain", measured(baselines.transitions(part.train, baselines.MARKOV)), ""
    rules = best_of(baselines.TRANSITIONS_TRIED, lambda c: baselines.transitions(cut.train, c), cut)
    yield "item transitions", measured(baselines.transitions(part.train, rules)), str(rules)


def _cut_for_constants(train: Dataset, protocol: Protocol) -> Holdout:
    """Hold out of the training part what constants are chosen by."""
    split = split_leave_last_out if protocol == "loo" else split_chronological
    seen = train.interactions
    if not train.has_times:
        seen = in_random_order(seen, np.random.default_rng(0))
    return Holdout(train, *split(seen))


def best_of(
    tried: Sequence[Config], fit: Callable[[Config], baselines.Weighted], cut: Holdout
) -> Config:
    """Return the constants with the best NDCG on a cut; the first where nothing is cut off."""
    if not len(cut.users):
        return tried[0]
    ndcg = [cut.list_metrics(cut.lists(fit(one).score_all))["ndcg"] for one in tried]
    return tried[int(np.argmax(ndcg))]


def _rating_baselines(
    part: Holdout, protocol: Protocol, k: int
) -> Iterator[tuple[str, dict[str, float], str]]:
    mean = np.full(len(part.test), part.train.interactions.label.mean(), np.float32)
    yield "mean rating", part.rating_metrics(mean), ""
    biases = baselines.RatingBiases(part.train)
    yield "user and item means", part.rating_metrics(biases.of(part.test)), ""


def ranked_lists(recommender: Recommender, users: IntArray, by: By, k: int = TOP) -> IntArray:
    """Return the lists that `recommender` gives, (len(users), k), short ones filled up."""
    top = np.full((len(users), k), NO_ITEM, np.int32)
    for row, ranking in zip(top, recommender.rank_many(users, k, by), strict=True):
        row[: len(ranking.item)] = ranking.item
    return top


def notebook_result(
    dataset: Dataset, preset: Preset, seeds: Sequence[int], n_threads: int = 1
) -> Row:
    """Measure DeepFM with the first notebook's settings, as that notebook measures it.

    The last 20 % of every user are its eval set, with one fixed unseen item for each positive, and
    every epoch is measured there: `log_loss_1`, `log_loss_2`, … are those of σ(y). The other
    metrics are of the epoch that a cut from train chooses, without a look at the eval set.
    """
    results = []
    part = hold_out(dataset, "r80")
    test = split_chronological(dataset.interactions, 0.2).test
    for seed in seeds:
        trained = train_model(part.train, *preset, seed, n_threads=n_threads)
        watched = _watched(dataset, preset.training, preset, seed, n_threads, test)
        results.append(part.measure(Scorer(trained, part.train)) | watched)
    return Row("DeepFM, the notebook's settings", tuple(results))


def _watched(
    dataset: Dataset,
    training: TrainingConfig,
    preset: Preset,
    seed: int,
    n_threads: int,
    test: Any,
) -> dict[str, float]:
    """Return the log-loss on the eval set after every epoch of one training."""
    every = replace(training, patience=training.n_epochs, eval_every=1)
    trained = train_model(dataset, preset.config, every, seed, n_threads=n_threads, eval_rows=test)
    return {f"log_loss_{int(one['epoch'])}": one["log_loss"] for one in trained.history}
