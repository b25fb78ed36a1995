import numpy as np
import pytest

import level_samples as samples
from eigenscape.spectra.local.two_point import two_point_cluster
from eigenscape.theory.local_laws import two_point_cluster as theory

EDGES = np.array([0.0, 0.5, 1.0, 1.5, 2.0, 3.0])


def averaged(beta):
    nodes, weights = np.polynomial.legendre.leggauss(20)
    middle, half = (EDGES[1:] + EDGES[:-1]) / 2, np.diff(EDGES) / 2
    return theory(middle[:, None] + half[:, None] * nodes, beta) @ weights / 2


def test_pairs_are_counted(rng):
    row = np.sort(rng.uniform(0, 200, 180))
    got = two_point_cluster(samples.levels_of([row], 200), EDGES)
    first = row[row <= 200 - 3]
    distances = row - first[:, None]
    counts = np.histogram(distances[distances > 0], EDGES)[0]
    np.testing.assert_allclose(got.value, 1 - counts / 197 / np.diff(EDGES))
    np.testing.assert_allclose(got.lengths, [0.25, 0.75, 1.25, 1.75, 2.5])


@pytest.mark.parametrize("beta", samples.BETAS)
@pytest.mark.parametrize("trials", [samples.lone, samples.many])
def test_values_and_intervals(beta, trials):
    statistics = [two_point_cluster(levels, EDGES) for levels in trials(beta)]
    expected = averaged(beta)
    values = np.array([s.value for s in statistics])
    error = values.std(0, ddof=1) / np.sqrt(len(values))
    assert (np.abs(values.mean(0) - expected) < 4 * error).all()
    covered = samples.coverage(statistics, expected)
    assert covered.min() >= samples.least_coverage(len(statistics))


def test_a_bin_without_pairs_is_not_certain():
    levels = samples.levels_of([np.arange(400) + 0.5], 400)
    got = two_point_cluster(levels, np.array([0.2, 0.4]))
    assert got.value[0] == 1
    assert got.standard_error[0] == pytest.approx(1 / (399.6 * 0.2))


@pytest.mark.parametrize("edges", [[0.0], [1.0, 0.5], [-1.0, 1.0], [0.0, np.nan]])
def test_bad_edges(edges):
    with pytest.raises(ValueError, match="edges: expected two or more ascending"):
        two_point_cluster(samples.lone(1)[0], np.array(edges))


def test_distances_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="lengths: expected positive numbers up to 37"):
        two_point_cluster(samples.lone(1)[0], np.array([0.0, 40.0]))
