"""The cheap training step against the plain one: scores, gradients, weights after many steps."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ingest.schema import Dataset
from recsys.batches import PairBatch, PairBatches
from recsys.config import DeepFMConfig, HistoryField, Loss, TrainingConfig
from recsys.deepfm import DeepFM
from recsys.features import FeatureSpace
from recsys.fitting import build_network
from recsys.inputs import Inputs
from recsys.lazy_adam import LazyAdam
from recsys.projected import Toucher, embed_pairs
from recsys.steps import PlainSteps, ProjectedSteps, plain_scores, projected_scores

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
    find = toucher(inputs)
    for batch in batches(films, inputs):
        upstream = torch.linspace(-1, 1, batch.labels.size)
        plain = plain_scores(model, batch)
        names = [n for n, _ in model.named_parameters()]
        expected = torch.autograd.grad(plain, list(model.parameters()), upstream)
        touched = find.touch(batch)
        rows = model.table.detach()[touched.codes].requires_grad_()
        y = projected_scores(model, rows, touched)
        assert torch.allclose(y, plain, atol=1e-5)
        others = [p for n, p in model.named_parameters() if n != "table"]
        d_rows, *d_others = torch.autograd.grad(y, [rows, *others], upstream)
        d_table = torch.zeros_like(model.table)
        d_table[touched.codes] = d_rows
        found = dict(zip([n for n in names if n != "table"], d_others, strict=True))
        for parameter, gradient in zip(names, expected, strict=True):
            ours = d_table if parameter == "table" else found[parameter]
            scale = max(1.0, float(gradient.abs().max()))
            assert torch.allclose(ours, gradient, atol=1e-5 * scale), parameter


def test_only_what_the_batch_touches_is_named_and_each_once(films: Dataset) -> None:
    _, inputs = setting(films, CONFIGS["notebook"])
    batch = batches(films, inputs)[0]
    touched = toucher(inputs).touch(batch)
    assert touched.user_rows.tolist() == sorted(set(batch.user_rows))
    assert touched.item_rows.tolist() == sorted(set(batch.item_rows.ravel()))
    assert touched.item_rows[touched.item].tolist() == batch.item_rows.ravel().tolist()
    assert touched.user_rows[touched.user].tolist() == np.repeat(batch.user_rows, 3).tolist()
    sides = (batch.users.take(batch.user_rows), batch.items.take(batch.item_rows.ravel()))
    assert touched.codes.tolist() == sorted({c for side in sides for c in side.codes})


def test_the_gradient_is_that_of_finite_differences(films: Dataset) -> None:
    model, inputs = setting(films, CONFIGS["notebook"])
    touched = toucher(inputs).touch(batches(films, inputs)[0])
    rows = model.table.detach()[touched.codes].requires_grad_()
    weight, bias = model.first.weight.detach().requires_grad_(), model.first.bias.detach()

    def total() -> torch.Tensor:
        y, hidden = embed_pairs(rows, weight, bias, touched)
        return (y.sin().sum() + hidden.sin().sum()).double()

    total().backward()  # type: ignore[no-untyped-call]
    generator = torch.Generator().manual_seed(0)
    for tensor in (rows, weight):
        direction = torch.randn(tensor.shape, generator=generator)
        assert tensor.grad is not None
        with torch.no_grad():
            tensor += 1e-3 * direction
            above = total()
            tensor -= 2e-3 * direction
            below = total()
            tensor += 1e-3 * direction
        slope = float((above - below) / 2e-3)
        assert float((tensor.grad * direction).sum()) == pytest.approx(slope, rel=2e-3)


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
