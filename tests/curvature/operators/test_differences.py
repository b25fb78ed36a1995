"""Central differences that products are held against."""

from __future__ import annotations

import torch
from torch.nn import functional

from eigenscape.curvature import EmpiricalRisk
from eigenscape.curvature.operators.differences import (
    displaced,
    loss_gradient,
    output_difference,
)
from eigenscape.curvature.operators.output_curvature import outputs_of
from models import jacobian, problem


def parts() -> tuple[EmpiricalRisk, torch.Tensor, torch.Tensor, torch.Tensor]:
    model, (x, y) = problem("mlp")
    risk = EmpiricalRisk(model, functional.cross_entropy, (x, y))
    direction = torch.randn(risk.size, generator=torch.Generator().manual_seed(2))
    return risk, x, y, direction.double()


def test_parameters_move_and_come_back() -> None:
    risk, _, _, direction = parts()
    before = risk.flatten([p.detach() for p in risk.params])
    with displaced(risk, direction, 0.5):
        moved = risk.flatten([p.detach() for p in risk.params])
    assert torch.equal(moved, before + 0.5 * direction)
    assert torch.equal(risk.flatten([p.detach() for p in risk.params]), before)


def test_differences_of_the_output_are_the_jacobians_products() -> None:
    risk, x, _, direction = parts()
    with risk.isolated():
        (found,) = output_difference(risk, x, direction, 1e-5)
    expected = jacobian(risk.model, x) @ direction
    # truncation of order h², rounding ε/h
    assert (found - expected).abs().max() <= 1e-8 * expected.abs().max()


def test_slopes_at_a_shifted_output() -> None:
    risk, x, y, _ = parts()
    output = risk.model(x)
    shift = [torch.ones_like(t) * torch.arange(2) for t in outputs_of(output)]
    (found,) = loss_gradient(risk, output, y, shift, 0.3)
    p = (output.detach() + 0.3 * shift[0]).softmax(1)
    expected = (p - functional.one_hot(y, 2)) / len(x)
    assert (found - expected).abs().max() <= 1e-15
