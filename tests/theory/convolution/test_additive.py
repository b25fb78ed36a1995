"""Free sums against algebraic roots at 40 digits, closed forms and free cumulants."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eigenscape.theory import (
    Affine,
    Arcsine,
    Cauchy,
    Discrete,
    KestenMcKay,
    Law,
    MarchenkoPastur,
    Semicircle,
    cdf,
    free_additive_convolution,
    free_cumulants,
)

EPS = float(np.finfo(float).eps)


def atoms(places: list[float], weights: list[float]) -> Discrete:
    return Discrete(np.array(places, float), np.array(weights, float))


def pastur_polynomial(places, weights, x):
    """Coefficients in g of the equation g = ∑ wᵢ / (x − g − aᵢ), at 40 digits."""
    x = mpmath.mpf(x)
    product, total = [mpmath.mpf(1)], [mpmath.mpf(0)]
    for place, weight in zip(places, weights, strict=True):
        factor = [mpmath.mpf(-1), x - mpmath.mpf(place)]
        total = add(times(total, factor), [mpmath.mpf(weight) * c for c in product])
        product = times(product, factor)
    return add(times([mpmath.mpf(1), mpmath.mpf(0)], product), [-c for c in total])


def times(a, b):
    result = [mpmath.mpf(0)] * (len(a) + len(b) - 1)
    for i, left in enumerate(a):
        for j, right in enumerate(b):
            result[i + j] += left * right
    return result


def add(a, b):
    longest = max(len(a), len(b))
    a = [mpmath.mpf(0)] * (longest - len(a)) + a
    b = [mpmath.mpf(0)] * (longest - len(b)) + b
    return [left + right for left, right in zip(a, b, strict=True)]


@pytest.mark.parametrize(
    ("places", "weights"),
    [
        ([-1.001, 1.001], [0.5, 0.5]),
        ([-0.9, 0.9], [0.5, 0.5]),
        ([-3.0, 0.5, 2.0], [0.25, 0.25, 0.5]),
    ],
)
def test_atoms_and_a_semicircle_solve_pasturs_equation(places, weights) -> None:
    law = free_additive_convolution(atoms(places, weights), Semicircle(1.0))
    with mpmath.workdps(40):
        for interval in law.support:
            t = np.linspace(0.02, 0.98, 7)
            x = interval.lower + interval.width * t
            found = law.density(x)
            for point, value in zip(x.tolist(), found.tolist(), strict=True):
                coefficients = pastur_polynomial(places, weights, point)
                roots = mpmath.polyroots(coefficients, maxsteps=500, extraprec=200)
                truth = max(-root.imag for root in roots) / mpmath.pi
                # rounding of x and Σ, which a cusp multiplies by ρ⁻²
                assert abs(value - truth) <= 32 * EPS * (1 + 1 / truth**2)


def test_marchenko_pastur_and_a_semicircle_solve_a_cubic() -> None:
    law = free_additive_convolution(Semicircle(1.0), MarchenkoPastur(0.5))
    x = np.linspace(-1.3, 3.6, 9)
    found = law.density(x)
    with mpmath.workdps(40):
        for point, value in zip(x.tolist(), found.tolist(), strict=True):
            # x = g + 1/(1 − g/2) + 1/g
            half, p = mpmath.mpf("0.5"), mpmath.mpf(point)
            cubic = [half, -(1 + half * p), p + half - 1, mpmath.mpf(-1)]
            roots = mpmath.polyroots(cubic, maxsteps=500, extraprec=200)
            truth = max(-root.imag for root in roots) / mpmath.pi
            assert abs(value - truth) <= 16 * EPS * (1 + 1 / truth)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (Semicircle(1.0), Semicircle(3.0), Semicircle(4.0)),
        (Discrete.point_mass(2.0), Semicircle(1.0), Affine(Semicircle(1.0), 1.0, 2.0)),
        (Cauchy(1.0, 2.0), Cauchy(-3.0, 1.0), Cauchy(-2.0, 3.0)),
        (atoms([-1, 1], [0.5, 0.5]), atoms([-1, 1], [0.5, 0.5]), Arcsine(-2.0, 2.0)),
    ],
)
def test_closed_forms(first: Law, second: Law, expected: Law) -> None:
    law = free_additive_convolution(first, second)
    x = np.linspace(-1.9, 1.9, 12)
    assert np.allclose(law.density(x), expected.density(x), rtol=1e-12, atol=1e-14)
    z = x + 0.3j
    assert np.allclose(law.stieltjes(z), expected.stieltjes(z), rtol=1e-13, atol=0)
    slope = law.stieltjes_derivative(z)
    assert np.allclose(slope, expected.stieltjes_derivative(z), rtol=1e-12, atol=0)


def test_an_atom_survives_where_the_masses_exceed_one() -> None:
    law = free_additive_convolution(
        atoms([0.0, 1.0], [0.7, 0.3]), atoms([0.0, 1.0], [0.8, 0.2])
    )
    assert [atom.location for atom in law.atoms] == [0.0, 1.0]
    weights = [atom.weight for atom in law.atoms]
    assert weights == pytest.approx([0.5, 0.1], abs=2 * EPS)
    far = np.array([law.hull.upper])
    assert cdf(law, far)[0] == pytest.approx(1, abs=1e-12)


def test_sums_in_either_order_and_grouping_are_one_law() -> None:
    parts = (KestenMcKay(3), MarchenkoPastur(0.5), atoms([-1.0, 2.0], [0.4, 0.6]))
    left = free_additive_convolution(
        free_additive_convolution(parts[0], parts[1]), parts[2]
    )
    right = free_additive_convolution(
        parts[0], free_additive_convolution(parts[2], parts[1])
    )
    assert len(left.support) == len(right.support)
    for a, b in zip(left.support, right.support, strict=True):
        assert a.lower == pytest.approx(b.lower, abs=1e-11)
        assert a.upper == pytest.approx(b.upper, abs=1e-11)
    x = np.linspace(left.hull.lower + 0.1, left.hull.upper - 0.1, 40)
    assert np.allclose(left.density(x), right.density(x), rtol=0, atol=1e-12)


measures = st.builds(
    lambda places, weights: atoms(
        [place / 7 for place in places[: len(weights)]],
        (np.array(weights[: len(places)]) / sum(weights[: len(places)])).tolist(),
    ),
    st.lists(st.integers(-20, 20), min_size=2, max_size=4, unique=True),
    st.lists(st.floats(0.1, 1.0), min_size=4, max_size=4),
)


@settings(max_examples=5)
@given(measures, measures)
def test_free_cumulants_add(first: Discrete, second: Discrete) -> None:
    law = free_additive_convolution(first, second)
    expected = free_cumulants(first, 5) + free_cumulants(second, 5)
    scale = first.hull.width + second.hull.width + abs(expected[0])
    # moments of order 5 by the trapezoidal rule, 1.1⁵ machine epsilons each
    tolerance = 1e-11 * scale ** np.arange(1, 6)
    assert (np.abs(free_cumulants(law, 5) - expected) <= tolerance).all()


@settings(max_examples=5)
@given(measures, measures)
def test_the_mass_is_one(first: Discrete, second: Discrete) -> None:
    law = free_additive_convolution(first, second)
    top = np.array([law.hull.upper + 1])
    assert cdf(law, top)[0] == pytest.approx(1, abs=1e-9)
