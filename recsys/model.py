"""Train, ask, save and go on in a few lines; ids are the data's own, as text.

    model = Model.fit(load_source("ml-100k"))
    model.recommend("78", n=5)
    model.predict("78", ["50", "313"])
    model.recommend_for(["50", "181"], {"age": 25})
    model.save(Path("model"))

Who wants arrays and indices uses what this stands on: `training`, `scoring`, `ranking`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from ingest.dataset.schema import Dataset, FloatArray
from ingest.errors import AskerError
from recsys.checkpoint import TrainedModel
from recsys.config import Task
from recsys.evaluation.baselines import RatingBiases
from recsys.lists.ranking import By, Mask, Ranking, Recommender, percentiles
from recsys.lookup import Lookup, paired
from recsys.presets import Preset, preset, with_settings
from recsys.results import Predicted, Suggested, Suggestions, Unknown
from recsys.scoring.calibration import HowSure, how_sure
from recsys.scoring.explain import Explanation, explain
from recsys.scoring.scorer import Scorer, load_scorer


class Model:
    """A trained DeepFM over its data, with the neighbours beside it."""

    def __init__(self, recommender: Recommender) -> None:
        """Take a recommender whose scores are those of a `Scorer`."""
        self.recommender = recommender
        self.dataset = recommender.dataset
        self.scorer = cast(Scorer, recommender.scorer)
        self._lookup = Lookup(recommender.dataset)

    @classmethod
    def fit(
        cls,
        dataset: Dataset,
        task: Task = "ranking",
        *,
        start: Preset | None = None,
        eval_rows: NDArray[np.int64] | None = None,
        seed: int = 0,
        device: str = "cpu",
        n_threads: int = 1,
        verbose: int = 1,
        **settings: Any,
    ) -> Model:
        """Train on `dataset`.

        Args:
            dataset: what to learn from.
            task: ranking, or rating.
            start: settings to start from; the recipe for the task when left out.
            eval_rows: rows of the interaction table that choose the epoch and are not learnt from;
                when left out, the last part of every history chooses and is learnt from afterwards.
            seed: of everything drawn.
            device: cpu or cuda.
            n_threads: of torch.
            verbose: 0 nothing; 1 a bar and the measured epochs, on a terminal; 2 every epoch.
            settings: fields of `DeepFMConfig` and `TrainingConfig` by name, such as `lr=1e-3`.

        Raises:
            AskerError: a setting is unknown, out of range, or does not fit the data.
            TrainingError: the loss went wrong.
        """
        from recsys.training.telling import teller
        from recsys.training.train import train_model

        chosen = with_settings(start or preset(task, settings.get("loss")), **settings)
        trained = train_model(
            dataset,
            *chosen,
            seed,
            device,
            n_threads,
            eval_rows,
            teller(verbose),
        )
        return cls.of(dataset, trained)

    @classmethod
    def of(cls, dataset: Dataset, trained: TrainedModel) -> Model:
        """Put `trained` over `dataset`: what it learnt from, or data that have grown since."""
        return cls._over(Scorer(trained, dataset), dataset)

    @classmethod
    def _over(cls, scorer: Scorer, dataset: Dataset) -> Model:
        return cls(Recommender(dataset, scorer, scorer.blend, scorer.inputs.histories))

    @classmethod
    def load(cls, folder: Path, dataset: Dataset) -> Model:
        """Load the model that `save` wrote; raises HomeError if damaged or of other data."""
        return cls._over(load_scorer(Path(folder), dataset), dataset)

    def save(self, folder: Path) -> None:
        """Write model, history.json, metrics.json and curve.png into `folder`."""
        from recsys.training.story import write_model

        Path(folder).mkdir(parents=True, exist_ok=True)
        write_model(self.trained, Path(folder))

    def fit_more(
        self,
        dataset: Dataset,
        n_epochs: int = 10,
        seed: int = 0,
        device: str = "cpu",
        n_threads: int = 1,
        verbose: int = 1,
    ) -> Model:
        """Go on training on `dataset`, which may have new users, items and interactions."""
        from recsys.training.continuing import continue_model

        trained = continue_model(self.trained, dataset, n_epochs, seed, device, n_threads, verbose)
        return Model.of(dataset, trained)

    @property
    def trained(self) -> TrainedModel:
        """The weights, the settings, the history and the metrics of the training."""
        return self.scorer.trained

    def predict(
        self,
        user_ids: str | Sequence[str],
        item_ids: str | Sequence[str],
        unknown: Unknown = "refuse",
    ) -> list[Predicted]:
        """Return the score of each pair; one id beside several stands for all of them."""
        users, items = paired(user_ids, item_ids)
        user, item = (
            self._lookup.indices("user", users, unknown),
            self._lookup.indices(self.dataset.noun.one, items, unknown),
        )
        scores = self.scorer.score_pairs(user, item)
        strange = (user < 0) | (item < 0)
        if unknown == "popular":
            padded = np.append(self.popularity, self._popularity_of_nothing)  # −1 is the last one
            scores = np.where(strange, padded[item], scores)
        return [
            Predicted(u, i, float(score), unknown if odd else "deepfm")  # type: ignore[arg-type]
            for u, i, score, odd in zip(users, items, scores, strange, strict=True)
        ]

    def recommend(
        self,
        user_id: str,
        n: int = 10,
        by: By = "both",
        items: Sequence[str] | None = None,
        where: Any = None,
        unknown: Unknown = "refuse",
    ) -> Suggestions:
        """Return the best `n` items that the user has not seen.

        Args:
            user_id: whom for.
            n: how many.
            by: the order: DeepFM and the neighbours together, or one of them.
            items: choose among these only.
            where: choose only items where this is true, (n_items,), as `data.items["year"] > 1990`.
            unknown: what to do when the data do not have the user.
        """
        return next(self.recommend_many([user_id], n, by, items, where, unknown))

    def recommend_many(
        self,
        user_ids: Sequence[str] | None = None,
        n: int = 10,
        by: By = "both",
        items: Sequence[str] | None = None,
        where: Any = None,
        unknown: Unknown = "refuse",
    ) -> Iterator[Suggestions]:
        """Yield the list of each of `user_ids`, or of all users; see `recommend`."""
        _check_n(n)
        ids = list(self.dataset.user_ids.external) if user_ids is None else list(user_ids)
        users = self._lookup.indices("user", ids, unknown)
        allowed = self._lookup.allowed(items, where)
        known = self.recommender.rank_many(users[users >= 0], n, by, allowed)
        stranger = self._unknown_user(n, unknown, allowed) if (users < 0).any() else None
        for user_id, user in zip(ids, users, strict=True):
            if user < 0:
                assert stranger is not None
                yield self._listed(stranger, n, unknown, str(user_id))  # type: ignore[arg-type]
            else:
                yield self._listed(next(known), n, by, str(user_id))

    def recommend_for(
        self,
        item_ids: Sequence[str] = (),
        features: Mapping[str, Any] | None = None,
        n: int = 10,
        by: By = "both",
        items: Sequence[str] | None = None,
        where: Any = None,
    ) -> Suggestions:
        """Return the best `n` items for someone the data do not have.

        Args:
            item_ids: what they took, oldest first; of an item named twice the last time counts.
            features: what is known of them, {field: value}; what is left out, and a category the
                data do not have, is missing.
            n: how many.
            by: the order; the neighbours are those users whose items are most like theirs.
            items: choose among these only.
            where: choose only items where this is true, (n_items,).
        """
        _check_n(n)
        newest = list(dict.fromkeys(reversed(list(item_ids))))[::-1]
        taken = self._lookup.indices(self.dataset.noun.one, newest, "refuse", False)
        scores = self.scorer.score_items_for(taken, self._lookup.features_of(features or {}))
        unseen = np.ones(self.dataset.n_items, dtype=bool)
        unseen[taken] = False
        ranking = self.recommender.rank_scores(
            scores,
            self.recommender.voters.votes_for(taken),
            unseen,
            n,
            by,
            self._lookup.allowed(items, where),
        )
        return self._listed(ranking, n, by, None)

    def explain(self, user_id: str, item_id: str) -> Explanation:
        """Take the score of a known user and item apart; see `recsys.scoring.explain`."""
        user = self._lookup.indices("user", [user_id], "refuse", False)[0]
        item = self._lookup.indices(self.dataset.noun.one, [item_id], "refuse", False)[0]
        return explain(self.scorer, int(user), np.array([item]))[0]

    def how_sure(self, score: float) -> HowSure | None:
        """Return what became of held-out predictions as high; None if there were none."""
        return how_sure(self.trained.reliability, score)

    @property
    def popularity(self) -> FloatArray:
        """What `unknown="popular"` scores by, (n_items,): share of users, or mean rating."""
        if self.scorer.task == "rating":
            biases = RatingBiases(self.dataset)
            means: FloatArray = (biases.mean + biases.item).astype(np.float32)
            return means
        share = self.recommender.audience.n_users_of / max(self.dataset.n_users, 1)
        return np.asarray(share, np.float32)

    @property
    def _popularity_of_nothing(self) -> float:
        """What an item that nobody has scores by popularity."""
        rating = self.scorer.task == "rating"
        return float(self.dataset.interactions.label.mean()) if rating else 0.0

    def _unknown_user(self, n: int, unknown: Unknown, allowed: Mask | None) -> Ranking:
        """Return the list of a user the data do not have."""
        everything = np.ones(self.dataset.n_items, dtype=bool)
        nobody = np.zeros(self.dataset.n_items, np.float32)
        if unknown == "average":
            scores = self.scorer.score_all(np.array([-1]))[0]
            return self.recommender.rank_scores(scores, nobody, everything, n, "deepfm", allowed)
        best = self.recommender.popular(n, allowed)
        scores = self.popularity
        n_allowed = self.dataset.n_items if allowed is None else int(allowed.sum())
        places = percentiles(scores[best], scores)
        return Ranking(best, scores[best], places, nobody[best], len(scores), n_allowed)

    def _listed(
        self,
        ranking: Ranking,
        n: int,
        by: By | Literal["average", "popular"],
        user_id: str | None,
    ) -> Suggestions:
        ids, noun = self.dataset.item_ids.external, self.dataset.noun
        rows = zip(ranking.item, ranking.score, ranking.percentile, strict=True)
        listed = tuple(
            Suggested(
                str(ids[item]), self.dataset.title(int(item)), rank, float(score), float(percentile)
            )
            for rank, (item, score, percentile) in enumerate(rows, start=1)
        )
        short = ""
        if len(listed) < n:
            filtered = ranking.n_allowed < ranking.n_unseen
            among = f", and {ranking.n_allowed:,} of those may be chosen" if filtered else ""
            are = f"{noun.one} is" if ranking.n_unseen == 1 else f"{noun.many} are"
            short = f"{ranking.n_unseen:,} {are} unseen{among}"
        return Suggestions(user_id, listed, by, short)


def _check_n(n: int) -> None:
    if n < 0:
        raise AskerError(f"n must not be negative: {n}")
