"""Rate and momentum by Lanczos: published numbers, and the speed on quadratics."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from eigenscape.curvature import Dense
from eigenscape.optim.heavy_ball import (
    curvature_range,
    heavy_ball_settings,
    learn_heavy_ball,
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def contraction(curvatures, settings, steps=3000):
    """Fit the decrease of ‖w‖ a step over the second half of a run of heavy ball."""
    weights, before = np.ones(curvatures.size), np.ones(curvatures.size)
    logs = []
    for _ in range(steps):
        step = settings.momentum * (weights - before) - settings.rate * (
            curvatures * weights
        )
        weights, before = weights + step, weights
        scale = np.hypot(np.linalg.norm(weights), np.linalg.norm(before))
        weights, before = weights / scale, before / scale
        logs.append(np.log(scale))
    return float(np.exp(np.mean(logs[steps // 2 :])))


@pytest.mark.parametrize("condition", [10.0, 1000.0])
def test_the_classical_rule_converges_at_the_classical_speed(condition):
    curvatures = np.geomspace(0.3, 0.3 * condition, 7)
    settings = heavy_ball_settings(curvatures[-1], curvatures[0])
    root = np.sqrt(condition)
    speed = (root - 1) / (root + 1)
    # a double root adds a factor t to ρ^(t/2): log 2/1500 a step over the second half
    assert contraction(curvatures, settings) == pytest.approx(speed, abs=1.5e-3)
    # no other setting near it is as fast
    for rate, momentum in ((1.05, 1.0), (0.95, 1.0), (1.0, 1.02), (1.0, 0.95)):
        changed = type(settings)(
            settings.rate * rate, min(settings.momentum * momentum, 0.999), 1.0, 1.0
        )
        assert contraction(curvatures, changed) > contraction(curvatures, settings)


@pytest.mark.parametrize(
    ("rate", "momentum"),
    [(0.041, 0.921), (0.075, 0.860), (0.131, 0.768), (0.087, 0.839)],
)
def test_the_published_rule_gives_the_pairs_of_the_published_logs(rate, momentum):
    """Both follow from μ/L alone; the logs have three digits of each."""
    found = heavy_ball_settings(1.0, rate**2, rule="published")
    assert found.rate == pytest.approx(rate, rel=1e-12)
    assert found.momentum == pytest.approx(momentum, abs=1.5e-3)


def test_the_published_rule_has_no_unit_of_a_rate():
    one = heavy_ball_settings(1.0, 0.01, rule="published")
    ten = heavy_ball_settings(1e4, 100.0, rule="published")
    assert ten.rate == pytest.approx(one.rate, rel=1e-14)
    assert ten.momentum == pytest.approx(one.momentum, rel=1e-14)
    curvatures = np.array([100.0, 1e4])
    assert contraction(curvatures / 1e4, one) < 1
    assert contraction(curvatures, ten) > 1
    ratio = one.momentum
    assert heavy_ball_settings(1.0, 0.01).momentum == pytest.approx(ratio**2, rel=1e-12)


def published(values, weights):
    """The published deletion as it is written: a loop over the heaviest value."""
    sizes = [abs(v) for v in values]
    most = max(sizes)
    left, heavy = list(sizes), list(weights)
    while heavy[int(np.argmax(heavy))] > 0.5:
        place = int(np.argmax(heavy))
        del heavy[place], left[place]
    return most, min(left)


def test_deletion_is_the_published_one_number_for_number(rng):
    for _ in range(200):
        size = rng.integers(2, 8)
        values = rng.standard_normal(size)
        weights = rng.dirichlet(np.full(size, 0.2))
        assert curvature_range(values, weights) == published(values, weights)


def test_lanczos_finds_the_ends_of_a_spectrum_with_a_bulk_at_zero():
    """Half the weight sits near 0; the rest lies between 1 and 50."""
    values = torch.cat([
        torch.full((300,), 1e-4, dtype=torch.float64),
        torch.linspace(1, 50, 40, dtype=torch.float64),
    ])
    operator = Dense(torch.diag(values))
    found = learn_heavy_ball(operator, steps=20, generator=generator())
    assert found.products == 20
    assert found.largest == pytest.approx(50, rel=0.02)
    assert 0.9 < found.smallest < 4
    expected = heavy_ball_settings(found.largest, found.smallest, products=20)
    assert found == expected
    whole = learn_heavy_ball(operator, steps=50, heavy=1.0, generator=generator())
    assert whole.smallest == pytest.approx(1e-4, rel=1e-3)


def test_negative_curvature_counts_by_its_magnitude():
    values = torch.tensor([-8.0, -0.5, 1.0, 3.0], dtype=torch.float64)
    operator = Dense(torch.diag(values))
    found = learn_heavy_ball(operator, rule="published", generator=generator(3))
    assert found.largest == pytest.approx(8, rel=1e-10)
    assert found.rate == pytest.approx(np.sqrt(found.smallest / 8), rel=1e-10)


def test_bad_arguments():
    with pytest.raises(ValueError, match="^largest, smallest: expected 0 < μ"):
        heavy_ball_settings(1.0, 0.0)
    with pytest.raises(ValueError, match="^largest, smallest: expected"):
        heavy_ball_settings(np.nan, 1.0)
    with pytest.raises(ValueError, match="^values, weights: expected finite"):
        curvature_range(np.array([np.inf, 1.0]), np.array([0.5, 0.5]))
    with pytest.raises(ValueError, match="^values: expected one of weight"):
        curvature_range(np.ones(1), np.ones(1))
    with pytest.raises(Exception, match="rule"):
        heavy_ball_settings(2.0, 1.0, rule="fast")
