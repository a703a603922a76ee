"""DeepFM's fields and vocabularies, and every user and item as bags of (code, value) pairs.

One feature xᵢ of the FM equation is one *code*; all fields share one code space, so the model has
one embedding table. A field of a row is a *bag*: one code for an id or a category, several for a
multi-value field, a value other than 1 for a number. Code 0 of every field means missing or never
seen, and its embedding starts at zero, so what is not known adds nothing unless training saw it
missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ingest.dataset.ids import IntArray
from ingest.dataset.schema import Dataset, FloatArray
from ingest.errors import AskerError
from recsys.config import DeepFMConfig

CodeArray = NDArray[np.int64]
Side = Literal["user", "item"]
_ITEM_ID = ("id", "item")


class Bags(NamedTuple):
    """Rows of fields as one CSR: bag r·n_fields + f holds field f of row r."""

    codes: CodeArray  # (nnz,)
    values: FloatArray  # (nnz,)
    offsets: CodeArray  # (n_rows · n_fields + 1,)
    n_fields: int

    @property
    def n_rows(self) -> int:
        return (len(self.offsets) - 1) // self.n_fields if self.n_fields else 0

    def take(self, rows: NDArray[Any]) -> Bags:
        """Return `rows`, in that order, repeats allowed. Cost: O(what is returned)."""
        bags = (
            np.asarray(rows, np.int64)[:, None] * self.n_fields + np.arange(self.n_fields)
        ).ravel()
        picked, offsets = ragged_ranges(self.offsets[bags], self.offsets[bags + 1])
        return Bags(self.codes[picked], self.values[picked], offsets, self.n_fields)


def ragged_ranges(starts: CodeArray, ends: CodeArray) -> tuple[CodeArray, CodeArray]:
    """Return all ranges start…end in one array, (total,), and where each begins, (n + 1,)."""
    lengths = ends - starts
    offsets = np.zeros(len(starts) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], lengths), offsets


def beside(left: Bags, right: Bags) -> Bags:
    """Put the fields of `right` after those of `left`, row by row."""
    if left.n_rows != right.n_rows:
        raise ValueError(f"{left.n_rows} rows cannot stand beside {right.n_rows}")
    n_rows, n_fields = left.n_rows, left.n_fields + right.n_fields
    lengths = np.concatenate(
        [np.diff(side.offsets).reshape(n_rows, side.n_fields) for side in (left, right)], axis=1
    ).ravel()
    offsets = np.zeros(n_rows * n_fields + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    codes, values = np.empty(offsets[-1], np.int64), np.empty(offsets[-1], np.float32)
    starts = offsets[:-1].reshape(n_rows, n_fields)
    for side, columns in ((left, slice(0, left.n_fields)), (right, slice(left.n_fields, None))):
        begin = starts[:, columns].ravel()
        where, _ = ragged_ranges(begin, begin + np.diff(side.offsets))
        codes[where], values[where] = side.codes, side.values
    return Bags(codes, values, offsets, n_fields)


@dataclass(frozen=True)
class FieldCoding:
    """How one field is coded.

    id, sparse: the value's place in `vocabulary`; history: an item's place among the item ids;
    multi: each value's place, weighted by `pooling`; dense with `edges`: the bin it falls in; dense
    without: one code whose value is (x − mean) / sd, or the code for missing; activity: 2·log₂ of
    the number of known items, shared between the two nearest of the knots in `edges`.
    """

    name: str
    kind: Literal["id", "sparse", "dense", "multi", "activity", "history"]
    side: Side
    start: int
    """The field's code 0 in the shared code space."""
    vocabulary: tuple[str, ...] = ()
    pooling: Literal["mean", "sqrt"] = "mean"
    """A multi field of n values is their sum divided by n (mean) or by √n (sqrt)."""
    edges: tuple[float, ...] = ()
    mean: float = 0.0
    sd: float = 1.0

    @property
    def n_codes(self) -> int:
        if self.kind == "activity":
            return len(self.edges) + 1
        if self.kind == "dense":
            return len(self.edges) + 2 if self.edges else 2
        return len(self.vocabulary) + 1

    def code(self, column: Sequence[Any] | pd.Series) -> tuple[CodeArray, CodeArray, FloatArray]:
        """Return (row, code, value) of every value in a column of this field, rows ascending."""
        if self.kind == "dense":
            return self._code_numbers(column)
        if self.kind == "multi":
            lists = [_as_list(value) for value in column]
            lengths = np.fromiter(map(len, lists), np.int64, len(lists))
            rows = np.repeat(np.arange(len(lists)), lengths)
            places = self._places([value for values in lists for value in values])
            n_known = np.maximum(lengths, 1).astype(np.float32)
            weight = 1 / (n_known if self.pooling == "mean" else np.sqrt(n_known))
            return rows, places, weight.astype(np.float32)[rows]
        places = self._places(list(column))
        return np.arange(len(places)), places, np.ones(len(places), np.float32)

    def _places(self, values: list[Any]) -> CodeArray:
        texts = [None if is_missing(value) else str(value) for value in values]
        index = pd.Index(self.vocabulary, dtype="object")
        found = index.get_indexer(pd.Index(texts, dtype="object"))
        return (self.start + 1 + found).astype(np.int64)

    def _code_numbers(
        self, column: Sequence[Any] | pd.Series
    ) -> tuple[CodeArray, CodeArray, FloatArray]:
        numbers = pd.to_numeric(pd.Series(column), errors="coerce").to_numpy(np.float64)
        known = np.isfinite(numbers)
        rows = np.arange(len(numbers))
        if self.edges:
            bins = np.searchsorted(np.asarray(self.edges), np.where(known, numbers, 0), "right") + 1
            return rows, self.start + np.where(known, bins, 0), np.ones(len(rows), np.float32)
        values = np.where(known, (np.where(known, numbers, 0) - self.mean) / self.sd, 1.0)
        return rows, self.start + known.astype(np.int64), values.astype(np.float32)


def is_missing(value: Any) -> bool:
    """Tell whether one category is missing: None, NaN or empty text."""
    return value is None or value == "" or (isinstance(value, float) and np.isnan(value))


def _as_list(value: Any) -> list[Any]:
    if isinstance(value, str):
        return [value]
    return [] if is_missing(value) else [one for one in value if not is_missing(one)]


@dataclass(frozen=True)
class FeatureSpace:
    """The fields of users and items with their vocabularies; kept with the model."""

    fields: tuple[FieldCoding, ...]

    @classmethod
    def from_dataset(cls, dataset: Dataset, config: DeepFMConfig) -> FeatureSpace:
        """Read the vocabularies off `dataset`.

        A user or item without an interaction gets no id code of its own: it could not be learnt.
        """
        codings = _codings(dataset, config)
        if all(coding.side == "item" for coding in codings):
            raise AskerError(
                f"the model would know nothing of the users of {dataset.name}: "
                "give it user_id, a history field or a feature of users"
            )
        return cls(place(codings))

    @classmethod
    def from_json(cls, fields: list[dict[str, Any]]) -> FeatureSpace:
        """Rebuild what `to_json` wrote."""
        items = next(one["vocabulary"] for one in fields if (one["kind"], one["side"]) == _ITEM_ID)
        return cls(
            tuple(
                FieldCoding(
                    **{
                        **one,
                        "vocabulary": tuple(
                            items if one["kind"] == "history" else one["vocabulary"]
                        ),
                        "edges": tuple(one["edges"]),
                    }
                )
                for one in fields
            )
        )

    def to_json(self) -> list[dict[str, Any]]:
        """Write the fields as plain JSON types; history fields share the item ids' vocabulary."""
        return [
            {**asdict(field), "vocabulary": [] if field.kind == "history" else field.vocabulary}
            for field in self.fields
        ]

    def of(self, side: str) -> tuple[FieldCoding, ...]:
        """Return all fields of one side, `user` or `item`, history fields last."""
        return tuple(field for field in self.fields if field.side == side)

    def static(self, side: str) -> tuple[FieldCoding, ...]:
        """Return the fields of one side that do not change with a user's history."""
        return tuple(field for field in self.of(side) if field.kind not in ("activity", "history"))

    @property
    def activity(self) -> FieldCoding | None:
        return next((field for field in self.fields if field.kind == "activity"), None)

    @property
    def history(self) -> tuple[FieldCoding, ...]:
        return tuple(field for field in self.fields if field.kind == "history")

    @property
    def item_id(self) -> FieldCoding:
        return next(field for field in self.fields if field.kind == "id" and field.side == "item")

    @property
    def n_codes(self) -> int:
        return sum(field.n_codes for field in self.fields)

    def encode(self, dataset: Dataset, side: Side) -> Bags:
        """Write every user or every item of `dataset` as bags, in id-map order."""
        ids, frame = (
            (dataset.user_ids, dataset.users)
            if side == "user"
            else (dataset.item_ids, dataset.items)
        )
        return self._bags(side, {"": ids.external, **{str(k): frame[k] for k in frame}}, len(ids))

    def encode_row(self, side: Side, values: Mapping[str, Any]) -> Bags:
        """Write one row, {field: value}, as bags; what is left out is missing, as is the id."""
        return self._bags(side, {name: [value] for name, value in values.items()}, 1)

    def _bags(self, side: Side, columns: Mapping[str, Any], n_rows: int) -> Bags:
        fields = self.static(side)
        rows, codes, values, places = [], [], [], []
        for f, field in enumerate(fields):
            column = columns.get("" if field.kind == "id" else field.name, [None] * n_rows)
            row, code, value = field.code(column)
            rows.append(row)
            codes.append(code)
            values.append(value)
            places.append(np.full(len(row), f))
        if not fields:  # a user side of history fields only
            return Bags(np.empty(0, np.int64), np.empty(0, np.float32), np.zeros(1, np.int64), 0)
        bag = np.concatenate(rows) * len(fields) + np.concatenate(places)
        order = np.argsort(bag, kind="stable")
        offsets = np.zeros(n_rows * len(fields) + 1, np.int64)
        np.cumsum(np.bincount(bag, minlength=n_rows * len(fields)), out=offsets[1:])
        return Bags(
            np.concatenate(codes)[order],
            np.concatenate(values).astype(np.float32)[order],
            offsets,
            len(fields),
        )


def place(codings: Sequence[FieldCoding]) -> tuple[FieldCoding, ...]:
    """Put fields one after the other into a shared code space."""
    placed, start = [], 0
    for coding in codings:
        placed.append(replace(coding, start=start))
        start += coding.n_codes
    return tuple(placed)


def _codings(dataset: Dataset, config: DeepFMConfig) -> list[FieldCoding]:
    """Return the codings of all fields, not yet placed in the shared code space."""
    seen = dataset.interactions
    codings = []
    if config.user_id:
        codings.append(_id_coding("user", dataset.user_ids.external, seen.user))
    codings += _side_codings(dataset, "user", config)
    if config.activity:
        most = int(np.bincount(seen.user).max()) if len(seen) else 1
        knots = tuple(float(knot) for knot in range(int(2 * np.log2(most)) + 2))
        codings.append(FieldCoding("activity", "activity", "user", 0, edges=knots))
    item_id = _id_coding("item", dataset.item_ids.external, seen.item)
    codings += [
        FieldCoding(field.name, "history", "user", 0, item_id.vocabulary)
        for field in config.history
    ]
    return [*codings, item_id, *_side_codings(dataset, "item", config)]


def _id_coding(side: Side, external: NDArray[np.object_], seen: IntArray) -> FieldCoding:
    return FieldCoding(f"{side}_id", "id", side, 0, tuple(external[np.unique(seen)]))


def _side_codings(dataset: Dataset, side: Side, config: DeepFMConfig) -> list[FieldCoding]:
    frame = dataset.users if side == "user" else dataset.items
    codings = []
    for field in dataset.fields_of(side):
        column = frame[field.name]
        if field.kind == "dense":
            codings.append(_dense_coding(field.name, side, column, config.dense_bins))
            continue
        values = (
            [v for row in column for v in _as_list(row)] if field.kind == "multi" else list(column)
        )
        vocabulary = tuple(sorted({str(value) for value in values if not is_missing(value)}))
        codings.append(
            FieldCoding(field.name, field.kind, side, 0, vocabulary, pooling=config.pooling)
        )
    return codings


def _dense_coding(name: str, side: Side, column: pd.Series, n_bins: int) -> FieldCoding:
    numbers = column.to_numpy(np.float64)
    numbers = numbers[np.isfinite(numbers)]
    if n_bins and len(numbers):
        edges = np.unique(np.quantile(numbers, np.linspace(0, 1, n_bins + 1)[1:-1]))
        return FieldCoding(name, "dense", side, 0, edges=tuple(edges.tolist()))
    mean = float(numbers.mean()) if len(numbers) else 0.0
    sd = float(numbers.std()) if len(numbers) else 1.0
    return FieldCoding(name, "dense", side, 0, mean=mean, sd=sd or 1.0)
