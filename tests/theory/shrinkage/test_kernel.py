from __future__ import annotations

import math

import numpy as np
import pytest

from eigenscape.theory.shrinkage.kernel import KernelLaw
from eigenscape.theory.transforms import cdf, free_cumulants

LAW = KernelLaw(np.array([0.0, 0.5, 6.0]), np.array([0.3, 0.4, 0.1]))


def kernel(x):
    return np.mean(
        [
            0.75 / math.sqrt(5) * np.maximum(1 - ((x - c) / h) ** 2 / 5, 0) / h
            for c, h in zip(LAW.centres, LAW.bandwidths, strict=True)
        ],
        axis=0,
    )


def test_density_is_the_epanechnikov_mixture():
    x = np.linspace(-1.0, 7.0, 801)
    assert np.allclose(LAW.density(x), kernel(x), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    "z", [0.2 + 0.3j, 3.0 + 0j, 6.05 - 0.2j, -7.5 + 2j, -40.0 + 9j, 3e4j]
)
def test_transform_is_the_integral(z):
    # Kernel by kernel: between their ends the integrand is smooth.
    u, weights = np.polynomial.legendre.leggauss(400)
    u, weights = math.sqrt(5) * u, math.sqrt(5) * weights
    curve = weights * 0.75 / math.sqrt(5) * (1 - u**2 / 5)
    places = LAW.centres[:, None] + LAW.bandwidths[:, None] * u
    exact = np.mean((1 / (z - places)) @ curve)
    assert LAW.stieltjes(np.array([z]))[0] == pytest.approx(exact, rel=1e-12)


def test_hilbert_transform_on_the_axis_is_the_limit_from_above():
    # At the ends of kernels too, where the logarithm is infinite and its factor 0.
    ends = LAW.centres + math.sqrt(5) * LAW.bandwidths
    x = np.concatenate([np.linspace(-0.6, 6.2, 35), ends])
    near = LAW.stieltjes(x + 1e-9j)
    # g is Hölder: y log y with the slope of the density, up to 20 here.
    assert np.allclose(LAW.stieltjes(x), near, rtol=0, atol=1e-6)


def test_real_points_keep_their_side():
    x = np.array([0.3])
    below = LAW.stieltjes(np.conj(x + 0j))
    assert below[0] == np.conj(LAW.stieltjes(x)[0])
    assert below.imag > 0


def test_derivative():
    z, step = np.array([0.3 + 0.5j, 8.0 + 0j, 2.0 - 1j, -9.0 + 3j]), 1e-5
    difference = (LAW.stieltjes(z + step) - LAW.stieltjes(z - step)) / (2 * step)
    assert np.allclose(LAW.stieltjes_derivative(z), difference, rtol=1e-8)


def test_support_merges_kernels_that_meet():
    lower, upper = LAW.support
    assert (lower.lower, lower.upper) == pytest.approx((
        -0.3 * math.sqrt(5),
        0.5 + 0.4 * math.sqrt(5),
    ))
    assert upper.upper == pytest.approx(6 + 0.1 * math.sqrt(5))
    assert LAW.atoms == ()


def test_moments_are_those_of_the_eigenvalues_and_the_bandwidths():
    mean, variance = free_cumulants(LAW, 2)
    assert mean == pytest.approx(np.mean(LAW.centres))
    spread = np.var(LAW.centres) + np.mean(LAW.bandwidths**2)
    assert variance == pytest.approx(spread, rel=1e-12)
    single = KernelLaw(np.zeros(1), np.ones(1))
    assert cdf(single, np.array([0.0]))[0] == pytest.approx(0.5, abs=1e-12)


@pytest.mark.parametrize(
    ("centres", "widths", "name"),
    [([], [], "centres"), ([np.nan], [1.0], "centres"), ([1.0], [0.0], "bandwidths")],
)
def test_refusals(centres, widths, name):
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        KernelLaw(np.array(centres, dtype=float), np.array(widths, dtype=float))
