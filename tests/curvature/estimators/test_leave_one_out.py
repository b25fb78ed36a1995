"""The exchangeable estimate, against factorisations done anew for each sample."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from eigenscape.curvature import Dense
from eigenscape.curvature.estimators.leave_one_out import exchangeable_trace
from eigenscape.curvature.estimators.power_trace import compression
from eigenscape.curvature.estimators.sketch import Sketch
from eigenscape.curvature.process import drive
from rotated import SPECTRA, STEP, rotated

EPS = float(np.finfo(float).eps)


def sketch_of(operator: Dense, count: int, seed: int = 0) -> Sketch:
    sketch = Sketch(operator, count, generator=torch.Generator().manual_seed(seed))
    drive(sketch, operator)
    return sketch


def sample(matrix: np.ndarray, random: np.ndarray, probe: int, out: list[int]) -> float:
    """The estimate from one probe, the sketch being all vectors but some."""
    size = len(matrix)
    known = np.delete(random, out, axis=1)
    basis, _ = np.linalg.qr(matrix @ known)
    rest = random[:, probe] - basis @ (basis.T @ random[:, probe])
    scale = (size - known.shape[1]) / (rest @ rest)
    return np.trace(basis.T @ matrix @ basis) + scale * rest @ matrix @ rest


def brute_force(matrix: np.ndarray, random: np.ndarray) -> tuple[float, float]:
    count = random.shape[1]
    values = np.array([sample(matrix, random, j, [j]) for j in range(count)])
    changes = np.array([
        [values[j] - sample(matrix, random, j, [i, j]) for j in range(count)]
        for i in range(count)
    ])
    np.fill_diagonal(changes, 0)
    shared = (changes * changes.T).sum() / (count * (count - 1))
    return values.mean(), np.sqrt(values.var(ddof=1) / count + max(shared, 0))


@pytest.mark.parametrize("name", SPECTRA)
@pytest.mark.parametrize("count", [2, 3, 8])
def test_samples_are_those_of_sketches_made_anew(name: str, count: int) -> None:
    operator = rotated(SPECTRA[name])
    sketch = sketch_of(operator, count)
    found = exchangeable_trace(compression(sketch, 1), precision=EPS)
    value, error = brute_force(operator.matrix.numpy(), sketch.random.numpy())
    # rounding of the trace, magnified by the condition of the factor
    assert found.value == pytest.approx(value, rel=1e-9, abs=1e-9)
    assert found.standard_error == pytest.approx(error, rel=1e-7)
    assert found.samples == count


@pytest.mark.parametrize("name", SPECTRA)
def test_the_square_is_that_of_the_squared_matrix(name: str) -> None:
    operator = rotated(SPECTRA[name])
    sketch = sketch_of(operator, 6)
    found = exchangeable_trace(compression(sketch, 2), precision=EPS)
    matrix, random = operator.matrix.numpy(), sketch.random.numpy()
    basis, _ = np.linalg.qr(matrix @ random)
    values = []
    for out in range(6):
        basis, _ = np.linalg.qr(matrix @ np.delete(random, out, axis=1))
        rest = random[:, out] - basis @ (basis.T @ random[:, out])
        tail = (80 - 5) * np.sum((matrix @ rest) ** 2) / (rest @ rest)
        values.append(np.sum((matrix @ basis) ** 2) + tail)
    assert found.value == pytest.approx(np.mean(values), rel=1e-9)


def test_the_correlation_of_samples_is_in_the_standard_error() -> None:
    """Ten equal eigenvalues: the spread of the samples alone is half the error."""
    operator = rotated(STEP)
    runs = [
        exchangeable_trace(compression(sketch_of(operator, 10, s), 1), precision=EPS)
        for s in range(200)
    ]
    errors = np.array([run.value for run in runs]) - STEP.sum()
    stated = np.array([run.standard_error for run in runs]) ** 2
    # a variance of 200 values is known to 10 %, and to twice that with heavy tails;
    # the stated one is high by the negative covariances that are cut off, 10 % or so
    assert 0.6 < stated.mean() / errors.var() < 1.6


@given(st.integers(0, 12), st.integers(2, 8))
def test_low_rank_is_exact(rank: int, count: int) -> None:
    eigenvalues = np.concatenate([np.arange(1.0, rank + 1), np.zeros(60 - rank)])
    operator = rotated(eigenvalues)
    found = exchangeable_trace(
        compression(sketch_of(operator, count), 1), precision=EPS
    )
    assert np.isfinite(found.standard_error)
    if rank < count:
        # rounding of products, magnified by a condition number below 1e4
        assert found.value == pytest.approx(eigenvalues.sum(), abs=1e4 * EPS * 60)


def test_the_zero_matrix_has_no_error() -> None:
    operator = Dense(torch.zeros(20, 20, dtype=torch.float64))
    found = exchangeable_trace(compression(sketch_of(operator, 5), 1), precision=EPS)
    assert (found.value, found.standard_error) == (0, 0)


def test_a_multiple_of_one_has_no_error() -> None:
    operator = Dense(3 * torch.eye(20, dtype=torch.float64))
    found = exchangeable_trace(compression(sketch_of(operator, 5), 1), precision=EPS)
    assert found.value == pytest.approx(60, rel=100 * EPS)
    assert found.standard_error < 1e4 * EPS
