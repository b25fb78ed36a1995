from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eigenscape.theory.operator_valued.functional_calculus import matrix_function

EPSILON = np.finfo(float).eps


def resolvent(t):
    return 1 / (3 - t), 1 / (3 - t) ** 2


def exact(matrix):
    inverse = np.linalg.inv(3 * np.eye(len(matrix)) - matrix)
    return inverse, np.kron(inverse, inverse.T)


@given(st.integers(1, 4), st.integers(0, 10**6))
def test_resolvent_and_its_derivative_are_the_inverse(size, seed):
    rng = np.random.default_rng(seed)
    shape = (5, size, size)
    matrices = rng.uniform(-0.7, 0.7, shape) + 1j * rng.uniform(-0.7, 0.7, shape)
    values, slopes = matrix_function(resolvent, matrices)
    for matrix, value, slope in zip(matrices, values, slopes, strict=True):
        inverse, derivative = exact(matrix)
        # Projectors may cost three digits, and confluent differences half of them.
        assert np.allclose(value, inverse, rtol=0, atol=1e5 * EPSILON)
        assert np.allclose(slope, derivative, rtol=0, atol=1e-6)


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("split", [0.0, 1e-14, 1e-9, 1e-5])
def test_jordan_blocks_keep_ten_digits(size, split):
    jordan = np.eye(size) + np.eye(size, k=1) + split * np.eye(size, k=1 - size)
    value, slope = matrix_function(resolvent, jordan[None].astype(complex))
    inverse, derivative = exact(jordan)
    assert np.allclose(value[0], inverse, rtol=0, atol=1e-10)
    assert np.allclose(slope[0], derivative, rtol=0, atol=1e-5)


@pytest.mark.parametrize("size", [2, 3])
def test_multiples_of_the_identity(size):
    value, slope = matrix_function(resolvent, 2 * np.eye(size, dtype=complex)[None])
    assert np.array_equal(value[0], np.eye(size))
    assert np.array_equal(slope[0], np.eye(size**2))


def test_a_function_that_is_not_analytic_there_is_nan():
    # A cut through a double eigenvalue: no mean over a circle is the value.
    jordan = np.array([[[-1.0, 1.0], [0.0, -1.0]]], complex)
    value, _ = matrix_function(lambda t: (np.sqrt(t), 0.5 / np.sqrt(t)), jordan)
    assert np.isnan(value).all()


def test_row_major_order_of_the_derivative():
    matrix = np.array([[[0.3, 0.2], [-0.1, 0.4j]]])
    direction = np.array([[0.1, 2.0], [0.5j, -1.0]])
    _, slope = matrix_function(lambda t: (t**2, 2 * t), matrix)
    moved = (slope[0] @ direction.ravel()).reshape(2, 2)
    assert np.allclose(moved, matrix[0] @ direction + direction @ matrix[0], atol=1e-15)
