"""Several free summands at once against sums made one after the other."""

from __future__ import annotations

import numpy as np
import pytest

from eigenscape.theory import Cauchy, Discrete, Law, MarchenkoPastur, Semicircle
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


def test_the_spread_of_a_law_without_width_is_finite() -> None:
    assert 0 < spread(Cauchy(0.0, 2.0)) < 100
    assert spread(Semicircle(1.0)) == pytest.approx(4.0)
