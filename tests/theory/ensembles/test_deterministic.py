from __future__ import annotations

import numpy as np
import pytest

from eigenscape.theory.ensembles.deterministic import Deterministic
from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.kesten_mckay import KestenMcKay
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.transforms import cdf


@pytest.mark.parametrize("law", [KestenMcKay(3), MarchenkoPastur(0.4)])
@pytest.mark.parametrize("size", [1, 10, 101])
def test_distribution_functions_differ_by_half_a_step(law, size, rng):
    eigenvalues = Deterministic(law).sample_eigenvalues(size, rng=rng)
    found = cdf(law, eigenvalues)
    assert np.allclose(found, (np.arange(size) + 0.5) / size, rtol=0, atol=1e-12)


def test_given_eigenvalues_come_back(rng):
    eigenvalues = np.array([-1.0, 0.5, 0.5, 2.0])
    ensemble = Deterministic(Discrete.empirical(eigenvalues))
    assert np.array_equal(ensemble.sample_eigenvalues(4, rng=rng), eigenvalues)
    doubled = np.repeat(eigenvalues, 2)
    assert np.array_equal(ensemble.sample_eigenvalues(8, rng=rng), doubled)


def test_the_matrix_is_diagonal(rng):
    matrix = Deterministic(KestenMcKay(4)).sample(5, rng=rng)
    assert np.array_equal(matrix, np.diag(np.diagonal(matrix)))
