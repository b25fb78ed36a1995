from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discrete_laws import atoms, total_mass, two_atoms
from eigenscape.theory.convolution.multiplicative import (
    free_multiplicative_convolution,
    multiplicative_subordination,
)
from eigenscape.theory.gaps import all_preimages, moment
from eigenscape.theory.laws import (
    Affine,
    Discrete,
    KestenMcKay,
    MarchenkoPastur,
    Semicircle,
)
from eigenscape.theory.panels import cut_panels
from eigenscape.theory.transforms import cdf, moments

cases = settings(max_examples=4, deadline=None)


@settings(max_examples=3, deadline=None)
@given(two_atoms, two_atoms)
def test_mass_and_moments(first, second):
    law = free_multiplicative_convolution(first, second)
    assert total_mass(law) == pytest.approx(1, abs=1e-12)
    (m1, m2), (n1, n2) = moments(first, 2), moments(second, 2)
    expected = [m1 * n1, m2 * n1**2 + m1**2 * n2 - m1**2 * n1**2]
    # `moments` loses 1.1ᵏ machine epsilons of the radius to the k.
    radius = law.hull.upper
    assert moments(law, 2) == pytest.approx(
        expected, abs=1e-13 * max(radius, radius**2)
    )


@cases
@given(two_atoms, two_atoms, st.floats(0.05, 0.9))
def test_s_transforms_multiply(first, second, share):
    law = free_multiplicative_convolution(first, second)
    top = np.array([law.hull.upper * (1 + share)])
    t = np.real(top * law.stieltjes(top)) - 1
    s = [(1 + t) / (t * all_preimages(each, moment, t)[-1]) for each in (first, second)]
    assert (1 + t) / (t * top) == pytest.approx(s[0] * s[1], rel=1e-11)


@cases
@given(two_atoms, two_atoms)
def test_the_inverse_of_a_product_is_the_product_of_the_inverses(first, second):
    law = free_multiplicative_convolution(first, second)
    inverse = free_multiplicative_convolution(
        *(Discrete(1 / each.locations, each.weights) for each in (first, second))
    )
    edges = [(1 / i.upper, 1 / i.lower) for i in reversed(law.support)]
    found = [(i.lower, i.upper) for i in inverse.support]
    assert np.allclose(found, edges, rtol=1e-10, atol=0)
    masses = [atom.weight for atom in reversed(law.atoms)]
    assert [atom.weight for atom in inverse.atoms] == pytest.approx(masses, abs=1e-14)


def test_atoms_of_a_product():
    law = free_multiplicative_convolution(
        atoms([1, 3], [0.8, 0.2]), atoms([1, 10], [0.7, 0.3])
    )
    found = {atom.location: atom.weight for atom in law.atoms}
    assert found == pytest.approx({1.0: 0.5, 10.0: 0.1})
    assert len(law.support) == 2
    assert total_mass(law) == pytest.approx(1, abs=1e-13)
    # The atom is the residue of g.
    z = np.array([10 + 1e-7j])
    assert (1e-7j * law.stieltjes(z))[0] == pytest.approx(0.1, abs=1e-6)
    assert np.isinf(law.stieltjes(np.array([10.0])))[0]


def test_a_law_of_both_signs_with_wishart():
    law = free_multiplicative_convolution(
        atoms([-1, 1], [0.5, 0.5]), MarchenkoPastur(0.4)
    )
    lower, upper = law.support
    assert lower.upper == pytest.approx(-upper.lower, rel=1e-14)
    # z (w² − 1) = w (w² − 1 + c)
    x = upper.lower + upper.width * np.array([0.1, 0.5, 0.8])
    for place in np.concatenate([x, -x]):
        roots = np.roots([1.0, -place, -0.6, place])
        w = roots[np.argmax(roots.imag)]
        g = w**2 / (w**2 - 1) / place
        density = law.density(np.array([place]))[0]
        assert density == pytest.approx(-g.imag / math.pi, rel=1e-11)
    assert total_mass(law) == pytest.approx(1, abs=1e-13)


def test_a_result_is_a_factor_again():
    """(A ⊠ W) ⊠ B is (A ⊠ B) ⊠ W, by equations unlike each other."""
    population, factor = atoms([1, 3], [0.8, 0.2]), atoms([1, 2])
    noise = MarchenkoPastur(0.1)
    left, right = (
        free_multiplicative_convolution(
            free_multiplicative_convolution(population, inner), outer
        )
        for inner, outer in ((noise, factor), (factor, noise))
    )
    z = np.array([0.8, 1.5, 3.0, 6.5]) + np.array([[1e-6j], [0.5j]])
    # The first row is a millionth away from square-root edges at most: ε / √1e-6.
    assert np.allclose(left.stieltjes(z), right.stieltjes(z), rtol=1e-12)


def test_transforms_agree_with_each_other():
    law = free_multiplicative_convolution(
        Affine(KestenMcKay(3), 1.0, 2.5), atoms([1, 3])
    )
    step = 1e-5
    z = np.array([[0.5 + 0.3j, 4 - 0.2j], [-2.0 + 0j, 100.0 + 0j]])
    g, slope = law.stieltjes(z), law.stieltjes_derivative(z)
    differences = (law.stieltjes(z + step) - law.stieltjes(z - step)) / (2 * step)
    # Third derivatives are of order g / 0.2² at the nearest point.
    assert np.allclose(slope, differences, rtol=1e-8, atol=1e-10)
    energy, energy_slope = law.self_energy(z)
    assert np.allclose(energy, z - 1 / g, rtol=1e-12)
    assert np.allclose(energy_slope, 1 + slope / g**2, rtol=1e-9)
    assert np.array_equal(law.stieltjes(z.conj()), g.conj())
    assert not g[1].imag.any()
    far = law.self_energy(np.array([1e9 + 0j]))[0][0]
    assert far == pytest.approx(5.0, rel=1e-8)


def test_at_zero_means_of_inverses_multiply():
    first, second = atoms([1, 3]), atoms([2, 5], [0.3, 0.7])
    law = free_multiplicative_convolution(first, second)
    inverse = np.mean(1 / first.locations) * (second.weights / second.locations).sum()
    assert law.stieltjes(np.array([0.0]))[0] == pytest.approx(-inverse, rel=1e-14)
    energy, slope = (part[0] for part in law.self_energy(np.array([0j, 1e-9])))
    near = law.self_energy(np.array([1e-9 + 0j]))
    assert energy == pytest.approx(near[0][0], rel=1e-8)
    assert slope == pytest.approx(near[1][0], rel=1e-8)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (atoms([1, 3]), atoms([0.5, 4], [0.2, 0.8])),
        (MarchenkoPastur(0.5), atoms([1, 3])),
        (atoms([1, 3]), MarchenkoPastur(2.0, 3.0)),
    ],
    ids=repr,
)
def test_subordination(first, second):
    law = free_multiplicative_convolution(first, second)
    z = np.array([[0.3 + 1j, 2 - 0.5j], [3 + 1e-3j, 40 + 0j]])
    w1, w2 = multiplicative_subordination(first, second, z)
    product = z * law.stieltjes(z)
    assert np.allclose(w1 * first.stieltjes(w1), product, rtol=1e-12)
    assert np.allclose(w2 * second.stieltjes(w2), product, rtol=1e-12)
    assert np.allclose(w1 * w2, z**2 / law.self_energy(z)[0], rtol=1e-12)
    assert (w1.imag * z.imag >= 0).all()


def test_point_masses_and_signs():
    noise, two = MarchenkoPastur(0.5), Discrete.point_mass(2.0)
    assert free_multiplicative_convolution(noise, two) == MarchenkoPastur(0.5, 2.0)
    zero = free_multiplicative_convolution(Discrete.point_mass(0.0), noise)
    assert zero.hull.lower == zero.hull.upper == 0
    pair = atoms([1, 3]), atoms([2, 5])
    law = free_multiplicative_convolution(*pair)
    negative = free_multiplicative_convolution(Affine(pair[0], -1.0), pair[1])
    both = free_multiplicative_convolution(*(Affine(p, -1.0) for p in pair))
    assert negative.support[0].lower == -law.support[-1].upper
    assert both.support == law.support
    shifted = free_multiplicative_convolution(Semicircle(1.0), two)
    assert shifted.support[0].upper == pytest.approx(4.0, rel=1e-15)


def test_many_atoms(rng):
    """The law of 500 numbers, against the same by its own two thinner halves."""
    spectrum = np.sort(rng.uniform(1, 2, 500))
    law = free_multiplicative_convolution(
        Discrete.empirical(spectrum), MarchenkoPastur(0.5)
    )
    (interval,) = law.support
    half = free_multiplicative_convolution(
        Discrete.empirical((spectrum[::2] + spectrum[1::2]) / 2), MarchenkoPastur(0.5)
    )
    # Second-order in the spacing 1/500.
    assert half.support[0].upper == pytest.approx(interval.upper, rel=1e-4)
    assert moments(law, 1)[0] == pytest.approx(spectrum.mean(), rel=1e-12)


def test_a_light_cluster_in_a_narrow_dip_is_found():
    """A thousandth of the mass, between light atoms at 0 and the rest."""
    first = atoms([0, 1.006, 6.095, 7.9], [0.001, 0.192, 0.804, 0.003])
    second = atoms([0, 5.025, 6.002], [0.214, 0.457, 0.329])
    law = free_multiplicative_convolution(first, second)
    assert total_mass(law) == pytest.approx(1, abs=1e-12)
    cluster = np.array([law.support[0].upper])
    assert cdf(law, cluster)[0] == pytest.approx(0.214 + 0.001, abs=1e-12)


def test_a_smooth_factor_opens_no_gap_at_its_rounded_edges():
    law = free_multiplicative_convolution(
        Affine(MarchenkoPastur(0.5), -1.0, 4.0), atoms([3.077, 3.467], [0.17, 0.83])
    )
    assert len(law.support) == 1
    assert total_mass(law) == pytest.approx(1, abs=1e-12)


def test_against_a_sampled_matrix(rng):
    size = 600
    scales = np.repeat([1.0, 4.0], size // 2)
    orthogonal = np.linalg.qr(rng.standard_normal((size, size)))[0]
    inner = orthogonal * np.repeat([1.0, 2.0, 9.0], size // 3) @ orthogonal.T
    root = np.sqrt(scales)
    values = np.linalg.eigvalsh(root[:, None] * inner * root)
    law = free_multiplicative_convolution(atoms([1, 4]), atoms([1, 2, 9]))
    # Eigenvalues are rigid: each part of the support holds its share to a few.
    for interval in law.support:
        mass = cut_panels(law, interval).mass_below(np.array([interval.upper]))[0]
        reach = 0.02 * law.hull.upper
        inside = (values > interval.lower - reach) & (values < interval.upper + reach)
        assert np.sum(inside) == pytest.approx(mass * size, abs=3)


@pytest.mark.parametrize(
    ("first", "second", "name"),
    [
        (atoms([-1, 1]), atoms([1, 2]), "first"),
        (atoms([1, 2]), Semicircle(1.0), "second"),
    ],
    ids=repr,
)
def test_laws_of_both_signs_are_refused(first, second, name):
    with pytest.raises(ValueError, match=rf"^{name}: expected a law on \[0, ∞\)"):
        free_multiplicative_convolution(first, second)


def test_subordination_refuses_zero_and_point_masses():
    pair = atoms([1, 2]), atoms([1, 3])
    with pytest.raises(ValueError, match=r"^z: expected points other than 0"):
        multiplicative_subordination(*pair, np.array([0j]))
    with pytest.raises(ValueError, match=r"^first, second: expected laws of more"):
        multiplicative_subordination(pair[0], Discrete.point_mass(2.0), np.array([1j]))
