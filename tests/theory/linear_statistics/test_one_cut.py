from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eigenscape.theory.laws.law import Interval
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.linear_statistics.one_cut import (
    one_cut_covariance,
    wigner_statistics,
    wishart_statistics,
)
from sampled_statistics import assert_matches

POWERS = [lambda x: x, lambda x: x**2, lambda x: x**3, lambda x: x**4]
SMOOTH = [*POWERS, np.exp]


@pytest.mark.parametrize("beta", [1, 2, 4])
def test_traces_of_a_gaussian_ensemble_in_closed_form(beta):
    found = wigner_statistics(POWERS[:2], 3.0, beta=beta)
    # Var tr H = 2σ²/β, Var tr H² = 4σ⁴/β; E tr H² = σ² (N − 1 + 2/β).
    variances = [2 / beta * 3, 4 / beta * 9]
    assert np.allclose(found.covariance, np.diag(variances), rtol=1e-12, atol=1e-12)
    assert np.allclose(found.mean, [0, 3 * (2 / beta - 1)], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("beta", [1, 2])
@pytest.mark.parametrize("cumulant", [-0.9, 0.0, 1.5])
@pytest.mark.parametrize("diagonal", [0.0, 1.0, 2.5])
def test_traces_of_a_wigner_matrix_in_closed_form(beta, cumulant, diagonal):
    found = wigner_statistics(
        POWERS, beta=beta, diagonal=diagonal, fourth_cumulant=cumulant
    )
    kappa = 2 / beta
    assert found.covariance[0, 0] == pytest.approx(diagonal, abs=1e-11)
    # Var ∑ |hᵢⱼ|² over ordered pairs, of which N²/2 are independent.
    assert found.covariance[1, 1] == pytest.approx(2 * kappa + 2 * cumulant, abs=1e-11)
    assert found.mean[1] == pytest.approx(diagonal - 1, abs=1e-11)
    # E tr H⁴ − 2N, by walks i j k l: pairings, a fourth cumulant, two diagonal steps.
    exact = 5 * (kappa - 1) + 4 * (diagonal - kappa) + cumulant
    assert found.mean[3] == pytest.approx(exact, abs=1e-11)


@pytest.mark.parametrize("beta", [1, 2])
@pytest.mark.parametrize("ratio", [0.3, 1.0, 2.5])
def test_traces_of_a_wishart_matrix_in_closed_form(beta, ratio):
    cumulant, scale = 0.7, 2.0
    found = wishart_statistics(
        POWERS[:2], MarchenkoPastur(ratio, scale), beta=beta, fourth_cumulant=cumulant
    )
    kappa = 2 / beta
    # tr S = ∑ x²/n over nP entries of variance s; E tr S² by pairs of rows.
    assert found.covariance[0, 0] == pytest.approx(
        scale**2 * ratio * (kappa + cumulant)
    )
    exact = scale**2 * ratio * (kappa - 1 + cumulant)
    assert np.allclose(found.mean, [0, exact], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("beta", "ratio"), [(1, 0.4), (2, 0.7)])
def test_log_determinant_of_a_wishart_matrix_in_closed_form(beta, ratio):
    # log det S is a sum of independent log χ²; Bai and Silverstein (2004), page 557.
    found = wishart_statistics([np.log], MarchenkoPastur(ratio), beta=beta)
    variance = -2 / beta * math.log1p(-ratio)
    mean = (2 / beta - 1) * math.log1p(-ratio) / 2
    assert found.covariance[0, 0] == pytest.approx(variance, rel=1e-10)
    assert found.mean[0] == pytest.approx(mean, rel=1e-10)


@given(st.floats(-3, 3), st.floats(0.2, 5), st.sampled_from([1, 2, 4]))
def test_covariance_does_not_depend_on_where_the_cut_lies(shift, scale, beta):
    cut = Interval(shift - scale, shift + scale)
    moved = [lambda x, f=f: f((x - shift) / scale) for f in SMOOTH]
    found = one_cut_covariance(moved, cut, beta=beta)
    plain = one_cut_covariance(SMOOTH, Interval(-1.0, 1.0), beta=beta)
    assert np.allclose(found, plain, rtol=0, atol=1e-9)
    assert np.linalg.eigvalsh(found).min() > -1e-12


def test_entries_with_a_fourth_cumulant_as_sampled(rng):
    """Signs have fourth cumulant −2; N = 60."""
    size, draws = 60, 800
    signs = np.triu(rng.choice([-1.0, 1.0], (draws, size, size)))
    matrices = (signs + np.swapaxes(np.triu(signs, 1), 1, 2)) / math.sqrt(size)
    values = np.linalg.eigvalsh(matrices)
    functions = [lambda x: x**4, lambda x: x**3, np.cos]
    statistic = wigner_statistics(functions, diagonal=1.0, fourth_cumulant=-2.0)
    x, weight = np.polynomial.chebyshev.chebgauss(64)
    weight = weight * 2 / np.pi * (1 - x**2)
    limit = [f(2 * x) @ weight for f in functions]
    sample = np.stack([f(values).sum(axis=1) for f in functions], axis=1)
    assert_matches(sample - size * np.array(limit), statistic)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: wigner_statistics(POWERS, -1.0), "variance"),
        (lambda: wigner_statistics(POWERS, beta=3), "beta"),
        (lambda: wigner_statistics(POWERS, diagonal=-1.0), "diagonal"),
        (lambda: wigner_statistics(POWERS, fourth_cumulant=-3.0), "fourth_cumulant"),
        (
            lambda: wigner_statistics(POWERS, beta=4, fourth_cumulant=1.0),
            "fourth_cumulant",
        ),
        (lambda: one_cut_covariance(POWERS, Interval(0.0, 1.0), beta=0), "beta"),
    ],
)
def test_refusals(call, name):
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        call()
