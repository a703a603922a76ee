"""A trained model on disk: safetensors for the weights, JSON for all else. Nothing is unpickled."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ingest.errors import HomeError
from ingest.home.tensor_files import save_tensors
from recsys.config import DeepFMConfig, TrainingConfig
from recsys.examples.features import FeatureSpace
from recsys.scoring.calibration import Calibration, Reliability
from recsys.scoring.inference import Weights

FORMAT = 1
WEIGHTS, ABOUT = "model.safetensors", "model.json"


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """Everything that answers need of a training, and its story."""

    config: DeepFMConfig
    training: TrainingConfig
    space: FeatureSpace
    weights: Weights
    calibration: Calibration
    data_fingerprint: str
    seed: int
    history: tuple[Mapping[str, float], ...] = ()
    """One record per epoch: epoch, loss, lr and, where it was evaluated, the metrics."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    """Of the best epoch, on the part of the data held out from it."""
    baseline: Mapping[str, float] = field(default_factory=dict)
    """The same of what knows no user: popularity, or in the rating task user and item means."""
    blend: Mapping[str, Any] = field(default_factory=dict)
    """Constants of `ranking.BlendConfig` fitted on the same held-out part."""
    reliability: Reliability | None = None
    """How honest its probabilities are, on held-out users that did not shape them."""
    best_epoch: int = 0
    interrupted: bool = False
    """Training was stopped by hand; the weights are the best until then."""

    @cached_property
    def fingerprint(self) -> str:
        """Sixteen hex digits that change with any weight or setting (SHA-256, shortened)."""
        digest = hashlib.sha256()
        for name in sorted(self.weights):
            array = np.ascontiguousarray(self.weights[name])
            digest.update(f"{name} {array.shape} {array.dtype}".encode())
            digest.update(array.tobytes())
        settings = {k: v for k, v in self._about().items() if k in _SETTINGS}
        digest.update(json.dumps(settings, sort_keys=True).encode())
        return digest.hexdigest()[:16]

    def _about(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "config": asdict(self.config),
            "training": asdict(self.training),
            "space": self.space.to_json(),
            "calibration": asdict(self.calibration),
            "blend": dict(self.blend),
            "seed": self.seed,
            "data_fingerprint": self.data_fingerprint,
            "metrics": dict(self.metrics),
            "baseline": dict(self.baseline),
            "reliability": self.reliability.to_json() if self.reliability else [],
            "history": [dict(record) for record in self.history],
            "best_epoch": self.best_epoch,
            "interrupted": self.interrupted,
        }


_SETTINGS = ("config", "space", "calibration", "blend")


def save_model(trained: TrainedModel, folder: Path) -> None:
    """Write `trained` into the existing `folder`."""
    save_tensors(trained.weights, folder / WEIGHTS)
    about = {**trained._about(), "model_fingerprint": trained.fingerprint}
    text = json.dumps(about, indent=2, ensure_ascii=False)
    (folder / ABOUT).write_text(text, encoding="utf-8")


def load_model(folder: Path) -> TrainedModel:
    """Read the model in `folder`.

    Raises:
        HomeError: a file is missing, cut short, not of this project, or does not fit the other.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    for name in (ABOUT, WEIGHTS):
        if not (folder / name).is_file():
            raise _refusal(folder / name, "is missing")
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        trained = _from_parts(about, load_file(folder / WEIGHTS))
    except OSError as error:
        raise _refusal(folder, f"cannot be read ({error})") from error
    except SafetensorError as error:
        raise _refusal(folder / WEIGHTS, f"is damaged ({error})") from error
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration) as error:
        raise _refusal(
            folder / ABOUT, f"is damaged or not a model of whyrec ({error!r})"
        ) from error
    if trained.fingerprint != about.get("model_fingerprint"):
        raise _refusal(folder / WEIGHTS, "does not belong to the model.json beside it")
    return trained


def _from_parts(about: Any, weights: Weights) -> TrainedModel:
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        found = about.get("format") if isinstance(about, dict) else None
        raise ValueError(f"its format is {found!r}, this version reads {FORMAT}")
    return TrainedModel(
        config=DeepFMConfig.from_json(about["config"]),
        training=TrainingConfig(**about["training"]),
        space=FeatureSpace.from_json(about["space"]),
        weights=weights,
        calibration=Calibration(**about["calibration"]),
        data_fingerprint=about["data_fingerprint"],
        seed=about["seed"],
        history=tuple(about["history"]),
        metrics=about["metrics"],
        baseline=about.get("baseline", {}),
        blend=about["blend"],
        reliability=Reliability.from_json(about.get("reliability", ())),
        best_epoch=about["best_epoch"],
        interrupted=about["interrupted"],
    )


def _refusal(path: Path, what: str) -> HomeError:
    return HomeError(f"{path} {what}; run `whyrec train` again")
