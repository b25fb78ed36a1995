"""Gadam and GadamX against the published formulas, written out with NumPy."""

import numpy as np
import pytest
import torch
from torch import nn

from eigenscape.optim.gadam import Gadam, GadamX

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


def gradients(steps, rng):
    return rng.standard_normal((steps, 7)) * np.geomspace(1e-3, 10, 7)


def run(optimiser, parameter, path):
    iterates = []
    for gradient in path:
        parameter.grad = torch.from_numpy(gradient.copy())
        optimiser.step()
        iterates.append(parameter.detach().numpy().copy())
    return np.array(iterates)


def reference(path, start, rate, decay, step, *, amsgrad):
    """w ← (1 − ηλ) w − step(m, v or its maximum, t)."""
    w, m, v, largest = start.copy(), np.zeros(7), np.zeros(7), np.zeros(7)
    iterates = []
    for t, g in enumerate(path, 1):
        w = (1 - rate * decay) * w
        m = BETA1 * m + (1 - BETA1) * g
        v = BETA2 * v + (1 - BETA2) * g**2
        largest = np.maximum(largest, v)
        w = w - rate * step(m, largest if amsgrad else v, t)
        iterates.append(w.copy())
    return np.array(iterates)


def adam(m, v, t):
    return m / (1 - BETA1**t) / (np.sqrt(v / (1 - BETA2**t)) + EPSILON)


def padam(partial):
    def step(m, v, t):
        scale = np.sqrt(1 - BETA2**t) / (1 - BETA1**t)
        return scale * m / (np.sqrt(v) + EPSILON) ** (2 * partial)

    return step


@pytest.mark.parametrize("amsgrad", [False, True])
@pytest.mark.parametrize("foreach", [False, True])
def test_gadam_takes_the_steps_of_the_formula(rng, amsgrad, foreach):
    start, path = rng.standard_normal(7), gradients(200, rng)
    parameter = nn.Parameter(torch.from_numpy(start.copy()))
    optimiser = Gadam(
        [parameter], 0.01, weight_decay=0.3, amsgrad=amsgrad, foreach=foreach
    )
    found = run(optimiser, parameter, path)
    expected = reference(path, start, 0.01, 0.3, adam, amsgrad=amsgrad)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("partial", [0.0, 0.125, 0.2, 0.5])
@pytest.mark.parametrize("amsgrad", [False, True])
def test_gadamx_takes_the_steps_of_the_formula(rng, partial, amsgrad):
    start, path = rng.standard_normal(7), gradients(200, rng)
    parameter = nn.Parameter(torch.from_numpy(start.copy()))
    optimiser = GadamX(
        [parameter], 0.1, weight_decay=3e-3, partial=partial, amsgrad=amsgrad
    )
    found = run(optimiser, parameter, path)
    expected = reference(path, start, 0.1, 3e-3, padam(partial), amsgrad=amsgrad)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_gadamx_has_the_published_defaults():
    group = GadamX([nn.Parameter(torch.zeros(1))]).param_groups[0]
    assert group["amsgrad"]
    assert group["partial"] == 0.125
    assert group["betas"] == (0.9, 0.999)
    assert group["eps"] == 1e-8


@pytest.mark.parametrize("weight_decay", [0.0, 0.25])
def test_gadam_without_averaging_is_adamw(rng, weight_decay):
    start, path = rng.standard_normal(7), gradients(1000, rng)
    pair = [nn.Parameter(torch.from_numpy(start.copy())) for _ in range(2)]
    options = {"lr": 5e-3, "weight_decay": weight_decay}
    ours = run(Gadam(pair[:1], **options), pair[0], path)
    theirs = run(torch.optim.AdamW(pair[1:], **options), pair[1], path)
    np.testing.assert_allclose(ours, theirs, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("optimiser", [Gadam, GadamX])
@pytest.mark.parametrize(("start", "every"), [(0, 1), (50, 7), (99, 1)])
def test_average_is_the_mean_of_its_iterates(rng, optimiser, start, every):
    parameter = nn.Parameter(torch.from_numpy(rng.standard_normal(7)))
    averaged = optimiser([parameter], average_start=start, average_every=every)
    iterates = run(averaged, parameter, gradients(100, rng))
    before = parameter.detach().clone()
    with averaged.average.swapped():
        found = parameter.detach().numpy().copy()
    mean = iterates[start + every - 1 :: every].mean(0)
    np.testing.assert_allclose(found, mean, rtol=1e-13, atol=1e-14)
    assert torch.equal(parameter.detach(), before)


@pytest.mark.parametrize("optimiser", [Gadam, GadamX])
@pytest.mark.parametrize("foreach", [False, True])
def test_rate_and_decays_may_be_tensors(rng, optimiser, foreach):
    start, path = rng.standard_normal(7), gradients(20, rng)
    runs = []
    for kind in (float, lambda x: torch.tensor(x, dtype=torch.float64)):
        parameter = nn.Parameter(torch.from_numpy(start.copy()))
        betas = kind(BETA1), kind(BETA2)
        made = optimiser([parameter], kind(0.01), betas, foreach=foreach)
        runs.append(run(made, parameter, path))
    assert np.array_equal(*runs)


def test_groups_have_their_own_exponent():
    parameters = [nn.Parameter(torch.ones(1)) for _ in range(3)]
    groups = [{"params": parameters[:1], "partial": 0.5}, {"params": parameters[1:2]}]
    made = GadamX(groups, partial=0.25)
    made.add_param_group({"params": parameters[2:]})
    assert [group["partial"] for group in made.param_groups] == [0.5, 0.25, 0.25]
