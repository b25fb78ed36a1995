"""Values that autograd does not see are found by the self-check, in one line."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from eigenscape.curvature import EmpiricalRisk, Hessian
from eigenscape.curvature.operators import Fisher, GaussNewton, Residual


class Layers(nn.Module):
    """A function of two layers and an input."""

    def __init__(self, evaluate: Callable[..., torch.Tensor]) -> None:
        super().__init__()
        self.evaluate = evaluate
        self.inside, self.outside = nn.Linear(4, 5), nn.Linear(5, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.evaluate(self, x)


class Once(torch.autograd.Function):
    """x³, whose gradient has no derivative of its own."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        ctx.slope = 3 * x.detach() ** 2
        return x**3

    @staticmethod
    def backward(ctx: Any, *slopes: torch.Tensor) -> torch.Tensor:
        return ctx.slope * slopes[0]


def unrecorded(p: Layers, x: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        hidden = p.inside(x)
    return p.outside(hidden.tanh())


def again(p: Layers, x: torch.Tensor) -> torch.Tensor:
    return p.outside(checkpoint(torch.tanh, p.inside(x), use_reentrant=True))


CUT: dict[str, tuple[Callable[[Layers, torch.Tensor], torch.Tensor], str]] = {
    "no_grad": (unrecorded, "or a value that is detached"),
    "detached branch": (
        lambda p, x: p.outside(p.inside(x).tanh() + p.inside(x).detach()),
        "or a value that is detached",
    ),
    "number": (
        lambda p, x: p.outside(p.inside(x).tanh()) * p.inside.bias[0].item(),
        "or a value that is detached",
    ),
    "hidden slope": (
        lambda p, x: p.outside(Once.apply(p.inside(x))),
        "custom backward",
    ),
    "layer evaluated twice by the old way": (again, "set use_reentrant=False"),
}


@pytest.mark.parametrize("name", CUT)
def test_what_autograd_does_not_see_is_found(name: str) -> None:
    evaluate, line = CUT[name]
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        model = Layers(evaluate).double()
        x, y = torch.randn(6, 4).double(), torch.randint(0, 3, (6,))
    risk = EmpiricalRisk(model, functional.cross_entropy, (x, y))
    with pytest.raises(ValueError, match=line) as caught:
        Hessian(risk)
    assert "\n" not in str(caught.value)


class Single(nn.Module):
    """A model that runs in float32 only."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x) @ torch.eye(3, dtype=torch.float32)


def test_what_cannot_be_checked_is_said() -> None:
    risk = EmpiricalRisk(
        Single(), functional.mse_loss, (torch.ones(5, 4), torch.ones(5, 3))
    )
    with pytest.warns(UserWarning, match="loss that run in float64, got RuntimeError"):
        Hessian(risk)
    Hessian(risk, check=False)


def test_rows_of_padding_are_left_alone() -> None:
    """Their slopes are zero by definition, though the loss changes when they move."""
    words = torch.tensor([[0, 1, 2], [0, 0, 3]])
    model = nn.Sequential(nn.Embedding(4, 2, padding_idx=0), nn.Flatten(), nn.Tanh())
    operator = Hessian(
        EmpiricalRisk(model, functional.mse_loss, (words, torch.ones(2, 6)))
    )
    matrix = operator.matmat(torch.eye(8))
    assert not matrix[:2].any()
    assert not matrix[:, :2].any()
    assert matrix[2:, 2:].any()


def fitted_to_certainty() -> tuple[nn.Module, torch.Tensor, torch.Tensor]:
    """All p but one are of the size of float32's rounding of 1."""
    generator = torch.Generator().manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3))
    with torch.no_grad():
        for tensor in model.parameters():
            tensor.copy_(torch.randn(tensor.shape, generator=generator))
        model[2].weight *= 6
    x = torch.randn(2000, 6, generator=generator)
    y = model(x).argmax(dim=1)
    margin = model(x).topk(2).values.diff().abs()[:, 0]
    sure = (margin > 14) & (margin < 16)
    return model, x[sure], y[sure]


def test_rounding_of_examples_fitted_to_certainty_is_no_wrong_derivative() -> None:
    model, x, y = fitted_to_certainty()

    def loss(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return functional.nll_loss(torch.softmax(logits, 1).log(), target)

    with pytest.warns(UserWarning, match="rounding, as float64 agrees"):
        Hessian(EmpiricalRisk(model, loss, (x, y)))
    Hessian(EmpiricalRisk(model.double(), loss, (x.double(), y)))


@pytest.mark.parametrize("kind", [Hessian, GaussNewton, Residual, Fisher])
def test_cross_entropy_fitted_to_certainty_keeps_its_curvature(kind) -> None:
    model, x, y = fitted_to_certainty()
    single = kind(EmpiricalRisk(model, functional.cross_entropy, (x, y)))
    double = copy.deepcopy(model).double(), functional.cross_entropy, (x.double(), y)
    vector = torch.ones(single.size)
    expected = kind(EmpiricalRisk(*double)).matvec(vector.double())
    # logits of 16 round by 16 ε, and 1 − p with them by that part of itself
    error = single.matvec(vector) - expected
    assert error.norm() <= 1e-5 * expected.norm()


def test_a_wrong_derivative_is_no_rounding() -> None:
    model = Layers(lambda p, x: p.outside(p.inside(x.detach()).cos()))
    x = torch.randn(12, 4, generator=torch.Generator().manual_seed(0))
    data = x, torch.zeros(12, 3)

    def loss(y: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return functional.mse_loss(y * y.detach(), target)

    with pytest.raises(ValueError, match="derivative is wrong"):
        Hessian(EmpiricalRisk(model, loss, data))
