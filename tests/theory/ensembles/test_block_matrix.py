from __future__ import annotations

import numpy as np
import pytest

from eigenscape.theory.ensembles.block_matrix import BlockMatrix
from eigenscape.theory.laws.law import Atom
from eigenscape.theory.operator_valued.gaussian_blocks import GaussianBlocks
from eigenscape.theory.transforms import cdf

VARIANCES = np.array([[1.0, 0.2, 0.0], [0.2, 3.0, 4.0], [0.0, 4.0, 0.5]])
THREE = GaussianBlocks(VARIANCES, np.array([0.5, 0.3, 0.2]), np.array([-1.0, 0.0, 2.0]))
SPLIT = GaussianBlocks(np.diag([2.0, 0.0]), np.array([0.6, 0.4]), np.array([-3.0, 1.0]))


@pytest.mark.parametrize("beta", [1, 2])
def test_entries_have_the_variances_of_their_blocks(beta, rng):
    count = 400
    ensemble = BlockMatrix(THREE, beta)
    drawn = np.array([ensemble.sample(10, rng=rng) for _ in range(count)])
    block = np.repeat([0, 1, 2], [5, 3, 2])
    assert np.abs(
        drawn.mean(axis=0) - np.diag(THREE.shifts[block])
    ).max() < 4 * np.sqrt(2 * 4.0 / 10 / count)
    squares = (np.abs(drawn - drawn.mean(axis=0)) ** 2).mean(axis=0)
    expected = VARIANCES[np.ix_(block, block)] / 10 * (1 + (beta == 1) * np.eye(10))
    # A mean of squares of normals: a relative error of √(2/count) at most.
    assert np.allclose(squares, expected, rtol=4.5 * np.sqrt(2 / count), atol=0)


def test_uncoupled_blocks_are_a_mixture(rng):
    ensemble = BlockMatrix(SPLIT)
    assert ensemble.law.atoms == (Atom(1.0, 0.4),)
    values = ensemble.sample_eigenvalues(500, rng=rng)
    assert np.array_equal(values[-200:], np.ones(200))
    x = np.linspace(-5.5, -0.5, 21)
    below = np.searchsorted(values, x) / 500
    # A step, and an excursion of √2 log N / π of the counting function.
    assert np.abs(below - cdf(ensemble.law, x)).max() < (2 + 0.45 * np.log(500)) / 500


def test_sizes_are_rounded_together(rng):
    # Ends 1.5, 2.4, 3 of three rows: 2, 2, 3.
    variances = np.diag([0.0, 0.0, 1.0])
    blocks = GaussianBlocks(variances, THREE.fractions, THREE.shifts)
    matrix = BlockMatrix(blocks).sample(3, rng=rng)
    assert np.array_equal(matrix[:2], [[-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
    assert matrix[2, 2] != 0


def test_three_coupled_blocks_have_no_edges_here():
    with pytest.raises(ValueError, match="for more there is block_spectrum"):
        _ = BlockMatrix(THREE).law


def test_refuses_other_symmetries():
    with pytest.raises(ValueError, match="beta: expected 1"):
        BlockMatrix(THREE, 4)
