"""What every law promises, on random members of every family."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from eigenscape.core import load, save
from eigenscape.theory import (
    Affine,
    Discrete,
    FreeMeixner,
    KestenMcKay,
    Law,
    MarchenkoPastur,
    Semicircle,
    cdf,
    free_cumulants,
    moments,
    quantile,
)

EPS = np.finfo(float).eps
# The double-exponential rule below, 801 nodes: 1e-12 on functions of order 1.
QUADRATURE = 1e-10

scales = st.floats(0.1, 10.0)
ratios = st.floats(0.05, 0.95) | st.just(1.0) | st.floats(1.05, 5.0)
discrete = st.lists(
    st.tuples(st.integers(-20, 20), st.integers(1, 9)), min_size=1, max_size=6
).map(
    lambda pairs: Discrete(
        np.array([p / 4 for p, _ in pairs]),
        np.array([w for _, w in pairs]) / sum(w for _, w in pairs),
    )
)
basic = st.one_of(
    st.builds(Semicircle, scales),
    st.builds(MarchenkoPastur, ratios, scales),
    st.builds(KestenMcKay, st.integers(3, 50)),
    st.builds(FreeMeixner, scales, st.floats(-2.0, 2.0), st.floats(-0.95, 2.0)),
    st.builds(FreeMeixner, scales, st.floats(-2.0, 2.0), st.just(-1.0)),
    discrete,
)
reflections = st.sampled_from([-1.0, 1.0])
laws = basic | st.builds(
    lambda law, sign, scale, shift: Affine(law, sign * scale, shift),
    basic,
    reflections,
    scales,
    st.floats(-5.0, 5.0),
)
battery = settings(max_examples=40, deadline=None)


def radius(law: Law) -> float:
    return max(abs(law.hull.lower), abs(law.hull.upper), law.hull.width, 1.0)


def nodes(lower: float, upper: float) -> tuple[np.ndarray, np.ndarray]:
    """Double-exponential quadrature, blind to how the ends behave."""
    t, step = np.linspace(-3.4, 3.4, 801, retstep=True)
    s = np.pi / 2 * np.sinh(t)
    near = 1 / (1 + np.exp(2 * np.abs(s)))
    x = np.where(t < 0, lower + (upper - lower) * near, upper - (upper - lower) * near)
    weight = np.pi / 4 * np.cosh(t) / np.cosh(s) ** 2 * (upper - lower) * step
    return x, weight


def integrate(law: Law, function) -> complex:
    total = sum(a.weight * function(np.array([a.location]))[0] for a in law.atoms)
    for interval in law.support:
        x, weight = nodes(interval.lower, interval.upper)
        total += np.sum(weight * law.density(x) * function(x))
    return total


def rounded_edges(law: Law) -> bool:
    """Tell densities that diverge at an edge: there x itself is too coarse."""
    inset = np.array([1e-9, -1e-9])
    return any(
        law.density(np.array([i.lower, i.upper]) + inset * i.width).max()
        > 100 / radius(law)
        for i in law.support
    )


@battery
@given(laws)
def test_mass_is_one_with_atoms(law):
    assume(not rounded_edges(law))
    assert abs(integrate(law, np.ones_like) - 1) < QUADRATURE


@battery
@given(laws, st.floats(-3.0, 3.0), st.floats(1e-6, 3.0))
def test_maps_the_upper_to_the_lower_half_plane(law, x, y):
    z = radius(law) * np.array([x + 1j * y])
    g = law.stieltjes(z)
    assert g[0].imag < 0
    assert np.array_equal(law.stieltjes(z.conj()), g.conj())
    assert abs(g[0]) <= (1 + 1e-9) / z[0].imag


@battery
@given(laws, st.floats(-np.pi, np.pi))
def test_decays_as_one_over_z(law, angle):
    z = np.array([1e6 * radius(law) * np.exp(1j * angle)])
    # |z g − 1| ≤ r / (|z| − r)
    assert abs(z * law.stieltjes(z) - 1)[0] <= 1.001e-6


@battery
@given(laws, st.floats(-np.pi, np.pi))
def test_stieltjes_is_the_transform_of_density_and_atoms(law, angle):
    assume(not rounded_edges(law))
    hull = law.hull
    middle = (hull.lower + hull.upper) / 2
    z = middle + radius(law) * np.exp(1j * angle)
    direct = integrate(law, lambda x: 1 / (z - x))
    found = law.stieltjes(np.array([z]))[0]
    assert abs(found - direct) < QUADRATURE * 2 / radius(law)


@battery
@given(laws)
def test_is_real_outside_the_spectrum(law):
    hull, r = law.hull, radius(law)
    below = law.stieltjes(hull.lower - r * np.array([1e-3, 1.0, 10.0]))
    above = law.stieltjes(hull.upper + r * np.array([1e-3, 1.0, 10.0]))
    assert below.dtype == above.dtype == np.complex128
    assert not below.imag.any()
    assert not above.imag.any()
    assert (below.real < 0).all()
    assert (above.real > 0).all()


@battery
@given(laws, st.lists(st.floats(0.01, 0.99), min_size=1, max_size=5))
def test_density_is_the_boundary_value_from_above(law, fractions):
    for interval in law.support:
        x = interval.lower + interval.width * np.array(fractions)
        density = law.density(x)
        assert (density > 0).all()
        boundary = -law.stieltjes(x).imag / np.pi
        assert np.allclose(boundary, density, rtol=1e-10, atol=1e-12)
        from_below = law.stieltjes(np.conj(x + 0j))
        assert np.allclose(from_below.imag / np.pi, density, rtol=1e-10, atol=1e-12)
        above = law.stieltjes(x + 1e-9j * interval.width)
        assert np.allclose(above, law.stieltjes(x), rtol=1e-5, atol=1e-5 / radius(law))
    outside = np.array([law.hull.lower - 0.1, law.hull.upper + 0.1])
    assert not law.density(outside).any()


@battery
@given(laws)
def test_any_shape_goes_through(law):
    z = radius(law) * (np.arange(1, 7).reshape(2, 3) + 1j)
    flat = law.stieltjes(z.ravel())
    assert np.array_equal(law.stieltjes(z).ravel(), flat)
    assert law.stieltjes(z[0, 0:1].reshape(())).shape == ()
    assert law.stieltjes(np.zeros((0, 2), complex)).shape == (0, 2)


@battery
@given(laws)
def test_moments_are_integrals_and_cumulants_follow(law):
    assume(not rounded_edges(law))
    m = moments(law, 8)
    direct = [integrate(law, lambda x, k=k: x**k) for k in range(1, 9)]
    assert np.all(np.abs(m - direct) < QUADRATURE * radius(law) ** np.arange(1, 9))
    m1, m2, m3, m4 = m[:4]
    # Nica and Speicher (2006), Lecture 11: sums over non-crossing partitions.
    explicit = [
        m1,
        m2 - m1**2,
        m3 - 3 * m1 * m2 + 2 * m1**3,
        m4 - 4 * m3 * m1 - 2 * m2**2 + 10 * m2 * m1**2 - 5 * m1**4,
    ]
    # Rounding of the explicit sums: some tens of machine epsilons of rᵏ.
    tolerance = 1e-12 * radius(law) ** np.arange(1, 5)
    assert np.all(np.abs(free_cumulants(law, 4) - explicit) < tolerance)


@battery
@given(laws, st.floats(0.01, 0.99))
def test_cdf_is_the_mass_below(law, fraction):
    assume(not rounded_edges(law))
    hull = law.hull
    x = hull.lower + fraction * hull.width
    mass = sum(a.weight for a in law.atoms if a.location <= x)
    for interval in law.support:
        t, weight = nodes(interval.lower, min(max(x, interval.lower), interval.upper))
        mass += np.sum(weight * law.density(t))
    assert abs(cdf(law, np.array([x]))[0] - mass) < QUADRATURE
    grid = np.linspace(hull.lower - 1, hull.upper + 1, 501)
    values = cdf(law, grid)
    assert np.all(np.diff(values) > -16 * EPS)
    assert values[0] == 0
    assert abs(values[-1] - 1) < 1e-11


@battery
@given(laws, st.lists(st.floats(1e-6, 1 - 1e-6), min_size=1, max_size=8))
def test_quantile_is_the_generalised_inverse_of_cdf(law, probabilities):
    u = np.array(probabilities)
    q = quantile(law, u)
    # The quadrature, and what a unit in the last place of q is worth in mass.
    rounding = 1e-12 + 4 * EPS * np.abs(q) * law.density(q)
    assert np.all(cdf(law, q) >= u - rounding)
    jumps = np.array([sum(a.weight for a in law.atoms if a.location == x) for x in q])
    assert np.all(cdf(law, q) - jumps <= u + rounding)


@battery
@given(law=laws)
def test_saved_and_loaded_law_is_the_same(
    law, tmp_path_factory: pytest.TempPathFactory
):
    directory: Path = tmp_path_factory.mktemp("law")
    save(law, directory / "result")
    again = load(type(law), directory / "result")
    z = radius(law) * np.array([0.3 + 0.1j, -2.0 + 1j])
    assert np.array_equal(again.stieltjes(z), law.stieltjes(z))
    assert again.support == law.support
    assert again.atoms == law.atoms
