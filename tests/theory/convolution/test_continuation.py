from __future__ import annotations

import cmath

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eigenscape.core import ConvergenceError
from eigenscape.theory.convolution.continuation import FixedPoint, solve

EPS = np.finfo(float).eps


def semicircle(w, z):
    """T = z − 1/w, whose fixed point is (z + √(z² − 4))/2."""
    return z - 1 / w, 1 / w**2, np.ones_like(z)


def exact(z: complex) -> complex:
    with mpmath.workdps(40):
        x = mpmath.mpc(z)
        return complex((x + mpmath.sqrt(x - 2) * mpmath.sqrt(x + 2)) / 2)


@settings(max_examples=50, deadline=None)
@given(st.floats(-5, 5), st.just(0.0) | st.floats(1e-12, 1e3))
def test_fixed_point_derivative_and_condition(x, y):
    z = complex(x, y)
    found = solve(semicircle, np.array([z]), scale=4.0)
    w = exact(z)
    root = cmath.sqrt(z - 2) * cmath.sqrt(z + 2)
    # Rounding of T over 1 − T′; half the digits at the edges ±2.
    tolerance = 16 * EPS * (1 + abs(z)) / max(abs(1 - 1 / w**2), 1e-8)
    assert abs(found.value[0] - w) <= tolerance
    assert found.residual[0] <= 64 * EPS * (1 + abs(z))
    if abs(root) > 1e-4:
        assert found.derivative[0] == pytest.approx(w / root, rel=1e-6)
        expected = 1 / abs(1 - 1 / w**2)
        assert found.condition[0] == pytest.approx(expected, rel=1e-6)


def test_real_points_in_a_gap_have_real_attracting_solutions():
    z = np.array([-3.0, -2.1, 2.0001, 2.5, 40.0], complex)
    found = solve(semicircle, z, scale=4.0)
    assert not found.value.imag.any()
    # The other real solution, 1/w, repels.
    assert np.all(np.abs(found.value) > 1)
    assert np.all(np.abs(found.contraction) < 1)


def test_edges_have_a_solution_and_no_condition():
    found = solve(semicircle, np.array([2.0 + 0j, -2.0 + 0j]), scale=4.0)
    assert np.allclose(found.value, [1, -1], rtol=0, atol=1e-7)
    assert np.all(found.condition > 1e6)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_scale_is_only_a_hint(scale):
    z = np.linspace(-3, 3, 60) + 0j
    found = solve(semicircle, z, scale=scale)
    expected = [exact(complex(x)) for x in z]
    assert np.allclose(found.value, expected, rtol=0, atol=1e-13)


def test_start_and_domain_are_the_callers():
    # w = √z from w = (w + z/w)/2, in the sector 0 ≤ arg w ≤ arg z.
    def sector(w, z):
        angle = np.clip(np.angle(w), 0, np.angle(z))
        return np.where(
            (np.angle(w) >= 0) & (np.angle(w) <= np.angle(z)),
            w,
            np.abs(w) * np.exp(1j * angle),
        )

    def newton(w, z):
        return (w + z / w) / 2, (1 - z / w**2) / 2, 1 / (2 * w)

    z = np.array([1 + 1j, -4 + 0.1j, 9 + 0j])
    found = solve(newton, z, scale=1.0, start=lambda high: high, project=sector)
    assert np.allclose(found.value, np.sqrt(z), rtol=1e-13)
    assert np.allclose(found.derivative, 0.5 / np.sqrt(z), rtol=1e-12)


def test_a_repelling_solution_is_never_returned():
    # Above the axis this map has no fixed point; on it only 0, with T′ = 2.
    def doubling(w, z):
        return 2 * w + z, np.full_like(w, 2), np.ones_like(w)

    with pytest.raises(ConvergenceError, match=r"^the fixed point at z = 0j did not"):
        solve(doubling, np.array([0j]), scale=1.0)


def test_condition_is_infinite_where_the_contraction_is_one():
    one = np.ones(1, complex)
    assert FixedPoint(one, one, one, np.zeros(1)).condition[0] == np.inf
