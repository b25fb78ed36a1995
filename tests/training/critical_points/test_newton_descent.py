import math

import torch

from eigenscape.training.critical_points.newton_descent import minimise_loss
from surfaces import Surface


def valley(x):
    """Rosenbrock's function, with its one minimum at (1, 1)."""
    return ((1 - x[0]) ** 2 + 10 * (x[1] - x[0] ** 2) ** 2) / 2


def wells(x):
    """A saddle at 0 and minima at (0, ±1)."""
    return x[0] ** 2 / 2 + (x[1] ** 2 - 1) ** 2 / 4


def test_a_curved_valley_to_machine_precision():
    starts = torch.tensor([[-1.2, 1.0], [2.0, -1.0]]).double()
    found, steps = minimise_loss(Surface(valley, 2), starts, tolerance=1e-26, steps=100)
    torch.testing.assert_close(found, torch.ones(2, 2).double(), rtol=0, atol=1e-12)
    assert 0 < int(steps.max()) < 100
    assert starts[0, 1] == 1


def test_saddles_repel():
    starts = torch.tensor([[0.5, 1e-6], [-0.5, -1e-6]]).double()
    found, _ = minimise_loss(Surface(wells, 2), starts, tolerance=1e-26, steps=100)
    minima = torch.tensor([[0.0, 1.0], [0.0, -1.0]]).double()
    torch.testing.assert_close(found, minima, rtol=0, atol=1e-12)


def test_a_long_step_that_ascends_is_refused():
    def ripples(x):
        """Slopes repeat after 2π, where the loss is higher by π/10."""
        return torch.cos(x[0]) + x[0] / 20 + x[1] ** 2 / 2

    problem = Surface(ripples, 2)
    starts = torch.tensor([[1.62, 0.0]]).double()
    for steps in range(1, 12):
        found, _ = minimise_loss(problem, starts, tolerance=1e-26, steps=steps)
        assert float(problem.energy(found)) <= float(problem.energy(starts))
    # The minimum of its own period: sin x = 1/20, x near π.
    place = [[math.pi - math.asin(1 / 20), 0.0]]
    exact = torch.tensor(place, dtype=torch.float64)
    found, _ = minimise_loss(problem, starts, tolerance=1e-26, steps=100)
    torch.testing.assert_close(found, exact, rtol=0, atol=1e-12)


def test_a_refused_step_leaves_its_hessian(monkeypatch):
    problem = Surface(valley, 2)
    starts = torch.tensor([[-1.2, 1.0]]).double()
    computed = []
    whole = problem.hessian

    def hessian(points):
        computed.append(len(points))
        return whole(points)

    monkeypatch.setattr(problem, "hessian", hessian)
    found, steps = minimise_loss(problem, starts, tolerance=1e-26, steps=100)
    torch.testing.assert_close(found, torch.ones(1, 2).double(), rtol=0, atol=1e-12)
    assert 0 < sum(computed) < int(steps)
