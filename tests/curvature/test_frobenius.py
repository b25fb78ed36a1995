"""The Frobenius norm: its standard errors cover, its bias is as stated."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch
from scipy import stats

from eigenscape.curvature import Dense, process
from eigenscape.curvature.estimators.power_trace import Method
from eigenscape.curvature.frobenius import frobenius_norm
from interrupted import Interrupted, OutOfProductsError
from rotated import SPECTRA, matrix_of, network_hessian, rotated

METHODS: list[Method] = list(get_args(Method))
TRIALS = 120


@pytest.mark.parametrize("name", ["flat", "decaying"])
@pytest.mark.parametrize("method", METHODS)
def test_standard_errors_cover(method: Method, name: str) -> None:
    operator, exact = rotated(SPECTRA[name]), np.linalg.norm(SPECTRA[name])
    runs = [
        frobenius_norm(
            operator,
            probes=24,
            generator=torch.Generator().manual_seed(seed),
            method=method,
        )
        for seed in range(TRIALS)
    ]
    errors = np.array([run.value for run in runs]) - exact
    stated = np.array([run.standard_error for run in runs])
    deviation = errors.std()
    bias = -(deviation**2) / (2 * exact)
    assert abs(errors.mean() - bias) < 4 * deviation / TRIALS**0.5
    # 120 trials know a variance to 13 %, here to three times it for heavy tails
    assert (stated**2).mean() == pytest.approx(errors.var(), rel=0.39)
    quantile = stats.t.ppf(0.975, runs[0].samples - 1)
    # 0.95, less four standard errors, and 0.02 for the skewness of squares
    assert 0.85 < np.mean(np.abs(errors) < quantile * stated) < 1


@pytest.mark.parametrize("method", METHODS)
def test_the_hessian_of_a_network(method: Method) -> None:
    operator = network_hessian()
    exact = np.linalg.norm(matrix_of(operator))
    for seed in range(5):
        found = frobenius_norm(
            operator,
            probes=30,
            generator=torch.Generator().manual_seed(seed),
            method=method,
        )
        quantile = stats.t.ppf(1 - 1e-4, found.samples - 1)
        assert abs(found.value - exact) < quantile * found.standard_error
        assert found.standard_error < 0.2 * exact


@pytest.mark.parametrize("method", METHODS)
def test_all_columns_give_the_norm_itself(method: Method) -> None:
    found = frobenius_norm(
        Dense(torch.tensor([[1.0, 2.0], [2.0, -4.0]])),
        probes=4,
        generator=torch.Generator(),
        method=method,
    )
    assert (found.value, found.standard_error, found.samples) == (5, 0, 2)


@pytest.mark.parametrize("method", METHODS)
def test_the_zero_matrix_has_norm_zero(method: Method) -> None:
    found = frobenius_norm(
        Dense(torch.zeros(30, 30)),
        probes=8,
        generator=torch.Generator(),
        method=method,
    )
    assert (found.value, found.standard_error) == (0, 0)


def test_an_interrupted_run_goes_on_to_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "SAVE_INTERVAL", 0.0)
    monkeypatch.setattr(process, "SAVE_SHARE", 0.0)
    operator = rotated(SPECTRA["decaying"])

    def run(last: int, checkpoint: Path | None):
        return frobenius_norm(
            Interrupted(operator, last),
            probes=50,
            generator=torch.Generator().manual_seed(1),
            method="xtrace",
            checkpoint=checkpoint,
        )

    with pytest.raises(OutOfProductsError):
        run(41, tmp_path / "norm")
    assert run(9, tmp_path / "norm") == run(50, None)


def test_one_probe_is_refused() -> None:
    with pytest.raises(ValueError, match=r"probes: expected at least 2.*got 1"):
        frobenius_norm(Dense(torch.eye(2)), probes=1, generator=torch.Generator())
