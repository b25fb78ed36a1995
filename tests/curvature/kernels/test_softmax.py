"""Softmax and its logarithm where exponentials overflow or vanish."""

from __future__ import annotations

import pytest
import torch

from eigenscape.curvature.kernels.softmax import log_softmax, softmax


def hessian(function, x: torch.Tensor) -> torch.Tensor:
    leaf = x.clone().requires_grad_()
    (slope,) = torch.autograd.grad(function(leaf), leaf, create_graph=True)
    rows = [
        torch.autograd.grad(entry, leaf, retain_graph=True)[0]
        for entry in slope.flatten()
    ]
    return torch.stack([row.flatten() for row in rows])


def test_second_derivatives_of_cross_entropy_are_the_covariance_of_a_class() -> None:
    x = torch.tensor([1000.0, 998.0, -1000.0, 999.5]).double()
    p = torch.softmax(x, 0)
    found = hessian(lambda y: -log_softmax(y, 0)[1], x)
    assert (found - (p.diag() - p.outer(p))).abs().max() <= 1e-15


@pytest.mark.parametrize("right", [0, 1, 2])
def test_what_is_left_of_a_certain_class_is_precise(right: int) -> None:
    """1 − p = e⁻²⁰ + e⁻²³ vanishes beside 1 in float32; it rounds by 20 ε of itself."""
    x = torch.tensor([[0.0, -20.0, -23.0], [20.0, 20.0, 0.0]])
    weights = torch.eye(3)[right].expand(2, 3)

    def loss(y: torch.Tensor) -> torch.Tensor:
        return -(weights.to(y) * log_softmax(y, 1)).sum()

    def slope(y: torch.Tensor) -> torch.Tensor:
        (found,) = torch.autograd.grad(loss(y.requires_grad_()), y, create_graph=True)
        return found.detach()

    p = x.double().softmax(1)
    others = p @ (1 - torch.eye(3).double())  # 1 − p without a difference
    wanted = torch.where(weights > 0, -others, p)
    torch.testing.assert_close(slope(x.clone()).double(), wanted, rtol=3e-6, atol=0)
    matrix = hessian(loss, x)
    for row in range(2):
        block = matrix[3 * row : 3 * row + 3, 3 * row : 3 * row + 3].double()
        expected = -p[row].outer(p[row])
        expected.diagonal().copy_(p[row] * others[row])
        torch.testing.assert_close(block, expected, rtol=6e-6, atol=0)


def test_a_probability_that_vanishes_has_no_derivatives() -> None:
    x = torch.tensor([[0.3, -torch.inf, 0.1]]).double()
    found = hessian(lambda y: (softmax(y, 1)[:, 0] ** 2).sum(), x)
    kept = [0, 2]
    pair = hessian(lambda y: (torch.softmax(y, 1)[:, 0] ** 2).sum(), x[:, kept])
    assert (found[kept][:, kept] - pair).abs().max() <= 1e-15
    assert torch.equal(found[1], torch.zeros(3).double())
