"""The compiled MLP against the same in plain numpy."""

import numpy as np
import pytest

from ingest.dataset.schema import FloatArray
from recsys.scoring import inference
from recsys.scoring.head_tiles import LANES
from recsys.scoring.inference import Network, Side

K, N_ITEMS = 5, 2 * LANES + 7


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "_WORTH", 0)


def network(widths: tuple[int, ...], rng: np.random.Generator) -> tuple[Network, Side, Side]:
    """Return drawn weights, 6 users and some items."""
    weights = {"table": np.zeros((1, K + 1), np.float32), "bias": np.array(0.3, np.float32)}
    for depth, (n_in, n_out) in enumerate(zip((2 * K, *widths), (*widths, 1), strict=True)):
        weights[f"layers.{depth}.weight"] = drawn(rng, n_out, n_in) / np.float32(n_in**0.5)
        weights[f"layers.{depth}.bias"] = drawn(rng, n_out)
    users, items = (
        Side(drawn(rng, n), drawn(rng, n, K), drawn(rng, n, widths[0])) for n in (6, N_ITEMS)
    )
    return Network(weights, 1), users, items


def drawn(rng: np.random.Generator, *shape: int) -> FloatArray:
    return rng.normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("widths", [(7,), (33, 18), (33, 18, 5), (40, 20, 12, 7)])
@pytest.mark.usefixtures("compiled")
def test_every_pair_is_what_the_layers_say_one_by_one(widths: tuple[int, ...]) -> None:
    deep, users, items = network(widths, np.random.default_rng(len(widths)))
    laid = deep.items(items)
    assert laid.tiles.size
    found = deep.block(users, laid)
    for u in range(6):
        hidden = users.hidden[u] + items.hidden + deep.layers[0][1]
        for weight, bias in deep.layers[1:]:
            hidden = np.maximum(hidden, 0) @ weight.T + bias
        fm = users.own[u] + items.own + items.vector @ users.vector[u] + np.float32(0.3)
        assert found[u] == pytest.approx(fm + hidden[:, 0], abs=1e-4)


@pytest.mark.usefixtures("compiled")
def test_an_item_scores_the_same_bits_in_any_tile_and_beside_any_user() -> None:
    deep, users, items = network((33, 18, 5), np.random.default_rng(0))
    found = deep.block(users, deep.items(items))
    turned = np.roll(np.arange(N_ITEMS), 3)
    apart = deep.items(Side(*(part[turned] for part in items)))
    for u in range(6):
        alone = Side(*(part[u : u + 1] for part in users))
        assert (deep.block(alone, apart)[0] == found[u, turned]).all()


def test_few_items_are_not_worth_compiling_for() -> None:
    small, users, items = network((16,), np.random.default_rng(0))
    laid = small.items(items)
    assert not laid.tiles.size
    compiled = small.items(Side(*(np.tile(part.T, 200).T for part in items)))
    assert compiled.tiles.size
    found = small.block(users, compiled)[:, :N_ITEMS]
    assert found == pytest.approx(small.block(users, laid), abs=1e-4)
