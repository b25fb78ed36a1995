from __future__ import annotations

import numpy as np
import pytest

from eigenscape.core import ConvergenceError
from eigenscape.theory.descent import follow_down, halving_heights
from eigenscape.theory.laws.semicircle import Semicircle

HEIGHTS = halving_heights(1.0)


def test_follows_the_root_of_a_quadratic_to_the_axis():
    # g + 1/g = z, on the branch that decays: −Im g above the axis.
    x = np.linspace(-3.0, 3.0, 14)

    def equation(u, height):
        return u + 1 / u - (x + 1j * height), 1 - 1 / u**2

    found = follow_down(equation, x + 1j * HEIGHTS[0], HEIGHTS, "the root")
    expected = 1 / Semicircle().stieltjes(x)
    assert np.allclose(found, expected, rtol=1e-10)


def test_heights_halve_and_end_on_the_axis():
    assert HEIGHTS[0] == 8
    assert (HEIGHTS[1:-1] == HEIGHTS[:-2] / 2).all()
    assert HEIGHTS[-1] == 0


def test_says_what_did_not_converge():
    def equation(u, height):
        return np.full_like(u, 1.0), np.full_like(u, 1.0)

    with pytest.raises(ConvergenceError, match=r"^the unknown did not converge"):
        follow_down(equation, np.array([1j]), HEIGHTS, "the unknown")


def test_never_crosses_the_axis():
    visited = []

    def equation(u, height):
        visited.append(u.imag.min())
        return u - (1 - 5j), np.ones_like(u)

    with pytest.raises(ConvergenceError):
        follow_down(equation, np.array([2j]), np.zeros(1), "a root below the axis")
    assert len(visited) > 3
    assert min(visited) > 0
