import math

import numpy as np
import pytest

from eigenscape.landscape.sampled_determinants import (
    check_determinant,
    log_mean_determinant,
)
from eigenscape.theory import Affine, Discrete, Semicircle, log_potential
from eigenscape.theory.ensembles import GOE, Deterministic, Wigner, uniform_entries


@pytest.mark.parametrize(
    ("place", "potential"),
    [(0, -0.5), (1, -0.25), (2, 0.5), (2.5, 0.818147), (3, 1.035373)],
)
def test_log_potential_of_the_unit_semicircle(place, potential):
    found = log_potential(Semicircle(1.0), np.array([float(place)]))
    assert found == pytest.approx(potential, abs=5e-7)


def test_determinants_of_gaussian_matrices_follow_it():
    rng = np.random.default_rng(0)
    size = 150
    spectra = np.array([GOE().sample_eigenvalues(size, rng=rng) for _ in range(40)])
    for shift, expected in ((0.0, -0.5), (1.0, -0.25), (3.0, 1.035373)):
        found = log_mean_determinant(spectra + shift)
        assert abs(found.value - expected) < math.log(size) / size


def test_the_mean_is_of_determinants_not_of_logarithms():
    spectra = np.array([[1.0, 1.0], [3.0, 1.0]])
    found = log_mean_determinant(spectra)
    assert found.value == pytest.approx(math.log(2) / 2)
    # The mean 2 has the error 1, relative ½, a quarter a dimension.
    assert found.standard_error == pytest.approx(0.25)
    assert log_mean_determinant(np.array([[0.0, 1.0], [1.0, 1.0]])).value < 0


def test_sums_follow_the_free_sum():
    """Signs and a semicircle of variance 2, where ρ(0) = 1/2π and all is one cut."""
    signs = Discrete(np.array([-1.0, 1.0]), np.full(2, 0.5))
    rng = np.random.default_rng(1)
    first, second = Deterministic(signs), Wigner(uniform_entries, 2.0)
    found = check_determinant("signs", first, second, 120, 12, rng=rng)
    assert abs(found.sampled.value - found.rate) < math.log(120) / 120
    shifted = Deterministic(Affine(signs, shift=1.5))
    other = check_determinant("shifted", shifted, second, 120, 12, rng=rng)
    assert abs(other.sampled.value - found.rate) > math.log(120) / 120
