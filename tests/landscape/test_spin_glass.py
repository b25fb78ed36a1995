import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eigenscape.landscape.spin_glass import SpinGlass

mixtures = st.dictionaries(
    st.integers(1, 8), st.floats(0.05, 3), min_size=1, max_size=4
).filter(lambda terms: max(terms) >= 2)


def glass_of(terms):
    kept = sorted(terms.items())
    return SpinGlass(tuple(p for p, _ in kept), tuple(a for _, a in kept))


@given(mixtures)
def test_moments_are_derivatives_of_the_covariance(terms):
    glass = glass_of(terms)
    # Five points are exact for a parabola; steps of 1e-3 leave 1e-12/1e-6.
    step = 1e-3
    points = glass.covariance(1 + step * np.arange(-2.0, 3))
    slope = (points[0] - 8 * points[1] + 8 * points[3] - points[4]) / (12 * step)
    second = np.array([-1, 16, -30, 16, -1]) @ points / (12 * step**2)
    assert glass.variance == pytest.approx(points[2])
    assert glass.slope == pytest.approx(slope, rel=1e-6)
    assert glass.curvature == pytest.approx(second, rel=1e-4)


@given(mixtures)
def test_the_radial_derivative_of_a_mixture_is_not_its_value(terms):
    glass = glass_of(terms)
    assert (glass.spread == 0) == (len(terms) == 1)
    # Cauchy and Schwarz; ν″ at most, which keeps the exponent concave.
    assert 0 <= glass.spread <= glass.curvature * (1 + 1e-12)


def test_a_field_adds_to_the_slope_only():
    pure = SpinGlass.pure(4)
    with_field = pure.with_field(1.5)
    assert with_field.slope == pytest.approx(4 + 2.25)
    assert with_field.curvature == pure.curvature
    assert pure.with_field(0.0) == pure
    assert SpinGlass((1, 4), (1.0, 1.0)).with_field(1.0).weights == (2.0, 1.0)
    # h² = ν″ − ν′ = 8 is the threshold.
    assert not pure.with_field(math.sqrt(7.99)).trivial
    assert pure.with_field(math.sqrt(8.0)).trivial


def test_the_hessian_touches_zero_at_the_marginal_energy():
    glass = SpinGlass.pure(3)
    law = glass.conditioned_hessian_law(-2 * math.sqrt(2 / 3))
    assert law.hull.lower == pytest.approx(0, abs=1e-12)
    assert law.hull.upper == pytest.approx(2 * glass.marginal)


@pytest.mark.parametrize(
    ("degrees", "weights", "what"),
    [
        ((1,), (1.0,), "degrees"),
        ((), (), "degrees"),
        ((3, 2), (1.0, 1.0), "degrees"),
        ((2, 3), (1.0,), "weights"),
        ((3,), (0.0,), "weights"),
        ((3,), (math.nan,), "weights"),
    ],
)
def test_bad_mixtures_are_refused(degrees, weights, what):
    with pytest.raises(ValueError, match=f"^{what}: expected"):
        SpinGlass(degrees, weights)
