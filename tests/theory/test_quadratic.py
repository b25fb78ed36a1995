from __future__ import annotations

import mpmath
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from eigenscape.theory import Interval
from eigenscape.theory.laws.quadratic import (
    arch,
    decaying_root,
    edge_root,
    ratio_on_support,
    semicircle_transform,
)

coordinates = st.floats(-1e3, 1e3)


@given(coordinates, st.floats(1e-3, 1e3))
def test_edge_root_is_the_branch_that_grows_as_z(x, y):
    z = np.array([x + 1j * y, x - 1j * y])
    cut = Interval(-1.0, 3.0)
    root = edge_root(z, cut)
    assert np.allclose(root**2, (z + 1) * (z - 3), rtol=1e-12, atol=1e-12)
    # Joukowski: outside the cut, |z − mid + root| exceeds the half width.
    assert np.all(np.abs(z - 1 + root) > 2)


def test_edge_root_on_the_real_axis():
    z = np.array([-5.0 + 0j, 5.0 + 0j, 0j, complex(0, -0.0)])
    root = edge_root(z, Interval(-1.0, 1.0))
    reach = np.sqrt(24)
    assert np.allclose(root, [-reach, reach, 1j, -1j], rtol=1e-15)


def test_decaying_root_keeps_its_digits_where_the_difference_cancels():
    z = np.array([1e7 + 1e3j])
    found = decaying_root(z, edge_root(z, Interval(-2.0, 2.0)), 1.0, 1.0)[0]
    with mpmath.workdps(40):
        y = mpmath.mpc(1e7, 1e3)
        exact = complex((y - mpmath.sqrt(y - 2) * mpmath.sqrt(y + 2)) / 2)
    assert abs(found - exact) < 1e-15 * abs(exact)


@given(coordinates, st.floats(1e-6, 1e3))
def test_semicircle_transform_against_forty_digits(x, y):
    value, slope = semicircle_transform(np.array([x + 1j * y]), Interval(-1.0, 3.0))
    with mpmath.workdps(40):
        centred = mpmath.mpc(x, y) - 1
        root = mpmath.sqrt(centred - 2) * mpmath.sqrt(centred + 2)
        exact = 2 / (centred + root)
        # The rounding of x at an edge, which the root magnifies.
        relative = 1e-15 * (1 + abs(x) / min(abs(centred - 2), abs(centred + 2)))
        assert abs(complex(value[0]) - exact) < 4 * relative * abs(exact)
        assert abs(complex(slope[0]) + exact / root) < 8 * relative * abs(exact / root)


def test_semicircle_transform_on_a_point_is_a_pole():
    value, slope = semicircle_transform(np.array([5.0 + 0j]), Interval(1.0, 1.0))
    assert value[0] == 0.25
    assert slope[0] == -0.0625


def test_arch_and_ratio_vanish_off_the_support():
    x = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    profile = arch(x, Interval(-1.0, 1.0))
    assert profile.tolist() == [0, 0, 1, 0, 0]
    quotient = ratio_on_support(profile, np.array([0.0, 0, 4, 0, 0]))
    assert quotient.tolist() == [0, 0, 0.25, 0, 0]
