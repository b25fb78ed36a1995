import torch

from eigenscape.training.critical_points.level_descent import (
    descend_on_gradient,
    descend_to_level,
)
from surfaces import Surface, saddle


def bowl(x):
    return (x[0] ** 2 + 10 * x[1] ** 2) / 2


def test_each_point_stops_at_its_level():
    problem = Surface(bowl, 2)
    starts = torch.tensor([[2.0, 1.0], [2.0, 1.0], [0.1, 0.0]]).double()
    levels = torch.tensor([3.0, 1e-3, 1.0]).double()
    found = descend_to_level(problem, starts, levels, steps=500)
    losses = problem.loss_and_gradient(found)[0]
    assert (losses <= levels).all()
    # A step takes at most all of the loss, and the first point stops early.
    assert losses[0] > 0.1 * levels[0]
    assert torch.equal(found[2], starts[2])


def test_the_loss_never_ascends_and_steps_end_it():
    problem = Surface(bowl, 2)
    starts = torch.tensor([[2.0, 1.0]]).double()
    before = problem.loss_and_gradient(starts)[0]
    nothing = torch.zeros(1).double()
    for steps in (1, 5, 20):
        found = descend_to_level(problem, starts, nothing, steps=steps, rate=1.0)
        after = problem.loss_and_gradient(found)[0]
        assert after <= before
        before = after
    assert after > 0


def test_descent_on_the_gradient_finds_a_saddle():
    problem = Surface(saddle, 2)
    starts = torch.tensor([[0.5, 0.3], [-0.4, 0.2]]).double()
    found = descend_on_gradient(problem, starts, tolerance=1e-12, steps=2000)
    squares = problem.loss_and_gradient(found)[1].square().sum(dim=1)
    assert (squares <= 1e-12).all()
    assert float(found.abs().max()) < 1e-6
