"""KrylovBasis: orthogonality across blocks, and vectors that lie in the span."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from eigenscape.curvature.basis import BLOCK, KrylovBasis

EPS = np.finfo(float).eps


def orthonormal(rows: int, length: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    square = torch.randn(length, length, generator=generator, dtype=torch.float64)
    return torch.linalg.qr(square)[0][:rows]


@pytest.mark.parametrize("count", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK])
@pytest.mark.parametrize("initial", [0, 5])
def test_rows_and_combinations(count: int, initial: int) -> None:
    expected = orthonormal(initial + count, 120)
    basis = KrylovBasis(expected[:initial])
    for row in expected[initial:]:
        basis.append(row)
    assert len(basis) == initial + count
    assert torch.equal(basis.rows(), expected)
    weights = torch.randn(initial + count, 3, generator=torch.Generator()).double()
    torch.testing.assert_close(basis.combine(weights), weights.T @ expected)


def test_orthogonalise() -> None:
    rows = orthonormal(70, 120)
    basis = KrylovBasis(rows)
    vector = torch.randn(120, generator=torch.Generator().manual_seed(1)).double()
    expected = vector - rows.T @ (rows @ vector)
    left = vector.clone()
    norm = basis.orthogonalise(left)
    torch.testing.assert_close(left, expected)
    assert norm == pytest.approx(expected.norm().item(), rel=100 * EPS)


def test_second_pass_cleans_what_cancellation_left() -> None:
    rows = orthonormal(2, 50)
    vector = 1e10 * rows[0] + rows[1]
    KrylovBasis(rows[:1]).orthogonalise(vector)
    assert vector.norm() == pytest.approx(1, rel=1e-4)
    assert abs(rows[0] @ vector) <= 10 * EPS


def test_vector_of_the_span_becomes_zero() -> None:
    rows = orthonormal(40, 60)
    vector = rows.T @ torch.ones(40).double()
    assert KrylovBasis(rows).orthogonalise(vector) == 0
    assert not vector.any()
