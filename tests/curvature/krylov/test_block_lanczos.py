"""BlockLanczos against dense algebra: its relation, ranks, restarts and states."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from eigenscape.curvature.krylov.block_lanczos import BlockLanczos

SIZE = 60


def matrix_of(kind: str, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    rng = np.random.default_rng(2)
    basis = np.linalg.qr(rng.standard_normal((SIZE, SIZE)))[0]
    eigenvalues = {
        "bulk": rng.uniform(-1, 1, SIZE),
        "outliers": np.append(rng.uniform(-1, 1, SIZE - 3), [9, 9, 30]),
        "decaying": np.exp(-np.arange(SIZE) / 2),
    }[kind]
    matrix = basis * eigenvalues @ basis.T
    return torch.from_numpy((matrix + matrix.T) / 2).to(dtype)


def starts(
    count: int, dtype: torch.dtype = torch.float64, *, seed: int = 0
) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, SIZE, generator=generator, dtype=torch.float64).to(dtype)


def run(matrix: torch.Tensor, width: int, steps: int) -> BlockLanczos:
    lanczos = BlockLanczos(starts(width, matrix.dtype))
    for _ in range(steps):
        lanczos.expand(lanczos.block @ matrix, 0.0)
    return lanczos


def assert_relation(lanczos: BlockLanczos, matrix: torch.Tensor, slack: float) -> None:
    """A Vᵀ = Vᵀ T + Qᵀ C, and all rows but an unswept block orthonormal."""
    norm = torch.linalg.matrix_norm(matrix.double(), 2)
    rounding = slack * torch.finfo(matrix.dtype).eps
    every = lanczos.basis.rows().double()
    rows, block = every[lanczos.fixed :], lanczos.block.double()
    explained = torch.from_numpy(lanczos.projected) @ rows
    explained += torch.from_numpy(lanczos.coupling).T @ block
    assert (rows @ matrix.double() - explained).abs().max() <= rounding * norm
    assert (every @ every.T - torch.eye(len(every))).abs().max() <= rounding
    if len(block):
        assert (block @ block.T - torch.eye(len(block))).abs().max() <= rounding
    if len(block) and lanczos.swept:
        assert (every @ block.T).abs().max() <= rounding


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("width", [1, 2, 3])
@pytest.mark.parametrize("kind", ["bulk", "outliers", "decaying"])
def test_relation_holds_at_every_step(kind, width, dtype) -> None:
    matrix = matrix_of(kind, dtype)
    lanczos = BlockLanczos(starts(width, dtype))
    for _ in range(SIZE // width):
        if not len(lanczos.block) or len(lanczos.basis) + width > SIZE:
            break
        lanczos.expand(lanczos.block @ matrix, 0.0)
        assert_relation(lanczos, matrix, slack=200)


@pytest.mark.parametrize("width", [1, 2])
def test_relation_survives_restarts(width: int) -> None:
    matrix = matrix_of("outliers")
    lanczos = BlockLanczos(starts(width))
    for _ in range(6):
        while len(lanczos.basis) + width <= 16:
            lanczos.expand(lanczos.block @ matrix, 0.0)
        vectors = lanczos.ritz().coefficients
        lanczos.keep(np.zeros(0, dtype=np.int64), vectors[:, -6:])
        assert lanczos.swept
        assert_relation(lanczos, matrix, slack=200)
    expected = np.linalg.eigvalsh(matrix.numpy())[-6:]
    found = lanczos.ritz()
    assert np.all(np.abs(found.values[-3:] - expected[-3:]) <= 1e-9)
    assert np.all(found.residuals >= 0)


def test_ritz_pairs_have_the_residuals_stated() -> None:
    matrix = matrix_of("bulk")
    lanczos = run(matrix, 2, 7)
    ritz = lanczos.ritz()
    vectors = torch.from_numpy(ritz.coefficients).T @ lanczos.basis.rows()
    remainders = vectors @ matrix - torch.from_numpy(ritz.values)[:, None] * vectors
    norms = torch.linalg.vector_norm(remainders, dim=1).numpy()
    np.testing.assert_allclose(ritz.residuals, norms, atol=1e-13)
    start = starts(2)[0] / starts(2)[0].norm()
    moment = float(start @ matrix @ matrix @ start)
    assert ritz.weights @ ritz.values**2 == pytest.approx(moment, rel=1e-12)


@pytest.mark.parametrize("width", [1, 2, 3])
@pytest.mark.parametrize("rank", [0, 1, 2, 4])
def test_rank_is_lost_where_the_space_is_invariant(width: int, rank: int) -> None:
    rows = starts(max(rank, 1), seed=9)
    rows = torch.linalg.qr(rows.T)[0].T[:rank]
    matrix = rows.T @ torch.diag(torch.arange(1.0, rank + 1).double()) @ rows
    lanczos = BlockLanczos(starts(width))
    steps = 0
    while len(lanczos.block):
        lanczos.expand(lanczos.block @ matrix, 0.0)
        steps += 1
    # the starts' parts outside the range, all of the range, a step made of rounding
    assert 0 <= len(lanczos.basis) - (width + rank) <= width
    assert steps <= rank + 2
    assert_relation(lanczos, matrix, slack=200)
    expected = np.zeros(len(lanczos.basis))
    expected[len(expected) - rank :] = np.arange(1.0, rank + 1)
    np.testing.assert_allclose(lanczos.ritz().values, expected, atol=1e-12)


def test_rows_fixed_to_a_tolerance_leave_the_others_orthonormal() -> None:
    matrix = matrix_of("outliers")
    exact = np.linalg.eigh(matrix.numpy())[1][:, -3:].T
    rough = torch.linalg.qr(torch.from_numpy(exact.T) + 1e-4 * starts(3).T)[0].T
    lanczos = BlockLanczos(starts(1))
    lanczos.basis.extend(rough)
    lanczos.begin(starts(1))
    for _ in range(9):
        lanczos.expand(lanczos.block @ matrix, 30.0)
    every = lanczos.basis.rows()
    assert (every @ every.T - torch.eye(len(every))).abs().max() <= 1e-14


@pytest.mark.parametrize("dependence", [1e-5, 1e-9, 1e-13])
def test_blocks_that_nearly_lose_rank_stay_orthonormal(dependence: float) -> None:
    nearly = starts(2)
    nearly[1] = nearly[0] + dependence * nearly[1]
    lanczos = BlockLanczos(nearly)
    basis = torch.linalg.qr(starts(SIZE).T)[0]
    values = torch.zeros(SIZE).double()
    values[:6] = torch.tensor([1, dependence, dependence / 2, 0, 0, 0])
    matrix = basis * values @ basis.T
    for _ in range(3):
        lanczos.expand(lanczos.block @ matrix, 0.0)
        assert_relation(lanczos, matrix, slack=200)


def test_dependent_starts_are_dropped() -> None:
    row = starts(1)
    lanczos = BlockLanczos(torch.cat([row, torch.zeros_like(row), starts(2)[1:]]))
    assert len(lanczos.block) == 2


def test_a_run_beside_fixed_rows_sees_the_complement_only() -> None:
    matrix = matrix_of("bulk")
    values, vectors = np.linalg.eigh(matrix.numpy())
    lanczos = BlockLanczos(starts(1))
    lanczos.basis.extend(torch.from_numpy(vectors.T[-2:].copy()))
    lanczos.begin(starts(2)[1:])
    for _ in range(40):
        lanczos.expand(lanczos.block @ matrix, 0.0)
    assert_relation(lanczos, matrix, slack=200)
    assert lanczos.ritz().values[-1] == pytest.approx(values[-3], abs=1e-12)
    kept = np.array([1])
    lanczos.keep(kept, lanczos.ritz().coefficients[:, -1:])
    assert (lanczos.fixed, len(lanczos.basis)) == (1, 2)
    overlap = lanczos.basis.rows().numpy() @ vectors[:, [-1, -3]]
    np.testing.assert_allclose(np.abs(overlap), np.eye(2), atol=1e-7)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("count", [1, 2, 4])
def test_residuals_are_bounded_by_the_product_of_a_sum(count, dtype) -> None:
    matrix = matrix_of("outliers", dtype)
    lanczos = run(matrix, 2, 7)
    ritz = lanczos.ritz()
    lanczos.keep(np.zeros(0, np.int64), ritz.coefficients[:, -4:])
    image = lanczos.sum_of(count) @ matrix
    fault = starts(1, dtype, seed=5)
    plain = lanczos.residual_bounds(image.clone(), count)
    faulty = lanczos.residual_bounds(image + fault, count)
    rows = lanczos.basis.rows().double()[:count]
    values = torch.from_numpy(ritz.values[-4:][:count])[:, None]
    true = torch.linalg.vector_norm(rows @ matrix.double() - values * rows, dim=1)
    rounding = 30 * 50 * torch.finfo(dtype).eps
    np.testing.assert_allclose(plain, true, atol=rounding)
    np.testing.assert_allclose(faulty - plain, float(fault.norm()), atol=rounding)


def test_polishing_and_going_on_from_remainders() -> None:
    matrix = matrix_of("outliers")
    exact = np.linalg.eigh(matrix.numpy())[1][:, -2:].T
    rough = torch.linalg.qr(torch.from_numpy(exact.T) + 0.01 * starts(2).T)[0].T
    lanczos = BlockLanczos(starts(1))
    lanczos.basis.extend(rough)
    remainders = lanczos.basis.rows() @ matrix
    values = lanczos.polish(remainders)
    rows = lanczos.basis.rows()
    assert values[0] >= values[1]
    expected = rows @ matrix - torch.from_numpy(values)[:, None] * rows
    torch.testing.assert_close(remainders, expected)
    lanczos.continue_from(remainders, np.array([1, 0]))
    assert_relation(lanczos, matrix, slack=200)
    for _ in range(8):
        lanczos.expand(lanczos.block @ matrix, 0.0)
        assert_relation(lanczos, matrix, slack=200)
    assert lanczos.ritz().values[-1] == pytest.approx(30, abs=1e-9)


@pytest.mark.parametrize("steps", [3, 4])
def test_going_on_from_a_state_gives_the_same_bits(steps: int) -> None:
    matrix = matrix_of("bulk", torch.float32)
    lanczos, other = run(matrix, 1, steps), run(matrix, 2, 1)
    other.restore({name: part.clone() for name, part in lanczos.state().items()})
    for one in (lanczos, other):
        for _ in range(5):
            one.expand(one.block @ matrix, 0.0)
    assert lanczos.swept == other.swept
    for name, part in lanczos.state().items():
        assert torch.equal(part, other.state()[name]), name
