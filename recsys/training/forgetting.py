"""A person taken out of a trained model: their id, their embedding, and values nobody else has."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ingest.dataset.schema import Dataset
from recsys.checkpoint import TrainedModel
from recsys.examples.features import FeatureSpace, FieldCoding, is_missing, place


def forget_in_model(
    trained: TrainedModel, user_id: str, left: Dataset, data_fingerprint: str
) -> tuple[TrainedModel, list[str]]:
    """Return `trained` without what it holds of one user alone, and the fields that lost a value.

    Rows of the embedding table are taken out; every other number stays bit for bit, so everybody
    else's scores do. The shared weights were fitted with the person's rows among all others; only
    training anew undoes that.

    Args:
        trained: the model.
        user_id: the person.
        left: the data without the person.
        data_fingerprint: what the data it was trained on are called without the person.
    """
    codings, kept, lost = [], [], []
    for coding in trained.space.fields:
        stay = np.ones(coding.n_codes, dtype=bool)
        if coding.side == "user" and coding.vocabulary and coding.kind != "history":
            known = _still_there(coding, user_id, left)
            stay[1:] = known  # the first code of a field means missing
            if not known.all():
                lost.append(coding.name)
                values = zip(coding.vocabulary, known, strict=True)
                coding = replace(coding, vocabulary=tuple(v for v, stays in values if stays))
        codings.append(coding)
        kept.append(stay)
    table = trained.weights["table"][np.concatenate(kept)]
    model = replace(
        trained,
        space=FeatureSpace(place(codings)),
        weights={**trained.weights, "table": table},
        data_fingerprint=data_fingerprint,
    )
    return model, lost


def _still_there(coding: FieldCoding, user_id: str, left: Dataset) -> NDArray[np.bool_]:
    """Return which values of a field's vocabulary belong to somebody who is left."""
    values = np.array(coding.vocabulary, dtype=object)
    if coding.kind == "id":
        stay: NDArray[np.bool_] = values != user_id
        return stay
    if coding.name not in left.users:
        return np.ones(len(values), dtype=bool)
    had: set[str] = set()
    for value in left.users[coding.name]:
        several = value if coding.kind == "multi" else (value,)
        had.update(str(one) for one in several if not is_missing(one))
    return np.array([value in had for value in values], dtype=bool)
