"""KrylovBasis: orthogonality across blocks, and vectors that lie in the span."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from eigenscape.curvature.krylov.basis import (
    BLOCK,
    COLUMNS,
    SUMMANDS,
    KrylovBasis,
    inner_products,
    rotate,
)

EPS = np.finfo(float).eps


def orthonormal(rows: int, length: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    square = torch.randn(length, length, generator=generator, dtype=torch.float64)
    return torch.linalg.qr(square)[0][:rows]


def random(rows: int, length: int, seed: int = 1) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rows, length, generator=generator, dtype=torch.float64)


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


def test_rows_are_copied() -> None:
    rows = orthonormal(3, 10)
    basis = KrylovBasis(rows)
    basis.rotate(torch.eye(3).double().flip(0))
    torch.testing.assert_close(rows, orthonormal(3, 10))


def test_orthogonalise() -> None:
    rows = orthonormal(70, 120)
    basis = KrylovBasis(rows)
    vector = random(1, 120)[0]
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


@pytest.mark.parametrize("first", [0, 1, BLOCK, BLOCK + 3, 70])
@pytest.mark.parametrize("count", [1, 3])
def test_sweep(first: int, count: int) -> None:
    rows = orthonormal(70, 120)
    vectors = random(count, 120)
    expected = vectors - vectors @ rows[first:].T @ rows[first:]
    along = vectors @ rows[first:].T
    torch.testing.assert_close(KrylovBasis(rows).sweep(vectors, first), along)
    torch.testing.assert_close(vectors, expected)


@pytest.mark.parametrize("kept", [1, BLOCK, BLOCK + 1, 2 * BLOCK + 1])
def test_rotate(kept: int) -> None:
    count, length = 2 * BLOCK + 1, COLUMNS + 7
    rows = random(count, length)
    basis = KrylovBasis(rows)
    turn = orthonormal(kept, count).T
    basis.rotate(turn)
    assert len(basis) == kept
    torch.testing.assert_close(basis.rows(), turn.T @ rows)
    basis.append(rows[0])
    assert torch.equal(basis.rows()[-1], rows[0])


def test_rotating_loose_rows() -> None:
    rows = random(5, COLUMNS + 7)
    turn = orthonormal(5, 5).T
    expected = turn.T @ rows
    rotate(rows, turn)
    torch.testing.assert_close(rows, expected)


@pytest.mark.parametrize("kept", [1, BLOCK, BLOCK + 1, 2 * BLOCK + 1])
def test_trimming_keeps_the_rows_and_lets_them_grow(kept: int) -> None:
    rows = random(2 * BLOCK + 1, 90)
    basis = KrylovBasis(rows)
    basis.rotate(torch.eye(len(rows), kept).double())
    basis.trim()
    basis.append(rows[0])
    assert torch.equal(basis.rows(), torch.cat([rows[:kept], rows[:1]]))


def test_remainders() -> None:
    rows, images = random(BLOCK + 2, 90), random(BLOCK + 2, 90, seed=3)
    values = np.linspace(-1, 1, BLOCK + 2)
    expected = images - torch.from_numpy(values)[:, None] * rows
    KrylovBasis(rows).remainders(images, values)
    torch.testing.assert_close(images, expected)


def test_rows_are_stored_alike_whatever_their_history() -> None:
    rows = random(BLOCK + 9, 500).float()
    grown = KrylovBasis(rows[:3])
    for row in rows[3:]:
        grown.append(row)
    first, second = (random(2, 500, seed=4).float() for _ in range(2))
    assert torch.equal(grown.sweep(first), KrylovBasis(rows).sweep(second))
    assert torch.equal(first, second)


def test_inner_products_keep_the_precision_of_their_type() -> None:
    # Numbers of one sign, where one running sum loses the most digits
    row = torch.full((1, 60 * SUMMANDS), 0.37)
    exact = float(row[0].double() @ row[0].double())
    # rounding of a part walks at random, by half a spacing a term at most
    rounding = SUMMANDS**0.5 * torch.finfo(torch.float32).eps
    assert abs(inner_products(row, row).item() / exact - 1) <= rounding
