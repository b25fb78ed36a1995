"""Critical sharpness where the loss along the update is known."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import mse_loss

from eigenscape.core import ConvergenceError
from eigenscape.curvature import EmpiricalRisk, Hessian, extreme_eigenpairs
from eigenscape.optim.critical_sharpness import critical_sharpness


def linear_risk(seed=0, dtype=torch.float64):
    """Least squares: its Hessian is 2XᵀX/n whatever the parameters."""
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(40, 6, generator=generator, dtype=dtype)
    inputs *= torch.linspace(0.3, 3, 6, dtype=dtype)
    targets = torch.randn(40, 1, generator=generator, dtype=dtype)
    model = nn.Linear(6, 1, bias=False).to(dtype)
    with torch.no_grad():
        model.weight.copy_(torch.randn(1, 6, generator=generator, dtype=dtype))
    return EmpiricalRisk(model, mse_loss, (inputs, targets)), 2 * inputs.T @ inputs / 40


@pytest.mark.parametrize("start", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("tolerance", [0.1, 3.0])
def test_a_quadratic_has_its_directional_sharpness(start, tolerance):
    risk, hessian = linear_risk()
    gradient = risk.gradient()
    expected = float(gradient @ hessian @ gradient / (gradient @ gradient))
    found = critical_sharpness(risk, start=start, tolerance=tolerance)
    # φ loses digits by cancellation: ε L/|φ| at steps within a factor of 2 of η_c
    assert found.sharpness == pytest.approx(expected, rel=1e-11)
    assert found.lower <= found.step <= found.upper <= (1 + tolerance) * found.lower
    assert found.step == 2 / found.sharpness


def test_another_update_has_its_own_sharpness():
    risk, hessian = linear_risk()
    gradient = risk.gradient()
    update = gradient.sign()
    expected = float(update @ hessian @ update / (gradient @ update))
    assert critical_sharpness(risk, update).sharpness == pytest.approx(
        expected, rel=1e-11
    )


def test_unstable_descent_turns_it_into_the_largest_eigenvalue():
    risk, hessian = linear_risk()
    top = float(torch.linalg.eigvalsh(hessian)[-1])
    weight = risk.params[0]
    errors = []
    for _ in range(3):
        for _ in range(15):
            with torch.no_grad():
                weight -= 2.02 / top * risk.unflatten(risk.gradient())[0]
        errors.append(abs(critical_sharpness(risk).sharpness / top - 1))
    # other directions shrink while this one grows by 1.02 a step
    assert errors[2] < errors[1] / 3 < errors[0] / 9
    assert errors[2] < 1e-4


def test_a_network_at_the_edge_is_as_sharp_as_its_hessian_says():
    """Full-batch descent at a large rate settles where λ_max ≈ 2/η."""
    torch.manual_seed(0)
    inputs = torch.randn(60, 4, dtype=torch.float64)
    targets = inputs.prod(1, keepdim=True)
    model = nn.Sequential(nn.Linear(4, 12), nn.Tanh(), nn.Linear(12, 1)).double()
    risk = EmpiricalRisk(model, mse_loss, (inputs, targets))
    rate = 0.3
    optimiser = torch.optim.SGD(model.parameters(), lr=rate)
    for _ in range(60):
        optimiser.zero_grad()
        mse_loss(model(inputs), targets).backward()
        optimiser.step()
    generator = torch.Generator().manual_seed(0)
    top = extreme_eigenpairs(Hessian(risk, check=False), 1, generator=generator).values[
        0
    ]
    found = critical_sharpness(risk, start=rate, tolerance=0.01)
    assert 0 < found.sharpness <= top * 1.01
    assert critical_sharpness(risk, start=found.step).evaluations <= 6


class Noisy(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(5, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 3)
        )

    def forward(self, x):
        return self.layers(x)


def test_nothing_is_left_changed():
    torch.manual_seed(1)
    model = Noisy()
    data = torch.randn(32, 5), torch.randint(3, (32,))
    risk = EmpiricalRisk(model, nn.functional.cross_entropy, data, batch_size=32)
    before = copy.deepcopy(model.state_dict())
    gradients = [torch.randn_like(p) for p in model.parameters()]
    for param, piece in zip(model.parameters(), gradients, strict=True):
        param.grad = piece
    states = torch.get_rng_state(), np.random.get_state()[1].copy()
    first = critical_sharpness(risk)
    second = critical_sharpness(risk)
    assert first == second, "dropout draws the same numbers at every evaluation"
    after = model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert model.training
    assert torch.equal(states[0], torch.get_rng_state())
    assert np.array_equal(states[1], np.random.get_state()[1])
    for param, piece in zip(model.parameters(), gradients, strict=True):
        assert param.grad is piece


def test_parameters_come_back_though_the_loss_fails():
    risk, _ = linear_risk()
    calls = []

    def failing(output, target):
        calls.append(0)
        if len(calls) > 8:
            message = "out of luck"
            raise RuntimeError(message)
        return mse_loss(output, target)

    data = torch.randn(40, 6).double(), torch.randn(40, 1).double()
    other = EmpiricalRisk(risk.model, failing, data)
    before = risk.params[0].clone()
    with pytest.raises(RuntimeError, match="out of luck"):
        critical_sharpness(other, torch.ones(6).double(), start=1e-12)
    assert torch.equal(before, risk.params[0])


def test_losses_that_never_rise_or_always_do():
    inputs = torch.linspace(-1, 1, 8)[:, None].double()
    model = nn.Linear(1, 1).double()
    risk = EmpiricalRisk(model, lambda y, _: y.mean(), (inputs, inputs))
    flat = critical_sharpness(risk)
    assert (flat.sharpness, flat.step, flat.upper) == (0.0, np.inf, np.inf)
    quadratic, _ = linear_risk()
    uphill = critical_sharpness(quadratic, -quadratic.gradient())
    assert (uphill.sharpness, uphill.step, uphill.lower) == (np.inf, 0.0, 0.0)


def test_a_loss_that_overflows_has_risen():
    model = nn.Linear(1, 1, bias=False).double()
    with torch.no_grad():
        model.weight.fill_(1.0)
    one = torch.ones(1, 1).double()
    risk = EmpiricalRisk(model, lambda y, _: torch.exp(y**2).mean(), (one, one))
    found = critical_sharpness(risk, torch.ones(1).double(), start=1e8)
    # exp(w²) is as large at −1 as at 1
    assert found.step == pytest.approx(2, rel=0.1)
    assert found.lower <= 2 < found.upper


def test_bad_arguments():
    risk, _ = linear_risk()
    with pytest.raises(ValueError, match=r"^direction: expected shape \(6,\)"):
        critical_sharpness(risk, torch.ones(5).double())
    with pytest.raises(ValueError, match="^direction: expected a finite vector"):
        critical_sharpness(risk, torch.zeros(6).double())
    with pytest.raises(ValueError, match="^start: expected a positive"):
        critical_sharpness(risk, start=0.0)
    with pytest.raises(ValueError, match="^tolerance: expected a positive"):
        critical_sharpness(risk, tolerance=np.nan)
    with pytest.raises(ValueError, match="^evaluations: expected at least 3"):
        critical_sharpness(risk, evaluations=2)
    with pytest.raises(ConvergenceError, match="critical_sharpness"):
        critical_sharpness(risk, start=1.0, tolerance=1e-9, evaluations=12)
