"""A user's set of items as a vector whose l2 distance orders users nearly as Jaccard does.

With x, y the unit-norm rows of the user × item matrix, a and b the sizes of the two sets and
t = ln(b / a),

    cos(x, y) = 2J / (1 + J) · cosh(t / 2) ≈ 2J / (1 + J) · (1 + t² / 8),

so that |x − y|² + λ²t² = 2 − 4J / (1 + J) to second order when λ = ½ √(2J / (1 + J)). One more
coordinate, λ · (ln size − mean), thus turns distance into Jaccard for neighbours about as near as
the J that λ is made for.

    stored   [ direction | λ · (ln size − mean) | what the projection lost | place ]
    asked    [ direction | λ · (ln size − mean) |            0             |   0   ]

`direction` is x itself up to 5,000 items; above, x projected on the leading right singular vectors
of users' x. The third part is there only then. Its length is that of what the projection lost: with
0 on the asking side the distance is the expected one over what is not known of the directions. It
points along a random projection of what was lost, because Chroma links stored users that are near
one another: were it one coordinate, users would be linked who lose equally much, whatever they
lose, and a search that follows the links would miss most neighbours of who asks. `place` grows with
the user's index by next to nothing: equal sets come in index order, and the graph that Chroma
searches never holds two equal points (2,000 equal ones took 48 CPU-seconds to insert, and hid their
neighbours; with their places, 3).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ingest.dataset.ids import IntArray
from ingest.dataset.schema import FloatArray
from ingest.dataset.split import RowArray
from ingest.errors import HomeError
from ingest.home.tensor_files import save_tensors

FILE = "vectors.json"
COMPONENTS_FILE = "vectors.safetensors"
_PLACE = 1e-3  # squared, a millionth: below any difference between two sets that matters


@dataclass(frozen=True)
class VectorConfig:
    """How the vectors are made."""

    raw_up_to: int = 5000
    """Item counts up to this keep one coordinate per item; above it, directions are projected."""
    rank: int = 512
    """Coordinates of a projected direction; 256 lose twice as many neighbours."""
    spread: int = 64
    """Coordinates of what a projection loses."""
    fitted_on: int = 20_000
    """Users sampled to fit the projection; more cost more and find no more neighbours."""
    typical_jaccard: float | None = None
    """Jaccard index with a neighbour that λ is made for; None measures it on a sample."""
    sample: int = 200
    """Users sampled to measure it."""
    neighbour: int = 10
    """Which neighbour, counted from the nearest, is the typical one."""

    def __post_init__(self) -> None:
        for name in ("raw_up_to", "rank", "spread", "fitted_on", "sample", "neighbour"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be 1 or more, not {getattr(self, name)}")
        if self.typical_jaccard is not None and not 0 < self.typical_jaccard <= 1:
            raise ValueError(f"typical_jaccard must lie in (0, 1], not {self.typical_jaccard}")


@dataclass(frozen=True, eq=False)
class InteractionVectors:
    """The frozen map from a set of items, a known user's or any other, to its vector."""

    n_items: int
    typical_jaccard: float
    mean_log_size: float
    components: FloatArray | None = None
    """Right singular vectors, (n_items, rank), or None where directions are kept whole."""
    scatter: FloatArray | None = None
    """Random directions orthogonal to the components, (n_items, spread); None where they are."""

    @property
    def size_weight(self) -> float:
        """λ, the weight of the size coordinate."""
        return 0.5 * float(np.sqrt(2 * self.typical_jaccard / (1 + self.typical_jaccard)))

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        if self.components is None or self.scatter is None:
            return self.n_items + 2
        return int(self.components.shape[1] + self.scatter.shape[1]) + 2

    def stored(self, matrix: sparse.csr_array, place: NDArray[np.float64]) -> FloatArray:
        """Vectors to keep, (n, dimension), of n binary rows (n, n_items), none empty.

        `place` (n,) in [0, 1) is each user's place among all users.
        """
        directions, size = self._parts(matrix)
        columns = [directions, size[:, None]]
        if self.scatter is not None:
            columns.append(_lost(matrix, directions, self.scatter))
        return np.hstack([*columns, _PLACE * place[:, None]]).astype(np.float32)

    def asked(self, matrix: sparse.csr_array) -> FloatArray:
        """Vectors to search with, (n, dimension), of n binary rows (n, n_items), none empty."""
        directions, size = self._parts(matrix)
        rest = np.zeros((len(size), self.dimension - directions.shape[1] - 1), dtype=np.float32)
        return np.hstack([directions, size[:, None], rest]).astype(np.float32)

    def asked_for(self, items: IntArray) -> FloatArray:
        """Vector to search with, (dimension,), of one non-empty set of item indices.

        Raises:
            ValueError: the set is empty (no direction, hence no neighbours) or an index is unknown.
        """
        distinct = np.unique(np.asarray(items, dtype=np.int64))
        if not len(distinct):
            raise ValueError("a set without items has no vector")
        if distinct[0] < 0 or distinct[-1] >= self.n_items:
            raise ValueError(f"an item index lies outside 0 … {self.n_items - 1}")
        ones = np.ones(len(distinct), dtype=np.float32)
        row = sparse.csr_array(
            (ones, (np.zeros(len(distinct), dtype=np.int64), distinct)), shape=(1, self.n_items)
        )
        vector: FloatArray = self.asked(row)[0]
        return vector

    def _parts(self, matrix: sparse.csr_array) -> tuple[FloatArray, FloatArray]:
        """Directions (n, n_items or rank) and size coordinates (n,)."""
        unit, sizes = _unit_rows(matrix)
        size = self.size_weight * (np.log(sizes) - self.mean_log_size)
        if self.components is None:
            return unit.toarray(), size.astype(np.float32)
        projected: FloatArray = unit @ self.components
        return projected, size.astype(np.float32)

    def save(self, folder: Path) -> None:
        """Write vectors.json, and vectors.safetensors where directions are projected."""
        if self.components is not None and self.scatter is not None:
            tensors = {"components": self.components, "scatter": self.scatter}
            save_tensors(tensors, folder / COMPONENTS_FILE)
        (folder / FILE).write_text(json.dumps(self._numbers, indent=2), encoding="utf-8")

    @cached_property
    def digest(self) -> str:
        """What tells two maps apart, as text."""
        sha = hashlib.sha256()
        for part in (self.components, self.scatter):
            sha.update(b"" if part is None else part.tobytes())
        return json.dumps(self._numbers) + sha.hexdigest()

    @cached_property
    def _numbers(self) -> Mapping[str, float | int | bool]:
        return {
            "n_items": self.n_items,
            "typical_jaccard": self.typical_jaccard,
            "mean_log_size": self.mean_log_size,
            "projected": self.components is not None,
        }


def load_vectors(folder: Path) -> InteractionVectors:
    """Read what `InteractionVectors.save` wrote.

    Raises:
        HomeError: a file is missing or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        numbers = json.loads((folder / FILE).read_text(encoding="utf-8"))
        if not numbers.pop("projected"):
            return InteractionVectors(**numbers)
        parts = load_file(folder / COMPONENTS_FILE)
        if "scatter" not in parts:
            raise HomeError(
                f"the vectors in {folder} are those of an earlier version of whyrec; run "
                "`whyrec index` again"
            )
        components, scatter = parts["components"], parts["scatter"]
        return InteractionVectors(**numbers, components=components, scatter=scatter)
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise HomeError(
            f"the vectors in {folder} cannot be read ({error}); run `whyrec index` again"
        ) from error


def fit_vectors(
    matrix: sparse.csr_array, generator: np.random.Generator, config: VectorConfig | None = None
) -> InteractionVectors:
    """Fit the map on the binary user × item `matrix`; rows without items are left aside.

    Cost: a sample of exact Jaccard rows and, above `raw_up_to` items, a truncated SVD of a sample.

    Raises:
        ValueError: no user has an item.
    """
    config = config or VectorConfig()
    sizes = np.diff(matrix.indptr)
    matrix = matrix[np.flatnonzero(sizes)]
    if not matrix.shape[0]:
        raise ValueError("no user has an item")
    jaccard = config.typical_jaccard or _measure_typical_jaccard(matrix, generator, config)
    components = scatter = None
    if matrix.shape[1] > config.raw_up_to:
        sample = _sampled(matrix, config.fitted_on, generator)
        components = _leading_components(sample, config.rank, generator)
        scatter = _directions_beside(components, config.spread, generator)
    return InteractionVectors(
        n_items=matrix.shape[1],
        typical_jaccard=jaccard,
        mean_log_size=float(np.log(sizes[sizes > 0]).mean()),
        components=components,
        scatter=scatter,
    )


def jaccard_rows(matrix: sparse.csr_array, rows: RowArray) -> NDArray[np.float64]:
    """Exact Jaccard index of `rows` with every user, (len(rows), n_users); 0 for empty sets."""
    sizes = np.diff(matrix.indptr)
    shared = (matrix[rows] @ matrix.T).toarray().astype(np.float64)
    union = sizes[rows][:, None] + sizes[None, :] - shared
    jaccard: NDArray[np.float64] = shared / np.maximum(union, 1)
    return jaccard


def _measure_typical_jaccard(
    matrix: sparse.csr_array, generator: np.random.Generator, config: VectorConfig
) -> float:
    """Median, over a sample of users, of the Jaccard index with their `neighbour`-th nearest."""
    n_users = matrix.shape[0]
    nth = min(config.neighbour, n_users - 1)
    if nth < 1:
        return 0.25  # one user: any weight does
    sample = generator.choice(n_users, min(config.sample, n_users), replace=False)
    found = []
    for rows in np.array_split(sample, -(-len(sample) // 50)):
        jaccard = jaccard_rows(matrix, rows)
        jaccard[np.arange(len(rows)), rows] = -1
        found.append(np.partition(jaccard, -nth, axis=1)[:, -nth])
    # Bounds keep λ sane where most users share nothing, or all have the same few items.
    return float(np.clip(np.median(np.concatenate(found)), 0.02, 0.9))


def _sampled(matrix: sparse.csr_array, n: int, generator: np.random.Generator) -> sparse.csr_array:
    """Return at most `n` rows of `matrix`, drawn at random."""
    if matrix.shape[0] <= n:
        return matrix
    return matrix[np.sort(generator.choice(matrix.shape[0], n, replace=False))]


def _leading_components(
    matrix: sparse.csr_array, rank: int, generator: np.random.Generator
) -> FloatArray:
    """Leading right singular vectors of the unit-norm rows, (n_items, at most rank)."""
    unit = _unit_rows(matrix)[0]
    if min(unit.shape) <= rank:
        *_, transposed = np.linalg.svd(unit.toarray(), full_matrices=False)
    else:
        from scipy.sparse.linalg import svds

        *_, transposed = svds(unit, k=rank, rng=generator)
    return np.ascontiguousarray(transposed.T, dtype=np.float32)


def _directions_beside(
    components: FloatArray, n: int, generator: np.random.Generator
) -> FloatArray:
    """Random directions with their share in `components` taken out, (n_items, n)."""
    random = generator.standard_normal((len(components), n), dtype=np.float32)
    beside: FloatArray = random - components @ (components.T @ random)
    return beside


def _lost(matrix: sparse.csr_array, directions: FloatArray, scatter: FloatArray) -> FloatArray:
    """What the projection on `directions` lost of each row, in the coordinates of `scatter`."""
    lost: FloatArray = _unit_rows(matrix)[0] @ scatter
    lost[:, 0] += 1e-6 * (np.abs(lost).max(axis=1) == 0)  # only items that came after the fit
    wanted = np.sqrt(np.maximum(1 - np.square(directions).sum(axis=1), 0))
    lost *= (wanted / np.linalg.norm(lost, axis=1))[:, None]
    return lost


def _unit_rows(matrix: sparse.csr_array) -> tuple[sparse.csr_array, NDArray[np.int64]]:
    """Return the rows scaled to length 1, as float32, and the number of items in each."""
    sizes = np.diff(matrix.indptr).astype(np.int64)
    if not sizes.all():
        raise ValueError("a set without items has no vector")
    values = np.repeat(1 / np.sqrt(sizes), sizes).astype(np.float32)
    return sparse.csr_array((values, matrix.indices, matrix.indptr), shape=matrix.shape), sizes
