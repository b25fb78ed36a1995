"""The trace: unbiased by every method, with standard errors that cover."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
import torch
from scipy import stats

from eigenscape.curvature import Dense, trace
from eigenscape.curvature.estimators.power_trace import Method
from rotated import SPECTRA, matrix_of, network_hessian, rotated

METHODS: list[Method] = list(get_args(Method))
TRIALS = 200


def test_exact_for_a_diagonal_matrix() -> None:
    estimate = trace(
        Dense(torch.diag(torch.arange(5.0))), probes=4, generator=torch.Generator()
    )
    assert (estimate.value, estimate.standard_error, estimate.samples) == (10, 0, 4)


def test_hutchinson_is_the_mean_of_forms_of_sign_vectors() -> None:
    operator = rotated(SPECTRA["flat"])
    found = trace(operator, probes=40, generator=torch.Generator().manual_seed(3))
    bits = torch.randint(
        0, 2, (40, 80), generator=torch.Generator().manual_seed(3), dtype=torch.int8
    )
    signs = 2 * bits.double().numpy() - 1
    forms = ((signs @ operator.matrix.numpy()) * signs).sum(1)
    # rounding of a sum of 6400 terms of size 0.1
    assert found.value == pytest.approx(forms.mean(), abs=1e-12)
    expected = forms.std(ddof=1) / 40**0.5
    assert found.standard_error == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", SPECTRA)
@pytest.mark.parametrize("method", METHODS)
def test_standard_errors_cover(method: Method, name: str) -> None:
    """Flat, decaying, and five outliers over a bulk, with 20 products of 80."""
    operator = rotated(SPECTRA[name])
    runs = [
        trace(
            operator,
            probes=20,
            generator=torch.Generator().manual_seed(seed),
            method=method,
        )
        for seed in range(TRIALS)
    ]
    errors = np.array([run.value for run in runs]) - SPECTRA[name].sum()
    stated = np.array([run.standard_error for run in runs])
    assert abs(errors.mean()) < 4 * errors.std() / TRIALS**0.5
    # 200 trials know a variance to 10 %, here to three times it for heavy tails
    assert (stated**2).mean() == pytest.approx(errors.var(), rel=0.3)
    quantile = stats.t.ppf(0.975, runs[0].samples - 1)
    # 0.95, less four standard errors of 200 trials; wider bars would cover all
    assert 0.888 < np.mean(np.abs(errors) < quantile * stated) < 1


def test_variance_of_hutchinson_is_that_of_the_formula() -> None:
    operator = rotated(SPECTRA["decaying"])
    square = operator.matrix.numpy() ** 2
    formula = np.sqrt(2 * (square.sum() - np.trace(square)) / 30)
    values = [
        trace(operator, probes=30, generator=torch.Generator().manual_seed(seed)).value
        for seed in range(TRIALS)
    ]
    # a standard deviation of 200 normal numbers is known to 5 %, here to four times
    assert np.std(values) == pytest.approx(formula, rel=0.2)


@pytest.mark.parametrize("method", ["hutch++", "xtrace"])
def test_outliers_are_caught_by_a_sketch(method: Method) -> None:
    """With 40 products the outliers, which are 99.7 % of ‖A‖², cost nothing."""
    operator, exact = rotated(SPECTRA["outliers"]), SPECTRA["outliers"].sum()
    values = [
        trace(
            operator,
            probes=40,
            generator=torch.Generator().manual_seed(seed),
            method=method,
        ).value
        for seed in range(30)
    ]
    bulk = SPECTRA["outliers"][:75]
    # what Hutchinson's estimate of the bulk alone would err by with 14 probes, twice
    assert np.std(np.array(values) - exact) < 2 * np.sqrt(2 * (bulk**2).sum() / 14)


@pytest.mark.parametrize("method", METHODS)
def test_the_hessian_of_a_network(method: Method) -> None:
    operator = network_hessian()
    exact = matrix_of(operator).trace()
    for seed in range(5):
        found = trace(
            operator,
            probes=30,
            generator=torch.Generator().manual_seed(seed),
            method=method,
        )
        quantile = stats.t.ppf(1 - 1e-4, found.samples - 1)
        assert abs(found.value - exact) < quantile * found.standard_error
        assert found.standard_error < 0.4 * exact


def test_one_probe_is_refused() -> None:
    with pytest.raises(ValueError, match=r"probes: expected at least 2.*got 1"):
        trace(Dense(torch.eye(2)), probes=1, generator=torch.Generator())
