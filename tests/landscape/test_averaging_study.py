"""Averages simulated on a quadratic, against what is expected of them."""

import numpy as np
import pytest

from eigenscape.landscape.averaging_study import (
    AveragedRun,
    SimulatedAverage,
    TunedMethod,
    simulate_averages,
)
from eigenscape.theory.averaging_risk import NoisyQuadratic
from eigenscape.theory.iterate_averaging import AveragedIterates

AVERAGES = (
    AveragedIterates(1, start=59),
    AveragedIterates(60),
    AveragedIterates(10, start=20, every=4),
)


@pytest.mark.parametrize("memory", [1, 5])
def test_standard_errors_cover_the_expectation(memory):
    """Nearly one half of deviations are within 0.674; bias would shift them all."""
    quadratic = NoisyQuadratic.of(np.geomspace(0.05, 1, 150), noise_variance=0.2)
    found = [
        one.deviation
        for seed in range(40)
        for one in simulate_averages(
            quadratic,
            AVERAGES,
            learning_rate=0.7,
            memory=memory,
            rng=np.random.default_rng(seed),
        )
    ]
    # Three averages of a run share noise: as few as 40 independent deviations.
    assert abs(np.mean(found)) < 3 / np.sqrt(40)
    inside = np.mean(np.abs(found) < 0.674)
    assert abs(inside - 0.5) < 3 * 0.5 / np.sqrt(40)
    assert np.max(np.abs(found)) < 4


def test_without_noise_a_run_is_its_expectation():
    quadratic = NoisyQuadratic.of(np.array([0.1, 0.5]), noise_variance=0.0)
    for one in simulate_averages(
        quadratic,
        AVERAGES,
        learning_rate=0.7,
        memory=3,
        rng=np.random.default_rng(0),
    ):
        assert one.sampled == pytest.approx(one.predicted, rel=1e-12)


def test_deviations_are_in_standard_errors():
    assert SimulatedAverage(AVERAGES[0], 0.1, 1, 1.0, 1.3, 0.1).deviation == (
        pytest.approx(3)
    )


def test_the_product_of_a_method_is_what_it_is_for():
    scores = np.array([0.3, 0.2, 0.1])
    runs = tuple(AveragedRun(s, s, s, s, np.ones(1)) for s in (scores, 2 * scores))
    options = (np.ones(1), np.ones(1), (), 0, runs)
    averaged = TunedMethod("network", "SWA", True, *options)
    last = TunedMethod("network", "SGD", False, *options)
    assert averaged.product.tolist() == [0.2, 0.4]
    assert last.product.tolist() == [0.3, 0.6]
    assert averaged.errors.shape == (2, 3)
