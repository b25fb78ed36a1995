from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from eigenscape.core import ConvergenceError
from eigenscape.curvature import Dense, EmpiricalRisk
from eigenscape.optim.critical_sharpness import critical_sharpness
from eigenscape.optim.sharpness_probes import (
    Preconditioned,
    TopCurvature,
    UpdateSharpness,
    adam_denominator,
)
from small_training import dense_hessian, network, train


class Still:
    def step(self):
        pass


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def fixed(matrix):
    return lambda _: Dense(matrix)


def test_it_is_the_largest_eigenvalue_of_all_the_data():
    model, risk = network()
    expected = float(torch.linalg.eigvalsh(dense_hessian(model, risk))[-1])
    found = TopCurvature(risk, tolerance=1e-6, generator=generator()).measure()
    # an error of the order of the residual squared
    assert found.values[0] == pytest.approx(expected, rel=1e-9)
    loose = TopCurvature(risk, generator=generator()).measure()
    assert loose.values[0] == pytest.approx(expected, rel=0.05)
    assert loose.work < found.work


def test_batches_are_drawn_anew_and_averaged():
    _, risk = network()
    probe = TopCurvature(
        risk, batch_size=16, draws=2, tolerance=1e-6, generator=generator(5)
    )
    other = generator(5)
    tops = []
    for _ in range(2):
        batch = risk.subsample(16, other)
        one = TopCurvature(batch, tolerance=1e-6, generator=generator())
        tops.append(one.measure().values[0])
        torch.randn(risk.size, generator=other, dtype=torch.float64)  # its start
    assert tops[0] != pytest.approx(tops[1], rel=1e-3)
    assert probe.measure().values[0] == pytest.approx(np.mean(tops), rel=1e-9)


def test_the_last_vector_saves_products():
    """A spectrum without gaps, so that a random start is slow."""
    matrix = torch.diag(torch.linspace(0, 1, 400, dtype=torch.float64))
    _, risk = network()
    probe = TopCurvature(
        risk, tolerance=0.02, curvature=fixed(matrix), generator=generator()
    )
    first, second = probe.measure(), probe.measure()
    assert second.work < first.work
    assert second.values[0] == pytest.approx(1, rel=0.02)


def test_a_direction_that_overtakes_is_seen():
    values = torch.linspace(-1, 1, 300, dtype=torch.float64)
    values[-1] = 5.0
    matrix = torch.diag(values)
    _, risk = network()
    probe = TopCurvature(risk, curvature=fixed(matrix), generator=generator())
    assert probe.measure().values[0] == pytest.approx(5, rel=0.01)
    exact = torch.zeros(300, dtype=torch.float64)
    exact[-1] = 1.0  # by itself it would span an invariant space
    probe.load_state_dict(probe.state_dict() | {"vector": exact})
    matrix[0, 0] = 7.0
    assert probe.measure().values[0] == pytest.approx(7, rel=0.01)


def test_preconditioned_curvature_has_the_eigenvalues_of_the_quotient(rng):
    square = rng.standard_normal((6, 6))
    matrix, diagonal = square @ square.T, rng.uniform(0.1, 3, 6)
    expected = np.linalg.eigvals(matrix / diagonal[:, None]).real.max()
    operator = Preconditioned(
        Dense(torch.from_numpy(matrix)), torch.from_numpy(diagonal)
    )
    dense = operator.matmat(torch.eye(6, dtype=torch.float64)).numpy()
    np.testing.assert_allclose(dense, dense.T, rtol=1e-12)
    assert np.linalg.eigvalsh(dense)[-1] == pytest.approx(expected, rel=1e-9)
    _, risk = network()
    probe = TopCurvature(
        risk,
        curvature=fixed(torch.from_numpy(matrix)),
        preconditioner=lambda: torch.from_numpy(diagonal),
        generator=generator(),
    )
    assert probe.measure().values[0] == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("amsgrad", [False, True])
def test_adam_steps_by_its_denominator(amsgrad):
    """The next step without momentum is η g/D, with D after that step."""
    model, risk = network()
    optimiser = torch.optim.Adam(
        model.parameters(), lr=0.01, betas=(0.0, 0.9), eps=1e-3, amsgrad=amsgrad
    )
    train(model, risk, optimiser, Still(), 3)
    before = torch.cat([p.detach().flatten() for p in model.parameters()])
    train(model, risk, optimiser, Still(), 1, first=3)
    after = torch.cat([p.detach().flatten() for p in model.parameters()])
    gradient = torch.cat([p.grad.flatten() for p in model.parameters()])
    step = 0.01 * gradient / adam_denominator(optimiser, risk)
    torch.testing.assert_close(before - after, step, rtol=1e-9, atol=1e-15)


def test_a_probe_leaves_everything_as_it_was_and_is_reproducible():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Linear(5, 3))
    data = torch.randn(32, 4), torch.randint(3, (32,))
    risk = EmpiricalRisk(model, nn.functional.cross_entropy, data, batch_size=32)
    before, state = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    for make in (TopCurvature, UpdateSharpness):
        probe = make(risk, batch_size=16, generator=generator())
        probe.measure()
        saved = copy.deepcopy(probe.state_dict())
        following = [probe.measure() for _ in range(2)]
        again = make(risk, batch_size=16, generator=generator(9))
        again.load_state_dict(saved)
        assert [again.measure() for _ in range(2)] == following
    after = model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert torch.equal(state, torch.get_rng_state())
    assert model.training
    assert all(p.grad is None for p in model.parameters())


def test_the_update_probe_starts_where_it_ended():
    _, risk = network()
    probe = UpdateSharpness(risk, start=1e-9, generator=generator())
    first, second = probe.measure(), probe.measure()
    assert second.work <= 6 < first.work
    expected = critical_sharpness(risk, tolerance=1e-3).sharpness
    assert second.values[0] == pytest.approx(expected, rel=0.1)
    update = torch.ones(risk.size, dtype=torch.float64)
    along = risk.gradient() * update
    directed = UpdateSharpness(risk, direction=lambda: along, generator=generator())
    assert directed.measure().values[0] == critical_sharpness(risk, along).sharpness


def test_what_does_not_converge_is_an_error():
    matrix = torch.diag(torch.linspace(0, 1, 400, dtype=torch.float64))
    _, risk = network()
    probe = TopCurvature(
        risk, tolerance=1e-6, steps=4, curvature=fixed(matrix), generator=generator()
    )
    with pytest.raises(ConvergenceError, match="λ_max of a batch"):
        probe.measure()


def test_bad_arguments():
    model, risk = network()
    with pytest.raises(ValueError, match="^draws: expected at least 1"):
        TopCurvature(risk, draws=0, generator=generator())
    with pytest.raises(ValueError, match="^tolerance: expected between 0 and 1"):
        TopCurvature(risk, tolerance=1.0, generator=generator())
    with pytest.raises(ValueError, match="^optimizer: expected a second moment of"):
        adam_denominator(torch.optim.Adam(model.parameters()), risk)
