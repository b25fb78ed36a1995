"""The log-determinant: brackets that hold, errors that cover, refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from eigenscape.core import Estimate
from eigenscape.curvature import Dense, LinearOperator, process
from eigenscape.curvature.log_determinant import log_determinant
from interrupted import Interrupted, OutOfProductsError
from rotated import matrix_of, network_hessian, rotated

SPECTRA = {
    "uniform": np.random.default_rng(1).uniform(0, 1, 120),
    "low rank": np.concatenate([np.zeros(90), np.linspace(0.5, 5, 30)]),
    "decades": np.logspace(-8, 0, 120),
}
TRIALS = 60


def run(
    operator: LinearOperator,
    shift: float,
    *,
    probes: int = 10,
    steps: int = 8,
    seed: int = 0,
    lower_bound: float | None = None,
    checkpoint: Path | None = None,
) -> Estimate:
    return log_determinant(
        operator,
        shift=shift,
        probes=probes,
        steps=steps,
        generator=torch.Generator().manual_seed(seed),
        lower_bound=lower_bound,
        checkpoint=checkpoint,
    )


@pytest.mark.parametrize("lower_bound", [None, 0.0])
@pytest.mark.parametrize("name", SPECTRA)
def test_errors_hold_a_bias_that_the_spread_does_not_know(
    name: str, lower_bound: float | None
) -> None:
    """Four steps at a shift of 10⁻⁵, and a bias many times the spread."""
    exact = np.log(SPECTRA[name] + 1e-5).sum()
    operator = rotated(SPECTRA[name])
    quantile = stats.t.ppf(0.975, 7)
    runs = [
        run(operator, 1e-5, probes=8, steps=4, seed=seed, lower_bound=lower_bound)
        for seed in range(15)
    ]
    covered = [abs(r.value - exact) < quantile * r.standard_error for r in runs]
    # 0.95, less four standard errors of 15 trials
    assert np.mean(covered) > 0.72


@pytest.mark.parametrize("lower_bound", [None, 0.0])
def test_standard_errors_cover(lower_bound: float | None) -> None:
    """Seven steps at a shift of one tenth leave little bias: the spread is all."""
    logarithms = np.log(SPECTRA["uniform"] + 0.1)
    operator, size = rotated(SPECTRA["uniform"]), len(logarithms)
    runs = [
        run(operator, 0.1, probes=5, steps=7, seed=seed, lower_bound=lower_bound)
        for seed in range(TRIALS)
    ]
    # the variance of v·Bv on the sphere of radius √P: 2 P² Var(eigenvalues) / (P + 2)
    formula = np.sqrt(2 * size**2 * logarithms.var() / (size + 2) / 5)
    errors = np.array([r.value for r in runs]) - logarithms.sum()
    stated = np.array([r.standard_error for r in runs])
    assert abs(errors.mean()) < 4 * formula / TRIALS**0.5
    # a standard deviation of 60 values is known to 9 %
    assert errors.std() == pytest.approx(formula, rel=0.36)
    # the spread of five values is known to 35 %, its mean square over 60 to 10 %
    assert np.mean(stated**2) ** 0.5 == pytest.approx(formula, rel=0.3)
    covered = np.abs(errors) < stats.t.ppf(0.975, 4) * stated
    # 0.95, less four standard errors of sixty trials
    assert covered.mean() > 0.83


@settings(max_examples=25)
@given(
    st.sampled_from(sorted(SPECTRA)),
    st.sampled_from([1.0, 0.1, 1e-3, 1e-5]),
    st.integers(4, 9),
    st.integers(0, 9),
)
def test_the_rules_bracket_each_form(
    name: str, shift: float, steps: int, seed: int
) -> None:
    """Middle ± half the distance holds v·log(A + sI)v, which is known here."""
    operator = rotated(SPECTRA[name])
    seeded = torch.Generator().manual_seed(seed)
    probes = torch.stack([
        torch.randn(120, generator=seeded, dtype=torch.float64) for _ in range(2)
    ])
    probes *= (120 / probes.square().sum(1, keepdim=True)).sqrt()
    values, vectors = np.linalg.eigh(operator.matrix.numpy())
    logarithms = np.log(np.maximum(values, 0) + shift)
    forms = (probes.numpy() @ vectors) ** 2 @ logarithms
    found = run(operator, shift, probes=2, steps=steps, seed=seed, lower_bound=0.0)
    upper = run(operator, shift, probes=2, steps=steps, seed=seed)
    half_width = upper.value - found.value
    rounding = 1e-9 * np.abs(forms).sum()
    assert half_width >= -rounding
    assert abs(found.value - forms.mean()) <= half_width + rounding


def test_refusal_names_a_shift_that_would_do() -> None:
    eigenvalues = np.concatenate([[-0.7], np.linspace(0, 1, 119)])
    operator = rotated(eigenvalues)
    pattern = r"shift: expected A \+ shift I to be positive definite, got 0.5 .* more"
    with pytest.raises(ValueError, match=pattern) as caught:
        run(operator, 0.5)
    remedy = float(str(caught.value).rsplit(" ", 1)[1])
    assert 0.7 <= remedy < 0.8
    run(operator, 1.001 * remedy)


def test_refusal_of_a_small_matrix_is_exact() -> None:
    operator = Dense(torch.diag(torch.tensor([1.0, 3.0, -2.0])))
    for shift in (1.0, 2.0):
        with pytest.raises(ValueError, match=r"Ritz value -2; pass more than 2$"):
            run(operator, shift)
    found = run(operator, 2.5)
    assert found.value == pytest.approx(np.log([3.5, 5.5, 0.5]).sum())
    assert (found.standard_error, found.samples) == (0, 3)


def test_a_wrong_lower_bound_is_refused() -> None:
    operator = rotated(np.concatenate([[-0.7], np.linspace(0, 1, 119)]))
    with pytest.raises(ValueError, match=r"lower_bound: .*got 0 and a Ritz value"):
        run(operator, 1.0, lower_bound=0.0)
    run(operator, 1.0, lower_bound=-0.7)


@pytest.mark.parametrize(("probes", "steps"), [(1, 8), (8, 3)])
def test_too_few_numbers_are_refused(probes: int, steps: int) -> None:
    name = "probes" if probes < 2 else "steps"
    with pytest.raises(ValueError, match=rf"{name}: expected at least"):
        run(rotated(SPECTRA["uniform"]), 1.0, probes=probes, steps=steps)


def test_bad_shifts_are_refused() -> None:
    operator = rotated(SPECTRA["uniform"])
    with pytest.raises(ValueError, match="shift: expected a finite number, got nan"):
        run(operator, float("nan"))
    with pytest.raises(ValueError, match="lower_bound: expected more than minus the"):
        run(operator, 1.0, lower_bound=-1.0)


@pytest.mark.parametrize("lower_bound", [None, 2.0])
def test_a_multiple_of_one_is_exact(lower_bound: float | None) -> None:
    operator = Dense(2 * torch.eye(120, dtype=torch.float64))
    found = run(operator, 1.0, lower_bound=lower_bound)
    assert found.value == pytest.approx(120 * np.log(3), rel=1e-12)
    assert found.standard_error < 1e-10


def test_the_zero_matrix_has_the_logarithm_of_the_shift() -> None:
    operator = Dense(torch.zeros(120, 120, dtype=torch.float64))
    found = run(operator, 0.5, lower_bound=0.0)
    assert found.value == pytest.approx(120 * np.log(0.5), rel=1e-12)
    with pytest.raises(ValueError, match="shift: expected"):
        run(operator, 0.0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_rounded_zeros_do_not_break_the_bracket(dtype: torch.dtype) -> None:
    """Ritz values that have converged to the lower bound, and a little past it."""
    operator = rotated(SPECTRA["low rank"], dtype)
    exact = np.log(np.maximum(SPECTRA["low rank"], 0) + 1e-3).sum()
    for seed in range(5):
        found = run(operator, 1e-3, probes=4, steps=29, seed=seed, lower_bound=0.0)
        assert abs(found.value - exact) < 6 * found.standard_error
        assert found.standard_error < 0.2 * abs(exact)


def test_the_hessian_of_a_network() -> None:
    operator = network_hessian()
    eigenvalues = np.linalg.eigvalsh(matrix_of(operator))
    shift = 0.1 - eigenvalues[0]
    exact = np.log(eigenvalues + shift).sum()
    whole = run(operator, shift, probes=10, steps=20)
    assert whole.value == pytest.approx(exact, rel=1e-12)
    for bound in (None, float(eigenvalues[0])):
        found = run(operator, shift, probes=4, steps=12, lower_bound=bound)
        quantile = stats.t.ppf(1 - 1e-4, 3)
        assert abs(found.value - exact) < quantile * found.standard_error
        assert found.standard_error < 0.2 * abs(exact)


@pytest.mark.parametrize("lower_bound", [None, 0.0])
@pytest.mark.parametrize(("probes", "steps"), [(5, 9), (12, 11)])
def test_interrupted_runs_go_on_to_the_same_bits(
    probes: int,
    steps: int,
    lower_bound: float | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "SAVE_INTERVAL", 0.0)
    monkeypatch.setattr(process, "SAVE_SHARE", 0.0)
    operator, file = rotated(SPECTRA["uniform"]), tmp_path / "run"

    def go(last: int, checkpoint: Path | None) -> Estimate:
        return run(
            Interrupted(operator, last),
            0.01,
            probes=probes,
            steps=steps,
            lower_bound=lower_bound,
            checkpoint=checkpoint,
        )

    with pytest.raises(OutOfProductsError):
        go(25, file)
    assert go(probes * steps - 20, file) == go(200, None)
