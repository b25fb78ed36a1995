import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate

from eigenscape.landscape.batch_landscape import (
    BatchLandscape,
    determinant_rate,
    gradient_log_density,
    isotropic_log_density,
    minima_switch,
    rough_radius,
)
from eigenscape.theory import (
    Affine,
    Discrete,
    KestenMcKay,
    MarchenkoPastur,
    Semicircle,
    free_additive_convolution,
    log_potential,
)

point = Discrete.point_mass


@pytest.mark.parametrize(
    ("scale", "edge", "rate"),
    [(0.3, 0.4, -0.049805), (0.5, 0.0, -0.193147), (0.6, -0.2, -0.316381)],
)
def test_switch_of_a_multiple_of_the_identity(scale, edge, rate):
    landscape = BatchLandscape(10, point(1.0), Semicircle(scale**2), 0.25)
    assert landscape.lower_edge == pytest.approx(edge, abs=1e-15)
    assert landscape.complexity - 0.25 == pytest.approx(rate, abs=5e-7)
    survive = landscape.complexity if edge >= 0 else -math.inf
    assert landscape.minima_complexity == survive


@given(st.floats(0.1, 10), st.floats(0.1, 10))
def test_minima_give_way_at_half_the_curvature(curvature, deviation):
    scale = minima_switch(point(curvature), Semicircle(deviation**2))
    assert scale == pytest.approx(curvature / (2 * deviation), rel=1e-12)


def test_at_the_switch_the_edge_is_zero_and_beyond_it_negative():
    bulk, noise = MarchenkoPastur(0.3), KestenMcKay(3)
    scale = minima_switch(bulk, noise)
    edges = [
        free_additive_convolution(bulk, Affine(noise, scale * factor)).hull.lower
        for factor in (0.9, 1.0, 1.1)
    ]
    assert edges[0] > 0 > edges[2]
    assert edges[1] == pytest.approx(0, abs=1e-9)


def test_two_semicircles_switch_where_their_variances_add_up():
    """5 − 2√(1 + s²) = 0."""
    scale = minima_switch(Affine(Semicircle(1.0), shift=5.0), Semicircle(1.0))
    assert scale == pytest.approx(math.sqrt(2.5**2 - 1), rel=1e-10)


def test_a_bulk_that_reaches_zero_has_no_switch():
    with pytest.raises(ValueError, match="above zero"):
        minima_switch(MarchenkoPastur(1.5), Semicircle(1.0))


@given(st.floats(0.02, 4))
def test_a_confined_isotropic_field_has_the_published_complexity(m):
    """Fyodorov (2004) for all critical points, Fyodorov and Williams for minima."""
    field = BatchLandscape(50, point(m), Semicircle(1.0), -math.log(m), 1.0)
    total = (m**2 - 1) / 2 - math.log(m) if m < 1 else 0.0
    minima = (4 * m - m**2 - 3) / 2 - math.log(m) if m < 1 else 0.0
    assert field.complexity == pytest.approx(total, abs=1e-12)
    assert field.minima_complexity == pytest.approx(minima, abs=1e-12)


def test_without_the_shift_a_confined_field_would_lack_critical_points():
    """The mean number is at least one, whatever is left out of the formula."""
    with_shift = BatchLandscape(50, point(3.0), Semicircle(1.0), -math.log(3), 1.0)
    without = BatchLandscape(50, point(3.0), Semicircle(1.0), -math.log(3))
    assert with_shift.complexity == pytest.approx(0, abs=1e-12)
    # ∫ log|3 + λ| − log 3 ≈ −1/(2 · 9)
    assert without.complexity == pytest.approx(-1 / 18, abs=0.01)


@settings(max_examples=10)
@given(st.floats(0.05, 3), st.floats(-3, 3), st.booleans())
def test_the_supremum_is_that_of_a_fine_grid(variance, shift, positive):
    law = Affine(MarchenkoPastur(0.4), shift=shift)
    tau = np.linspace(-12, 12, 40_001)
    values = log_potential(law, -tau) - tau**2 / (2 * variance)
    if positive:
        values = values[tau >= -law.hull.lower]
    found = determinant_rate(law, variance, positive=positive)
    # The grid is 6e-4 fine and the maximum smooth, or at an end of slope below 100.
    assert found >= values.max() - 1e-12
    assert found == pytest.approx(values.max(), abs=0.03)


def test_a_vanishing_shift_is_none():
    law = free_additive_convolution(MarchenkoPastur(0.5), Semicircle(1.0))
    assert determinant_rate(law, 1e-8) == pytest.approx(determinant_rate(law), abs=1e-6)
    assert determinant_rate(law, 1e-8, positive=True) < -1e6
    assert determinant_rate(law, positive=True) == -math.inf


def test_atoms_at_zero_have_no_determinant():
    assert (
        determinant_rate(Discrete(np.array([0.0, 1.0]), np.full(2, 0.5))) == -math.inf
    )


def test_the_density_of_the_gradient_is_that_of_a_normal_vector():
    rng = np.random.default_rng(0)
    gradient, variances = rng.normal(size=3), np.array([0.5, 1.0, 3.0])
    density = np.prod(
        np.exp(-(gradient**2) / (2 * variances)) / np.sqrt(2 * np.pi * variances)
    )
    expected = math.log(density) / 3
    assert gradient_log_density(gradient, variances) == pytest.approx(expected)
    equal = gradient_log_density(gradient, np.full(3, 0.49))
    norm = float(np.linalg.norm(gradient))
    assert isotropic_log_density(3, 0.7, norm) == pytest.approx(equal)
    with pytest.raises(ValueError, match="no density"):
        gradient_log_density(gradient, np.array([1.0, 1.0, 0.0]))


def test_one_dimension_counts_the_zeros_of_a_line():
    """A line a(w − w₀) + noise of deviation s crosses zero once, wherever w₀ is."""
    a, s = 2.0, 0.3

    def density(w):
        return a * math.exp(isotropic_log_density(1, s, a * abs(w)))

    count, _ = integrate.quad(density, -3, 3)
    assert count == pytest.approx(1, abs=1e-8)


@pytest.mark.parametrize("dimension", [1, 2, 3, 500])
def test_a_ball_of_the_rough_radius_holds_one(dimension):
    radius = rough_radius(-1.3, dimension)
    log_volume = dimension / 2 * math.log(math.pi) + dimension * math.log(radius)
    log_volume -= math.lgamma(dimension / 2 + 1)
    assert -1.3 * dimension + log_volume == pytest.approx(0, abs=1e-9)
    landscape = BatchLandscape(dimension, point(1.0), Semicircle(0.01), 0.2)
    expected = rough_radius(landscape.complexity, dimension)
    assert landscape.rough_radius == expected


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="dimension"):
        BatchLandscape(0, point(1.0), Semicircle(1.0), 0.0)
    with pytest.raises(ValueError, match="trace_variance"):
        BatchLandscape(1, point(1.0), Semicircle(1.0), 0.0, -1.0)
