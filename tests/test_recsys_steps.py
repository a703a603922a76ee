"""The cheap training step against the plain one: scores, gradients, weights after many steps."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks.notebook_data import synthetic
from ingest.dataset.schema import Dataset
from recsys import presets
from recsys.config import DeepFMConfig, HistoryField, Loss, TrainingConfig
from recsys.examples.batches import NextBatches, PairBatch, PairBatches
from recsys.examples.features import FeatureSpace
from recsys.examples.inputs import Inputs
from recsys.network import losses
from recsys.network.deepfm import DeepFM
from recsys.network.head import _linear
from recsys.network.lazy_adam import LazyAdam
from recsys.network.projected import Projection
from recsys.network.steps import PlainSteps, ProjectedSteps, pair_loss, plain_scores, steps_for
from recsys.network.touched import Toucher
from recsys.presets import Preset
from recsys.training.fitting import build_network

CONFIGS = {
    "notebook": DeepFMConfig(embed_size=8, hidden_units=(16, 8, 4), use_bn=True),
    "no mlp": DeepFMConfig(embed_size=8, hidden_units=()),
    "history": DeepFMConfig(
        embed_size=8,
        hidden_units=(16,),
        use_bn=False,
        user_id=False,
        dense_bins=3,
        history=(HistoryField("all"), HistoryField("recent", decay=2.0)),
    ),
}
TRAINING = TrainingConfig(batch_size=8, n_negatives=2, metric="log_loss")


def setting(films: Dataset, config: DeepFMConfig) -> tuple[DeepFM, Inputs]:
    inputs = Inputs(FeatureSpace.from_dataset(films, config), films, config.history)
    model = build_network(inputs.space, config, seed=3)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.uniform_(-0.5, 0.7, generator=generator)
    return model, inputs


def batches(
    films: Dataset, inputs: Inputs, training: TrainingConfig = TRAINING, n_epochs: int = 1
) -> list[PairBatch]:
    producer, rng = PairBatches(inputs, films, training), np.random.default_rng(0)
    drawn = [batch for _ in range(n_epochs) for batch in producer.epoch(rng)]
    assert all(isinstance(batch, PairBatch) for batch in drawn)
    return drawn  # type: ignore[return-value]


def toucher(inputs: Inputs) -> Toucher:
    starts = np.array([field.start for field in inputs.space.fields])
    return Toucher(starts, inputs.space.n_codes)


@pytest.mark.parametrize("name", CONFIGS)
def test_projecting_once_gives_the_plain_scores_and_gradients(films: Dataset, name: str) -> None:
    model, inputs = setting(films, CONFIGS[name])
    find, steps = toucher(inputs), ProjectedSteps(model, inputs, TRAINING)
    for batch in batches(films, inputs):
        upstream = torch.linspace(-1, 1, batch.labels.size)
        state = {key: value.clone() for key, value in model.state_dict().items()}
        plain = plain_scores(model, batch)
        expected = torch.autograd.grad(plain, list(model.parameters()), upstream)
        moved = {key: value for key, value in model.state_dict().items() if "running" in key}
        model.load_state_dict(state)
        touched = find.touch(batch)
        assert steps.forward(touched) == pytest.approx(plain.detach().numpy(), abs=1e-5)
        for key, value in moved.items():
            assert torch.allclose(model.state_dict()[key], value, atol=1e-6), key
        d_rows = steps.backward(upstream.numpy())
        model.table.grad = torch.zeros_like(model.table)
        model.table.grad[touched.codes] = torch.from_numpy(d_rows)
        for (key, parameter), gradient in zip(model.named_parameters(), expected, strict=True):
            scale = max(1.0, float(gradient.abs().max()))
            assert parameter.grad is not None
            assert torch.allclose(parameter.grad, gradient, atol=1e-5 * scale), key


def test_dropout_drops_what_the_plain_step_drops(films: Dataset) -> None:
    config = replace(CONFIGS["notebook"], use_bn=False, dropout_rate=0.5)
    scores = []
    for way in ("plain", "projected"):
        model, inputs = setting(films, config)
        model.generator = torch.Generator().manual_seed(5)
        batch = batches(films, inputs)[0]
        if way == "plain":
            y = plain_scores(model, batch)
            y.sum().backward()  # type: ignore[no-untyped-call]
            scores.append((y.detach().numpy(), model.first.weight.grad))
        else:
            steps = ProjectedSteps(model, inputs, TRAINING)
            found = steps.forward(toucher(inputs).touch(batch))
            steps.backward(np.ones_like(found))
            scores.append((found, model.first.weight.grad))
    (plain, d_plain), (cheap, d_cheap) = scores
    assert cheap == pytest.approx(plain, abs=1e-5)
    assert d_cheap is not None and d_plain is not None
    assert torch.allclose(d_cheap, d_plain, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("n", [8, 512, 1000])
def test_a_product_is_the_plain_product_whatever_library_makes_it(n: int) -> None:
    generator = torch.Generator().manual_seed(0)
    x, weight, bias, d = (
        torch.randn(*shape, generator=generator) for shape in ((n, 128), (64, 128), (64,), (n, 64))
    )
    assert torch.allclose(_linear(x, weight, bias), x @ weight.T + bias, atol=1e-4)
    assert torch.allclose(_linear(d.T, x.T), d.T @ x, atol=1e-3)
    assert torch.allclose(_linear(d, weight.T), d @ weight, atol=1e-4)


def test_only_what_the_batch_touches_is_named_and_each_once(
    films: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recsys.network.touched._SMALL", 0)
    _, inputs = setting(films, CONFIGS["notebook"])
    batch = batches(films, inputs)[0]
    touched = toucher(inputs).touch(batch)
    assert touched.user_rows.tolist() == sorted(set(batch.user_rows))
    assert touched.item_rows.tolist() == sorted(set(batch.item_rows.ravel()))
    assert touched.item_rows[touched.item].tolist() == batch.item_rows.ravel().tolist()
    assert touched.user_rows[touched.user].tolist() == np.repeat(batch.user_rows, 3).tolist()
    sides = (batch.users.take(batch.user_rows), batch.items.take(batch.item_rows.ravel()))
    assert touched.codes.tolist() == sorted({c for side in sides for c in side.codes})


def test_small_fields_are_named_whole(films: Dataset) -> None:
    _, inputs = setting(films, CONFIGS["notebook"])
    finder = toucher(inputs)
    for batch in batches(films, inputs):
        touched = finder.touch(batch)
        assert touched.codes.tolist() == list(range(inputs.space.n_codes))
        assert touched.slot.tolist() == touched.codes.tolist()


def test_the_gradient_is_that_of_finite_differences(films: Dataset) -> None:
    model, inputs = setting(films, CONFIGS["notebook"])
    touched = toucher(inputs).touch(batches(films, inputs)[0])
    rows = model.table.detach().numpy()[touched.codes]
    weight, bias = model.first.weight.detach().numpy(), model.first.bias.detach().numpy()
    projection, rng = Projection(), np.random.default_rng(0)

    def total() -> float:
        y, hidden = projection.forward(rows, weight, bias, touched)
        return float(np.sin(y, dtype=np.float64).sum() + np.sin(hidden, dtype=np.float64).sum())

    y, hidden = projection.forward(rows, weight, bias, touched)
    gradients = projection.backward(np.cos(y), np.cos(hidden))
    for array, gradient in zip((rows, weight, bias), gradients, strict=True):
        direction = rng.normal(size=array.shape).astype(np.float32)
        expected = float((gradient * direction).sum())
        kept = array.copy()
        array += np.float32(1e-3) * direction
        above = total()
        array[:] = kept - np.float32(1e-3) * direction
        below = total()
        array[:] = kept
        assert expected == pytest.approx((above - below) / 2e-3, rel=2e-3)


@pytest.mark.parametrize("loss", ["bce", "bpr", "mse"])
def test_the_written_out_gradient_of_a_loss_is_that_of_autograd(loss: Loss) -> None:
    rng = np.random.default_rng(0)
    y = rng.normal(size=(6, 3)).astype(np.float32) * 5
    labels = np.tile(np.array([1, 0, 0], np.float32), (6, 1))
    valid = np.array([[1, 1, 1]] * 4 + [[1, 0, 1], [1, 0, 0]], np.float32)
    value, gradient = losses.with_gradient(loss, y, labels, valid)
    batch = PairBatch(None, None, None, None, labels, valid)  # type: ignore[arg-type]
    tensor = torch.from_numpy(y).requires_grad_()
    expected = pair_loss(tensor, batch, replace(TRAINING, loss=loss))
    assert value == pytest.approx(expected.item(), rel=1e-5)
    (d_y,) = torch.autograd.grad(expected, tensor)
    assert gradient == pytest.approx(d_y.numpy(), abs=1e-6)


@pytest.mark.parametrize(
    "changed", [{}, {"reg": 1e-3}, {"weight_decay": 0.1}, {"adam_beta2": 0.99}], ids=str
)
@pytest.mark.parametrize("loss", ["bce", "mse"])
def test_many_cheap_steps_end_where_plain_ones_do(
    films: Dataset, loss: Loss, changed: dict[str, float]
) -> None:
    training = replace(TRAINING, loss=loss, **changed)  # type: ignore[arg-type]
    ends = []
    for kind in (PlainSteps, ProjectedSteps):
        # Without batch normalisation: under it a bias has no gradient but rounding, and Adam
        # makes a whole step of that.
        config = replace(CONFIGS["notebook"], use_bn=False)
        model, inputs = setting(films, config)
        steps = kind(model, inputs, training)
        steps_losses = [steps.step(batch, 1e-3) for batch in batches(films, inputs, training, 15)]
        steps.settle()
        ends.append((torch.stack(steps_losses), dict(model.named_parameters())))
    (plain_losses, plain), (cheap_losses, cheap) = ends
    assert torch.allclose(cheap_losses, plain_losses, atol=1e-4)
    for name, values in plain.items():
        assert torch.allclose(cheap[name], values, atol=2e-4), name


@pytest.mark.parametrize(
    "changed", [{}, {"history": (HistoryField("recent", decay=2.0),), "activity": True}], ids=str
)
@pytest.mark.parametrize("use_bn", [True, False])
@pytest.mark.parametrize("training", [{}, {"weight_decay": 0.1}], ids=str)
def test_epochs_of_512_end_where_plain_steps_do(
    changed: dict[str, Any], use_bn: bool, training: dict[str, float]
) -> None:
    """Ids are looked for, the other fields named whole; most items rest for many steps."""
    dataset = synthetic(n_users=300, n_items=900, n_interactions=6_000)
    config = DeepFMConfig(embed_size=8, hidden_units=(16, 8), use_bn=use_bn, **changed)
    of_512 = TrainingConfig(batch_size=512, metric="log_loss", **training)  # type: ignore[arg-type]
    inputs = Inputs(FeatureSpace.from_dataset(dataset, config), dataset, config.history)
    drawn = batches(dataset, inputs, of_512, n_epochs=2)
    assert len(drawn) == 48 and {len(b.user_rows) for b in drawn} == {256, 6_000 % 256}
    codes = len(toucher(inputs).touch(drawn[0]).codes)
    assert codes < 0.9 * inputs.space.n_codes, "every code is touched at every step"
    before_norms = ["layers.0.bias", "layers.1.bias"]
    ends = []
    for kind in (PlainSteps, ProjectedSteps):
        model = build_network(inputs.space, config, seed=3)
        steps = kind(model, inputs, of_512)
        of_steps = []
        for batch in drawn:
            of_steps.append(steps.step(batch, 1e-3))
            if use_bn:  # such a bias has no gradient but rounding, of which Adam makes whole steps
                for name, parameter in model.named_parameters():
                    if name in before_norms:
                        parameter.data.zero_()
        steps.settle()
        scores = [plain_scores(model.eval(), batch).detach() for batch in drawn]
        ends.append((torch.stack(of_steps), model.table.detach(), torch.cat(scores)))
    for plain, cheap in zip(*ends, strict=True):
        assert torch.allclose(cheap, plain, atol=1e-3), float((cheap - plain).abs().max())


@pytest.mark.parametrize("betas", [(0.9, 0.999), (0.9, 0.99), (0.9, 0.9)])
def test_lazy_adam_is_adam(betas: tuple[float, float]) -> None:
    rng = np.random.default_rng(0)
    start = rng.normal(size=(30, 5)).astype(np.float32)
    ours, theirs = start.copy(), torch.nn.Parameter(torch.from_numpy(start.copy()))
    lazy, adam = LazyAdam(ours, betas), torch.optim.Adam([theirs], betas=betas)
    for step in range(400):
        rate = 0.01 / (1 + step / 100)
        rows = np.sort(rng.permutation(25)[: rng.integers(1, 4)]).astype(np.int64)
        gradient = rng.normal(size=(len(rows), 5)).astype(np.float32)
        lazy.settle(rows)
        lazy.step(rows, gradient, rate)
        theirs.grad = torch.zeros(30, 5)
        theirs.grad[rows] = torch.from_numpy(gradient)
        adam.param_groups[0]["lr"] = rate
        adam.step()
        if step % 100 == 99:
            lazy.settle()
            assert np.abs(ours - theirs.detach().numpy()).max() < 2e-5
    assert np.array_equal(ours[25:], start[25:]), "a row that was never touched has moved"


@pytest.mark.parametrize(
    "preset",
    [
        *(presets.ranking(), presets.notebook(), presets.rating()),
        presets.with_settings(presets.preset("ranking", "bpr"), dropout_rate=0.5, reg=0.1),
    ],
    ids=["ranking", "notebook", "rating", "bpr"],
)
def test_on_another_device_a_step_leaves_nothing_behind_on_the_cpu(
    films: Dataset, preset: Preset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On torch's `meta` device no number is worked out, but tensors of two devices never mix."""
    config, training = preset
    inputs = Inputs(FeatureSpace.from_dataset(films, config), films, config.history)
    model = build_network(inputs.space, config, seed=0).to("meta").train()
    model.generator = None  # type: ignore[assignment]  # no generator draws there
    monkeypatch.setattr("recsys.network.steps.adam", lambda p, c: torch.optim.AdamW(p, lr=c.lr))
    steps = steps_for(model, inputs, training)
    assert isinstance(steps, PlainSteps)
    producer = (
        NextBatches(inputs, training)
        if training.loss == "softmax"
        else PairBatches(inputs, films, training)
    )
    for batch in producer.epoch(np.random.default_rng(0)):
        assert steps.step(batch, lr=0.1).device.type == "meta"
    for parameter in model.parameters():
        assert parameter.grad is not None and parameter.grad.device.type == "meta"
