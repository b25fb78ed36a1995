"""Factors of single examples' matrices: together, one by one, and which of the two."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from operator import itemgetter
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from eigenscape.curvature import EmpiricalRisk, example_factors
from eigenscape.curvature.example_curvature import example_curvature, example_gram
from eigenscape.curvature.example_factors import (
    ExampleFactors,
    Jacobians,
    separate_outputs,
    stretches,
)
from models import MODELS, jacobian, problem


def matrix(jacobians: Jacobians, curvatures: torch.Tensor) -> torch.Tensor:
    """∇²lᵢ beside Jᵢ Jᵢᵀ."""
    units = torch.eye(curvatures.shape[1]).to(curvatures).expand_as(curvatures)
    return torch.cat([curvatures, jacobians.gram(units)], dim=2)


class Calls:
    """Counts which route was taken."""

    def __init__(self, factors: ExampleFactors, part: range) -> None:
        found = list(factors.of(part))
        self.parts = [part for part, _ in found]
        self.values = torch.cat([one for _, one in found if one is not None])


@pytest.mark.parametrize("name", [n for n in MODELS if n != "batch norm, training"])
def test_both_routes_give_the_factors(name: str, monkeypatch) -> None:
    model, (x, y) = problem(name)
    risk = EmpiricalRisk(model, functional.cross_entropy, (x, y))
    factors = ExampleFactors(risk, 64, matrix)
    together = Calls(factors, range(2, 9))
    assert together.parts == [range(2, 9)]
    monkeypatch.setattr(example_factors, "aligned", lambda *_: False)
    apart = Calls(factors, range(2, 9))
    assert apart.parts == [range(k, k + 1) for k in range(2, 9)]
    j, p = jacobian(model, x)[2:9], model(x)[2:9].softmax(1).detach()
    middle = torch.diag_embed(p) - p[:, :, None] * p[:, None, :]
    wanted = torch.cat([middle, j @ j.mT], dim=2)
    for found in (together.values, apart.values):
        assert (found - wanted).abs().max() <= 1e-13 * wanted.abs().max()


class Transposed(nn.Module):
    """Its output has the strides of another tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x.view(len(x), -1, 4)).transpose(1, 2)


class Edges(nn.Module):
    """Sums over the edges of all graphs of a minibatch."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(1, 2)

    def forward(self, edges: torch.Tensor, graph: torch.Tensor) -> torch.Tensor:
        total = edges.new_zeros(int(graph.max()) + 1, 2)
        return total.index_add(0, graph, torch.tanh(self.inner(edges)))


def join(graphs: list[Any]) -> Any:
    edges = torch.cat([graph for graph, _ in graphs])
    lengths = torch.tensor([len(graph) for graph, _ in graphs])
    numbers = torch.repeat_interleave(torch.arange(len(graphs)), lengths)
    return (edges, numbers), torch.tensor([label for _, label in graphs])


class Mixing(nn.Module):
    """Every example feels the mean of its minibatch."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x) * (1 + self.inner(x).mean().sin())


def fixed(model: nn.Module) -> nn.Module:
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for param in model.parameters():
            param.copy_(torch.randn(param.shape, generator=generator))
    return model.double()


def problems() -> Iterator[tuple[str, nn.Module, Any, Any]]:
    _, (x, y) = problem("mlp")
    sequences = torch.cat([x, x.flip(0)], 1), torch.stack([y, 1 - y], 1)
    yield "transposed", fixed(Transposed()), sequences, functional.cross_entropy
    graphs = [(x[k, : 1 + k % 3, None], int(y[k])) for k in range(10)]
    loader = torch.utils.data.DataLoader(graphs, batch_size=4, collate_fn=join)
    yield "graphs", fixed(Edges()), loader, functional.cross_entropy
    yield "mixing", fixed(Mixing()), (x, y), functional.cross_entropy
    ragged = [
        (torch.cat([x[:6]] * 2, 1), torch.stack([y[:6]] * 2, 1)),
        (x[6:], y[6:, None]),
    ]
    yield "ragged", fixed(Transposed()), ragged, functional.cross_entropy


@pytest.mark.parametrize("given", list(problems()), ids=itemgetter(0))
def test_unusual_models_and_data_agree_with_gradients_of_one_example(given) -> None:
    _, model, data, loss = given
    risk = EmpiricalRisk(model, loss, data)
    found = example_curvature(risk)
    gradients = []
    for k in range(risk.examples):
        alone = risk.select(torch.tensor([k]))
        gradients.append(alone.gradient().numpy())
        with alone.isolated():
            (inputs, targets, _) = next(alone.batches())
            args = inputs if isinstance(inputs, tuple) else (inputs,)
            twin = copy.deepcopy(model)
            output = twin(*args)
            params = list(twin.parameters())
            rows = torch.stack([
                torch.cat([
                    piece.flatten()
                    for piece in torch.autograd.grad(one, params, retain_graph=True)
                ])
                for one in output.flatten()
            ])
            middle = torch.autograd.functional.hessian(
                lambda free, shape=output.shape, targets=targets: loss(
                    free.view(shape), targets
                ),
                output.detach().flatten(),
            )
        wanted = torch.linalg.eigvalsh(rows.T @ middle @ rows).flip(0).numpy()
        width = min(found.eigenvalues.shape[1], len(wanted))
        gap = np.abs(found.eigenvalues[k, :width] - wanted[:width]).max()
        unit = 1e-14 * float((rows**2).sum())  # rounding of Jᵢᵀ Jᵢ, where ∇²lᵢ ≤ 1
        assert gap <= unit
        assert abs(found.traces[k] - wanted.sum()) <= unit
    inner = np.array(gradients) @ np.array(gradients).T
    assert np.abs(example_gram(risk) - inner).max() <= 1e-12 * inner.max()


def test_mixed_examples_are_not_evaluated_together() -> None:
    _, (x, y) = problem("mlp")
    risk = EmpiricalRisk(fixed(Mixing()), functional.cross_entropy, (x, y))
    with risk.isolated():
        assert separate_outputs(risk, x) is None
    other = EmpiricalRisk(nn.Linear(4, 2).double(), functional.cross_entropy, (x, y))
    with other.isolated():
        assert separate_outputs(other, x) is not None


def test_examples_with_many_outputs_are_few_at_a_time(monkeypatch) -> None:
    model, (x, y) = problem("mlp")
    risk = EmpiricalRisk(model, functional.cross_entropy, (x, y))
    assert ExampleFactors(risk, 2, matrix).together == example_factors.TOGETHER
    assert ExampleFactors(risk, 1, matrix).together == 1
    assert [one for _, one in ExampleFactors(risk, 1, matrix).of(range(2))] == [
        None
    ] * 2
    monkeypatch.setattr(example_factors, "ENTRIES", 13)
    few = ExampleFactors(risk, 2, matrix)
    assert few.together == 3
    assert Calls(few, range(1, 9)).parts == [range(1, 4), range(4, 7), range(7, 9)]


def test_stretches_cover_in_order() -> None:
    assert stretches(range(3, 8), 2) == [range(3, 5), range(5, 7), range(7, 8)]
    assert stretches(range(0), 2) == []


@pytest.mark.parametrize("kind", ["curvature", "gradient", "gauss-newton"])
def test_derivatives_that_are_not_finite_are_refused(kind: str) -> None:
    _, (x, y) = problem("mlp")
    x = x.clone()
    x[7] = 0

    class Root(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Linear(4, 2, bias=False)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.inner(x).abs().sqrt()  # no derivative at zero

    risk = EmpiricalRisk(Root().double(), functional.cross_entropy, (x, y))
    measure = example_curvature if kind == "curvature" else example_gram
    options = {} if kind == "curvature" else {"kind": kind}
    with pytest.raises(ValueError, match=r"expected finite .*, got NaN or infinity"):
        measure(risk, **options)
