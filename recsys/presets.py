"""Settings that go together: the ranking recipe, the rating task, the first notebook's."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, NamedTuple

from ingest.errors import AskerError
from recsys.config import DeepFMConfig, HistoryField, Loss, Task, TrainingConfig


class Preset(NamedTuple):
    """A network and how it is trained."""

    config: DeepFMConfig
    training: TrainingConfig


RECENT_HISTORY = (
    HistoryField("history"),
    HistoryField("last_1", decay=1.0),
    HistoryField("last_4", decay=4.0),
    HistoryField("last_16", decay=16.0),
    HistoryField("last_minute", decay=60.0, unit="seconds"),
)
"""The whole history, and what is freshest in it at four speeds of forgetting."""


def ranking() -> Preset:
    """Return the recipe for lists: from the history so far, foresee the next items.

    Each epoch cuts every user's history at a random place; the items after the cut must stand
    above all others (softmax). Measured in `whyrec evaluate`. An epoch has 25 steps at the most,
    so that training ends after 2,000 however many users there are: `benchmarks/schedule.py`.
    """
    config = DeepFMConfig(
        task="ranking",
        embed_size=64,
        hidden_units=(16,),
        use_bn=False,
        user_id=False,
        history=RECENT_HISTORY,
        dense_bins=9,
        activity=True,
    )
    training = TrainingConfig(
        loss="softmax",
        n_epochs=80,
        steps_per_epoch=25,
        lr=5e-3,
        lr_schedule="cosine",
        warm_up=0.05,
        adam_beta2=0.99,
        batch_size=256,
        reg=1e-4,
        history_dropout=0.2,
        target_decay=20.0,
        eval_every=10,
    )
    return Preset(config, training)


def next_item() -> Preset:
    """Return the recipe for the very next item rather than the next many.

    As `ranking`, with targets that fade after three items; tuned on the item before the last.
    """
    start = ranking()
    training = replace(start.training, lr=1e-2, target_decay=3.0, history_dropout=0.1)
    return Preset(start.config, training)


def rating() -> Preset:
    """Return settings for predicting the label itself."""
    return Preset(
        DeepFMConfig(task="rating", embed_size=16, dropout_rate=0.2),
        TrainingConfig(loss="mse", metric="rmse", n_epochs=20, reg=1e-5),
    )


def notebook() -> Preset:
    """Return the first notebook's settings (LibRecommender's DeepFM), one negative a positive."""
    return Preset(
        DeepFMConfig(task="ranking", embed_size=64, hidden_units=(128, 64, 32), use_bn=True),
        TrainingConfig(
            loss="bce", n_epochs=10, lr=1e-4, batch_size=512, n_negatives=1, metric="log_loss"
        ),
    )


def preset(task: Task, loss: Loss | None = None) -> Preset:
    """Return the settings for a task; a loss on pairs takes a training made for pairs."""
    if task == "rating":
        return rating()
    chosen = ranking()
    if loss in ("bce", "bpr"):
        pairs = TrainingConfig(loss=loss, n_epochs=20, lr=1e-3, n_negatives=2, history_dropout=0.3)
        return Preset(chosen.config, pairs)
    return chosen


def with_settings(start: Preset, **settings: Any) -> Preset:
    """Return `start` with fields of its config and its training changed by name.

    A decay of the learning rate means the exponential schedule unless another one is named.

    Raises:
        AskerError: there is no setting of that name, or its value is out of range.
    """
    if "lr_decay" in settings:
        settings.setdefault("lr_schedule", "exponential")
    names = [{field.name for field in fields(part)} for part in start]
    strange = sorted(set(settings) - names[0] - names[1])
    if strange:
        known = ", ".join(sorted(names[0] | names[1]))
        raise AskerError(f"there is no setting {', '.join(strange)}; the settings are {known}")
    config, training = ({k: v for k, v in settings.items() if k in own} for own in names)
    return Preset(replace(start.config, **config), replace(start.training, **training))
