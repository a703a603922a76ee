"""All that can be chosen about a model and its training; read and written without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from ingest.errors import AskerError

Task = Literal["ranking", "rating"]
Loss = Literal["bce", "bpr", "softmax", "mse"]
Sampler = Literal["uniform", "popularity"]
Schedule = Literal["constant", "exponential", "cosine"]
Metric = Literal[
    "ndcg", "recall", "precision", "hit_rate", "map", "mrr", "log_loss", "roc_auc", "pr_auc",
    "rmse", "mae", "r2",
]  # fmt: skip
RATING_METRICS = ("rmse", "mae", "r2")
LOWER_IS_BETTER = ("log_loss", "rmse", "mae")


def _check(right: bool, message: str) -> None:
    if not right:
        raise AskerError(message)


def _check_choice(name: str, value: object, choices: object) -> None:
    allowed = get_args(choices)
    _check(value in allowed, f"{name} must be one of {', '.join(allowed)}, not {value!r}")


@dataclass(frozen=True)
class HistoryField:
    """One way to weigh a user's history; each has item embeddings of its own.

    An item d back weighs exp(−d / decay); without a decay all weigh alike.
    """

    name: str
    decay: float | None = None
    unit: Literal["items", "seconds"] = "items"
    """What d counts: later items (those of one second share a place), or seconds."""
    norm: float = 0.5
    """Weights w are divided by (Σ wᵖ)^norm with p = 1 / norm: 0.5 gives length 1, 1.0 a mean."""

    def __post_init__(self) -> None:
        what = f"history field {self.name!r}"
        _check(
            self.decay is None or self.decay > 0, f"{what}: decay must be above 0, not {self.decay}"
        )
        _check(self.unit in ("items", "seconds"), f"{what}: unit must be items or seconds")
        _check(0 < self.norm <= 1, f"{what}: norm must be in (0, 1], not {self.norm}")


@dataclass(frozen=True)
class DeepFMConfig:
    """What the network sees and looks like; names are LibRecommender's where it has one."""

    task: Task = "ranking"
    """ranking: an interaction is a positive, σ(y) its probability; rating: y is the label."""
    embed_size: int = 64
    """K, the length of every embedding vᵢ."""
    hidden_units: tuple[int, ...] = (128, 64, 32)
    """Widths of the MLP's layers; empty leaves the factorisation machine alone."""
    use_bn: bool = True
    """Batch normalisation after every linear layer of the MLP, before its ReLU."""
    dropout_rate: float = 0.0
    """Share of the MLP's hidden units dropped in training."""
    init_std: float = 0.05
    """Standard deviation of the embeddings at the start."""
    user_id: bool = True
    """The user's id is a field; off, a user is who they are and what they did."""
    history: tuple[HistoryField, ...] = ()
    """The user's interactions as multi-value fields."""
    activity: bool = False
    """How many items a user has is a field, in soft bins of 2·log₂."""
    dense_bins: int = 0
    """0: a number is its standardised value times one embedding; n: one of n quantile bins."""
    pooling: Literal["mean", "sqrt"] = "mean"
    """How the values of a multi-value field are summed: divided by n or by √n."""

    def __post_init__(self) -> None:
        _check_choice("task", self.task, Task)
        _check(self.embed_size >= 1, f"embed_size must be at least 1, not {self.embed_size}")
        _check(
            all(width >= 1 for width in self.hidden_units),
            f"hidden_units must all be at least 1, not {self.hidden_units}",
        )
        _check(
            0 <= self.dropout_rate < 1, f"dropout_rate must be in [0, 1), not {self.dropout_rate}"
        )
        _check(self.init_std > 0, f"init_std must be above 0, not {self.init_std}")
        _check(
            self.dense_bins == 0 or self.dense_bins >= 2,
            f"dense_bins must be 0 (off) or at least 2, not {self.dense_bins}",
        )
        _check(
            self.pooling in ("mean", "sqrt"), f"pooling must be mean or sqrt, not {self.pooling!r}"
        )

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> DeepFMConfig:
        """Rebuild what `dataclasses.asdict` and JSON made of a config."""
        return cls(
            **{
                **fields,
                "hidden_units": tuple(fields["hidden_units"]),
                "history": tuple(HistoryField(**one) for one in fields["history"]),
            }
        )


@dataclass(frozen=True)
class TrainingConfig:
    """How the network is trained; seed and device are passed beside it."""

    loss: Loss = "bce"
    """bce: each pair on its own; bpr: a positive above its negatives; softmax: a user's next items
    above all others; mse: the label itself (rating task)."""
    n_epochs: int = 10
    """The most epochs to train; the best one is kept."""
    steps_per_epoch: int = 0
    """The most steps in an epoch, 0 for all the data; the next epoch goes on where one stopped."""
    lr: float = 1e-3
    """Adam's learning rate at the start."""
    lr_schedule: Schedule = "constant"
    """exponential: times lr_decay after every epoch; cosine: down to 2 % over all epochs."""
    lr_decay: float = 0.9
    """The factor of the exponential schedule."""
    warm_up: float = 0.0
    """Share of all steps over which lr rises from 0."""
    adam_beta2: float = 0.999
    """How slowly Adam's running mean of squared gradients forgets."""
    batch_size: int = 512
    """Pairs per step, or users per step under softmax."""
    n_negatives: int = 1
    """Unseen items drawn per positive, afresh every epoch (bce, bpr)."""
    sampler: Sampler = "uniform"
    """How they are drawn: all unseen items alike, or by popularity."""
    reg: float = 0.0
    """L2: this times the sum of all squared embeddings and layer weights is added to the loss."""
    weight_decay: float = 0.0
    """Decoupled weight decay on every weight (AdamW)."""
    history_dropout: float = 0.0
    """Share of the history's items hidden from the history fields in training."""
    first_cut: float = 0.2
    """softmax: a user's history is cut at a random place after this share of it."""
    window: float = 0.25
    """softmax: the targets are the next items after the cut, this share of the history's length."""
    target_decay: float | None = None
    """softmax: the d-th target weighs exp(−d / target_decay); all alike without."""
    metric: Metric = "ndcg"
    """What the best epoch is best at, on what is held out; metrics of lists are of the top 10."""
    patience: int = 3
    """Stop after this many evaluations without a better one."""
    eval_every: int = 1
    """Evaluate after every so many epochs."""
    validation_ratio: float = 0.2
    """Share of each user's last interactions held out to choose the epoch by; 0 holds out none."""
    validation_last: bool = False
    """Hold out each user's last interaction only, instead of a share."""
    refit: bool = True
    """Train again on everything, for as many epochs as were best."""

    def __post_init__(self) -> None:
        for name, choices in (
            ("loss", Loss),
            ("lr_schedule", Schedule),
            ("sampler", Sampler),
            ("metric", Metric),
        ):
            _check_choice(name, getattr(self, name), choices)
        for name in ("n_epochs", "batch_size", "n_negatives", "patience", "eval_every"):
            value = getattr(self, name)
            _check(value >= 1, f"{name} must be at least 1, not {value}")
        steps = self.steps_per_epoch
        _check(steps >= 0, f"steps_per_epoch must be 0 (all the data) or more, not {steps}")
        decay = self.target_decay
        _check(decay is None or decay > 0, f"target_decay must be above 0, not {decay}")
        for name in ("lr", "lr_decay", "window"):
            value = getattr(self, name)
            _check(value > 0, f"{name} must be above 0, not {value}")
        for name in ("reg", "weight_decay"):
            value = getattr(self, name)
            _check(value >= 0, f"{name} must not be negative: {value}")
        for name in ("history_dropout", "first_cut", "validation_ratio", "warm_up", "adam_beta2"):
            value = getattr(self, name)
            _check(0 <= value < 1, f"{name} must be in [0, 1), not {value}")
