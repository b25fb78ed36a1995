import numpy as np
import pytest
import torch
from torch import nn

from eigenscape.landscape.searched_points import STATUSES, PointTest
from eigenscape.training.critical_points.gradient_roots import solve_gradient
from eigenscape.training.critical_points.network_problem import NetworkProblem
from eigenscape.training.critical_points.point_status import judge_points
from surfaces import Surface, escape, saddle, trap


def judged(function, point, **options):
    points = torch.tensor([point]).double()
    return judge_points(Surface(function, 2), points, test=PointTest(**options))


@pytest.mark.parametrize(
    ("function", "point", "status"),
    [
        (saddle, [1e-12, 0.0], "critical"),
        (saddle, [0.3, 0.1], "unfinished"),
        (trap, [1e-5, 0.0], "trap"),
        (escape, [25.0, 0.0], "escaping"),
        (escape, [3.0, 0.5], "unfinished"),
    ],
)
def test_every_end_is_told(function, point, status):
    assert judged(function, point).are(status).all()


def test_the_search_itself_ends_at_each(rng):
    starts = torch.tensor([[0.7, 0.4]]).double()
    for function, status in (
        (saddle, "critical"),
        (trap, "trap"),
        (escape, "escaping"),
    ):
        problem = Surface(function, 2)
        points, _ = solve_gradient(problem, starts, tolerance=1e-20, steps=80)
        found = judge_points(problem, points, test=PointTest())
        assert STATUSES[found.statuses[0]] == status


def test_numbers_of_a_saddle():
    found = judged(saddle, [3e-11, 4e-11])
    assert found.negative.tolist() == [1]
    assert found.index.tolist() == [0.5]
    assert found.unresolved.tolist() == [0]
    # H = diag(1, −2) but for terms of the square of the distance.
    assert found.distances == pytest.approx([5e-11], rel=1e-9)
    assert found.squares == pytest.approx([9e-22 + 64e-22], rel=1e-9)
    assert found.flatness == pytest.approx([np.hypot(3, 16) / 2 / np.hypot(3, 8)])


def test_loose_points_are_critical_where_newton_is_short():
    # The published tolerance: |∇L|² = 1e-6, and a zero of the gradient within 1e-2.
    assert judged(saddle, [1e-3, 0.0], tolerance=1e-5).are("critical").all()
    assert judged(escape, [8.0, 0.0], tolerance=1e-5).are("escaping").all()


def test_a_curvature_of_zero_is_not_resolved():
    # ŷ = w₂w₁x has a critical point wherever w₂w₁ solves: the Hessian is singular.
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(20, 1, generator=generator).double()
    targets = 2 * inputs + torch.randn(20, 1, generator=generator).double()
    model = nn.Sequential(nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False))
    problem = NetworkProblem(model, inputs, targets)
    slope = float((inputs * targets).sum() / inputs.square().sum())
    points = torch.tensor([[slope / 1.5, 1.5], [0, 0]], dtype=torch.float64)
    found = judge_points(problem, points, test=PointTest())
    assert found.are("critical").all()
    assert found.negative.tolist() == [0, 1]
    assert found.unresolved.tolist() == [1, 0]
    least = (targets - slope * inputs).square().mean() / 2
    assert found.energies[0] == pytest.approx(float(least), rel=1e-14)
