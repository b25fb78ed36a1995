from __future__ import annotations

import numpy as np
import pytest

from eigenscape.theory.ensembles.entries import sign_entries
from eigenscape.theory.ensembles.wishart import CorrelatedWishart, Wishart
from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.semicircle import Semicircle


@pytest.mark.parametrize(("ratio", "rank"), [(0.5, 30), (1.0, 30), (3.0, 10)])
def test_rank_is_the_number_of_samples(ratio, rank, rng):
    for beta in (1, 2):
        matrix = Wishart(ratio, 2.0, beta).sample(30, rng=rng)
        assert np.linalg.matrix_rank(matrix) == rank
        assert np.linalg.eigvalsh(matrix)[0] > -1e-14


def test_signs_make_a_diagonal_of_the_population(rng):
    eigenvalues = np.array([1.0, 2.0, 2.0, 7.0])
    population = Discrete.empirical(eigenvalues)
    matrix = CorrelatedWishart(population, 0.1, entries=sign_entries).sample(4, rng=rng)
    assert np.allclose(np.diagonal(matrix), eigenvalues, rtol=1e-14)


def test_mean_is_the_population(rng):
    population = Discrete.empirical(np.array([1.0, 2.0, 5.0]))
    for beta in (1, 2):
        ensemble = CorrelatedWishart(population, 0.1, beta)
        mean = np.mean([ensemble.sample(3, rng=rng) for _ in range(100)], axis=0)
        # An entry of W has a variance of at most 2 λᵢλⱼ/n, with n = 30.
        assert np.abs(mean - np.diag([1, 2, 5])).max() < 4 * np.sqrt(2 * 25 / 30 / 100)


def test_refuses_bad_parameters():
    with pytest.raises(ValueError, match="ratio: expected"):
        Wishart(0.0)
    with pytest.raises(ValueError, match="scale: expected"):
        Wishart(1.0, -1.0)
    with pytest.raises(ValueError, match="beta: expected 1"):
        Wishart(1.0, beta=4)
    with pytest.raises(ValueError, match="population: expected a law on x ≥ 0"):
        CorrelatedWishart(Semicircle(), 0.5)
    with pytest.raises(ValueError, match="ratio: expected"):
        CorrelatedWishart(Discrete.point_mass(1.0), -0.5)
