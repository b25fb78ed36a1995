"""Per-example vector-Jacobian products against Jacobians from double loops."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from eigenscape.curvature import EmpiricalRisk, example_rows
from eigenscape.curvature.example_rows import ExampleRows
from models import MODELS, jacobian, problem

SEPARATE = [name for name in MODELS if name != "batch norm, training"]

APART = {"gru", "lstm"}
"""Models that PyTorch cannot vectorise over examples."""


def risk_of(name: str) -> EmpiricalRisk:
    model, data = problem(name)
    return EmpiricalRisk(model, functional.cross_entropy, data)


def vectors(count: int, rows: int = 3, outputs: int = 2) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(count, rows, outputs, generator=generator).double()


@pytest.mark.parametrize(
    ("name", "held"), [("mlp", 1), ("gru", 1), *((name, 2**24) for name in SEPARATE)]
)
def test_rows_and_gram_equal_dense_products(name: str, held: int, monkeypatch) -> None:
    monkeypatch.setattr(example_rows, "CACHED", held)
    risk, (model, (x, _)) = risk_of(name), problem(name)
    b = vectors(10)
    wanted = b @ jacobian(model, x)
    rows = ExampleRows(risk)
    with risk.isolated():
        found, gram = rows.rows(x, b), rows.gram(x, b)
    assert rows.together is (name not in APART)
    # a few hundred roundings of one unit
    assert (found - wanted).norm() <= 1e-13 * wanted.norm()
    squares = wanted @ wanted.mT
    assert (gram - squares).norm() <= 1e-13 * squares.norm()


class Branching(nn.Module):
    """Takes a decision on values, which cannot be vectorised."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x) * (2.0 if bool((x > 10).any()) else 1.0)


class Reshaping(nn.Module):
    """Is another function of a single example than of several, when vectorised."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        vectorised = torch._C._functorch.is_batchedtensor(x)
        return self.inner(x) * (2.0 if vectorised else 1.0)


@pytest.mark.parametrize("kind", [Branching, Reshaping])
def test_models_that_cannot_be_vectorised_go_one_by_one(kind: type) -> None:
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        model = kind().double()
    x = torch.linspace(-1, 1, 12).double().view(3, 4)
    y = torch.tensor([0, 1, 1])
    risk = EmpiricalRisk(model, functional.cross_entropy, (x, y))
    rows, b = ExampleRows(risk), vectors(3)
    with risk.isolated():
        found = rows.rows(x, b)
    assert rows.together is False
    wanted = b @ jacobian(model, x)
    assert (found - wanted).norm() <= 1e-14 * wanted.norm()


class Unbatched(torch.autograd.Function):
    """The identity, whose backward pass cannot be vectorised."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        return x.clone()

    @staticmethod
    def backward(ctx: Any, along: torch.Tensor) -> torch.Tensor:
        return along * (1.0 if bool((along < 1e9).all()) else 2.0)


def test_backward_passes_that_cannot_be_vectorised_go_row_by_row() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Linear(4, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return Unbatched.apply(torch.tanh(self.inner(x)))

    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        model, x = Model().double(), torch.randn(3, 4).double()
    data = (x, torch.tensor([0, 1, 1]))
    risk = EmpiricalRisk(model, functional.cross_entropy, data)
    rows, b = ExampleRows(risk), vectors(3)
    with risk.isolated():
        found = rows.rows(x, b)
    assert rows.together is False
    wanted = b @ jacobian(model, x)
    assert (found - wanted).norm() <= 1e-14 * wanted.norm()


def test_a_lack_of_memory_is_not_hidden(monkeypatch) -> None:
    risk, (_, (x, _)) = risk_of("mlp"), problem("mlp")

    def fail(*_: object) -> None:
        raise torch.OutOfMemoryError

    monkeypatch.setattr(ExampleRows, "_together", fail)
    with risk.isolated(), pytest.raises(torch.OutOfMemoryError):
        ExampleRows(risk).gram(x, vectors(10))


def test_numbers_shared_by_all_examples_stay_whole() -> None:
    """A scalar of the inputs belongs to every example."""

    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Linear(4, 2)

        def forward(self, x: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
            return torch.tanh(self.inner(x)) * scale

    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        model = Scaled().double()
        x, y = torch.randn(5, 4).double(), torch.zeros(5).long()
    scale = torch.tensor(3.0).double()

    class Batches:
        def __iter__(self) -> Iterator[tuple]:
            yield (x, scale), y

    risk = EmpiricalRisk(model, functional.cross_entropy, Batches())
    rows, b = ExampleRows(risk), vectors(5)
    with risk.isolated():
        found = rows.rows((x, scale), b)
        alone = rows._apart((x, scale), b)
    assert rows.together is True
    wanted = torch.cat([piece.flatten(2) for piece in alone], dim=2)
    assert (found - wanted).norm() <= 1e-14 * wanted.norm()
