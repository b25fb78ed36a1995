from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest

from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.jacobi import Jacobi
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.transforms import cdf, free_cumulants, r_transform

# Both, one, no atom; both hard edges; nearly a pair of atoms.
RATIOS = [(0.5, 0.25), (3.0, 0.5), (0.5, 3.0), (1.5, 2.0), (1.0, 1.0), (1.9, 2.1)]


def exact(first: float, second: float, z: complex) -> mp.mpc:
    """Solve z(1 − z) g² − ((N − 2) z + 1 − a) g + N − 1 = 0 with Im z Im g < 0."""
    a, b, z = 1 / mp.mpf(first), 1 / mp.mpf(second), mp.mpc(z)
    roots = mp.polyroots(
        [z * (1 - z), -((a + b - 2) * z + 1 - a), a + b - 1], extraprec=200
    )
    # The other root is far from 1/z, or on the wrong side of the axis.
    return min(roots, key=lambda g: (g.imag * z.imag > 0, abs(z * g - 1)))


@pytest.mark.parametrize("ratios", RATIOS)
@pytest.mark.parametrize("z", [0.3 + 0.2j, 1e-6 + 1e-7j, 1 + 1e-9j, 40 - 3j, -1e6 + 1j])
def test_accuracy_against_forty_digits(ratios, z):
    with mp.workdps(40):
        reference = complex(exact(*ratios, z))
    found = Jacobi(*ratios).stieltjes(np.array([z]))[0]
    # Rounding of 1/ratio moves an edge by an epsilon, g by ε/√distance of itself.
    assert abs(found / reference - 1) < 1e-12


@pytest.mark.parametrize("ratios", RATIOS)
def test_atoms_are_the_excess_of_dimension(ratios):
    law = Jacobi(*ratios)
    expected = {float(k): 1 - 1 / c for k, c in enumerate(ratios) if c > 1}
    assert {a.location: a.weight for a in law.atoms} == pytest.approx(expected)
    top = cdf(law, np.array([1.0]))[0]
    assert abs(top - 1) < 1e-12


@pytest.mark.parametrize("ratios", [(0.5, 0.4), (2.0, 0.5), (0.8, 1.6)])
def test_spectrum_of_a_manova_matrix(ratios, rng):
    size = 240
    parts = [rng.standard_normal((size, round(size / c))) for c in ratios]
    first, second = (x @ x.T for x in parts)
    values = np.linalg.eigvals(np.linalg.solve(first + second, first)).real
    grid = np.linspace(-0.013, 1.013, 100)
    counted = np.searchsorted(np.sort(values), grid) / size
    # Rigidity: a few levels; the grid avoids the atoms themselves.
    assert np.abs(cdf(Jacobi(*ratios), grid) - counted).max() < 5 / size


def test_many_second_examples_leave_a_marchenko_pastur_law():
    # B becomes b times the identity: x ≈ A/b, of mean a/b.
    c, small = 0.5, 1e-7
    units = (small / c) ** np.arange(1.0, 4.0)
    found = free_cumulants(Jacobi(c, small), 3) / units
    expected = free_cumulants(MarchenkoPastur(c, 1.0), 3)
    # The k-th is off by k(k + 1) P/n₂ of itself, to first order.
    assert np.allclose(found, expected, rtol=20 * small)


def test_r_transform_agrees_with_the_numerical_inverse():
    law = Jacobi(0.5, 0.25)
    w = np.array([-3.0, -1e-4, 0.0, 1e-3, 2.0])
    assert r_transform(law, w)[2] == pytest.approx(2 / 6)
    z = r_transform(law, w[w != 0]) + 1 / w[w != 0]
    assert np.allclose(law.stieltjes(z), w[w != 0], rtol=1e-12)


def test_no_continuous_part_when_the_examples_just_suffice():
    law = Jacobi(1 / 0.25, 1 / 0.75)
    assert law.support == ()
    pair = Discrete(np.array([0.0, 1.0]), np.array([0.75, 0.25]))
    z = np.array([0.5 + 0.1j, -3.0, 4 - 2j])
    assert np.allclose(law.stieltjes(z), pair.stieltjes(z), rtol=1e-13)
    assert np.allclose(law.self_energy(z)[0], pair.self_energy(z)[0], rtol=1e-13)


@pytest.mark.parametrize("ratios", [(0.0, 1.0), (1.0, np.nan), (3.0, 2.0)])
def test_refuses_bad_parameters(ratios):
    with pytest.raises(ValueError, match=r"^(first_ratio|second_ratio): expected"):
        Jacobi(*ratios)
