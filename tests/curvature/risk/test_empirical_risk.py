"""EmpiricalRisk: its values, its draws, and the caller's things left alone."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import Dataset, TensorDataset

from eigenscape.curvature import EmpiricalRisk, Hessian


def data(examples: int = 10) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(examples, 4, generator=generator, dtype=torch.float64)
    return x, torch.randint(0, 2, (examples,), generator=generator)


def model() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2)).double()


class Drawing(Dataset):
    """Draws from every global random state while fetching, and repeats itself."""

    def __len__(self) -> int:
        return 10

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        drawn = torch.rand(4).double() + random.random() + np.random.random()
        return torch.full_like(drawn, index / 10), index % 2


@pytest.mark.parametrize("batch_size", [None, 1, 3, 10])
def test_value_and_gradient_equal_those_of_the_whole(batch_size: int | None) -> None:
    network, (x, y) = model(), data()
    risk = EmpiricalRisk(
        network, functional.cross_entropy, (x, y), batch_size=batch_size
    )
    loss = functional.cross_entropy(network(x), y)
    gradient = torch.autograd.grad(loss, list(network.parameters()))
    expected = torch.cat([piece.flatten() for piece in gradient])
    rounding = 100 * np.finfo(float).eps
    assert risk.value() == pytest.approx(loss.item(), rel=rounding)
    assert (risk.gradient() - expected).norm() <= rounding * expected.norm()


def test_every_kind_of_data_gives_the_same_risk() -> None:
    network, (x, y) = model(), data()
    pairs = list(zip(x, y, strict=True))
    values = {
        EmpiricalRisk(network, functional.cross_entropy, kind, batch_size=4).value()
        for kind in ((x, y), [x, y], TensorDataset(x, y), pairs)
    }
    assert len(values) == 1


def test_size_examples_and_minibatches() -> None:
    network = model()
    network[0].weight.requires_grad_(False)
    risk = EmpiricalRisk(network, functional.cross_entropy, data(), batch_size=4)
    assert (risk.size, risk.examples, risk.minibatches) == (11, 10, 3)
    assert [weight for *_, weight in risk.batches()] == [0.4, 0.4, 0.2]
    assert risk.with_batch_size(3).minibatches == 4
    assert risk.batch_size == 4
    assert (risk.dtype, risk.device.type) == (torch.float64, "cpu")


def test_several_inputs_are_spread() -> None:
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Linear(4, 2).double()

        def forward(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
            return self.inner(first - second)

    network, (x, y) = Two(), data()
    items = [((row, row / 2), target) for row, target in zip(x, y, strict=True)]
    value = EmpiricalRisk(network, functional.cross_entropy, items).value()
    expected = functional.cross_entropy(network.inner(x / 2), y).item()
    assert value == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("as_pairs", [False, True])
def test_subsample_draws_without_replacement(as_pairs: bool) -> None:
    x, y = data(50)
    x[:, 0] = torch.arange(50)
    kind = list(zip(x, y, strict=True)) if as_pairs else (x, y)
    risk = EmpiricalRisk(model(), functional.cross_entropy, kind, batch_size=20)
    batch = risk.subsample(17, torch.Generator().manual_seed(5))
    (inputs, targets, weight), *rest = batch.batches()
    drawn = inputs[:, 0].long()
    assert not rest
    assert weight == 1
    assert batch.examples == len(set(drawn.tolist())) == 17
    assert torch.equal(targets, y[drawn])
    assert batch.subsample(3, torch.Generator()).examples == 3
    assert risk.examples == 50


def test_subsample_depends_on_the_generator_alone() -> None:
    risk = EmpiricalRisk(model(), functional.cross_entropy, data(50))
    first, again, other = (
        next(risk.subsample(9, torch.Generator().manual_seed(seed)).batches())[0]
        for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_subsample_of_every_example_is_the_whole() -> None:
    risk = EmpiricalRisk(model(), functional.cross_entropy, data())
    whole = risk.subsample(10, torch.Generator()).value()
    assert whole == pytest.approx(risk.value(), rel=1e-14)


@pytest.mark.parametrize("batch_size", [0, 11])
def test_subsample_says_both_numbers(batch_size: int) -> None:
    risk = EmpiricalRisk(model(), functional.cross_entropy, data())
    with pytest.raises(ValueError, match=f"the 10 examples.*got {batch_size}"):
        risk.subsample(batch_size, torch.Generator())


def test_first_minibatch() -> None:
    risk = EmpiricalRisk(model(), functional.cross_entropy, data(), batch_size=4)
    first = risk.first_minibatch()
    assert torch.equal(next(first.batches())[0], data()[0][:4])
    assert first.minibatches == 1
    assert first.first_minibatch() is first


def global_states() -> tuple[object, ...]:
    # Python's own state is left to test_isolation: beartype draws from it here.
    state = np.random.get_state()
    return state[1].tobytes(), state[2], torch.get_rng_state().numpy().tobytes()


@pytest.mark.parametrize("training", [True, False])
def test_leaves_the_caller_alone(training: bool) -> None:
    network = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Linear(3, 2))
    network.double().train(training)
    network[0].weight.grad = torch.ones_like(network[0].weight)
    state = {name: t.clone() for name, t in network.state_dict().items()}
    held = {name: id(t) for name, t in network.state_dict(keep_vars=True).items()}
    before = global_states()
    risk = EmpiricalRisk(network, functional.cross_entropy, Drawing(), batch_size=5)
    risk.value()
    risk.gradient()
    hessian = Hessian(risk, check=False)
    hessian.matvec(torch.ones(risk.size).double())
    hessian.evidence(torch.ones(risk.size).double())
    assert global_states() == before
    assert all(module.training is training for module in network.modules())
    assert all(torch.equal(t, state[k]) for k, t in network.state_dict().items())
    assert held == {k: id(t) for k, t in network.state_dict(keep_vars=True).items()}
    assert torch.equal(network[0].weight.grad, torch.ones(3, 4).double())
    assert network[2].weight.grad is None
    assert all(param.requires_grad for param in network.parameters())
