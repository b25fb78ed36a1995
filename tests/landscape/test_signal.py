import math

import numpy as np
import pytest

from eigenscape.landscape.annealed import density_complexity
from eigenscape.landscape.signal import (
    SignalledGlass,
    outlier_rate,
    overlap_complexity,
)
from eigenscape.landscape.spin_glass import SpinGlass


@pytest.mark.parametrize(
    ("strength", "overlap", "expected"),
    [
        (1.0, 0.0, 0.346574),
        (1.0, 0.4, 0.233285),
        (1.0, 0.8, -0.013551),
        (2.0, 0.6, -0.095424),
        (2.0, 0.9, -0.083400),
    ],
)
def test_the_best_energy_at_an_overlap(strength, overlap, expected):
    energy = np.linspace(-4, 6, 10_001)
    model = SignalledGlass.spiked(3, strength)
    found = overlap_complexity(model, np.full_like(energy, overlap), energy).max()
    # Expected values are from another grid, of relative steps of a hundredth.
    assert found == pytest.approx(expected, abs=2e-5)


def test_printed_values():
    found = overlap_complexity(
        SignalledGlass.spiked(3, 1.0), np.array([0.3]), np.array([1.2])
    )
    assert found == pytest.approx(0.14039725, abs=1e-8)


@pytest.mark.parametrize("index", [None, 0, 2])
def test_without_a_signal_only_the_latitude_counts(index):
    glass = SpinGlass.pure(3)
    energy = np.linspace(-1.8, -1.64, 9)
    overlap = np.full_like(energy, 0.6)
    found = overlap_complexity(
        SignalledGlass(glass, (0.0,)), overlap, energy, index=index
    )
    expected = density_complexity(glass, energy, index=index) + math.log(0.8)
    assert found == pytest.approx(expected, abs=1e-12)


def test_a_mixture_is_symmetric_under_a_change_of_sign():
    glass = SpinGlass((2, 3), (0.5, 0.5))
    model = SignalledGlass(glass, (0.0, 0.3, -0.2, 0.5))
    opposite = SignalledGlass(glass, (0.0, -0.3, 0.2, -0.5))
    overlap, energy = np.linspace(-0.9, 0.9, 7), np.linspace(-2, 2, 7)
    assert overlap_complexity(model, overlap, energy) == pytest.approx(
        overlap_complexity(opposite, overlap, -energy), abs=1e-12
    )


@pytest.mark.parametrize("spike", [0.8, 1.5, 4.0])
def test_the_rate_vanishes_at_the_outlier_and_joins_smoothly(spike):
    place = spike + 1 / (2 * spike)
    x = place + np.array([-0.05, 0.0, 0.05])
    rate = outlier_rate(np.full(3, spike), np.maximum(x, math.sqrt(2)))
    assert rate[1] == pytest.approx(0, abs=1e-12)
    assert rate[0] > 0
    assert rate[2] > 0
    # Below 1/√2 a weak spike helps only beyond where G(x) = 2θ.
    weak = np.array([0.3])
    meeting = 0.6 / 2 + 1 / 0.6
    near = outlier_rate(weak, np.array([meeting - 1e-9]))
    assert outlier_rate(weak, np.array([meeting + 1e-9])) == pytest.approx(
        near, abs=1e-8
    )


def test_the_rate_of_a_sampled_outlier():
    """−log P(λ₁ ≥ x)/N at two sizes, by the slope in N."""
    rng = np.random.default_rng(0)
    spike, x, logs = 0.9, 1.75, []
    for size, count in ((10, 6000), (30, 6000)):
        normal = rng.standard_normal((count, size, size))
        matrices = (normal + normal.transpose(0, 2, 1)) / (2 * math.sqrt(size))
        matrices[:, 0, 0] += spike
        top = np.linalg.eigvalsh(matrices)[:, -1]
        logs.append(math.log((top >= x).mean()))
    slope = -(logs[1] - logs[0]) / 20
    exact = float(outlier_rate(np.array([spike]), np.array([x]))[0])
    # A power N^(−½) of the probability shifts the slope by log(3)/2/20 at most.
    assert exact < slope + 0.01
    assert slope < exact + math.log(3) / 40 + 0.01


def test_an_outlier_decides_between_minima_and_saddles():
    model = SignalledGlass(SpinGlass.pure(3), (0.0, 0.0, -2.0))
    overlap = np.zeros(1)
    spike = float(model.spike(overlap)[0])
    outlier = -spike - 1 / (2 * spike)
    # Energies whose shift lies above the outlier: the spike makes a negative direction.
    unit = 3 / math.sqrt(12)
    inside, beyond = (
        np.array([-place / unit]) for place in (outlier - 0.1, outlier + 0.1)
    )
    total = overlap_complexity(model, overlap, inside)
    assert overlap_complexity(model, overlap, inside, index=1) == pytest.approx(total)
    assert overlap_complexity(model, overlap, inside, index=0) < total
    total = overlap_complexity(model, overlap, beyond)
    assert overlap_complexity(model, overlap, beyond, index=0) == pytest.approx(total)
    assert overlap_complexity(model, overlap, beyond, index=1) < total


def test_bad_input_is_refused():
    model = SignalledGlass.spiked(3, 1.0)
    with pytest.raises(ValueError, match="^overlap: expected"):
        overlap_complexity(model, np.ones(1), np.zeros(1))
    with pytest.raises(ValueError, match="^signal: expected"):
        SignalledGlass(SpinGlass.pure(3), (math.inf,))
    mixed = SignalledGlass(SpinGlass((2, 3), (1.0, 1.0)), (0.0, 1.0))
    with pytest.raises(ValueError, match="^index: expected None"):
        overlap_complexity(mixed, np.zeros(1), np.zeros(1), index=0)
