"""Lockstep: the runs are those that each vector would have had alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from eigenscape.curvature import Dense, process, ritz
from eigenscape.curvature.krylov.lanczos import Recurrence, Reorthogonalise
from eigenscape.curvature.krylov.lockstep import Lockstep
from eigenscape.curvature.process import drive
from interrupted import Interrupted, OutOfProductsError

EPS = float(np.finfo(float).eps)
KINDS: list[Reorthogonalise] = ["none", "partial", "full"]
EIGENVALUES = np.concatenate([np.linspace(-1, 1, 95), [2, 3, 5, 8, 13.0]])


def dense(eigenvalues: np.ndarray = EIGENVALUES) -> tuple[Dense, np.ndarray]:
    rng = np.random.default_rng(0)
    basis, _ = np.linalg.qr(rng.standard_normal((len(eigenvalues),) * 2))
    matrix = basis * eigenvalues @ basis.T
    return Dense(torch.from_numpy((matrix + matrix.T) / 2)), basis


def starts(count: int, size: int = 100) -> torch.Tensor:
    generator = torch.Generator().manual_seed(3)
    return torch.randn(count, size, generator=generator, dtype=torch.float64).T


def coefficients(runs: Sequence[Recurrence]) -> list[np.ndarray]:
    return [np.concatenate([run.alpha, run.beta]) for run in runs]


@pytest.mark.parametrize("reorthogonalise", KINDS)
def test_runs_are_those_of_each_vector_alone(reorthogonalise: Reorthogonalise) -> None:
    operator, _ = dense()
    together = Lockstep(starts(3), steps=12, reorthogonalise=reorthogonalise)
    drive(together, operator)
    for run, start in zip(together.runs, starts(3).T, strict=True):
        alone = Recurrence(start, steps=12, reorthogonalise=reorthogonalise)
        drive(alone, operator)
        # a block product rounds otherwise; twelve steps magnify it little
        np.testing.assert_allclose(run.alpha, alone.alpha, atol=1e4 * EPS)
        np.testing.assert_allclose(run.beta, alone.beta, atol=1e4 * EPS)


def test_runs_that_end_early_leave_the_others_alone() -> None:
    operator = Dense(torch.diag(torch.from_numpy(EIGENVALUES)))
    vectors = starts(3)
    vectors[:, 1] = 0
    vectors[[0, 40, 97], 1] = 1.0
    together = Lockstep(vectors, steps=10)
    counted = Interrupted(operator, 10 + 3 + 10)
    drive(together, counted)
    assert [run.products for run in together.runs] == [10, 3, 10]
    assert [run.invariant for run in together.runs] == [False, True, False]
    assert counted.given == together.products == 23
    found = ritz(together.runs[1].krylov()).values
    np.testing.assert_allclose(found, EIGENVALUES[[0, 40, 97]], atol=100 * EPS)
    alone = Recurrence(vectors[:, 2], steps=10)
    drive(alone, operator)
    np.testing.assert_allclose(together.runs[2].alpha, alone.alpha, atol=1e4 * EPS)


def test_rows_are_passed_on_without_copies() -> None:
    together = Lockstep(starts(3), steps=5)
    wanted = together.wanted
    assert wanted is not None
    rows = torch.rand(3, 100, generator=torch.Generator(), dtype=torch.float64)
    together.receive(rows.T)
    following = together.wanted
    assert following is not None
    assert following.data_ptr() == rows.data_ptr()


def test_joint_stop_ends_all_runs() -> None:
    operator, _ = dense()
    seen: list[int] = []

    def stop(runs: Sequence[Recurrence]) -> bool:
        seen.append(runs[0].products)
        return len(runs) == 2 and seen[-1] >= 8

    together = Lockstep(starts(2), steps=20, stop=stop)
    drive(together, operator)
    assert seen == [4, 8]
    assert [run.products for run in together.runs] == [8, 8]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_runs_stay_orthogonal_to_known_vectors(dtype: torch.dtype) -> None:
    operator, basis = dense(
        np.concatenate([np.linspace(-1, 1, 95), 20.0 ** np.arange(5)])
    )
    operator = Dense(operator.matrix.to(dtype))
    known = torch.from_numpy(basis.T[95:].copy()).to(dtype)
    vectors = starts(2).to(dtype)
    together = Lockstep(vectors, steps=40, orthogonal_to=known)
    drive(together, operator)
    rounding = 20.0**4 * torch.finfo(dtype).eps
    for run in together.runs:
        values = ritz(run.krylov()).values
        assert values.max() <= 1 + 10 * rounding
        assert values.min() >= -1 - 10 * rounding


@pytest.mark.parametrize("avoided", [0, 5])
@pytest.mark.parametrize("reorthogonalise", KINDS)
def test_interrupted_runs_go_on_to_the_same_bits(
    reorthogonalise: Reorthogonalise,
    avoided: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "SAVE_INTERVAL", 0.0)
    monkeypatch.setattr(process, "SAVE_SHARE", 0.0)
    operator, basis = dense()
    vectors = starts(3)
    vectors[:, 1] = torch.from_numpy(basis[:, :4].sum(1))

    def run(last: int, checkpoint: Path | None) -> Lockstep:
        together = Lockstep(
            vectors,
            steps=30,
            reorthogonalise=reorthogonalise,
            stop=lambda runs: runs[0].products >= 24,
            orthogonal_to=torch.from_numpy(basis.T[100 - avoided :].copy()),
        )
        drive(together, Interrupted(operator, last), checkpoint=checkpoint)
        return together

    whole = run(100, None)
    file = tmp_path / "runs"
    with pytest.raises(OutOfProductsError):
        run(41, file)
    again = run(whole.products - 39, file)
    for first, second in zip(
        coefficients(whole.runs), coefficients(again.runs), strict=True
    ):
        assert np.array_equal(first, second)
    assert run(0, file).products == whole.products
