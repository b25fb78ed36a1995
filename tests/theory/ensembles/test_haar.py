from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from eigenscape.theory.ensembles.haar import haar_frame, haar_orthogonal, haar_unitary

COUNT = 600
LEVEL = 1e-3


@pytest.mark.parametrize("draw", [haar_orthogonal, haar_unitary])
def test_columns_are_orthonormal(draw, rng):
    matrix = draw(40, rng=rng)
    assert np.iscomplexobj(matrix) == (draw is haar_unitary)
    # Householder QR: a few tens of machine epsilons.
    assert np.abs(matrix.conj().T @ matrix - np.eye(40)).max() < 1e-14


def test_first_entry_of_an_orthogonal_matrix(rng):
    squares = [haar_orthogonal(5, rng=rng)[0, 0] ** 2 for _ in range(COUNT)]
    assert stats.kstest(squares, stats.beta(0.5, 2.0).cdf).pvalue > LEVEL


def test_first_entry_of_a_unitary_matrix(rng):
    squares = [abs(haar_unitary(5, rng=rng)[0, 0]) ** 2 for _ in range(COUNT)]
    assert stats.kstest(squares, stats.beta(1.0, 4.0).cdf).pvalue > LEVEL


def moment(values, exact):
    values = np.asarray(values)
    error = values.std() / math.sqrt(values.size)
    assert abs(values.mean() - exact) < 3.5 * error


def test_traces_of_powers_of_orthogonal_matrices(rng):
    # Diaconis and Shahshahani (1994), On the eigenvalues of random matrices: tr Q is
    # like a standard normal variable, tr Q² like 1 + √2 times one.
    drawn = [haar_orthogonal(6, rng=rng) for _ in range(COUNT)]
    first = np.array([np.trace(q) for q in drawn])
    second = np.array([np.trace(q @ q) for q in drawn])
    moment(first, 0)
    moment(first**2, 1)
    moment(second, 1)
    moment((second - 1) ** 2, 2)
    moment([np.linalg.det(q) for q in drawn], 0)


def test_traces_of_powers_of_unitary_matrices(rng):
    drawn = [haar_unitary(6, rng=rng) for _ in range(COUNT)]
    for power in (1, 2, 3):
        traces = np.array([np.trace(np.linalg.matrix_power(u, power)) for u in drawn])
        moment(traces.real, 0)
        moment(np.abs(traces) ** 2, power)


@pytest.mark.parametrize("beta", [1, 2])
def test_a_frame_is_the_first_columns(beta, rng):
    frame = haar_frame(50, 3, beta=beta, rng=rng)
    assert frame.shape == (50, 3)
    assert np.abs(frame.conj().T @ frame - np.eye(3)).max() < 1e-14


def test_the_same_seed_gives_the_same_matrix():
    one, same = (haar_unitary(4, rng=np.random.default_rng(2)) for _ in range(2))
    assert np.array_equal(one, same)


def test_refuses_impossible_sizes(rng):
    with pytest.raises(ValueError, match="size: expected at least 1, got 0"):
        haar_orthogonal(0, rng=rng)
    with pytest.raises(ValueError, match="count: expected 0 to 3 columns, got 4"):
        haar_frame(3, 4, beta=1, rng=rng)
