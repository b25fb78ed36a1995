from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eigenscape.theory.laws.affine import Affine
from eigenscape.theory.laws.cauchy import Cauchy
from eigenscape.theory.laws.law import Interval
from eigenscape.theory.laws.mixture import Mixture
from eigenscape.theory.laws.semicircle import Semicircle
from eigenscape.theory.transforms import (
    cdf,
    free_cumulants,
    moments,
    quantile,
    r_transform,
    stieltjes_range,
)

LAW = Cauchy(1.0, 2.0)


@given(st.floats(-1e3, 1e3), st.floats(1e-9, 1e3))
def test_transform_is_that_of_the_density(x, y):
    z = np.array([complex(x, y)])
    g = LAW.stieltjes(z)
    assert abs(g[0] * (z[0] - 1 + 2j) - 1) < 1e-15
    assert g[0].imag < 0
    assert np.array_equal(LAW.stieltjes(z.conj()), g.conj())
    assert np.allclose(LAW.stieltjes_derivative(z), -(g**2), rtol=1e-15)
    energy, slope = LAW.self_energy(z)
    assert np.allclose(energy, z - 1 / g, rtol=1e-12)
    assert slope.tolist() == [0]


def test_density_is_the_boundary_value():
    x = np.array([-1e200, -3.0, 1.0, 7.0])
    assert np.allclose(LAW.density(x), -LAW.stieltjes(x).imag / math.pi, rtol=1e-14)
    assert LAW.density(np.array([1.0]))[0] == pytest.approx(1 / (2 * math.pi))


def test_support_is_the_whole_line():
    assert LAW.support == (Interval(-math.inf, math.inf),)
    assert LAW.hull == Interval(-math.inf, math.inf)
    assert LAW.atoms == ()


def test_cdf_and_quantile_keep_the_digits_of_the_lower_tail():
    u = np.array([1e-300, 1e-12, 0.25, 0.5, 0.75])
    q = quantile(LAW, u)
    assert np.allclose(q[1:], [1 - 2 / math.tan(math.pi * 1e-12), -1, 1, 3], rtol=1e-14)
    assert np.allclose(cdf(LAW, q), u, rtol=1e-14)
    assert quantile(LAW, np.array([0.0, 1.0])).tolist() == [-math.inf, math.inf]


def test_affine_images_and_mixtures_follow():
    u = np.array([1e-9, 0.1, 0.5, 0.9])
    mirrored = Affine(LAW, -1.0, 3.0)
    # 1 − u rounds at 1e-16, 1e-7 of the smallest probability.
    assert np.allclose(quantile(mirrored, u), 3 - quantile(LAW, 1 - u), rtol=1e-6)
    mixed = Mixture(np.array([0.5, 0.5]), (LAW, Semicircle()))
    assert np.allclose(cdf(mixed, quantile(mixed, u)), u, rtol=0, atol=1e-14)
    x = np.array([-30.0, 0.3, 1e6])
    direct = (cdf(LAW, x) + cdf(Semicircle(), x)) / 2
    assert np.allclose(cdf(mixed, x), direct, rtol=1e-15)


@pytest.mark.parametrize(
    "verb",
    [
        lambda law: moments(law, 2),
        lambda law: free_cumulants(law, 2),
        lambda law: r_transform(law, np.array([0.1])),
        stieltjes_range,
    ],
)
@pytest.mark.parametrize("law", [LAW, Affine(LAW, 2.0)])
def test_what_needs_moments_refuses(verb, law):
    with pytest.raises(ValueError, match=r"^law: expected compact support") as caught:
        verb(law)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("location", "scale"), [(math.nan, 1.0), (0.0, 0.0)])
def test_refuses_bad_parameters(location, scale):
    with pytest.raises(ValueError, match=r"^(location|scale): expected"):
        Cauchy(location, scale)
