"""The search where the edge of stability is known."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import mse_loss

from eigenscape.theory.mean_square_stability import mean_square_rate
from eigenscape.training.stability_search import (
    StabilitySettings,
    forecast_seconds,
    stable_rates,
)


def regression(spread, examples=64, seed=0):
    """Least squares of features of the variances given, near its minimum."""
    generator = torch.Generator().manual_seed(seed)
    size = len(spread)
    inputs = torch.randn(examples, size, generator=generator, dtype=torch.float64)
    inputs *= torch.tensor(spread, dtype=torch.float64).sqrt()
    targets = inputs @ torch.ones(size, 1, dtype=torch.float64)
    model = nn.Linear(size, 1, bias=False).double()
    with torch.no_grad():
        model.weight.fill_(1.0)
        model.weight += 1e-3 * torch.randn(1, size, generator=generator)
    curvature = torch.linalg.eigvalsh(2 * inputs.T @ inputs / examples)
    return model, (inputs, targets), curvature.numpy()[::-1].copy()


def test_without_noise_it_is_the_edge_of_heavy_ball():
    model, data, spikes = regression([9.0, 1.0, 1.0])
    settings = StabilitySettings(
        momenta=(0.0, 0.8), runs=1, steps=120, lower=0.02, upper=1.0, rounds=8
    )
    found = stable_rates(model, mse_loss, data, len(data[0]), settings, seed=0)
    # such growth beyond the edge as 120 steps show: log(10)/120, and the bracket
    np.testing.assert_allclose(found[:, 0] * spikes[0], [2, 3.6], rtol=0.04)


def test_small_batches_are_stable_up_to_about_the_mean_square_edge():
    """Many equal directions, over which the noise averages out."""
    model, data, spikes = regression([1.0] * 40, examples=2000)
    momenta = (0.0, 0.8)
    settings = StabilitySettings(
        momenta=momenta, runs=3, steps=120, lower=2e-3, upper=1.0, rounds=7
    )
    found = stable_rates(model, mse_loss, data, 4, settings, seed=0)
    for momentum, rates in zip(momenta, found, strict=True):
        edge = mean_square_rate(spikes, np.ones((1, 1)), 4, momentum=momentum)
        assert (rates > 0.8 * edge).all()
        assert (rates < 1.6 * edge).all()
        assert (rates < 2 * (1 + momentum) / spikes[0] / 3).all()


def test_the_range_is_told_where_it_is_left():
    model, data, _ = regression([1.0, 1.0, 1.0])
    settings = StabilitySettings(
        momenta=(0.0,), runs=2, steps=16, lower=1e-9, upper=1e-8
    )
    assert np.isnan(stable_rates(model, mse_loss, data, 8, settings, seed=0)).all()
    settings = StabilitySettings(momenta=(0.0,), runs=2, steps=16, lower=1e2, upper=1e3)
    assert np.isnan(stable_rates(model, mse_loss, data, 8, settings, seed=0)).all()


def test_the_model_is_left_and_the_seed_decides():
    model, data, _ = regression([1.0, 1.0, 1.0])
    model = nn.Sequential(model, nn.Dropout(0.5), nn.BatchNorm1d(1).double())
    before, state = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    settings = StabilitySettings(momenta=(0.0,), runs=2, steps=16, rounds=8)
    first, again, other = (
        stable_rates(model, mse_loss, data, 4, settings, seed=seed)
        for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    after = model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert model.training
    assert torch.equal(state, torch.get_rng_state())


def test_a_forecast_is_of_the_order_of_the_work():
    model, data, _ = regression([1.0, 1.0, 1.0])
    few = StabilitySettings(momenta=(0.0,), runs=1, steps=8, rounds=1)
    many = StabilitySettings(momenta=(0.0,), runs=1, steps=800, rounds=10)
    small = forecast_seconds(model, mse_loss, data, (8,), few)
    large = forecast_seconds(model, mse_loss, data, (8, 16), many)
    assert 0 < small < large


def test_bad_arguments():
    model, data, _ = regression([1.0, 1.0, 1.0])
    with pytest.raises(ValueError, match="^batch_size: expected 1 to 64"):
        stable_rates(model, mse_loss, data, 65, StabilitySettings(), seed=0)
    with pytest.raises(ValueError, match="^growth: expected more than 1"):
        StabilitySettings(growth=1.0)
    with pytest.raises(ValueError, match="^lower: expected a positive rate"):
        StabilitySettings(lower=2.0, upper=1.0)
