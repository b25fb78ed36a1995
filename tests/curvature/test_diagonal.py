"""The diagonal: every entry unbiased, with a standard error that covers."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch
from scipy import stats

from eigenscape.curvature import Dense, LinearOperator, process
from eigenscape.curvature.diagonal import DiagonalEstimate, DiagonalMethod, diagonal
from interrupted import Interrupted, OutOfProductsError
from rotated import SPECTRA, matrix_of, network_hessian, rotated

METHODS: list[DiagonalMethod] = list(get_args(DiagonalMethod))
TRIALS = 120


def run(
    operator: LinearOperator,
    method: DiagonalMethod,
    *,
    probes: int = 20,
    seed: int = 0,
    checkpoint: Path | None = None,
) -> DiagonalEstimate:
    return diagonal(
        operator,
        probes=probes,
        generator=torch.Generator().manual_seed(seed),
        method=method,
        checkpoint=checkpoint,
    )


@pytest.mark.parametrize("name", SPECTRA)
@pytest.mark.parametrize("method", METHODS)
def test_standard_errors_cover(method: DiagonalMethod, name: str) -> None:
    operator = rotated(SPECTRA[name])
    runs = [run(operator, method, seed=seed) for seed in range(TRIALS)]
    exact = operator.matrix.numpy().diagonal()
    errors = np.array([found.value for found in runs]) - exact
    stated = np.array([found.standard_error for found in runs])
    deviations = errors.std(axis=0)
    # eighty entries: four and a half standard errors of each mean
    assert np.all(np.abs(errors.mean(0)) < 4.5 * deviations / TRIALS**0.5)
    # 80 × 120 correlated numbers; a quarter of the entries as if they were one
    ratio = (stated**2).mean() / (errors**2).mean()
    assert ratio == pytest.approx(1, rel=0.15)
    quantile = stats.t.ppf(0.975, runs[0].samples - 1)
    covered = np.mean(np.abs(errors) < quantile * stated)
    # 0.95, less 0.03 for samples that are far from normal
    assert 0.92 < covered < 0.98


def test_variance_of_hutchinson_is_that_of_the_formula() -> None:
    operator = rotated(SPECTRA["outliers"])
    square = operator.matrix.numpy() ** 2
    formula = (square.sum(1) - square.diagonal()) / 20
    values = [run(operator, "hutchinson", seed=seed).value for seed in range(TRIALS)]
    # eighty variances of 120 values, each known to 13 %
    ratios = np.var(values, axis=0) / formula
    assert ratios.mean() == pytest.approx(1, rel=0.1)
    assert np.all((ratios > 0.5) & (ratios < 1.6))


def test_outliers_are_caught_by_a_sketch() -> None:
    """Without the five outliers, ∑ λ² is 0.8 instead of 1489."""
    operator = rotated(SPECTRA["outliers"])
    plain = run(operator, "hutchinson", probes=40).standard_error
    assert np.all(run(operator, "diag++", probes=40).standard_error < plain / 4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_low_rank_is_found_whole(dtype: torch.dtype) -> None:
    eigenvalues = np.concatenate([[-3.0, 1, 2, 4], np.zeros(76)])
    operator = rotated(eigenvalues, dtype)
    found = run(operator, "diag++")
    # rounding of products of norm four with vectors of norm nine
    rounding = 400 * torch.finfo(dtype).eps
    np.testing.assert_allclose(
        found.value, matrix_of(operator).diagonal(), atol=rounding
    )
    assert found.standard_error.max() < rounding


@pytest.mark.parametrize("method", METHODS)
def test_as_many_products_as_columns_are_exact(method: DiagonalMethod) -> None:
    found = run(rotated(SPECTRA["flat"][:20]), method)
    exact = rotated(SPECTRA["flat"][:20]).matrix.numpy().diagonal()
    np.testing.assert_array_equal(found.value, exact)
    np.testing.assert_array_equal(found.standard_error, np.zeros(20))
    assert found.samples == 20


@pytest.mark.parametrize("method", METHODS)
def test_a_zero_matrix_has_a_zero_diagonal(method: DiagonalMethod) -> None:
    found = run(Dense(torch.zeros(50, 50)), method)
    assert not found.value.any()
    assert not found.standard_error.any()


@pytest.mark.parametrize("method", METHODS)
def test_the_hessian_of_a_network(method: DiagonalMethod) -> None:
    operator = network_hessian()
    found = run(operator, method, probes=60)
    exact = matrix_of(operator).diagonal()
    quantile = stats.t.ppf(1 - 1e-6, found.samples - 1)
    assert np.all(np.abs(found.value - exact) < quantile * found.standard_error)
    assert np.linalg.norm(found.standard_error) < np.linalg.norm(exact)


@pytest.mark.parametrize("method", METHODS)
def test_interrupted_runs_go_on_to_the_same_bits(
    method: DiagonalMethod, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "SAVE_INTERVAL", 0.0)
    monkeypatch.setattr(process, "SAVE_SHARE", 0.0)
    operator, file = rotated(SPECTRA["outliers"]), tmp_path / "run"
    whole = run(operator, method, probes=60)
    for last in (33, 20):
        with pytest.raises(OutOfProductsError):
            run(Interrupted(operator, last), method, probes=60, checkpoint=file)
    again = run(Interrupted(operator, 28), method, probes=60, checkpoint=file)
    np.testing.assert_array_equal(again.value, whole.value)
    np.testing.assert_array_equal(again.standard_error, whole.standard_error)


def test_bad_arguments_are_refused() -> None:
    operator = rotated(SPECTRA["flat"])
    for method, probes in (("hutchinson", 1), ("diag++", 3)):
        with pytest.raises(ValueError, match=rf"probes: expected .* got {probes}"):
            run(operator, method, probes=probes)
    unchecked = inspect.unwrap(diagonal)  # the tests' type checks come first
    with pytest.raises(ValueError, match=r"method: expected one of .*got 'hutch\+\+'"):
        unchecked(operator, probes=4, generator=torch.Generator(), method="hutch++")
