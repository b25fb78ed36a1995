"""Hutchinson's estimate: exact cases, and standard errors that cover."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from eigenscape.curvature import Dense, trace


def test_exact_for_a_diagonal_matrix() -> None:
    estimate = trace(
        Dense(torch.diag(torch.arange(5.0))), probes=4, generator=torch.Generator()
    )
    assert (estimate.value, estimate.standard_error, estimate.samples) == (10, 0, 4)


def test_standard_errors_cover() -> None:
    rng = np.random.default_rng(0)
    square = rng.standard_normal((60, 60))
    matrix = square @ square.T / 60
    operator, exact = Dense(torch.from_numpy(matrix)), np.trace(matrix)
    off = matrix - np.diag(np.diag(matrix))
    runs = [
        trace(operator, probes=40, generator=torch.Generator().manual_seed(seed))
        for seed in range(200)
    ]
    formula = np.sqrt(2 * (off**2).sum() / 40)
    errors = np.array([run.value - exact for run in runs])
    assert abs(errors.mean()) < 4 * formula / np.sqrt(200)
    # a standard deviation of 200 normal numbers is known to 5 %, here to four times it
    assert errors.std() == pytest.approx(formula, rel=0.2)
    bounds = np.array([2 * run.standard_error for run in runs])
    # 0.954, less four standard errors of 200 trials; wider bars would cover all
    assert 0.88 < np.mean(np.abs(errors) < bounds) < 1


def test_one_probe_is_refused() -> None:
    with pytest.raises(ValueError, match=r"probes: expected at least 2.*got 1"):
        trace(Dense(torch.eye(2)), probes=1, generator=torch.Generator())
