"""Go on training a model on grown data: new users, items, values and interactions.

What was learnt of a value stays with that value, wherever its code moves; a new value starts as in
any training. Numbers keep the coding they were learnt with.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ingest.dataset.schema import Dataset, FloatArray
from ingest.errors import AskerError
from recsys.checkpoint import TrainedModel
from recsys.examples.features import CodeArray, FeatureSpace, FieldCoding, place
from recsys.examples.inputs import Inputs
from recsys.scoring.inference import Weights
from recsys.training.fitting import Fitting, build_network, export
from recsys.training.telling import teller
from recsys.training.train import check, torch_threads


def continue_model(
    trained: TrainedModel,
    dataset: Dataset,
    n_epochs: int = 10,
    seed: int = 0,
    device: str = "cpu",
    n_threads: int = 1,
    verbose: int = 0,
) -> TrainedModel:
    """Train `trained` for `n_epochs` more on all of `dataset`.

    Calibration and blend are kept as they were fitted. For `verbose` see
    `recsys.training.telling`.

    Raises:
        AskerError: the fields of `dataset` are not those the model was trained on.
        TrainingError: the loss went wrong.
    """
    training = replace(trained.training, n_epochs=n_epochs, validation_ratio=0.0)
    check(dataset, trained.config, training, device)
    space = grown_space(trained, dataset)
    start = carried_weights(trained, space, seed)
    tell = teller(verbose)
    with torch_threads(n_threads):
        inputs = Inputs(space, dataset, trained.config.history)
        fit = Fitting(inputs, dataset, trained.config, training, seed, device, start).run(
            n_epochs,
            on_epoch=tell.of("refit"),
            quiet=tell.quiet,
        )
    before = len(trained.history)
    further = ({**record, "epoch": record["epoch"] + before} for record in fit.history)
    return replace(
        trained,
        space=space,
        weights=fit.weights,
        history=(*trained.history, *further),
        data_fingerprint=dataset.fingerprint,
        interrupted=fit.interrupted,
    )


def grown_space(trained: TrainedModel, dataset: Dataset) -> FeatureSpace:
    """Return the feature space of `dataset`, numbers coded as in the model's own.

    Raises:
        AskerError: the fields differ.
    """
    fresh = FeatureSpace.from_dataset(dataset, trained.config)
    known = [(field.side, field.name, field.kind) for field in trained.space.fields]
    found = [(field.side, field.name, field.kind) for field in fresh.fields]
    if known != found:
        names = sorted({name for _, name, _ in set(known) ^ set(found)})
        raise AskerError(
            f"the model cannot go on with {dataset.name}: its fields differ "
            f"({', '.join(names)}); train anew"
        )
    pairs = zip(trained.space.fields, fresh.fields, strict=True)
    return FeatureSpace(place([old if old.kind == "dense" else new for old, new in pairs]))


def carried_weights(trained: TrainedModel, space: FeatureSpace, seed: int) -> Weights:
    """Return weights for `space`: the embedding of every value the model knows, others drawn."""
    table: FloatArray = export(build_network(space, trained.config, seed))["table"]
    for old, new in zip(trained.space.fields, space.fields, strict=True):
        source, target = _shared_codes(old, new)
        table[target] = trained.weights["table"][source]
    return {**trained.weights, "table": table}


def _shared_codes(old: FieldCoding, new: FieldCoding) -> tuple[CodeArray, CodeArray]:
    """Return the codes, in `old` and in `new`, of the values that both have."""
    if not new.vocabulary:  # numbers and knots: their codes keep their places
        n = min(old.n_codes, new.n_codes)
        return old.start + np.arange(n), new.start + np.arange(n)
    places = {value: code for code, value in enumerate(old.vocabulary, old.start + 1)}
    both = [
        (places[v], code) for code, v in enumerate(new.vocabulary, new.start + 1) if v in places
    ]
    codes = np.array([(old.start, new.start), *both], np.int64)
    return codes[:, 0], codes[:, 1]
