from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from ingest.dataset.matrix import interaction_matrix
from ingest.dataset.schema import Dataset
from ingest.errors import HomeError
from ingest.index.vectors import (
    COMPONENTS_FILE,
    FILE,
    InteractionVectors,
    VectorConfig,
    fit_vectors,
    jaccard_rows,
    load_vectors,
)


def matrix_of(sets: list[set[int]], n_items: int) -> sparse.csr_array:
    dense = np.zeros((len(sets), n_items), dtype=np.float32)
    for row, items in enumerate(sets):
        dense[row, sorted(items)] = 1
    return sparse.csr_array(dense)


def film_matrix(films: Dataset) -> sparse.csr_array:
    return interaction_matrix(films.interactions, films.n_users, films.n_items)


def squared_distance(vectors: InteractionVectors, one: set[int], other: set[int]) -> float:
    a, b = (vectors.asked_for(np.array(sorted(s), dtype=np.int32)) for s in (one, other))
    return float(np.square(a.astype(np.float64) - b).sum())


def fitted(typical_jaccard: float, n_items: int = 12) -> InteractionVectors:
    return InteractionVectors(n_items, typical_jaccard, mean_log_size=1.0)


sets = st.sets(st.integers(0, 11), min_size=1)


@given(sets, sets)
def test_sets_of_one_size_are_as_far_apart_as_their_jaccard_says(
    one: set[int], other: set[int]
) -> None:
    size = min(len(one), len(other))
    one, other = set(sorted(one)[:size]), set(sorted(other)[:size])
    jaccard = len(one & other) / len(one | other)
    distance = squared_distance(fitted(0.25), one, other)
    assert distance == pytest.approx(2 - 4 * jaccard / (1 + jaccard), abs=1e-6)


@pytest.mark.parametrize(
    ("one", "other"),
    [({0, 1, 2, 3}, {0, 1, 2}), ({0, 1, 2, 3, 4, 5}, {0, 1, 2, 3}), ({0, 1, 2, 3}, {2, 3, 4})],
)
def test_the_size_coordinate_makes_up_for_different_sizes(one: set[int], other: set[int]) -> None:
    jaccard = len(one & other) / len(one | other)
    wanted = 2 - 4 * jaccard / (1 + jaccard)
    with_size = squared_distance(fitted(jaccard), one, other)
    without = 2 - 2 * len(one & other) / np.sqrt(len(one) * len(other))
    assert abs(with_size - wanted) < abs(without - wanted) / 20


def test_the_coordinates_are_those_the_module_draws(films: Dataset) -> None:
    vectors = fit_vectors(
        film_matrix(films), np.random.default_rng(0), VectorConfig(typical_jaccard=0.25)
    )
    # Users 1 … 6 have 4, 4, 2, 4, 2 and 1 films; user 7 has none and is left aside.
    assert vectors.mean_log_size == pytest.approx(np.log([4, 4, 2, 4, 2, 1]).mean())
    assert vectors.size_weight == pytest.approx(0.5 * np.sqrt(2 / 5))
    stored = vectors.stored(film_matrix(films)[[2]], np.array([0.5]))[0]
    size = 0.5 * np.sqrt(2 / 5) * (np.log(2) - vectors.mean_log_size)
    root = np.sqrt(1 / 2)
    assert stored == pytest.approx([root, root, 0, 0, 0, 0, 0, 0, size, 0.0005])
    assert vectors.dimension == len(stored) == 8 + 2


@pytest.mark.parametrize("raw_up_to", [5000, 1])
def test_an_ad_hoc_set_gets_the_vector_of_the_user_who_has_it(
    films: Dataset, raw_up_to: int
) -> None:
    matrix = film_matrix(films)
    config = VectorConfig(raw_up_to=raw_up_to, rank=3)
    vectors = fit_vectors(matrix, np.random.default_rng(0), config)
    of_users = vectors.asked(matrix[:6])
    assert of_users.shape == (6, vectors.dimension)
    for user in range(6):
        own = matrix[[user]].indices[::-1]
        assert np.array_equal(vectors.asked_for(np.concatenate([own, own])), of_users[user])


def test_nothing_is_lost_by_a_projection_of_full_rank(films: Dataset) -> None:
    matrix = film_matrix(films)[np.arange(6)]
    whole = fit_vectors(matrix, np.random.default_rng(0))
    projected = fit_vectors(matrix, np.random.default_rng(0), VectorConfig(raw_up_to=1))
    place = np.zeros(6)
    for one in range(6):
        away = [
            np.square(v.stored(matrix, place) - v.asked(matrix[[one]])).sum(axis=1)
            for v in (whole, projected)
        ]
        assert away[1] == pytest.approx(away[0], abs=1e-5)


def test_what_a_projection_loses_has_coordinates_of_its_own(films: Dataset) -> None:
    matrix = film_matrix(films)[np.arange(6)]
    config = VectorConfig(raw_up_to=1, rank=2, spread=5)
    vectors = fit_vectors(matrix, np.random.default_rng(0), config)
    stored = vectors.stored(matrix, np.zeros(6))
    assert vectors.dimension == stored.shape[1] == 2 + 1 + 5 + 1
    lengths = np.square(np.delete(stored, 2, axis=1)).sum(axis=1)
    assert lengths == pytest.approx(np.ones(6), abs=1e-6)
    assert not vectors.asked(matrix)[:, 3:].any()


def test_stored_users_are_as_far_apart_as_their_sets_whatever_a_projection_lost() -> None:
    generator = np.random.default_rng(2)
    own = [set(generator.choice(400, 6, replace=False).tolist()) for _ in range(60)]
    matrix = matrix_of([*own, own[0]], 400)
    config = VectorConfig(raw_up_to=1, rank=5, spread=64)
    stored = fit_vectors(matrix, generator, config).stored(matrix, np.zeros(61))
    apart = np.square(stored[:, None] - stored[None]).sum(axis=2)
    cosine = np.array([[len(a & b) / 6 for b in own] for a in own])
    error = (apart[:60, :60] - (2 - 2 * cosine))[~np.eye(60, dtype=bool)]
    assert abs(error.mean()) < 0.05
    assert error.std() < 0.3  # about 2 / √64; in one coordinate, everybody would be near everybody
    assert apart[0, 60] == 0


def test_a_set_of_items_that_came_after_the_fit_is_far_from_everybody() -> None:
    known = matrix_of([{0, 1}, {1, 2}, {2, 3}, {0, 3, 4}], 5)
    vectors = fit_vectors(known, np.random.default_rng(0), VectorConfig(raw_up_to=1, rank=2))
    assert vectors.components is not None and vectors.scatter is not None
    grown = replace(
        vectors,
        n_items=6,
        components=np.pad(vectors.components, ((0, 1), (0, 0))),
        scatter=np.pad(vectors.scatter, ((0, 1), (0, 0))),
    )
    stored = grown.stored(matrix_of([{5}], 6), np.zeros(1))[0]
    assert np.square(np.delete(stored, 2)).sum() == pytest.approx(1)


def test_the_same_seed_gives_the_same_bits() -> None:
    generator = np.random.default_rng(1)
    matrix = matrix_of([set(generator.choice(40, 8).tolist()) for _ in range(60)], 40)
    config = VectorConfig(raw_up_to=10, rank=5)
    one, other = (fit_vectors(matrix, np.random.default_rng(3), config) for _ in range(2))
    assert one.components is not None and other.components is not None
    assert one.components.tobytes() == other.components.tobytes()
    assert one.digest == other.digest
    assert fit_vectors(matrix, np.random.default_rng(3)).digest != one.digest


@pytest.mark.parametrize("raw_up_to", [5000, 1])
def test_a_saved_map_comes_back_bit_for_bit_and_without_pickles(
    films: Dataset, tmp_path: Path, raw_up_to: int
) -> None:
    config = VectorConfig(raw_up_to=raw_up_to, rank=3)
    vectors = fit_vectors(film_matrix(films), np.random.default_rng(0), config)
    vectors.save(tmp_path)
    again = load_vectors(tmp_path)
    assert again.digest == vectors.digest
    items = np.array([1, 4], dtype=np.int32)
    assert again.asked_for(items).tobytes() == vectors.asked_for(items).tobytes()
    assert {path.suffix for path in tmp_path.iterdir()} <= {".json", ".safetensors"}


@pytest.mark.parametrize("name", [FILE, COMPONENTS_FILE])
@pytest.mark.parametrize("content", [b"", b'{"projected": tru', None])
def test_a_damaged_map_is_refused_with_the_mend(
    films: Dataset, tmp_path: Path, name: str, content: bytes | None
) -> None:
    config = VectorConfig(raw_up_to=1, rank=3)
    fit_vectors(film_matrix(films), np.random.default_rng(0), config).save(tmp_path)
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(HomeError, match="vectors in .* cannot be read .* run `whyrec index` again"):
        load_vectors(tmp_path)


def test_a_set_without_items_or_with_unknown_ones_has_no_vector() -> None:
    with pytest.raises(ValueError, match="without items"):
        fitted(0.25).asked_for(np.array([], dtype=np.int32))
    for item in (-1, 12):
        with pytest.raises(ValueError, match="outside 0 … 11"):
            fitted(0.25).asked_for(np.array([item], dtype=np.int32))
    with pytest.raises(ValueError, match="no user has an item"):
        fit_vectors(matrix_of([set(), set(), set()], 4), np.random.default_rng(0))


@pytest.mark.parametrize(
    "wrong",
    [
        {"rank": 0},
        {"raw_up_to": 0},
        {"spread": 0},
        {"typical_jaccard": 0},
        {"typical_jaccard": 1.5},
    ],
)
def test_a_configuration_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        VectorConfig(**wrong)  # type: ignore[arg-type]


def test_exact_jaccard_rows_agree_with_plain_sets() -> None:
    own = [{0, 1, 2}, {1, 2, 3, 4}, {5}, set()]
    found = jaccard_rows(matrix_of(own, 6), np.array([0, 3, 1]))
    wanted = [[len(own[a] & b) / max(len(own[a] | b), 1) for b in own] for a in (0, 3, 1)]
    assert found.tolist() == wanted


def test_the_typical_jaccard_is_measured(ml100k: Dataset) -> None:
    matrix = interaction_matrix(ml100k.interactions, ml100k.n_users, ml100k.n_items)
    vectors = fit_vectors(matrix, np.random.default_rng(0))
    everyone = jaccard_rows(matrix, np.arange(ml100k.n_users))
    tenth = np.sort(everyone, axis=1)[:, -11]  # the last is the user himself
    assert vectors.typical_jaccard == pytest.approx(np.median(tenth), abs=0.03)
    alone = fit_vectors(matrix[[0]], np.random.default_rng(0))
    assert alone.typical_jaccard == 0.25
