import pytest
import torch
from torch import nn

from eigenscape.training.critical_points.hidden_layer import HiddenLayer
from eigenscape.training.critical_points.network_problem import NetworkProblem

ROUNDING = 1e-13  # of sums of some dozens of terms of order 1


def problems(activation):
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(7, 3, generator=generator).double()
    targets = torch.randn(7, 2, generator=generator).double()
    kind = nn.Tanh() if activation == "tanh" else nn.ReLU()
    model = nn.Sequential(
        nn.Linear(3, 4, bias=False), kind, nn.Linear(4, 2, bias=False)
    )
    return (
        HiddenLayer(inputs, targets, 4, activation=activation),
        NetworkProblem(model, inputs, targets),
    )


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_agrees_with_automatic_differentiation(activation):
    written, automatic = problems(activation)
    assert written.size == automatic.size == 20
    generator = torch.Generator().manual_seed(1)
    points = written.starts(3, generator=generator)
    vectors = torch.randn(3, 20, generator=generator).double()
    for one, two in zip(
        written.loss_and_gradient(points),
        automatic.loss_and_gradient(points),
        strict=True,
    ):
        torch.testing.assert_close(one, two, rtol=0, atol=ROUNDING)
    for name in ("hessian", "gauss_newton"):
        one, two = (getattr(p, name)(points) for p in (written, automatic))
        torch.testing.assert_close(one, two, rtol=0, atol=ROUNDING)
        torch.testing.assert_close(one, one.mT, rtol=0, atol=ROUNDING)
    one, two = (p.hessian_product(points, vectors) for p in (written, automatic))
    torch.testing.assert_close(one, two, rtol=0, atol=ROUNDING)
    dense = (written.hessian(points) @ vectors[:, :, None])[:, :, 0]
    torch.testing.assert_close(one, dense, rtol=0, atol=ROUNDING)


def test_the_gradient_is_the_slope_of_the_loss():
    problem, _ = problems("tanh")
    generator = torch.Generator().manual_seed(2)
    point = problem.starts(1, generator=generator)
    step = 1e-6 * torch.randn(1, problem.size, generator=generator).double()
    ahead, behind = (problem.loss_and_gradient(point + s)[0] for s in (step, -step))
    slope = (problem.loss_and_gradient(point)[1] * step).sum()
    # Central differences: the square of the step, and rounding over it.
    assert float(ahead - behind) == pytest.approx(2 * float(slope), abs=1e-15)


def test_starts_have_the_variance_of_the_inverse_fan_in():
    data = torch.zeros(5, 9).double()
    problem = HiddenLayer(data, data, 16)
    found = problem.starts(400, generator=torch.Generator().manual_seed(0))
    first, second = found[:, : 9 * 16], found[:, 9 * 16 :]
    # 400 · 144 normal numbers: a relative error of √(2/57600) of the variance.
    assert float(first.var()) == pytest.approx(1 / 9, rel=0.03)
    assert float(second.var()) == pytest.approx(1 / 16, rel=0.03)


def test_unknown_shapes_are_refused():
    data = torch.zeros(5, 2).double()
    with pytest.raises(ValueError, match="width: expected at least 1, got 0"):
        HiddenLayer(data, data, 0)


def test_silent_units_keep_a_critical_point_and_add_negative_directions():
    problem, _ = problems("tanh")
    narrow = problem.narrowed(2)
    starts = narrow.starts(3, generator=torch.Generator().manual_seed(3))
    points = problem.widened(starts)
    assert torch.equal(problem.energy(points), narrow.energy(starts))
    before, after = (
        p.loss_and_gradient(x)[1].norm(dim=1)
        for p, x in ((narrow, starts), (problem, points))
    )
    torch.testing.assert_close(before, after, rtol=1e-14, atol=0)
    few, many = (
        torch.linalg.eigvalsh(p.hessian(x))
        for p, x in ((narrow, starts), (problem, points))
    )
    # Two silent units, and two outputs by three inputs of errors: rank two each.
    assert ((many < -1e-9).sum(1) - (few < -1e-9).sum(1)).tolist() == [4, 4, 4]
    assert ((many.abs() < 1e-12).sum(1)).tolist() == [2, 2, 2]
