from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eigenscape.theory.laws.affine import Affine
from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.laws.semicircle import Semicircle
from eigenscape.theory.shrinkage.additive import additive_oracle, additive_shrinkage
from eigenscape.theory.shrinkage.linear import linear_additive_shrinkage


def sampled(signal, noise):
    """Eigenvalues of A + X, and uᵢᵀ A uᵢ."""
    values, vectors = np.linalg.eigh(np.diag(signal) + noise)
    return values, signal @ vectors**2


def wigner(size, rng):
    entries = rng.standard_normal((size, size))
    return (entries + entries.T) / math.sqrt(2 * size)


@given(st.floats(0.2, 3.0), st.floats(0.2, 3.0), st.floats(-1.3, 1.3))
def test_semicircular_signals_are_shrunk_linearly(signal, noise, place):
    total = signal + noise
    x = np.array([2 * place * math.sqrt(total)])
    found = additive_oracle(x, Semicircle(total), Semicircle(noise))
    inside = x * signal / total
    # Outside: λ − 2s Re g, with s g the smaller root of the quadratic.
    root = math.sqrt(max(x[0] ** 2 - 4 * total, 0))
    outside = x - noise / total * (x - math.copysign(root, x[0]))
    assert np.allclose(found, inside if abs(place) < 1 else outside, rtol=1e-12)


@pytest.mark.parametrize("x", [-3.5, -1.0, 0.3, 2.1, 4.0])
def test_general_noise_agrees_with_the_semicircle(x):
    disguised = Affine(Semicircle(0.5), -1.0)
    found = additive_oracle(np.array([x]), Semicircle(1.5), disguised)
    named = additive_oracle(np.array([x]), Semicircle(1.5), Semicircle(0.5))
    assert np.allclose(found, named, rtol=1e-9, atol=1e-12)


def test_no_noise_is_the_identity_and_a_shift_is_taken_off():
    x = np.array([-1.5, 0.0, 0.7, 5.0])
    for shift in (0.0, 2.0):
        found = additive_oracle(
            x, Affine(Semicircle(), 1.0, shift), Discrete.point_mass(shift)
        )
        assert np.allclose(found, x - shift, atol=1e-9)


def test_pure_noise_is_shrunk_to_nothing():
    law = MarchenkoPastur(0.4)
    x = np.linspace(0.2, 2.6, 7)
    assert np.allclose(additive_oracle(x, law, law), 0, atol=1e-9)


def test_two_sums_of_wishart_matrices():
    # For A and X alike, E[A | A + X] is half of A + X.
    law, total = MarchenkoPastur(0.5, 1.0), MarchenkoPastur(0.25, 2.0)
    # R of MP(c, s) is s/(1 − c s w): both summands have c s = 1/2, the sum 2/(1 − w/2).
    x = np.linspace(*(total.support[0].lower + 1e-3, total.support[0].upper - 1e-3), 9)
    assert np.allclose(additive_oracle(x, total, law), x / 2, rtol=1e-8)


def test_kernel_estimate_in_gaussian_noise(rng):
    size = 500
    signal = np.repeat([-1.0, 2.0], size // 2)
    values, oracle = sampled(signal, wigner(size, rng))
    found = additive_shrinkage(values, Semicircle())
    loss = np.mean((found - oracle) ** 2)
    linear = linear_additive_shrinkage(values, 1.0)(values)
    assert loss < np.mean((linear - oracle) ** 2) / 10
    # Bandwidth and oracles each err by a few N^(−1/2) here.
    assert math.sqrt(loss) < 3 / math.sqrt(size)


def test_kernel_estimate_in_wishart_noise(rng):
    size = 300
    signal = np.repeat([-1.0, 2.0], size // 2)
    x = rng.standard_normal((2 * size, size)) / math.sqrt(2 * size)
    values, oracle = sampled(signal, x.T @ x)
    found = additive_shrinkage(values, MarchenkoPastur(0.5))
    assert math.sqrt(np.mean((found - oracle) ** 2)) < 3 / math.sqrt(size)


def test_kernel_estimate_of_an_outlier(rng):
    size = 500
    signal = np.zeros(size)
    signal[0] = 3.0
    values, _ = sampled(signal, wigner(size, rng))
    found = additive_shrinkage(values, Semicircle())
    # θ times the overlap 1 − 1/θ²; its fluctuations are of order N^(−1/2).
    assert found[-1] == pytest.approx(3 * (1 - 1 / 9), abs=4 / math.sqrt(size))


def test_a_given_bandwidth_is_used():
    values = np.array([-1.0, 1.0])
    wide = additive_shrinkage(values, Semicircle(), bandwidth=100.0)
    assert np.allclose(wide, values, atol=0.03)
    with pytest.raises(ValueError, match=r"^bandwidths: expected"):
        additive_shrinkage(values, Semicircle(), bandwidth=0.0)
