from __future__ import annotations

import numpy as np
import pytest

from eigenscape.theory.laws.affine import Affine
from eigenscape.theory.laws.arcsine import Arcsine
from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.free_binomial import FreeBinomial
from eigenscape.theory.laws.free_meixner import FreeMeixner
from eigenscape.theory.transforms import cdf, free_cumulants

POINTS = np.array([0.3 + 0.2j, 1.7 - 1e-3j, -0.5, 8.0, 2 + 1e-9j])


@pytest.mark.parametrize("count", [1.0, 2.0, 3.5, 40.0])
@pytest.mark.parametrize("probability", [0.1, 0.5, 0.8])
def test_free_cumulants_are_those_of_one_projection_times_the_count(count, probability):
    one = Discrete(np.array([0.0, 1.0]), np.array([1 - probability, probability]))
    found = free_cumulants(FreeBinomial(count, probability), 6)
    # Rounding of the sixth moment, about the mean, of a spectrum up to count wide.
    tolerance = 1e-12 * (2 + count**0.5) ** np.arange(1, 7)
    expected = count * free_cumulants(one, 6)
    assert np.all(np.abs(found - expected) < tolerance)


def test_two_fair_projections_make_the_arcsine_law():
    found = FreeBinomial(2.0, 0.5).stieltjes(POINTS)
    assert np.allclose(found, Arcsine(0.0, 2.0).stieltjes(POINTS), rtol=1e-12)


def test_is_a_free_meixner_law():
    n, p = 3.5, 0.3
    variance = n * p * (1 - p)
    shape = (1 - 2 * p) / np.sqrt(variance)
    meixner = Affine(FreeMeixner(variance, shape, -1 / n), 1.0, n * p)
    found = FreeBinomial(n, p)
    assert np.allclose(found.stieltjes(POINTS), meixner.stieltjes(POINTS), rtol=1e-12)
    assert found.hull.upper == pytest.approx(meixner.hull.upper)


def test_atoms_are_where_ranges_meet():
    law = FreeBinomial(3.0, 0.8)
    (atom,) = law.atoms
    assert (atom.location, atom.weight) == (3.0, pytest.approx(0.4))
    edges = (2.4 - 0.6 + np.array([-2, 2]) * np.sqrt(0.32)).tolist()
    (cut,) = law.support
    assert [cut.lower, cut.upper] == pytest.approx(edges)


def test_spectrum_of_a_sum_of_projections(rng):
    size, count, rank = 240, 3, 72
    total = np.zeros((size, size))
    for _ in range(count):
        basis = np.linalg.qr(rng.standard_normal((size, rank)))[0]
        total += basis @ basis.T
    values = np.linalg.eigvalsh(total)
    grid = np.linspace(0.005, 3.0, 60)
    counted = np.searchsorted(values, grid) / size
    assert np.abs(cdf(FreeBinomial(3.0, 0.3), grid) - counted).max() < 5 / size


@pytest.mark.parametrize(
    ("count", "probability"), [(0.5, 0.5), (np.nan, 0.5), (2.0, 0.0), (2.0, 1.0)]
)
def test_refuses_bad_parameters(count, probability):
    with pytest.raises(ValueError, match=r"^(count|probability): expected"):
        FreeBinomial(count, probability)
