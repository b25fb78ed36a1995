"""Lanczos: its defining identities, the Gauss rule, and its early ends."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eigenscape.core import StorageError
from eigenscape.curvature import Dense, Krylov, lanczos, process, ritz
from eigenscape.curvature.krylov.basis import KrylovBasis
from eigenscape.curvature.krylov.lanczos import Reorthogonalise
from interrupted import Interrupted, OutOfProductsError

EPS = np.finfo(float).eps
KINDS: list[Reorthogonalise] = ["none", "partial", "full"]


def matrix_of(eigenvalues: np.ndarray, seed: int = 0) -> torch.Tensor:
    size = len(eigenvalues)
    rng = np.random.default_rng(seed)
    basis, _ = np.linalg.qr(rng.standard_normal((size, size)))
    matrix = basis * eigenvalues @ basis.T
    return torch.from_numpy((matrix + matrix.T) / 2)


def start_of(size: int, seed: int = 1) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(size, generator=generator, dtype=torch.float64)


def tridiagonal(alpha: np.ndarray, beta: np.ndarray) -> np.ndarray:
    return np.diag(alpha) + np.diag(beta[:-1], 1) + np.diag(beta[:-1], -1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("steps", [1, 2, 40, 100])
def test_identities(dtype: torch.dtype, steps: int) -> None:
    matrix = matrix_of(np.geomspace(1e-6, 1, 100)).to(dtype)
    krylov = lanczos(Dense(matrix), start_of(100).to(dtype), steps=steps)
    assert krylov.basis is not None
    q = krylov.basis.double().numpy()
    a, m = matrix.double().numpy(), q.shape[1]
    rounding = 100 * torch.finfo(dtype).eps
    t = tridiagonal(krylov.alpha, krylov.beta)
    assert np.abs(q.T @ q - np.eye(m)).max() <= rounding
    assert np.abs(q.T @ a @ q - t).max() <= rounding
    remainder = a @ q - q @ t
    assert np.abs(remainder[:, :-1]).max(initial=0) <= rounding
    assert abs(np.linalg.norm(remainder[:, -1]) - krylov.beta[-1]) <= rounding
    assert krylov.alpha.dtype == krylov.beta.dtype == np.float64


@given(
    st.integers(1, 30), st.integers(1, 40), st.integers(0, 1000), st.floats(-3.0, 3.0)
)
@settings(max_examples=30, deadline=None, derandomize=True)
def test_gauss_rule_is_exact_to_degree_2m_minus_1(
    size: int, steps: int, seed: int, shift: float
) -> None:
    eigenvalues = np.random.default_rng(seed).uniform(-1, 1, size) + shift
    matrix, start = matrix_of(eigenvalues, seed), start_of(size, seed)
    rule = ritz(lanczos(Dense(matrix), start, steps=steps))
    m = len(rule.values)
    assert m == min(steps, size)
    scale = np.abs(eigenvalues).max()
    values, vectors = np.linalg.eigh(matrix.numpy() / scale)
    weights = (vectors.T @ start.numpy()) ** 2 / float(start @ start)
    for degree in range(2 * m):
        exact = (weights * values**degree).sum()
        found = (rule.weights * (rule.values / scale) ** degree).sum()
        assert abs(exact - found) <= 100 * (degree + 1) * EPS


def test_weights_sum_to_one_and_residuals_are_true() -> None:
    matrix = matrix_of(np.linspace(-1, 2, 60))
    krylov = lanczos(Dense(matrix), start_of(60), steps=20)
    pairs = ritz(krylov)
    assert pairs.weights.sum() == pytest.approx(1, abs=20 * EPS)
    assert krylov.basis is not None
    vectors = krylov.basis.numpy() @ pairs.coefficients
    true = np.linalg.norm(matrix.numpy() @ vectors - vectors * pairs.values, axis=0)
    np.testing.assert_allclose(pairs.residuals, true, atol=100 * EPS)
    assert np.all(np.diff(pairs.values) > 0)


def test_without_reorthogonalisation_ghosts_share_their_parents_weight() -> None:
    eigenvalues = np.concatenate([np.linspace(0, 1, 195), [4, 5, 6, 8, 10.0]])
    matrix, start = matrix_of(eigenvalues), start_of(200)
    free = lanczos(Dense(matrix), start, steps=80, reorthogonalise="none")
    held = lanczos(Dense(matrix), start, steps=80)
    assert free.basis is None
    pairs, exact = ritz(free), ritz(held)
    assert (pairs.values > 3).sum() > (exact.values > 3).sum() == 5
    for outlier in (4, 5, 6, 8, 10):
        masses = [
            rule.weights[np.abs(rule.values - outlier) < 0.1].sum()
            for rule in (pairs, exact)
        ]
        assert masses[0] == pytest.approx(masses[1], rel=1e-6)


@pytest.mark.parametrize("reorthogonalise", KINDS)
@pytest.mark.parametrize(
    ("eigenvalues", "distinct"),
    [
        (np.zeros(9), 1),
        (np.full(9, 3.0), 1),
        (np.repeat([0.0, 1.0, 5.0], 20), 3),
        (np.array([2.0]), 1),
    ],
    ids=["zero", "identity", "three values", "one by one"],
)
def test_ends_early_on_an_invariant_space(
    eigenvalues: np.ndarray, distinct: int, reorthogonalise: Reorthogonalise
) -> None:
    # diagonal, so that products are free of rounding and the end is seen at once
    operator = Dense(torch.diag(torch.from_numpy(eigenvalues)))
    start = start_of(operator.size)
    krylov = lanczos(operator, start, steps=50, reorthogonalise=reorthogonalise)
    assert krylov.invariant
    found = ritz(krylov)
    assert len(found.values) == distinct
    assert found.values == pytest.approx(np.unique(eigenvalues), abs=100 * EPS)


@pytest.mark.parametrize("reorthogonalise", KINDS)
def test_rounding_taken_for_a_direction_does_no_harm(
    reorthogonalise: Reorthogonalise,
) -> None:
    operator = Dense(matrix_of(np.repeat([0.0, 1.0, 5.0], 20)))
    pairs = ritz(
        lanczos(operator, start_of(60), steps=9, reorthogonalise=reorthogonalise)
    )
    distances = np.abs(pairs.values[:, None] - [0.0, 1.0, 5.0]).min(1)
    assert pairs.weights @ distances <= 100 * EPS


def test_takes_at_most_as_many_steps_as_dimensions() -> None:
    eigenvalues = np.linspace(1, 2, 7)
    krylov = lanczos(Dense(matrix_of(eigenvalues)), start_of(7), steps=100)
    assert len(krylov.alpha) == 7
    assert krylov.invariant
    assert ritz(krylov).values == pytest.approx(eigenvalues, abs=100 * EPS)


def test_stop_rule_ends_the_run() -> None:
    seen: list[int] = []

    def stop(alpha: np.ndarray, beta: np.ndarray) -> bool:
        seen.append(len(alpha))
        return len(beta) >= 12

    operator = Dense(matrix_of(np.linspace(0, 1, 50)))
    krylov = lanczos(operator, start_of(50), steps=40, stop=stop)
    assert seen == [4, 8, 12]
    assert len(krylov.alpha) == 12
    assert not krylov.invariant


@pytest.mark.parametrize(
    ("start", "steps", "message"),
    [
        (torch.zeros(4), 3, "start: .* norm 0.0"),
        (torch.full((4,), torch.inf), 3, "start: .* norm inf"),
        (torch.ones(3), 3, r"start: expected shape \(4,\), got \(3,\)"),
        (torch.ones(4), 0, "steps: expected at least 1"),
    ],
)
def test_bad_arguments(start: torch.Tensor, steps: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        lanczos(Dense(torch.eye(4)), start, steps=steps)


@pytest.mark.parametrize("reorthogonalise", KINDS)
def test_products_that_are_not_finite_are_refused(
    reorthogonalise: Reorthogonalise,
) -> None:
    matrix = torch.eye(4)
    matrix[0, 0] = torch.nan
    with pytest.raises(ValueError, match="finite products, got others at step 1"):
        lanczos(Dense(matrix), torch.ones(4), steps=2, reorthogonalise=reorthogonalise)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    "eigenvalues",
    [
        np.concatenate([np.linspace(0, 1, 290), np.geomspace(2, 100, 10)]),
        np.geomspace(1e-8, 1, 300),
        np.concatenate([np.zeros(250), np.linspace(0.1, 3, 50)]),
    ],
    ids=["outliers", "geometric", "many zeros"],
)
def test_partial_is_as_right_as_full_for_fewer_sweeps(
    eigenvalues: np.ndarray, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = Dense(matrix_of(eigenvalues).to(dtype))
    start = start_of(300).to(dtype)
    sweeps: list[int] = []
    sweep = KrylovBasis.orthogonalise

    def counted(self: KrylovBasis, vector: torch.Tensor) -> float:
        sweeps.append(len(self))
        return sweep(self, vector)

    monkeypatch.setattr(KrylovBasis, "orthogonalise", counted)
    partial = lanczos(operator, start, steps=45, reorthogonalise="partial")
    assert partial.basis is not None
    q, eps = partial.basis.double(), torch.finfo(dtype).eps
    assert (q.T @ q - torch.eye(q.shape[1])).abs().max() <= eps**0.5
    assert 0 < len(sweeps) < 45
    # T and the projection of A onto the span of Q, to the rounding of a few products
    allowed = 10 * eps * np.abs(eigenvalues).max()
    assert projection_defect(operator, partial) <= allowed


def projection_defect(operator: Dense, krylov: Krylov) -> float:
    assert krylov.basis is not None
    orthonormal, _ = np.linalg.qr(krylov.basis.double().numpy())
    matrix = operator.matrix.double().numpy()
    projected = np.linalg.eigvalsh(orthonormal.T @ matrix @ orthonormal)
    return float(np.abs(ritz(krylov).values - projected).max())


@pytest.mark.parametrize("reorthogonalise", KINDS)
def test_interrupted_run_goes_on_to_the_same_bits(
    reorthogonalise: Reorthogonalise, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "SAVE_INTERVAL", 0.0)
    monkeypatch.setattr(process, "SAVE_SHARE", 0.0)
    eigenvalues = np.concatenate([np.linspace(0, 1, 195), [4, 5, 6, 8, 10.0]])
    operator, start = Dense(matrix_of(eigenvalues)), start_of(200)

    def run(first: int, checkpoint: Path | None, steps: int = 70) -> Krylov:
        counted = Interrupted(operator, first)
        return lanczos(
            counted,
            start,
            steps=steps,
            reorthogonalise=reorthogonalise,
            stop=lambda alpha, beta: len(alpha) + len(beta) >= 2 * 68,
            checkpoint=checkpoint,
        )

    whole = run(100, None)
    file = tmp_path / "run"
    with pytest.raises(OutOfProductsError):
        run(41, file)
    again = run(68 - 41, file)
    assert np.array_equal(again.alpha, whole.alpha)
    assert np.array_equal(again.beta, whole.beta)
    if whole.basis is not None:
        assert again.basis is not None
        assert torch.equal(again.basis, whole.basis)
    assert np.array_equal(run(0, file).alpha, whole.alpha)
    with pytest.raises(ValueError, match="steps: expected at least the 68 of the che"):
        run(0, file, steps=60)
    with pytest.raises(StorageError, match="that of another"):
        lanczos(operator, start_of(200, 2), steps=70, checkpoint=file)


def test_longer_run_goes_on_where_a_shorter_one_ended(tmp_path: Path) -> None:
    operator, start = Dense(matrix_of(np.linspace(0, 1, 80))), start_of(80)
    file = tmp_path / "run"
    lanczos(operator, start, steps=10, checkpoint=file)
    longer = lanczos(Interrupted(operator, 15), start, steps=25, checkpoint=file)
    whole = lanczos(operator, start, steps=25)
    assert np.array_equal(longer.alpha, whole.alpha)
    assert np.array_equal(longer.beta, whole.beta)


def test_unknown_reorthogonalisation_is_refused() -> None:
    with pytest.raises(Exception, match="reorthogonalise"):
        lanczos(Dense(torch.eye(4)), torch.ones(4), steps=2, reorthogonalise="some")
