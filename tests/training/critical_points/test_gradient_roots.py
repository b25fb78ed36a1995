import pytest
import torch
from torch import nn

from eigenscape.training.critical_points.gradient_roots import solve_gradient
from eigenscape.training.critical_points.network_problem import NetworkProblem
from surfaces import Surface, saddle, trap


def test_least_squares_of_a_linear_model():
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(30, 4, generator=generator).double()
    targets = torch.randn(30, 3, generator=generator).double()
    problem = NetworkProblem(nn.Linear(4, 3, bias=False), inputs, targets)
    starts = problem.starts(3, generator=generator)
    found, steps = solve_gradient(problem, starts, tolerance=1e-24, steps=60)
    exact = torch.linalg.lstsq(inputs, targets).solution.T.flatten()
    # |∇L| ≤ 1e-12 over a least curvature of order 0.1.
    torch.testing.assert_close(found, exact.expand(3, -1), rtol=0, atol=1e-10)
    assert 0 < int(steps.max()) < 60


def test_saddles_attract():
    problem = Surface(saddle, 2)
    starts = torch.tensor([[0.5, 0.3], [-1.0, 0.8]]).double()
    found, _ = solve_gradient(problem, starts, tolerance=1e-26, steps=60)
    assert float(found.abs().max()) < 1e-12
    assert torch.equal(starts[0], torch.tensor([0.5, 0.3]).double())


def test_a_trap_holds_the_search():
    problem = Surface(trap, 2)
    starts = torch.tensor([[0.8, 0.5]]).double()
    found, steps = solve_gradient(problem, starts, tolerance=1e-20, steps=60)
    assert steps.tolist() == [60]
    gradient = problem.loss_and_gradient(found)[1]
    assert float(gradient.norm()) == pytest.approx(1, abs=1e-6)
