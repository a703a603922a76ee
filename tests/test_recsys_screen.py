"""Lists from the screen against lists from scoring everything."""

import numpy as np
import pytest
from scipy import sparse

from ingest.dataset.schema import FloatArray
from recsys.scoring import inference, screen
from recsys.scoring.coarse_tiles import AVAILABLE, score_coarsely
from recsys.scoring.head_tiles import LANES
from recsys.scoring.inference import Items, Network, Side
from recsys.scoring.screen import Screen
from recsys.scoring.topn import top_items

K, N_USERS, N_ITEMS, N = 5, 9, 5 * LANES + 7, 4
WIDTHS = [(33, 18), (40, 20, 12), (128, 64, 32)]

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="the processor has no AVX-512 VNNI")


@pytest.fixture(autouse=True)
def _few_items_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "_WORTH", 0)


def network(
    widths: tuple[int, ...], rng: np.random.Generator, size: float = 1.0
) -> tuple[Network, Side, Items]:
    """Return drawn weights, users and items laid out; `size` stretches weights and sides."""
    weights = {"table": np.zeros((1, K + 1), np.float32), "bias": np.array(0.3, np.float32)}
    for depth, (n_in, n_out) in enumerate(zip((2 * K, *widths), (*widths, 1), strict=True)):
        weights[f"layers.{depth}.weight"] = drawn(rng, n_out, n_in) * np.float32(size / n_in**0.5)
        weights[f"layers.{depth}.bias"] = drawn(rng, n_out)
    users, items = (
        Side(drawn(rng, n), drawn(rng, n, K), np.float32(size) * drawn(rng, n, widths[0]))
        for n in (N_USERS, N_ITEMS)
    )
    deep = Network(weights, 1)
    return deep, users, deep.items(items)


def drawn(rng: np.random.Generator, *shape: int) -> FloatArray:
    return rng.normal(size=shape).astype(np.float32)


def nothing_seen() -> sparse.csr_array:
    return sparse.csr_array(np.zeros((N_USERS, N_ITEMS), np.float32))


@pytest.mark.parametrize("widths", WIDTHS)
@pytest.mark.parametrize("size", [1e-6, 1.0, 30.0])
def test_lists_and_scores_are_those_of_scoring_everything(
    widths: tuple[int, ...], size: float
) -> None:
    rng = np.random.default_rng(len(widths))
    deep, users, items = network(widths, rng, size)
    everything = deep.block(users, items)
    seen = sparse.csr_array((rng.random((N_USERS, N_ITEMS)) < 0.3).astype(np.float32))
    found = Screen(deep, items).block(users, N, seen)
    best = top_items(found, N, seen)
    assert (best == top_items(everything, N, seen)).all()
    rows = np.arange(N_USERS)[:, None]
    assert (found[rows, best] == everything[rows, best]).all()
    scored = np.isfinite(found)
    assert (found[scored] == everything[scored]).all()
    assert scored.mean() < 0.5  # else nothing is saved


def test_equal_items_are_listed_in_order_of_their_index() -> None:
    deep, users, items = network((33, 18), np.random.default_rng(0))
    alike = deep.items(Side(*(np.repeat(part[:1], N_ITEMS, axis=0) for part in items[:3])))
    found = Screen(deep, alike).block(users, N, nothing_seen())
    assert (top_items(found, N) == np.arange(N)).all()


def test_who_has_fewer_unseen_items_than_asked_for_gets_them_all() -> None:
    deep, users, items = network((33, 18), np.random.default_rng(0))
    seen = np.ones((N_USERS, N_ITEMS), np.float32)
    seen[2, [5, 300]] = 0
    found = Screen(deep, items).block(users, N, sparse.csr_array(seen))
    assert np.flatnonzero(np.isfinite(found[2])).tolist() == [5, 300]
    assert np.isfinite(found).sum() == 2


@pytest.mark.parametrize("widths", WIDTHS)
@pytest.mark.parametrize("size", [1e-6, 1.0, 30.0])
def test_no_coarse_score_is_further_from_the_exact_one_than_the_bound(
    widths: tuple[int, ...], size: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep, users, items = network(widths, np.random.default_rng(1), size)
    coarse, bounds = [], []

    def kept(*args: object) -> None:
        score_coarsely(*args)
        coarse.append(args[-1].copy())  # type: ignore[attr-defined]

    plan = Screen._plan

    def told(*args: object) -> object:
        bounds.append(plan(*args).error)  # type: ignore[arg-type]
        return plan(*args)  # type: ignore[arg-type]

    monkeypatch.setattr("recsys.scoring.coarse_tiles.score_coarsely", kept)
    monkeypatch.setattr(Screen, "_plan", told)
    Screen(deep, items).block(users, N, nothing_seen())
    far = np.abs(coarse[0] - deep.block(users, items)).max()
    assert far <= bounds[0]
    assert far > 0 or size < 1  # rounding was at work


def test_coarse_sums_are_those_of_whole_numbers() -> None:
    rng = np.random.default_rng(2)
    hidden = rng.integers(-50, 50, (LANES, 8))
    shift = rng.integers(-50, 50, (1, 8))
    weight, last = rng.integers(-9, 9, (4, 8)), drawn(rng, 4)
    layers = (
        screen._in_pairs(weight.astype(np.float64)).ravel(),
        np.ones(1, np.float32),
        np.zeros(4, np.float32),
        last,
    )
    nobody = np.zeros(1, np.float32), np.zeros((1, K), np.float32)
    out = np.empty((1, LANES), np.float32)
    score_coarsely(
        (*nobody, screen._in_pairs(shift.astype(np.float64))),
        np.zeros((1, 1 + K + 8, LANES), np.float32),
        np.ascontiguousarray(screen._in_pairs(hidden.astype(np.float64)).T[None]),
        layers,
        np.array([8, 4]),
        out,
    )
    expected = np.maximum(np.maximum(hidden + shift, 0) @ weight.T, 0) @ last.astype(np.float64)
    assert out[0] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("bad", [np.inf, np.nan])
@pytest.mark.parametrize("part", ["own", "vector", "hidden"])
def test_what_is_no_number_is_not_screened(bad: float, part: str) -> None:
    deep, users, items = network((33, 18), np.random.default_rng(0))
    getattr(users, part)[0] = bad
    found = Screen(deep, items).block(users, N, nothing_seen())
    assert (found[1:] == deep.block(users, items)[1:]).all()


def test_shallow_networks_and_weights_that_are_no_numbers_are_not_screened() -> None:
    shallow, _, items = network((16,), np.random.default_rng(0))
    assert not Screen.suits(shallow, items)
    deep, _, items = network((33, 18), np.random.default_rng(0))
    assert Screen.suits(deep, items)
    deep.layers[1][0][0, 0] = np.nan
    assert not Screen.suits(deep, items)


def test_long_lists_and_few_users_are_not_screened() -> None:
    deep, _, items = network((33, 18), np.random.default_rng(0))
    assert Screen(deep, items).pays(100, N)
    assert not Screen(deep, items).pays(100, N_ITEMS // 2)
    assert not Screen(deep, items).pays(1, N)
