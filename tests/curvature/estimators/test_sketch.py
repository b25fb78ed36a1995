"""Sketch: a basis of the range, and the products of the basis."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from eigenscape.curvature import Dense
from eigenscape.curvature.estimators.sketch import Sketch
from eigenscape.curvature.estimators.vector_sets import gram
from eigenscape.curvature.process import drive
from interrupted import Interrupted
from rotated import SPECTRA, rotated

EPS = float(np.finfo(float).eps)


def sketch_of(operator: Dense, count: int, *, signs: bool = False) -> Sketch:
    generator = torch.Generator().manual_seed(0)
    sketch = Sketch(operator, count, signs=signs, generator=generator)
    counted = Interrupted(operator, 2 * count)
    drive(sketch, counted)
    assert counted.given == sketch.products == sketch.most_products == 2 * count
    return sketch


@pytest.mark.parametrize("count", [1, 5, 16, 20])
@pytest.mark.parametrize("signs", [False, True])
def test_factors_and_images_are_those_of_the_matrix(count: int, *, signs: bool) -> None:
    operator = rotated(SPECTRA["outliers"])
    sketch = sketch_of(operator, count, signs=signs)
    basis, matrix = sketch.basis, operator.matrix
    np.testing.assert_allclose(gram(basis, basis), np.eye(count), atol=50 * EPS)
    products = matrix @ sketch.random
    # ten roundings of a norm
    close = 10 * EPS * float(products.norm())
    assert (basis @ torch.from_numpy(sketch.factor) - products).norm() < close
    assert (sketch.image - matrix @ basis).norm() < close
    squares = sketch.random.square().sum(0)
    assert squares.numpy() == pytest.approx(80.0)
    assert bool((sketch.random.abs() == 1).all()) == signs


def test_the_range_of_a_matrix_of_low_rank_is_found() -> None:
    eigenvalues = np.concatenate([np.arange(1.0, 7), np.zeros(74)])
    operator = rotated(eigenvalues)
    sketch = sketch_of(operator, 10)
    np.testing.assert_allclose(gram(sketch.basis, sketch.basis), np.eye(10), atol=1e-14)
    left = sketch.outside(operator.matrix)
    assert left.norm() < 100 * EPS * operator.matrix.norm()


def test_vectors_outside_are_orthogonal_to_the_basis() -> None:
    sketch = sketch_of(rotated(SPECTRA["flat"]), 10)
    inside = sketch.basis @ torch.full((10, 1), 1e8, dtype=torch.float64)
    found = sketch.outside(inside + 1)
    # relative to what is left, not to what was taken away
    assert abs(gram(sketch.basis, found)).max() < 10 * EPS * float(found.norm())


def test_products_that_are_not_numbers_are_refused() -> None:
    matrix = torch.eye(30, dtype=torch.float64)
    matrix[3, 3] = float("nan")
    with pytest.raises(ValueError, match="operator: expected finite products"):
        sketch_of(Dense(matrix), 4)
