"""Pairs chosen after the engine was built, against roots at 40 digits."""

from __future__ import annotations

import functools

import mpmath
import numpy as np
import pytest
from mpmath import mp, mpc, mpf

from eigenscape.theory import (
    Arcsine,
    Cauchy,
    FreeBinomial,
    FreePoisson,
    FussCatalan,
    Jacobi,
    KestenMcKay,
    Law,
    MarchenkoPastur,
    Uniform,
    free_additive_convolution,
    free_compression,
    free_convolution_power,
    free_multiplicative_convolution,
)
from exact_pairs import (
    DIGITS,
    EPS,
    NONZERO,
    SUMS,
    THREE,
    TWO,
    Product,
    Sum,
    Transform,
    arcsine,
    assert_solves,
    atomic,
    bulk_discrete,
    cauchy,
    jacobi,
    kesten_mckay,
    marchenko_pastur,
    points,
    truth,
    uniform,
)


@pytest.mark.parametrize("name", SUMS)
def test_free_sums(name: str) -> None:
    laws, parts = SUMS[name]
    law = free_additive_convolution(laws[0], laws[1])
    assert_solves(law, Sum(parts), points(law, 2))


def test_a_free_binomial_and_a_regular_graph() -> None:
    law = free_additive_convolution(FreeBinomial(3.0, 0.4), KestenMcKay(4))
    coin = atomic([0.0, 1.0], [1 - mpf(0.4), 0.4])
    assert_solves(law, Sum([coin, kesten_mckay(4)], [3.0, 1.0]), points(law, 4))


def test_a_cauchy_law_moves_the_other_down_the_plane() -> None:
    law = free_additive_convolution(bulk_discrete(*THREE), Cauchy(0.5, 0.125))
    x = np.array([-3.0, -1.5, 0.75, 2.0])
    for place, density in zip(x.tolist(), law.density(x).tolist(), strict=True):
        with mp.workdps(DIGITS):
            exact = atomic(*THREE)(mpc(place - 0.5, 0.125))
        assert density == pytest.approx(float(-exact.imag / mp.pi), rel=16 * EPS)
    both = free_additive_convolution(law, Uniform(0.0, 2.0))
    system = Sum([atomic(*THREE), cauchy(0.5, 0.125), uniform(0.0, 2.0)])
    found = both.stieltjes(x)
    exact = np.array([complex(truth(system, place)) for place in x.tolist()])
    assert np.abs(found - exact).max() <= 64 * EPS


def test_three_laws_in_a_chain_lose_no_digits() -> None:
    laws = [
        Jacobi(0.5, 0.8),
        bulk_discrete(*TWO),
        Uniform(-1.0, 1.0),
    ]
    parts = [
        jacobi(0.5, 0.8),
        atomic(*TWO),
        uniform(-1.0, 1.0),
    ]
    left = functools.reduce(free_additive_convolution, laws)
    right = free_additive_convolution(
        laws[0], free_additive_convolution(laws[1], laws[2])
    )
    for law in (left, right):
        assert_solves(law, Sum(parts), points(left, 2))


@pytest.mark.parametrize(
    ("fractions", "law", "part"),
    [
        ((0.5, 0.7), Uniform(-1.0, 1.5), uniform(-1.0, 1.5)),
        ((0.9, 0.8, 0.6), bulk_discrete(*THREE), atomic(*THREE)),
    ],
)
def test_compressions_in_a_chain(fractions, law: Law, part: Transform) -> None:
    total = float(np.prod(fractions))
    corner = functools.reduce(free_compression, fractions, law)
    # A corner is the free power 1/f, scaled by f.
    with mp.workdps(DIGITS):
        power = 1 / mp.fprod(mpf(f) for f in fractions)
    for x in points(corner, 2):
        with mp.workdps(DIGITS):
            exact = complex(truth(Sum([part], [power]), x / total) / mpf(total))
        found = corner.stieltjes(np.array([x]))[0]
        change = abs(corner.stieltjes_derivative(np.array([x]))[0])
        assert abs(found - exact) <= 64 * EPS * (abs(found) + 3 * change)


def test_a_power_and_a_corner_add_up_like_any_law() -> None:
    power = free_convolution_power(Arcsine(-1.0, 1.0), 1.75)
    law = free_additive_convolution(power, bulk_discrete(*TWO))
    system = Sum([arcsine(-1.0, 1.0), atomic(*TWO)], [1.75, 1.0])
    assert_solves(law, system, points(law, 3))


ZERO = ([0.0, 1.0, 3.0], [0.25, 0.5, 0.25])
PRODUCTS = {
    "Marchenko-Pastur laws of two ratios": (
        [MarchenkoPastur(0.3), MarchenkoPastur(0.8, 2.0)],
        [marchenko_pastur(0.3), marchenko_pastur(0.8, 2.0)],
    ),
    "ratios below and above 1": (
        [MarchenkoPastur(2.5), MarchenkoPastur(0.125)],
        [marchenko_pastur(2.5), marchenko_pastur(0.125)],
    ),
    "atoms, one at 0": (
        [bulk_discrete(*ZERO), bulk_discrete(*NONZERO)],
        [atomic(*ZERO), atomic(*NONZERO)],
    ),
    "Jacobi and uniform": (
        [Jacobi(0.4, 0.7), Uniform(0.5, 2.0)],
        [jacobi(0.4, 0.7), uniform(0.5, 2.0)],
    ),
    "arcsine and Marchenko-Pastur": (
        [Arcsine(0.25, 2.0), MarchenkoPastur(0.5)],
        [arcsine(0.25, 2.0), marchenko_pastur(0.5)],
    ),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_free_products(name: str) -> None:
    laws, parts = PRODUCTS[name]
    law = free_multiplicative_convolution(laws[0], laws[1])
    assert_solves(law, Product(parts), points(law, 2))


def test_a_free_poisson_factor_is_its_jumps_times_marchenko_pastur() -> None:
    # At rate 1, R = ∫ t/(1 − tw) ν(dt) is that of Marchenko-Pastur(1) ⊠ ν.
    jumps = bulk_discrete([1.0, 2.5], [0.6, 0.4])
    law = free_multiplicative_convolution(
        FreePoisson(1.0, jumps), bulk_discrete(*NONZERO)
    )
    system = Product([
        marchenko_pastur(1.0),
        atomic([1.0, 2.5], [0.6, 0.4]),
        atomic(*NONZERO),
    ])
    assert_solves(law, system, points(law, 2))


def test_a_chain_of_marchenko_pastur_laws_is_fuss_catalan() -> None:
    s = 2
    factors: list[Law] = [MarchenkoPastur(1.0)] * s
    law = functools.reduce(free_multiplicative_convolution, factors)

    def place(angle: mpf) -> mpf:
        # Haagerup and Möller (2013), the density in parametric form
        top = mp.sin((s + 1) * angle) ** (s + 1)
        return top / (mp.sin(angle) * mp.sin(s * angle) ** s)

    for guess in (0.05, 0.4):
        with mp.workdps(DIGITS):
            x = float(place(mpf(guess)))
            angle = mpmath.findroot(lambda t, x=x: place(t) - x, guess)
            exact = mp.sin(angle) ** 2 * mp.sin(s * angle) ** (s - 1)
            exact = float(exact / mp.pi / mp.sin((s + 1) * angle) ** s)
        for found in (law, FussCatalan(float(s))):
            density = found.density(np.array([x]))[0]
            assert density == pytest.approx(exact, rel=256 * EPS)
