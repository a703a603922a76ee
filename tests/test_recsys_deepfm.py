"""The network against the equation written out, and numpy scoring against the network."""

import itertools
import subprocess
import sys
from dataclasses import asdict

import numpy as np
import pytest
import torch

from ingest.dataset.schema import Dataset
from ingest.errors import AskerError
from recsys.config import DeepFMConfig, HistoryField
from recsys.examples.features import FeatureSpace
from recsys.examples.inputs import Inputs
from recsys.network import pairwise
from recsys.network.deepfm import DeepFM, pair_sum
from recsys.network.pairwise import pairwise_relu
from recsys.scoring import inference
from recsys.scoring.inference import Network
from recsys.training.fitting import build_network, export

CONFIGS = {
    "notebook": DeepFMConfig(embed_size=8, hidden_units=(16, 8, 4), use_bn=True),
    "no mlp": DeepFMConfig(embed_size=8, hidden_units=()),
    "history": DeepFMConfig(
        embed_size=8,
        hidden_units=(16,),
        use_bn=False,
        user_id=False,
        dense_bins=3,
        activity=True,
        history=(HistoryField("all"), HistoryField("recent", decay=2.0)),
    ),
}


def network(films: Dataset, config: DeepFMConfig) -> tuple[DeepFM, Inputs]:
    """Return a network with nothing left at a special starting value, as after training."""
    inputs = Inputs(FeatureSpace.from_dataset(films, config), films, config.history)
    model = build_network(inputs.space, config, seed=3)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, values in model.state_dict().items():
            if values.dtype == torch.float32:
                values.uniform_(0.1 if "var" in name else -0.5, 0.7, generator=generator)
    return model.eval(), inputs


def test_the_fm_identity_is_the_double_sum() -> None:
    v = torch.randn(5, 6, 4, generator=torch.Generator().manual_seed(0))
    written_out = sum((v[:, i] * v[:, j]).sum(1) for i, j in itertools.combinations(range(6), 2))
    assert torch.allclose(pair_sum(v), torch.as_tensor(written_out), atol=1e-5)


def test_the_output_is_the_equation_of_the_notebook(films: Dataset) -> None:
    model, inputs = network(films, CONFIGS["no mlp"])
    users, items = np.array([0, 3]), np.array([2, 7])
    y = model(model.fields(inputs.users(users)), model.fields(inputs.items(items)))
    table = model.table.detach().numpy().astype(np.float64)
    w0 = model.bias.item()
    for row, (user, item) in enumerate(zip(users, items, strict=True)):
        fields = []  # one (embedding, linear) sum per field, Σ v x and Σ w x
        for bags in (inputs.users(np.array([user])), inputs.items(np.array([item]))):
            for f in range(bags.n_fields):
                bag = slice(bags.offsets[f], bags.offsets[f + 1])
                fields.append((table[bags.codes[bag]] * bags.values[bag, None]).sum(0))
        expected = w0 + sum(field[-1] for field in fields)
        for one, other in itertools.combinations(fields, 2):
            expected += float(one[:-1] @ other[:-1])
        assert y[row].item() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("name", CONFIGS)
def test_a_block_is_the_plain_forward_of_all_pairs(films: Dataset, name: str) -> None:
    model, inputs = network(films, CONFIGS[name])
    users, items = np.arange(7), np.arange(8)
    pairs = np.array(list(itertools.product(users, items)))
    plain = model(
        model.fields(inputs.users(pairs[:, 0])), model.fields(inputs.items(pairs[:, 1]))
    ).view(7, 8)
    block = model.block(
        model.side(model.fields(inputs.users(users)), "user"),
        model.side(model.fields(inputs.items()), "item"),
    )
    assert torch.allclose(block, plain, atol=1e-5)


@pytest.mark.parametrize("worth", [0, 10**9], ids=["compiled", "numpy"])
@pytest.mark.parametrize("name", CONFIGS)
def test_scoring_without_torch_is_the_plain_forward(
    films: Dataset, name: str, worth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inference, "_WORTH", worth)
    model, inputs = network(films, CONFIGS[name])
    pairs = np.array(list(itertools.product(range(7), range(8))))
    with torch.no_grad():
        plain = model(
            model.fields(inputs.users(pairs[:, 0])), model.fields(inputs.items(pairs[:, 1]))
        ).numpy()
    fast = Network(export(model), len(inputs.space.of("user")))
    items = fast.items(fast.side(fast.fields(inputs.items()), "item"))
    block = fast.block(fast.side(fast.fields(inputs.users(np.arange(7))), "user"), items)
    assert block.ravel() == pytest.approx(plain, abs=1e-5)


def test_the_layer_that_is_never_made_is_the_plain_layer_gradients_included() -> None:
    generator = torch.Generator().manual_seed(0)
    users, items, weight, dy = (
        torch.randn(*shape, generator=generator) for shape in ((5, 3), (7, 3), (3,), (5, 7))
    )
    results = []
    for form in (pairwise_relu, lambda u, i, w: torch.relu(u[:, None] + i[None]) @ w):
        inputs = [tensor.clone().requires_grad_() for tensor in (users, items, weight)]
        y = form(*inputs)
        y.backward(dy)
        results.append([y.detach(), *(tensor.grad for tensor in inputs)])
    for fast, plain in zip(*results, strict=True):
        assert torch.allclose(fast, plain, atol=1e-5)


def test_the_sums_of_any_device_are_the_compiled_ones() -> None:
    generator = torch.Generator().manual_seed(0)
    users, items, weight, dy = (
        torch.randn(*shape, generator=generator) for shape in ((5, 3), (7, 3), (3,), (5, 7))
    )
    y = torch.full((5, 7), 9.0)
    pairwise.relu_sums_anywhere(users, items, weight, y)
    assert torch.allclose(y, pairwise_relu(users, items, weight), atol=1e-5)
    anywhere = pairwise.active_sums_anywhere(users, items, dy)
    for found, compiled in zip(anywhere, pairwise._active_sums(users, items, dy), strict=True):
        assert torch.allclose(found, compiled, atol=1e-5)


def test_the_same_seed_draws_the_same_network_whatever_the_global_seed(films: Dataset) -> None:
    config = CONFIGS["notebook"]
    space = FeatureSpace.from_dataset(films, config)
    torch.manual_seed(1)
    first = build_network(space, config, seed=5)
    state = torch.get_rng_state()
    torch.manual_seed(2)
    second = build_network(space, config, seed=5)
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, other)
    torch.manual_seed(1)
    assert torch.equal(torch.get_rng_state(), state), "drawing a network touched the global seed"


def test_unknown_codes_start_at_zero(films: Dataset) -> None:
    space = FeatureSpace.from_dataset(films, CONFIGS["notebook"])
    model = build_network(space, CONFIGS["notebook"], seed=5)
    for field in space.fields:
        assert not model.table[field.start].any()


def test_dropout_acts_in_training_only(films: Dataset) -> None:
    config = DeepFMConfig(embed_size=4, hidden_units=(32,), use_bn=False, dropout_rate=0.5)
    model, inputs = network(films, config)
    fields = model.fields(inputs.users(np.arange(7))), model.fields(inputs.items(np.arange(7)))
    assert torch.equal(model(*fields), model(*fields))
    model.train()
    assert not torch.equal(model(*fields), model(*fields))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"embed_size": 0}, "embed_size must be at least 1, not 0"),
        ({"task": "sorting"}, "task must be one of ranking, rating, not 'sorting'"),
        ({"hidden_units": (8, 0)}, "hidden_units must all be at least 1"),
        ({"dropout_rate": 1.0}, r"dropout_rate must be in \[0, 1\), not 1.0"),
        ({"dense_bins": 1}, "dense_bins must be 0"),
    ],
)
def test_a_wrong_setting_is_named(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(AskerError, match=message):
        DeepFMConfig(**wrong)  # type: ignore[arg-type]


def test_a_config_survives_json() -> None:
    import json

    for config in CONFIGS.values():
        assert DeepFMConfig.from_json(json.loads(json.dumps(asdict(config)))) == config


def test_scoring_does_not_import_torch() -> None:
    code = "import sys, recsys.scoring.scorer; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
