"""Guesses along the axis are near the solutions, and certified as any other point."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest

from eigenscape.theory.convolution.boundary import boundary_points
from eigenscape.theory.convolution.continuation import solve
from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.kesten_mckay import KestenMcKay
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.laws.semicircle import Semicircle

LAWS = [
    Discrete(np.array([0.0]), np.ones(1)),
    Discrete(np.array([-1.001, 1.001]), np.full(2, 0.5)),
    Discrete(np.array([-8.0, 0.0, 0.1, 30.0]), np.array([0.1, 0.3, 0.5, 0.1])),
    KestenMcKay(3),
    MarchenkoPastur(2.0),
    Semicircle(4.0),
]


def beside(law, variance):
    def mapping(w, z):
        g, slope = law.stieltjes(w), law.stieltjes_derivative(w)
        return z - variance * g, -variance * slope, np.ones_like(z)

    return mapping


def grid(law, variance):
    reach = 3 * variance**0.5
    return np.linspace(law.hull.lower - reach, law.hull.upper + reach, 700)


def test_over_a_semicircle_the_curve_is_a_circle():
    x = np.random.default_rng(1).uniform(-1.99, 1.99, 500)  # in no order
    found = boundary_points(beside(LAWS[0], 1.0), x, scale=4.0)
    # 128 points on |u| ≤ 3.99 and two more a cell; v² = 1 − u² bends by 2.
    assert np.abs(found.real - x / 2).max() < 1e-3
    assert np.abs(found.imag**2 - (1 - x**2 / 4)).max() < 1e-3


@pytest.mark.parametrize("law", LAWS, ids=lambda law: type(law).__name__)
@pytest.mark.parametrize("variance", [0.2, 1.0, 9.0])
def test_guesses_are_near_and_the_points_are_those_of_the_ladder(law, variance):
    x, scale = grid(law, variance), law.hull.width + 4 * variance**0.5
    mapping = beside(law, variance)
    guess = boundary_points(mapping, x, scale=scale)
    short = solve(mapping, x + 0j, scale=scale, explicit=True)
    long = solve(mapping, x + 0j, scale=scale)
    # At an edge a root of the rounding is all that is certain.
    doubt = 1e-13 * np.minimum(short.condition, 1e7) * (1 + np.abs(x))
    assert (np.abs(short.value - long.value) <= doubt).all()
    assert np.median(np.abs(guess - short.value)) < 1e-3 * scale


def test_a_wrong_guess_costs_time_only():
    x = np.linspace(-1.9, 1.9, 64)

    def mapping(w, z):
        # The semicircle's map twice, z − 1/(z − 1/w): it is not of the form z − h(w).
        inner = z - 1 / w
        return z - 1 / inner, 1 / (w * inner) ** 2, 1 + 1 / inner**2

    found = solve(mapping, x + 0j, scale=4.0, explicit=True)
    assert np.abs(found.value - (x + 1j * np.sqrt(4 - x**2)) / 2).max() < 1e-13


@pytest.mark.parametrize("variance", [1e-5, 1e-7])
def test_beside_an_edge_of_a_light_interval_only_rounding_is_left(variance):
    # Roots of 40 digits, just inside the interval of an atom of mass 0.001.
    places = [-0.05, -0.0185, -0.0159, 0.0193, 0.02495, 0.0446]
    masses = [0.001, 0.313, 0.13, 0.412, 0.139, 0.005]
    law = Discrete(np.array(places), np.array(masses))
    with mp.workdps(40):
        pairs = [(mp.mpf(m), mp.mpf(p)) for m, p in zip(masses, places, strict=True)]
        noise = mp.mpf(variance)

        def image(w):
            return w + noise * sum(m / (w - p) for m, p in pairs)

        def slope(w):
            return 1 - noise * sum(m / (w - p) ** 2 for m, p in pairs)

        radius = mp.sqrt(pairs[0][0] * noise)
        turn = mp.findroot(slope, (pairs[0][1] - 2 * radius, pairs[0][1] - radius))
        bend = 2 * noise * sum(m / (turn - p) ** 3 for m, p in pairs)
        inward = radius * np.logspace(-10, -1, 40).astype(object)
        x = np.array([float(image(turn) + d) for d in inward])
        begin = [mp.sqrt(2 * (mp.mpf(z) - image(turn)) / bend) for z in x]
        exact = [
            mp.findroot(lambda w, z=z: image(w) - z, (turn + d, turn + d * 1.001))
            for z, d in zip(x, begin, strict=True)
        ]
        steep = np.array([float(abs(slope(w))) for w in exact])
    everywhere = np.append(x, np.linspace(-0.06, 0.06, 60))
    mapping, scale = beside(law, variance), law.hull.width + 4 * variance**0.5
    found = solve(mapping, everywhere + 0j, scale=scale, explicit=True).value[:40]
    # The error of a residual of a few roundings.
    rounding = 16 * np.finfo(float).eps * np.abs(x) / steep
    assert (np.abs(found - np.array(exact, complex)) <= rounding).all()
