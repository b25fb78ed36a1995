"""Operators on the span of their inputs."""

from __future__ import annotations

from itertools import starmap

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from eigenscape.curvature import EmpiricalRisk, GaussNewton, Hessian
from eigenscape.curvature.exact import exact_matrix
from eigenscape.curvature.input_span import input_span
from models import by_double_loop

EXAMPLES, INPUTS = 6, 9


def seeded(make, seed=0):
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        return make()


def network(*, bias=True):
    layers = [nn.Linear(INPUTS, 4, bias=bias), nn.Tanh(), nn.Linear(4, 3)]
    return seeded(lambda: nn.Sequential(nn.Flatten(), *layers).double())


def data(examples=EXAMPLES):
    return seeded(
        lambda: (
            torch.randn(examples, 3, 3).double(),
            torch.randint(0, 3, (examples,)),
        ),
        1,
    )


@pytest.mark.parametrize("bias", [True, False])
def test_holds_every_eigenvalue_that_is_not_zero(bias) -> None:
    model, pair = network(bias=bias), data()
    wanted = np.linalg.eigvalsh(by_double_loop(model, pair).numpy())
    span = input_span(
        Hessian(EmpiricalRisk(model, functional.cross_entropy, pair), check=False)
    )
    assert span is not None
    assert span.basis.shape == (INPUTS + bias, EXAMPLES)
    found = np.linalg.eigvalsh(exact_matrix(span.operator).full())
    zeros = np.zeros(len(wanted) - len(found))
    gap = np.abs(np.sort(np.concatenate([found, zeros])) - wanted).max()
    # two eigenvalue computations of some dozens of rows
    assert gap <= 100 * np.finfo(float).eps * np.abs(wanted).max()


def test_embedding_and_restriction_are_transposed_and_orthonormal() -> None:
    risk = EmpiricalRisk(network(), functional.cross_entropy, data())
    span = input_span(GaussNewton(risk))
    assert span is not None
    units = torch.eye(span.operator.size).double()
    embedded = span.embed(units)
    assert torch.allclose(embedded @ embedded.T, units, atol=1e-14)
    everything = torch.eye(risk.size).double()
    assert torch.allclose(span.restrict(everything), embedded.T, atol=1e-14)


def test_repeated_and_constant_inputs_count_once() -> None:
    inputs, targets = data()
    inputs[3:] = inputs[:3]
    inputs[:, 0, 0] = -1  # the bias by another name
    risk = EmpiricalRisk(network(), functional.cross_entropy, (inputs, targets))
    span = input_span(Hessian(risk))
    assert span is not None
    assert span.basis.shape[1] == 3


def test_the_model_and_the_random_state_stay_as_they_were() -> None:
    model = network()
    before = [p.clone() for p in model.parameters()]
    operator = Hessian(EmpiricalRisk(model, functional.cross_entropy, data()))
    state = torch.get_rng_state()
    input_span(operator)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(starmap(torch.equal, zip(before, model.parameters(), strict=True)))


class Backwards(nn.Sequential):
    """A Sequential by name, whose layers see more than the name says."""

    def forward(self, x):
        return super().forward(x) + self[1](x.flatten(1).square())[:, :3]


@pytest.mark.parametrize(
    ("model", "pair", "selection"),
    [
        (network(), data(40), None),  # the inputs span everything
        (
            nn.Sequential(nn.Flatten(), nn.Tanh(), nn.Linear(9, 3)).double(),
            data(),
            None,
        ),
        (network(), data(), "1.weight"),  # the bias is held fixed
        (Backwards(*network()), data(), None),
    ],
    ids=["full", "another start", "partial", "another forward"],
)
def test_is_not_used_where_it_does_not_hold(model, pair, selection) -> None:
    risk = EmpiricalRisk(model, functional.cross_entropy, pair, parameters=selection)
    assert input_span(Hessian(risk)) is None


def test_a_loss_that_reads_the_weights_is_found_out() -> None:
    model = network()

    def ridge(output, targets):
        return (
            functional.cross_entropy(output, targets) + model[1].weight.square().sum()
        )

    operator = Hessian(EmpiricalRisk(model, ridge, data()))
    assert input_span(operator) is None
