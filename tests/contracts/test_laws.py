"""What every law promises, on random members of every family."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from eigenscape.core import load, save
from eigenscape.theory.laws.affine import Affine
from eigenscape.theory.laws.law import Law
from eigenscape.theory.laws.mixture import Mixture
from eigenscape.theory.transforms import cdf, free_cumulants, moments, quantile
from random_laws import laws

EPS = np.finfo(float).eps
# The double-exponential rule below, 801 nodes: 1e-12 on functions of order 1, and
# 1e-9 where a density has a steep peak inside its support.
QUADRATURE = 3e-9

battery = settings(max_examples=30, deadline=None)
short_battery = settings(max_examples=15, deadline=None)


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


def integrate(law: Law, function, limit: float = np.inf) -> complex:
    """Integrate up to a limit; a mixture part by part, having edges inside."""
    if isinstance(law, Mixture):
        parts = [integrate(part, function, limit) for part in law.laws]
        return np.dot(law.weights, parts)
    if isinstance(law, Affine) and isinstance(law.law, Mixture):
        images = tuple(Affine(part, law.scale, law.shift) for part in law.law.laws)
        return integrate(Mixture(law.law.weights, images), function, limit)
    atoms = [a for a in law.atoms if a.location <= limit]
    total = sum(a.weight * function(np.array([a.location]))[0] for a in atoms)
    for interval in law.support:
        upper = min(max(limit, interval.lower), interval.upper)
        x, weight = nodes(interval.lower, upper)
        total += np.sum(weight * law.density(x) * function(x))
    return total


def rounded_edges(law: Law) -> bool:
    """Tell densities that diverge at an edge: there x itself is too coarse."""
    if isinstance(law, Mixture):
        return any(map(rounded_edges, law.laws))
    if isinstance(law, Affine) and isinstance(law.law, Mixture):
        return rounded_edges(law.law)
    inset = np.array([1e-9, -1e-9])
    return any(
        law.density(np.array([i.lower, i.upper]) + inset * i.width).max()
        > 100 / radius(law)
        for i in law.support
    )


@short_battery
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


@short_battery
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
    for transform in (law.stieltjes, law.stieltjes_derivative, law.self_energy):
        flat = np.array(transform(z.ravel()))
        assert np.array_equal(np.array(transform(z)).reshape(flat.shape), flat)
        for shape in ((), (0, 2)):
            part = np.resize(z, shape)
            assert np.shape(transform(part)) in {shape, (2, *shape)}


@battery
@given(laws)
def test_self_energy_is_finite_on_the_real_axis(law):
    hull, r = law.hull, radius(law)
    x = np.linspace(hull.lower - r, hull.upper + r, 33)
    places = np.array([atom.location for atom in law.atoms])
    for points in (x, places):
        energy, slope = law.self_energy(points)
        assert np.isfinite(energy).all()
        assert (energy.imag <= 0).all()
        assert np.isfinite(slope[np.abs(energy) < 1e70]).all()
    outside = law.self_energy(x[[0, 1, -2, -1]])[0]
    assert not outside.imag.any()
    at_atoms = law.self_energy(places)
    weights = np.array([atom.weight for atom in law.atoms])
    alone = [not any(i.lower <= a <= i.upper for i in law.support) for a in places]
    rounding = 64 * EPS * r
    assert np.allclose(at_atoms[0][alone], places[alone], rtol=0, atol=rounding)
    expected = 1 - 1 / weights[alone]
    assert np.allclose(at_atoms[1][alone], expected, rtol=1e-9, atol=1e-9)


@short_battery
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


@short_battery
@given(laws, st.floats(0.01, 0.99))
def test_cdf_is_the_mass_below(law, fraction):
    assume(not rounded_edges(law))
    hull = law.hull
    x = hull.lower + fraction * hull.width
    mass = integrate(law, np.ones_like, x)
    assert abs(cdf(law, np.array([x]))[0] - mass) < QUADRATURE
    grid = np.linspace(hull.lower - 1, hull.upper + 1, 501)
    values = cdf(law, grid)
    assert np.all(np.diff(values) > -16 * EPS)
    assert values[0] == 0
    assert abs(values[-1] - 1) < 1e-11


@short_battery
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
@given(laws, st.floats(-2.0, 2.0), st.floats(1e-3, 2.0))
def test_derivative_is_that_of_stieltjes(law, x, y):
    z = radius(law) * (x + 1j * y)
    # Cauchy's integral on a circle half-way to the axis: aliasing 2⁻⁶⁴.
    unit = np.exp(2j * np.pi * np.arange(64) / 64)
    rim = z.imag / 2
    direct = np.mean(law.stieltjes(z + rim * unit) / unit) / rim
    found = law.stieltjes_derivative(np.array([z]))[0]
    # |g| < 2/y on the circle, over its radius; and its rounding, eps/distance.
    assert abs(found - direct) < 1e-13 / rim**2 * radius(law) ** 0.5
    mirrored = law.stieltjes_derivative(np.array([z.conjugate()]))[0]
    assert mirrored == found.conjugate()


@battery
@given(laws, st.floats(-2.0, 2.0), st.floats(1e-3, 2.0))
def test_self_energy_is_what_one_over_g_leaves(law, x, y):
    z = radius(law) * np.array([x + 1j * y])
    g, slope = law.stieltjes(z), law.stieltjes_derivative(z)
    value, change = law.self_energy(z)
    assert abs(value - (z - 1 / g))[0] < 1e-11 * (abs(z[0]) + abs(1 / g[0]))
    assert abs(change - (1 + slope / g**2))[0] < 1e-11 * (1 + abs(slope / g**2)[0])
    assert value[0].imag <= 1e-15 * radius(law)
    mirrored = law.self_energy(z.conj())
    assert np.array_equal(mirrored[0], value.conj())
    assert np.array_equal(mirrored[1], change.conj())


@battery
@given(laws, st.floats(-np.pi, np.pi))
def test_self_energy_does_not_cancel_far_out(law, angle):
    far = 1e5 * radius(law)
    z = far * np.exp(1j * np.array([angle]))
    mean, variance, third = free_cumulants(law, 3)
    value, change = law.self_energy(z)
    # Σ = κ₁ + κ₂/z + (κ₃ + κ₁κ₂)/z² + …: the next term is 1e-5 r²; z − 1/g would
    # keep 1e-11 r of κ₂/z = 1e-5 κ₂/r, times 1e5.
    second = (third + mean * variance) / z
    tolerance = 20 * radius(law) ** 2 * 1e-10 + 1e-11 * far**2 * EPS
    assert abs(z * (value - mean) - variance - second)[0] < tolerance + 1e-9
    assert abs(z**2 * change + variance)[0] < 1e-4 * radius(law) ** 2


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
