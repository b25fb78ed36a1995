from __future__ import annotations

import operator

import mpmath
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from eigenscape.theory.laws.poles import pole_sum, zeros_between

EPS = np.finfo(float).eps
weighted_places = st.lists(
    st.tuples(st.integers(-400, 400), st.floats(1e-9, 1.0)),
    min_size=2,
    max_size=7,
    unique_by=operator.itemgetter(0),
)


def split(pairs):
    pairs = sorted(pairs)
    return np.array([p / 16 for p, _ in pairs]), np.array([w for _, w in pairs])


def test_sum_and_derivative_in_blocks():
    rng = np.random.default_rng(3)
    places, weights = rng.standard_normal(5000), rng.random(5000)
    z = rng.standard_normal(30) + 0.1j * rng.random(30) * np.array([1, -1] * 15)
    value, slope = pole_sum(z, places, weights)
    distance = z[:, None] - places
    for found, exact in ((value, 1 / distance), (slope, -1 / distance**2)):
        terms = exact * weights
        # Rounding of a sum of 5000 terms of one size.
        error = np.abs(found - terms.sum(axis=1))
        assert np.all(error < 50 * EPS * np.abs(terms).sum(axis=1))


def test_real_points_give_real_sums_and_poles_infinity():
    places, weights = np.array([-1.0, 0.0, 2.0]), np.array([0.25, 0.25, 0.5])
    z = np.array([1.0, 0.0, 2.0], complex)
    value, slope = pole_sum(z, places, weights)
    assert value[0] == 0.125 + 0.25 - 0.5
    assert slope[0] == -(0.0625 + 0.25 + 0.5)
    assert np.array_equal(value[1:], [np.inf, np.inf])
    assert np.array_equal(slope[1:], [-np.inf, -np.inf])


@settings(max_examples=25, deadline=None)
@given(weighted_places)
def test_zeros_against_forty_digits(pairs):
    places, weights = split(pairs)
    zeros, residues = zeros_between(places, weights)
    with mpmath.workdps(40):
        p, w = ([mpmath.mpf(float(v)) for v in a] for a in (places, weights))
        for j, zero in enumerate(zeros):
            middle = (p[j] + p[j + 1]) / 2
            lower, upper = p[j], p[j + 1]
            while upper - lower > mpmath.mpf(10) ** -36:
                middle = (lower + upper) / 2
                total = mpmath.fsum(v / (middle - q) for v, q in zip(w, p, strict=True))
                lower, upper = (middle, upper) if total > 0 else (lower, middle)
            square = mpmath.fsum(
                v / (middle - q) ** 2 for v, q in zip(w, p, strict=True)
            )
            nearest = min(middle - p[j], p[j + 1] - middle)
            # The offset from the nearer pole has its own digits, the zero its last.
            tolerance = 8 * EPS * nearest + EPS * abs(middle)
            assert abs(zero - middle) <= tolerance
            assert abs(residues[j] * square - 1) < 100 * EPS


def test_zeros_of_a_symmetric_pair_are_exact():
    zeros, residues = zeros_between(np.array([-1.001, 1.001]), np.array([0.5, 0.5]))
    assert zeros[0] == 0
    assert abs(residues[0] / 1.001**2 - 1) < 4 * EPS


def test_zeros_of_one_pole_are_none():
    zeros, residues = zeros_between(np.array([3.0]), np.array([1.0]))
    assert zeros.size == residues.size == 0
