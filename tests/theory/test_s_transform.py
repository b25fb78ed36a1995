from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from eigenscape.theory.convolution.multiplicative import (
    free_multiplicative_convolution,
)
from eigenscape.theory.laws.affine import Affine
from eigenscape.theory.laws.cauchy import Cauchy
from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.free_binomial import FreeBinomial
from eigenscape.theory.laws.free_poisson import FreePoisson
from eigenscape.theory.laws.fuss_catalan import FussCatalan
from eigenscape.theory.laws.jacobi import Jacobi
from eigenscape.theory.laws.law import Law
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.laws.semicircle import Semicircle
from eigenscape.theory.laws.uniform import Uniform
from eigenscape.theory.s_transform import s_transform
from eigenscape.theory.transforms import moments

NUMERICAL = s_transform.dispatch(Law)
W = np.array([-0.3, -1e-2, -1e-9, 0.0, 1e-9, 0.05])
CLOSED_FORMS = [
    MarchenkoPastur(0.4, 1.2),
    MarchenkoPastur(2.5, 0.7),
    FussCatalan(2.0),
    FussCatalan(0.5),
    Jacobi(0.3, 0.6),
    Jacobi(1.4, 0.6),
    FreeBinomial(2.5, 0.7),
    Affine(MarchenkoPastur(0.4), 3.0),
    Affine(Jacobi(0.3, 0.6), -2.0),
]


@pytest.mark.parametrize("law", CLOSED_FORMS, ids=repr)
def test_numerical_inversion_agrees_with_the_closed_form(law):
    assert np.allclose(NUMERICAL(law, W), s_transform(law, W), rtol=1e-13)


@settings(max_examples=20)
@given(st.floats(0.0, 5.0), st.floats(0.1, 5.0), st.floats(-0.95, 0.3))
def test_inverts_psi(lower, width, w):
    law = Uniform(lower, lower + width)
    s = s_transform(law, np.array([w]))[0]
    if abs(w) > 1e-6:
        chi = s * w / (1 + w)
        z = np.array([1 / chi])
        psi = (z * law.stieltjes(z))[0].real - 1
        assert abs(psi - w) < 1e-12 * max(1, abs(z[0]) / width)


def test_is_one_over_the_mean_at_zero_and_slopes_by_the_variance():
    law = FreePoisson(0.7, Discrete(np.array([1.0, 3.0]), np.array([0.5, 0.5])))
    m1, m2 = moments(law, 2)
    h = 1e-4
    low, middle, high = s_transform(law, np.array([-h, 0.0, h]))
    assert middle == pytest.approx(1 / m1, rel=1e-13)
    # S(w) = 1/m₁ − (m₂ − m₁²) w / m₁³ + …, differences to h².
    slope = -(m2 - m1**2) / m1**3
    assert (high - low) / (2 * h) == pytest.approx(slope, rel=1e-6)


def test_product_with_marchenko_pastur_multiplies():
    # A free Poisson law is the companion of MP ⊠ ν: λ, ratio 1/λ … of jump law ν.
    jumps = Discrete(np.array([1.0, 2.0, 5.0]), np.array([0.2, 0.5, 0.3]))
    w = np.array([-0.4, -0.1, 0.02])
    product = s_transform(FreePoisson(1.0, jumps), w)
    factors = s_transform(MarchenkoPastur(1.0), w) * s_transform(jumps, w)
    assert np.allclose(product, factors, rtol=1e-12)


def test_point_mass_and_negative_laws():
    assert np.allclose(s_transform(Discrete.point_mass(4.0), W), 0.25, rtol=1e-15)
    pair = Discrete(np.array([-1.0, -3.0]), np.array([0.5, 0.5]))
    mirrored = Discrete(np.array([1.0, 3.0]), np.array([0.5, 0.5]))
    assert np.allclose(s_transform(pair, W), -s_transform(mirrored, W), rtol=1e-15)


@pytest.mark.parametrize("law", [Semicircle(), Discrete.point_mass(0.0), Cauchy()])
def test_refuses_laws_without_a_mean_in_one_line(law):
    with pytest.raises(ValueError, match=r"^law: expected ") as caught:
        s_transform(law, W)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("mean", [0.5, 1.5, -1.5])
def test_of_a_shifted_semicircle_solves_its_quadratic(mean):
    # S (m + v w S) = 1 from R(g) = m + vg; real from w = −m²/4v, where ψ turns.
    variance, turn = 2.0, -(mean**2) / 8
    w = np.append(np.linspace(turn * (1 - 1e-9), 0.05, 40), 1e-9)
    s = s_transform(Affine(Semicircle(variance), 1.0, mean), w)
    root = np.sqrt(mean**2 + 4 * variance * w)
    exact = 2 / (mean + np.copysign(root, mean))
    # At the turn a root of the rounding is all that is certain.
    assert (np.abs(s / exact - 1) < 1e-15 * (4 + mean**2 / np.abs(root))).all()
    with pytest.raises(ValueError, match=r"^w: expected values"):
        s_transform(Affine(Semicircle(variance), 1.0, mean), np.array([turn - 1e-6]))


@settings(max_examples=10)
@given(
    st.lists(st.floats(-3, 5), min_size=2, max_size=5, unique=True), st.floats(-0.1, 1)
)
def test_on_both_sides_of_zero_free_multiplication_multiplies(places, share):
    places = np.sort(np.round(places, 3)) + 1e-4
    law = Discrete(places, np.full(places.size, 1 / places.size))
    mean, square = moments(law, 2)
    assume(np.unique(places).size == places.size)
    assume(law.hull.lower < 0 < law.hull.upper and abs(mean) > 0.1)
    factor = MarchenkoPastur(0.3)
    product = free_multiplicative_convolution(law, factor)
    # ψ turns no nearer to 0 than this; the product has the moment (1 + 0.3 m₁²/m₂) m₂.
    reach = 0.05 * mean**2 / (square + 0.3 * mean**2)
    w = np.sign(mean) * np.array([share * reach])
    expected = s_transform(law, w) * s_transform(factor, w)
    assert np.allclose(s_transform(product, w), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("law", "w"),
    [
        (MarchenkoPastur(2.0), -0.5),
        (Jacobi(2.0, 0.5), -0.6),
        (FussCatalan(2.0), -1.0),
        (Affine(Semicircle(), 1.0, 3.0), 5.0),
        (Uniform(0.0, 1.0), -1.0),
        (Uniform(0.0, 1.0), np.nan),
    ],
)
def test_refuses_values_psi_does_not_take(law, w):
    with pytest.raises(ValueError, match=r"^w: expected values"):
        s_transform(law, np.array([w]))
