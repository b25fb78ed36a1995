"""Several free summands at once against sums made one after the other."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

from eigenscape.theory import (
    Cauchy,
    Discrete,
    Law,
    MarchenkoPastur,
    Semicircle,
    Uniform,
)
from eigenscape.theory.convolution.summands import spread, subordinate


@pytest.mark.parametrize("count", [2, 3, 4])
def test_equal_summands_are_one_scaled_summand(count: int) -> None:
    laws: tuple[Law, ...] = (Semicircle(1.0),) * count
    z = np.linspace(-3, 3, 9) + 0.2j
    found = subordinate(laws, z)
    g = 1 / (z - found.energy)
    expected = Semicircle(float(count)).stieltjes(z)
    assert np.abs(g / expected - 1).max() <= 1e-13
    assert np.abs(found.parts - g).max() <= 1e-13


def test_energies_add_up_and_every_summand_sees_one_value() -> None:
    laws = (
        Discrete(np.array([-1.0, 1.0]), np.array([0.4, 0.6])),
        MarchenkoPastur(0.3),
        Semicircle(0.5),
    )
    z = np.linspace(-2, 4, 11) + 0j
    found = subordinate(laws, z)
    g = 1 / (z - found.energy)
    assert np.abs(found.parts.sum(axis=0) - found.energy).max() <= 1e-13
    for law, w in zip(laws, found.points, strict=True):
        assert np.abs(law.stieltjes(w) - g).max() <= 1e-11


def test_where_the_transform_of_the_sum_vanishes() -> None:
    # There all points but one are infinite, and that one is a pole of its Σ.
    laws = (
        Discrete(np.array([-1.0, 0.0, 2.0]), np.array([0.3, 0.3, 0.4])),
        MarchenkoPastur(0.5),
        Uniform(-1.0, 1.0),
    )

    def g(x: float) -> float:
        found = subordinate(laws, np.array([x + 0j]))
        return float(np.real(1 / (x - found.energy))[0])

    zero = brentq(g, 2.0, 2.12, xtol=1e-16)
    beside = zero + np.array([-1e-3, -1e-6, -1e-9, 0, 1e-12, 1e-9, 1e-6, 1e-3])
    z = np.concatenate([beside + 0j, zero + 1j * 10.0 ** -np.arange(1, 16, 2)])
    found = subordinate(laws, z)
    value = 1 / (z - found.energy)
    for law, w in zip(laws, found.points, strict=True):
        assert np.abs(law.stieltjes(w) - value).max() <= 1e-13
    # g is analytic there, with g″/2 = 2.
    near = np.abs(z - zero) < 2e-3
    slope = (g(zero + 1e-3) - g(zero - 1e-3)) / 2e-3
    assert np.abs(value - slope * (z - zero))[near].max() < 4e-6


def test_the_spread_of_a_law_without_width_is_finite() -> None:
    assert 0 < spread(Cauchy(0.0, 2.0)) < 100
    assert spread(Semicircle(1.0)) == pytest.approx(4.0)
