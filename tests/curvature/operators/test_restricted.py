"""Operators on subspaces."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from eigenscape.curvature import Dense
from eigenscape.curvature.operators import (
    Deflated,
    Restricted,
)

EPSILON = np.finfo(float).eps


def symmetric(size: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(size)
    square = torch.randn(size, size, generator=generator, dtype=torch.float64)
    return square + square.T


def dense(operator) -> torch.Tensor:
    return operator.matmat(torch.eye(operator.size, dtype=operator.dtype))


def test_restricted_is_the_principal_submatrix() -> None:
    matrix, where = symmetric(9), torch.tensor([7, 0, 3])
    found = Restricted(Dense(matrix), where)
    assert torch.equal(dense(found), matrix[where][:, where])
    vector = torch.arange(3).double()
    expected = matrix[where][:, where] @ vector
    assert (found.matvec(vector) - expected).norm() <= 10 * EPSILON * expected.norm()
    assert found.fingerprint() != Restricted(Dense(matrix), where[:2]).fingerprint()


@pytest.mark.parametrize("where", [[], [0, 0], [-1], [9]])
def test_restricted_refuses_other_positions(where: list[int]) -> None:
    with pytest.raises(ValueError, match="positions: expected distinct coordinates"):
        Restricted(Dense(symmetric(9)), torch.tensor(where, dtype=torch.int64))


def test_deflated_sets_eigenvalues_to_zero() -> None:
    matrix = symmetric(12)
    values, vectors = torch.linalg.eigh(matrix)
    found = Deflated(Dense(matrix), vectors[:, -3:].T.contiguous())
    left = torch.linalg.eigvalsh(dense(found))
    expected = torch.cat([values[:-3], torch.zeros(3).double()]).sort().values
    assert (left - expected).abs().max() <= 100 * EPSILON * values.abs().max()


def test_deflated_refuses_rows_that_are_not_orthonormal() -> None:
    rows = torch.zeros(2, 5).double()
    rows[0, 0], rows[1, 0], rows[1, 1] = 1, 1e-6, 1
    with pytest.raises(ValueError, match="orthonormal rows, got an error of 1e-06"):
        Deflated(Dense(symmetric(5)), rows)
    with pytest.raises(ValueError, match="rows: expected vectors of the operator's"):
        Deflated(Dense(symmetric(5)), rows[:, :4])
