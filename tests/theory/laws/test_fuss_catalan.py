from __future__ import annotations

import math

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eigenscape.core import ConvergenceError
from eigenscape.theory.laws.fuss_catalan import FussCatalan
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.transforms import cdf, moments, quantile

ORDERS = [0.5, 1.0, 2.0, 3.0, 7.0]


def exact(order: float, z: complex) -> complex:
    """Follow h = 1 + hˢ⁺¹ / z down from 1 at infinity, in 40 digits."""
    with mp.workdps(40):
        s, z, h, height = mp.mpf(order), mp.mpc(z), mp.mpc(1), mp.mpf(10) ** 3
        while height:
            height = height * mp.mpf("0.3") if height > 1e-18 else mp.mpf(0)
            w = z + 1j * height
            for _ in range(60):
                step = (w * (h - 1) - h ** (s + 1)) / (w - (s + 1) * h**s)
                h -= step
                if abs(step) < mp.mpf(10) ** -38 * abs(h):
                    break
        return complex(h / z)


@pytest.mark.parametrize("order", ORDERS)
def test_accuracy_against_forty_digits(order):
    edge = FussCatalan(order).hull.upper
    z = np.array([0.3 + 0.2j, 1.0, -1e-6, 1e-7 + 1e-9j, edge / 2 + 1e-15j, -3 + 1e-14j])
    z = np.append(z, [edge + 1, 10 * edge + 1e-12j, 1e6j, 0.99 * edge])
    reference = np.array([exact(order, w) for w in z.tolist()])
    found = FussCatalan(order).stieltjes(z)
    assert np.abs(found / reference - 1).max() < 5e-15
    near = edge + np.array([-1e-8, 1e-8, 1e-8j])
    reference = np.array([exact(order, w) for w in near.tolist()])
    # The edge is a rounded number: g moves by ε/√distance, 1e-12 here.
    found = FussCatalan(order).stieltjes(near)
    assert np.abs(found / reference - 1).max() < 1e-11


def test_first_order_is_marchenko_pastur():
    z = np.array([0.3 + 0.1j, 5.0, -1.0, 2 - 1e-9j, 1.5, 1e-9])
    one, other = FussCatalan(1.0), MarchenkoPastur(1.0)
    assert np.allclose(one.stieltjes(z), other.stieltjes(z), rtol=1e-13)
    assert np.allclose(
        one.stieltjes_derivative(z), other.stieltjes_derivative(z), rtol=1e-12
    )
    for found, expected in zip(one.self_energy(z), other.self_energy(z), strict=True):
        assert np.allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_moments_are_fuss_catalan_numbers(order):
    exact_moments = [
        math.comb((order + 1) * k, k) / (order * k + 1) for k in range(1, 7)
    ]
    assert np.allclose(moments(FussCatalan(float(order)), 6), exact_moments, rtol=1e-11)


def test_density_at_the_hard_edge():
    # h ~ z^(1/(s+1)) e^(−iπ/(s+1)): ρ ~ sin(π/(s+1)) x^(−s/(s+1)) / π.
    for order in (1.0, 2.0, 4.5):
        x = np.array([1e-200])
        leading = math.sin(math.pi / (order + 1)) / math.pi
        found = FussCatalan(order).density(x) * x ** (order / (order + 1))
        assert found[0] == pytest.approx(leading, rel=1e-12)


@pytest.mark.parametrize("order", [0.3, 3.0])
def test_mass_and_quantiles_through_the_hard_edge(order):
    law = FussCatalan(order)
    assert cdf(law, np.array([law.hull.upper]))[0] == pytest.approx(1, abs=2e-14)
    u = np.array([1e-12, 1e-3, 0.5, 1 - 1e-6])
    assert np.allclose(cdf(law, quantile(law, u)), u, rtol=0, atol=1e-14)


@settings(max_examples=60)
@given(st.floats(0.1, 8.0), st.floats(-700, 700), st.floats(0.0, math.pi))
def test_root_is_certified_at_any_size(order, log_modulus, angle):
    z = math.exp(log_modulus / (1 + order)) * np.exp(1j * np.array([angle]))
    g = FussCatalan(order).stieltjes(z)
    assert g[0].imag <= 0
    h = g * z
    excess = z * (h - 1) - h ** (order + 1)
    assert abs(excess)[0] <= 1e-11 * max(abs(z)[0], abs(h)[0] ** (order + 1))


def test_product_of_three_square_matrices(rng):
    size = 200
    product = np.eye(size)
    for _ in range(3):
        product @= rng.standard_normal((size, size)) / np.sqrt(size)
    values = np.linalg.svd(product, compute_uv=False)[::-1] ** 2
    steps = (np.arange(size) + 0.5) / size
    assert np.abs(cdf(FussCatalan(3.0), values) - steps).max() < 5 / size


def test_g_at_the_origin():
    law = FussCatalan(2.0)
    assert not np.isfinite(law.stieltjes(np.zeros(1))).any()
    assert law.self_energy(np.zeros(1))[0].tolist() == [0]


@pytest.mark.parametrize("order", [0.0, -1.0, np.nan])
def test_refuses_bad_orders(order):
    with pytest.raises(ValueError, match=r"^order: expected"):
        FussCatalan(order)


def test_nan_is_never_returned_as_a_number():
    with pytest.raises(ConvergenceError, match="Fuss–Catalan root at z = "):
        FussCatalan(2.0).stieltjes(np.array([complex(np.nan, 1.0)]))
