from __future__ import annotations

import collections
import itertools
import math

import numpy as np
import pytest
from scipy import stats

from eigenscape.theory.ensembles import regular_graph
from eigenscape.theory.ensembles.regular_graph import (
    RandomRegular,
    random_regular_graph,
)


def adjacency(edges, size):
    matrix = np.zeros((size, size), dtype=int)
    matrix[edges[:, 0], edges[:, 1]] = 1
    return matrix + matrix.T


CASES = [(1, 0), (2, 1), (6, 3), (7, 2), (10, 9), (12, 5), (12, 8), (30, 7), (40, 19)]


@pytest.mark.parametrize(("size", "degree"), CASES)
def test_graphs_are_simple_and_regular(size, degree, rng):
    edges = random_regular_graph(size, degree, rng=rng)
    assert edges.shape == (size * degree // 2, 2)
    assert (edges[:, 0] < edges[:, 1]).all()
    assert len(np.unique(edges, axis=0)) == len(edges)
    assert np.array_equal(adjacency(edges, size).sum(axis=0), np.full(size, degree))
    assert np.array_equal(edges, edges[np.lexsort(edges.T[::-1])])


def every_cubic_graph():
    """All 70 on six labelled vertices: ten of two triples, sixty prisms."""
    pairs = list(itertools.combinations(range(6), 2))
    for chosen in itertools.combinations(pairs, 9):
        if np.array_equal(np.bincount(np.ravel(chosen)), [3] * 6):
            yield chosen


def test_every_small_graph_is_equally_likely(rng):
    graphs = list(every_cubic_graph())
    assert len(graphs) == 70
    count = collections.Counter(
        tuple(map(tuple, random_regular_graph(6, 3, rng=rng).tolist()))
        for _ in range(1050)
    )
    assert set(count) == set(graphs)
    assert stats.chisquare(list(count.values())).pvalue > 1e-3


def triangles(size, degree, rng):
    matrix = adjacency(random_regular_graph(size, degree, rng=rng), size)
    return np.trace(matrix @ matrix @ matrix) // 6


def test_switched_graphs_have_as_many_triangles_as_uniform_ones(rng, monkeypatch):
    uniform = np.array([triangles(60, 4, rng) for _ in range(80)])
    monkeypatch.setattr(regular_graph, "_LARGEST_RETRIED_DEGREE", 0)
    switched = np.array([triangles(60, 4, rng) for _ in range(80)])
    # About Poisson of mean (d − 1)³/6, up to 1/N.
    mean = 27 / 6
    for counts in (uniform, switched):
        assert abs(counts.mean() - mean) < 4 * math.sqrt(mean / 80) + mean * 4 / 60
    spread = math.sqrt(2 * mean / 80)
    assert abs(switched.mean() - uniform.mean()) < 3.5 * spread


def test_the_constant_vector_is_an_eigenvector(rng):
    matrix = RandomRegular(5).sample(40, rng=rng)
    expected = np.full(40, 5 / 2.0)
    assert np.allclose(matrix.sum(axis=0), expected, rtol=1e-14)
    assert np.linalg.eigvalsh(matrix)[-1] == pytest.approx(5 / 2.0, rel=1e-13)


def test_refuses_graphs_that_do_not_exist(rng):
    with pytest.raises(ValueError, match=r"degree: expected from 0 to size − 1 = 3"):
        random_regular_graph(4, 4, rng=rng)
    with pytest.raises(ValueError, match=r"degree: expected from 0 to size"):
        random_regular_graph(4, -1, rng=rng)
    with pytest.raises(ValueError, match=r"degree: expected an even one on an odd"):
        RandomRegular(3).sample(9, rng=rng)
    with pytest.raises(ValueError, match=r"degree: expected an integer of at least 2"):
        RandomRegular(1)
