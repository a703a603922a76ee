"""What a caller names, held against the data: ids, conditions on items, features of a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

import numpy as np

from ingest.dataset.ids import IntArray
from ingest.dataset.schema import Dataset
from ingest.errors import AskerError
from recsys.lists.ranking import Mask
from recsys.results import Unknown


class Lookup:
    """The names of one data set."""

    def __init__(self, dataset: Dataset) -> None:
        """Look things up in `dataset`."""
        self._dataset = dataset

    def indices(
        self, what: str, ids: Sequence[str], unknown: Unknown, otherwise: bool = True
    ) -> IntArray:
        """Return indices, −1 for ids the data do not have where these are not refused.

        A refusal names the other ways to treat them unless there is no `otherwise`.
        """
        _check_unknown(unknown)
        code_of = self._dataset.user_ids if what == "user" else self._dataset.item_ids
        codes = code_of.codes([str(one) for one in ids])
        strange = [str(one) for one, code in zip(ids, codes, strict=True) if code < 0]
        if strange and unknown == "refuse":
            several = len(strange) > 1
            raise AskerError(
                f"{what} {', '.join(strange[:5])} {'are' if several else 'is'} not in the data set "
                f"{self._dataset.name}; check the id{'s' if several else ''}"
                + (", or score unknown ones with --unknown average or popular" if otherwise else "")
            )
        return codes

    def allowed(self, items: Sequence[str] | None, where: Any) -> Mask | None:
        """Return the items to choose among, (n_items,); None for all."""
        if items is None and where is None:
            return None
        allowed = np.ones(self._dataset.n_items, dtype=bool)
        if items is not None:
            allowed[:] = False
            allowed[self.indices(self._dataset.noun.one, items, "refuse", False)] = True
        if where is not None:
            condition = np.asarray(where)
            if condition.shape != allowed.shape or condition.dtype != bool:
                raise AskerError(
                    f"where must tell true or false of each of the {len(allowed):,} "
                    f"{self._dataset.noun.many}, as data.items['year'] > 1990 does"
                )
            allowed &= condition
        return allowed

    def features_of(self, features: Mapping[str, Any]) -> dict[str, Any]:
        """Return `features` once they are found to fit the fields of users."""
        fields = {field.name: field for field in self._dataset.fields_of("user")}
        for name, value in features.items():
            if name not in fields:
                raise AskerError(
                    f"users of {self._dataset.name} have no field {name!r}; their fields are "
                    f"{', '.join(fields) or '(none)'}"
                )
            if fields[name].kind == "dense" and not _is_number(value):
                raise AskerError(f"{name} is a number, not {value!r}")
        return dict(features)


def paired(users: str | Sequence[str], items: str | Sequence[str]) -> tuple[list[str], list[str]]:
    """Return users and items of equal number; one beside several stands for all of them."""
    left = [users] if isinstance(users, str) else list(users)
    right = [items] if isinstance(items, str) else list(items)
    left = left * len(right) if len(left) == 1 else left
    right = right * len(left) if len(right) == 1 else right
    if len(left) != len(right):
        raise AskerError(f"{len(left)} users and {len(right)} items do not pair up")
    return left, right


def _check_unknown(unknown: str) -> None:
    if unknown not in get_args(Unknown):
        raise AskerError(f"unknown must be one of {', '.join(get_args(Unknown))}, not {unknown!r}")


def _is_number(value: Any) -> bool:
    try:
        return value is None or bool(np.isfinite(float(value)) or np.isnan(float(value)))
    except (TypeError, ValueError):
        return False
