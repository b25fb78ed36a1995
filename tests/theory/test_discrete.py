from __future__ import annotations

import mpmath
import numpy as np
import pytest

from eigenscape.theory import (
    Atom,
    Discrete,
    cdf,
    free_multiplicative_convolution,
    quantile,
    s_transform,
)


def test_empirical_spectrum_has_the_resolvent_trace_of_its_matrix():
    matrix = np.random.default_rng(1).standard_normal((40, 40))
    matrix += matrix.T
    law = Discrete.empirical(np.linalg.eigvalsh(matrix))
    z = 3.0 + 0.5j
    trace = np.trace(np.linalg.inv(z * np.eye(40) - matrix)) / 40
    assert abs(law.stieltjes(np.array([z]))[0] - trace) < 1e-12


def test_equal_locations_are_one_atom():
    law = Discrete(np.array([2.0, -1.0, 2.0]), np.array([0.25, 0.5, 0.25]))
    assert law.atoms == (Atom(-1.0, 0.5), Atom(2.0, 0.5))


def test_cdf_steps_and_quantile_inverts_them():
    law = Discrete(np.array([0.0, 1.0]), np.array([0.25, 0.75]))
    assert cdf(law, np.array([-0.1, 0.0, 0.9, 1.0])).tolist() == [0, 0.25, 0.25, 1]
    u = np.array([0.0, 0.25, 0.2500001, 1.0])
    assert quantile(law, u).tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("size", [300, 3000])
def test_many_atoms_are_summed_without_stripping(size):
    places = np.sort(np.random.default_rng(5).standard_normal(size)) + 10
    law = Discrete.empirical(places)
    z = np.linspace(5, 15, 40) + 0.3j
    kernel = 1 / (z[:, None] - places)
    g, g_slope = kernel.mean(axis=1), -(kernel**2).mean(axis=1)
    energy, slope = law.self_energy(z)
    assert np.allclose(law.stieltjes(z), g, rtol=1e-13)
    assert np.allclose(law.stieltjes_derivative(z), g_slope, rtol=1e-12)
    assert np.allclose(energy, z - 1 / g, rtol=1e-13)
    assert np.allclose(slope, 1 + g_slope / g**2, rtol=1e-10, atol=1e-12)
    # Beyond a width both forms hold, and only the other one keeps its digits.
    far = np.array([1e7 + 1e6j])
    mean, spread = places.mean(), (places - places.mean()) ** 2
    n = np.mean(spread / (far - places))
    stripped = (far - mean) * n / (far - mean + n)
    assert np.allclose(law.self_energy(far)[0] - mean, stripped, rtol=1e-8)
    assert np.allclose(law.self_energy(far)[1], -spread.mean() / far**2, rtol=1e-5)


def test_self_energy_keeps_its_digits_over_ten_decades():
    """Between atoms of 1e-8 and 300 it is a billionth of the mean."""
    places = [1e-8, 3e-6, 2e-3, 300.0]
    weights = [0.3, 0.2, 0.1, 0.4]
    law = Discrete(np.array(places), np.array(weights))
    z = np.array([1e-9 + 1e-12j, 5e-8 + 1e-8j, 1e-5j, 4e-5 + 1e-7j, 0.05 + 1e-3j])
    energy, slope = law.self_energy(z)
    with mpmath.workdps(40):
        for point, value, fall in zip(z, energy, slope, strict=True):
            x = mpmath.mpc(complex(point))
            shares = [
                mpmath.mpf(w) / (x - p) for p, w in zip(places, weights, strict=True)
            ]
            g = mpmath.fsum(shares)
            exact = x - 1 / g
            steep = [s**2 / w for s, w in zip(shares, weights, strict=True)]
            exact_fall = 1 - mpmath.fsum(steep) / g**2
            # x and 1/g cancel by a factor of up to 100 here
            assert abs(complex(exact) - value) <= 1e-13 * abs(value)
            assert abs(complex(exact_fall) - fall) <= 1e-12 * (1 + abs(fall))


def test_a_product_of_laws_over_ten_decades_is_certified():
    first = Discrete(np.array([1e-8, 2e-3, 300.0]), np.array([0.3, 0.3, 0.4]))
    second = Discrete(np.array([4e-7, 0.5]), np.array([0.6, 0.4]))
    law = free_multiplicative_convolution(first, second)
    z = np.array([1e-12 + 1e-13j, 1e-5j, 3.0 + 0.1j])
    s = s_transform(law, np.array([-0.2]))[0]
    parts = [s_transform(part, np.array([-0.2]))[0] for part in (first, second)]
    assert s == pytest.approx(parts[0] * parts[1], rel=1e-12)
    assert (np.imag(law.stieltjes(z)) < 0).all()


def test_self_energy_of_a_pair_is_a_single_pole():
    law = Discrete(np.array([-1.0, 3.0]), np.array([0.75, 0.25]))
    # Mean 0, variance 3, and the zero of g at 2.
    z = np.array([5.0 + 1j, 0.3 - 0.2j, 2 + 1e-12, 1e12])
    energy, slope = law.self_energy(z)
    assert np.allclose(energy, 3 / (z - 2), rtol=1e-14)
    assert np.allclose(slope, -3 / (z - 2) ** 2, rtol=1e-14)
    # At the pole, r/δ and −r/δ² for one δ.
    value, fall = law.self_energy(np.array([2.0]))
    assert value[0].real > 1e70
    assert -fall[0].real * 3 / value[0].real ** 2 == pytest.approx(1, rel=1e-14)


def test_self_energy_of_a_point_mass_is_the_point():
    energy, slope = Discrete.point_mass(3.0).self_energy(np.array([1.0 + 1j, 3.0]))
    assert energy.tolist() == [3, 3]
    assert slope.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("locations", "weights", "name"),
    [
        ([], [], "locations"),
        ([np.nan], [1.0], "locations"),
        ([0.0, 1.0], [0.5, 0.6], "weights"),
        ([0.0, 1.0], [1.5, -0.5], "weights"),
    ],
)
def test_refuses_what_is_not_a_probability(locations, weights, name):
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        Discrete(np.array(locations, float), np.array(weights, float))
