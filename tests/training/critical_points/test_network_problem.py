import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from eigenscape.training.critical_points.network_problem import NetworkProblem


def linear_problem():
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(9, 3, generator=generator).double()
    targets = torch.randn(9, 2, generator=generator).double()
    model = nn.Linear(3, 2)
    return model, inputs, targets


def test_a_linear_model_has_its_hessian_in_closed_form():
    model, inputs, targets = linear_problem()
    before = [p.clone() for p in model.parameters()]
    problem = NetworkProblem(model, inputs, targets)
    points = problem.starts(2, generator=torch.Generator().manual_seed(1))
    extended = torch.cat([inputs, torch.ones(9, 1).double()], dim=1)
    gram = extended.T @ extended / 9
    zero = torch.zeros(3, 3).double()
    weights = torch.cat([
        torch.cat([gram[:3, :3], zero], 1),
        torch.cat([zero, gram[:3, :3]], 1),
    ])
    for matrix in (problem.hessian(points)[1], problem.gauss_newton(points)[1]):
        torch.testing.assert_close(matrix[:6, :6], weights, rtol=0, atol=1e-14)
        torch.testing.assert_close(matrix[6:, 6:], torch.eye(2).double())
    assert problem.energy(points)[0] == problem.loss_and_gradient(points)[0][0] / 2
    assert all(map(torch.equal, before, model.parameters()))
    assert model.weight.dtype == torch.float32


def test_another_loss_and_a_model_without_parameters_are_refused():
    model, inputs, targets = linear_problem()
    with pytest.raises(ValueError, match="mean squared error, got cross_entropy"):
        NetworkProblem(model, inputs, targets, loss=cross_entropy)
    with pytest.raises(ValueError, match="model: expected parameters"):
        NetworkProblem(nn.Tanh(), inputs, targets)
