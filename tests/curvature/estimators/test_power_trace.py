"""Traces of A and A²: budgets, exact cases, resumption; accuracy is in test_trace."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from eigenscape.core import Estimate
from eigenscape.curvature import Dense, LinearOperator, process
from eigenscape.curvature.estimators.power_trace import LEAST, Method, power_trace
from interrupted import Interrupted, OutOfProductsError
from rotated import SPECTRA, rotated

EPS = float(np.finfo(float).eps)
METHODS: list[Method] = list(get_args(Method))


def run(
    operator: LinearOperator,
    method: Method,
    *,
    power: int = 1,
    probes: int = 20,
    seed: int = 0,
    checkpoint: Path | None = None,
) -> Estimate:
    return power_trace(
        operator,
        2 if power == 2 else 1,
        probes=probes,
        generator=torch.Generator().manual_seed(seed),
        method=method,
        checkpoint=checkpoint,
        progress=False,
    )


@given(st.sampled_from(METHODS), st.integers(4, 100), st.sampled_from([1, 2]))
def test_no_more_products_than_allowed(method: Method, probes: int, power: int) -> None:
    operator = Interrupted(rotated(SPECTRA["flat"]), probes)
    found = run(operator, method, probes=probes, power=power)
    assert min(probes, 80) - 1 <= operator.given <= min(probes, 80)
    assert (found.standard_error == 0) == (probes >= 80)


@pytest.mark.parametrize("method", METHODS)
def test_samples_are_counted(method: Method) -> None:
    found = run(rotated(SPECTRA["flat"]), method, probes=21)
    assert found.samples == {"hutchinson": 21, "hutch++": 7, "xtrace": 10}[method]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", [1, 2, 5, 20])
def test_as_many_products_as_columns_are_exact(method: Method, size: int) -> None:
    eigenvalues = np.linspace(-1, 3, size)
    operator = rotated(eigenvalues)
    for power in (1, 2):
        found = run(operator, method, power=power)
        # rounding of the matrix
        expected = (eigenvalues**power).sum()
        assert found.value == pytest.approx(expected, abs=size * 10 * EPS)
        assert (found.standard_error, found.samples) == (0, size)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("power", [1, 2])
def test_a_zero_matrix_has_a_zero_trace(method: Method, power: int) -> None:
    operator = Dense(torch.zeros(50, 50, dtype=torch.float64))
    found = run(operator, method, power=power)
    assert (found.value, found.standard_error) == (0, 0)


@pytest.mark.parametrize("method", ["hutch++", "xtrace"])
@pytest.mark.parametrize("power", [1, 2])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_low_rank_is_found_whole(
    method: Method, power: int, dtype: torch.dtype
) -> None:
    eigenvalues = np.concatenate([[-3.0, 1, 2, 4], np.zeros(76)])
    found = run(rotated(eigenvalues, dtype), method, power=power)
    expected = (eigenvalues**power).sum()
    # rounding of products of norm four with vectors of norm nine
    assert abs(found.value - expected) < 400 * torch.finfo(dtype).eps
    assert found.standard_error < 400 * torch.finfo(dtype).eps


@pytest.mark.parametrize("method", ["hutch++", "xtrace"])
@pytest.mark.parametrize("power", [1, 2])
def test_a_multiple_of_one_has_no_error(method: Method, power: int) -> None:
    found = run(Dense(3 * torch.eye(80, dtype=torch.float64)), method, power=power)
    assert found.value == pytest.approx(80 * 3**power, rel=100 * EPS)
    assert found.standard_error < 1e4 * EPS


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("power", [1, 2])
@pytest.mark.parametrize("probes", [60, 100])
def test_interrupted_runs_go_on_to_the_same_bits(
    method: Method,
    power: int,
    probes: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "SAVE_INTERVAL", 0.0)
    monkeypatch.setattr(process, "SAVE_SHARE", 0.0)
    operator, file = rotated(SPECTRA["outliers"]), tmp_path / "run"
    whole = run(operator, method, power=power, probes=probes)
    for last in (33, 20):
        first = Interrupted(operator, last)
        with pytest.raises(OutOfProductsError):
            run(first, method, power=power, probes=probes, checkpoint=file)
    rest = Interrupted(operator, 100)
    assert run(rest, method, power=power, probes=probes, checkpoint=file) == whole
    assert rest.given < min(probes, 80) - 32
    done = Interrupted(operator, 0)
    assert run(done, method, power=power, probes=probes, checkpoint=file) == whole


@pytest.mark.parametrize("method", METHODS)
def test_too_few_probes_are_refused(method: Method) -> None:
    least = LEAST[method]
    run(rotated(SPECTRA["flat"]), method, probes=least)
    for probes in range(least):
        with pytest.raises(ValueError, match=rf"probes: .*least {least}.*got {probes}"):
            run(rotated(SPECTRA["flat"]), method, probes=probes)


def test_unknown_methods_are_refused() -> None:
    unchecked = inspect.unwrap(power_trace)  # the tests' type checks come first
    with pytest.raises(ValueError, match=r"method: expected one of .*got 'girard'"):
        unchecked(
            rotated(SPECTRA["flat"]),
            1,
            probes=4,
            generator=torch.Generator(),
            method="girard",
            checkpoint=None,
            progress=False,
        )
