from __future__ import annotations

import math

import numpy as np
import pytest

from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.laws.semicircle import Semicircle
from eigenscape.theory.linear_statistics.log_determinant import (
    log_determinant_statistics,
)
from eigenscape.theory.linear_statistics.one_cut import (
    wigner_statistics,
    wishart_statistics,
)
from sampled_statistics import gaussian


@pytest.mark.parametrize("beta", [1, 2, 4])
@pytest.mark.parametrize("x", [-3.1, 2.9, 40.0])
def test_agrees_with_the_sums_for_the_logarithm(beta, x):
    functions = [lambda t: np.log(np.abs(t - x))]
    found = log_determinant_statistics(Semicircle(2.0), x, 1, beta=beta)
    sums = wigner_statistics(functions, 2.0, beta=beta)
    assert np.allclose(found.covariance, sums.covariance, rtol=1e-10)
    shift = log_determinant_statistics(Semicircle(2.0), x, 2, beta=beta).mean
    # The part that grows with N is taken off by a difference of two sizes.
    assert np.allclose(2 * found.mean - shift, sums.mean, atol=1e-12)


@pytest.mark.parametrize("x", [-0.5, 0.0, 3.5])
def test_agrees_with_the_sums_for_a_wishart_matrix(x):
    law = MarchenkoPastur(0.4)
    found = log_determinant_statistics(law, x, 1)
    sums = wishart_statistics([lambda t: np.log(np.abs(t - x))], law)
    assert np.allclose(found.covariance, sums.covariance, rtol=1e-10)


@pytest.mark.parametrize("beta", [1, 2])
def test_determinant_of_a_wishart_matrix_exactly(beta):
    """log det of nS is a sum of logarithms of χ² variables of βn, …, β(n − P + 1)."""
    size, samples = 100, 250
    found = log_determinant_statistics(
        MarchenkoPastur(size / samples), 0.0, size, beta=beta
    )
    degrees = beta * (samples - np.arange(size)) / 2
    from scipy import special

    mean = np.sum(special.digamma(degrees) - math.log(samples * beta / 2))
    assert found.mean[0] == pytest.approx(mean, abs=1 / size)
    variance = np.sum(special.polygamma(1, degrees))
    assert found.covariance[0, 0] == pytest.approx(variance, abs=1 / size)


def test_log_determinants_as_sampled(rng):
    size, draws, x = 50, 400, 2.3
    entries = gaussian(rng, (draws, size, size), 1)
    matrices = (entries + np.swapaxes(entries, 1, 2)) / math.sqrt(2 * size)
    logs = np.linalg.slogdet(matrices - x * np.eye(size))[1]
    found = log_determinant_statistics(Semicircle(), x, size)
    deviation = found.standard_deviation[0]
    assert abs(logs.mean() - found.mean[0]) < 4 * deviation / math.sqrt(draws)
    # A relative standard error of 1/√(2 draws) is 3.5 %.
    assert np.std(logs) == pytest.approx(deviation, rel=0.14)


def test_a_point_inside_the_spectrum_is_refused():
    with pytest.raises(ValueError, match=r"^x: expected a point outside"):
        log_determinant_statistics(MarchenkoPastur(3.0), 0.1, 10)
