import math

import numpy as np
import pytest

from eigenscape.core import ConvergenceError
from eigenscape.landscape.activation_glass import (
    ActivationGlass,
    activation_factor,
    determinant_factor,
    index_bounds,
)
from eigenscape.landscape.activations import PiecewiseLinear, hard_tanh, leaky_relu
from eigenscape.landscape.exact_counts import exact_count
from eigenscape.landscape.kac_rice import critical_point_count


def test_relu_and_odd_activations_leave_nothing():
    for activation in (leaky_relu(0.0), leaky_relu(0.3), hard_tanh()):
        assert ActivationGlass.of(activation, 4).deterministic == (0.0,) * 4


def test_coefficients_are_those_of_averaged_layers():
    """Unroll f(x) ≈ ᾱx + β̄ by hand: intercepts of layer l meet H − l slopes."""
    activation = PiecewiseLinear((0.0, 1.0), (0.2, 1.0, 0.5), (0.1, 0.1, 0.6))
    rng = np.random.default_rng(0)
    x = rng.standard_normal(400_000)
    piece = np.searchsorted([0.0, 1.0], x)
    slopes = np.array(activation.slopes)[piece]
    shift = np.array(activation.intercepts)[piece].mean()
    h, mean, square = 3, slopes.mean(), (slopes**2).mean()
    expected = [shift * mean ** (h - i) / square ** (h / 2) for i in (1, 2, 3)]
    found = ActivationGlass.of(activation, h).deterministic
    # Means of 4·10⁵ draws err by a few thousandths.
    assert found == pytest.approx(expected, rel=0.02)


def test_the_signal_is_the_polynomial_of_the_sum():
    model = ActivationGlass(3, (0.3, -0.7, 0.2))
    n, m = 16, np.array([0.1, -0.4])
    s = math.sqrt(n) * m
    phi = 0.3 * s**2 - 0.7 * s + 0.2
    assert math.sqrt(n) * model.at(n).polynomial(m) == pytest.approx(phi)


@pytest.mark.parametrize(
    ("x", "spikes"),
    [(-1.6, (1.5,)), (-2.0, (0.7, -0.4)), (0.0, (1.5,)), (1.8, (-0.5,))],
)
def test_ratios_of_sampled_determinants(x, spikes):
    """E|det(M + S − x)| / E|det(M − x)|, the spikes in the corner of a dense matrix."""
    rng = np.random.default_rng(0)
    size, count = 20, 3000
    normal = rng.standard_normal((count, size, size))
    matrices = (normal + normal.transpose(0, 2, 1)) / (2 * math.sqrt(size))
    plain = np.abs(np.linalg.det(matrices - x * np.eye(size)))
    for i, s in enumerate(spikes):
        matrices[:, i, i] += s
    spiked = np.abs(np.linalg.det(matrices - x * np.eye(size)))
    found = determinant_factor(x, np.array(spikes)).value
    ratio = spiked.mean() / plain.mean()
    error = (spiked / plain.mean() - ratio * plain / plain.mean()).std()
    # Corrections are of relative order 1/N.
    assert abs(ratio - found) < 4 * error / math.sqrt(count) + 2 * found / size


def test_what_supports_a_factor():
    assert determinant_factor(0.0, np.zeros(3)).standing == "proved"
    assert determinant_factor(0.0, np.array([1.0, 0.5])).standing == "supported"
    assert determinant_factor(0.0, np.array([1.0, 0.5, 0.2])).standing == "conjectured"
    assert determinant_factor(2.0, np.array([1.0, 0.5, 0.2])).standing == "supported"
    # An outlier of the spike 1 lies at 3/2.
    assert determinant_factor(1.5, np.ones(1)).standing == "conjectured"


def test_the_sharp_factor_against_counts_at_finite_size():
    n, energy, phi = 36, -1.8, (-0.25, 0.4, 0.3)
    model = ActivationGlass(3, tuple(r / math.sqrt(n) for r in phi))
    rng = np.random.default_rng(0)
    found = critical_point_count(
        model.at(n), dimension=n, samples=120, rng=rng, energy=energy
    )
    plain = exact_count(model.glass, n, energy)
    factor = activation_factor(model, n, energy)
    error = 4 * found.standard_error / plain
    # Corrections are of relative order 1/√N.
    assert abs(found.value / plain - factor.value) < error + factor.value / math.sqrt(n)
    assert factor.standing == "supported"


def test_no_deterministic_part_no_factor():
    factor = activation_factor(ActivationGlass(3, (0.0, 0.0, 0.0)), 100, -1.7)
    assert factor.value == pytest.approx(1, abs=1e-12)
    assert factor.standing == "proved"


def test_bounds_enclose_the_pure_index():
    energy = np.linspace(-1.8, -1.5, 7)
    model = ActivationGlass(3, (0.1, 0.0, 0.0))
    lower, upper = index_bounds(model, energy, index=1)
    assert (lower <= upper).all()
    lower, upper = index_bounds(model, energy, index=0)
    assert (lower <= upper).all()


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="^depth: expected"):
        ActivationGlass(1, (0.0,))
    with pytest.raises(ValueError, match="^deterministic: expected 3"):
        ActivationGlass(3, (0.0,))
    model = ActivationGlass(3, (-0.08, 0.0, 0.0))
    with pytest.raises(ValueError, match="^energy: expected a level below"):
        activation_factor(model, 100, -1.6)
    with pytest.raises(ConvergenceError, match="not small"):
        activation_factor(model, 100, -1.7)
    flat = PiecewiseLinear((0.0,), (0.0, 0.0), (1.0, 1.0))
    with pytest.raises(ValueError, match="^activation: expected a slope"):
        ActivationGlass.of(flat, 3)
