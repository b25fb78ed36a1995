"""Softmax and its logarithm where exponentials overflow or vanish."""

from __future__ import annotations

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


def test_a_probability_that_vanishes_has_no_derivatives() -> None:
    x = torch.tensor([[0.3, -torch.inf, 0.1]]).double()
    found = hessian(lambda y: (softmax(y, 1)[:, 0] ** 2).sum(), x)
    kept = [0, 2]
    pair = hessian(lambda y: (torch.softmax(y, 1)[:, 0] ** 2).sum(), x[:, kept])
    assert (found[kept][:, kept] - pair).abs().max() <= 1e-15
    assert torch.equal(found[1], torch.zeros(3).double())
