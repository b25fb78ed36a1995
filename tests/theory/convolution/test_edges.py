"""Edges and gaps of free sums against discriminants and critical values."""

from __future__ import annotations

import numpy as np
import pytest

from eigenscape.theory import Discrete, KestenMcKay, MarchenkoPastur, Semicircle
from eigenscape.theory.convolution.edges import additive_support


def two(a: float) -> Discrete:
    return Discrete(np.array([-a, a]), np.array([0.5, 0.5]))


def split_edges(a: float) -> tuple[float, float]:
    """Edges of (δ₋ₐ + δₐ)/2 ⊞ semicircle, where w + w/(w² − a²) is stationary."""
    middle, root = a**2 + 0.5, np.sqrt(8 * a**2 + 1) / 2
    inner, outer = np.sqrt(middle - root), np.sqrt(middle + root)
    place = [w + w / (w**2 - a**2) for w in (inner, outer)]
    return abs(place[0]), place[1]


@pytest.mark.parametrize("a", [1.01, 1.5, 2.0, 5.0])
def test_two_atoms_split_as_their_quartic_says(a: float) -> None:
    inner, outer = split_edges(a)
    left, right = additive_support(two(a), Semicircle(1.0))
    found = np.array([left.lower, left.upper, right.lower, right.upper])
    expected = np.array([-outer, -inner, inner, outer])
    assert np.abs(found - expected).max() <= 1e-13 * outer


def test_a_gap_below_a_thousandth_is_found() -> None:
    left, right = additive_support(two(1.001), Semicircle(1.0))
    width = right.lower - left.upper
    # 6.881290746796336e-5 by the closed form at 40 digits
    inner = split_edges(1.001)[0]
    assert width == pytest.approx(2 * inner, rel=1e-6)
    assert len(additive_support(two(0.999), Semicircle(1.0))) == 1


def test_edges_of_closed_forms() -> None:
    (interval,) = additive_support(Semicircle(1.0), Semicircle(3.0))
    assert interval.upper == pytest.approx(4.0, abs=1e-13)
    assert interval.lower == pytest.approx(-4.0, abs=1e-13)
    (interval,) = additive_support(MarchenkoPastur(0.5), Semicircle(1.0))
    # real roots of the slope of g ↦ g + 1/(1 − g/2) + 1/g
    g = np.roots([0.25, -1.0, 1.25, 1.0, -1.0])
    g = np.sort(g[np.abs(g.imag) < 1e-9].real)
    x = g + 1 / (1 - g / 2) + 1 / g
    assert interval.lower == pytest.approx(x[0], abs=1e-12)
    assert interval.upper == pytest.approx(x[1], abs=1e-12)


def test_symmetric_laws_have_symmetric_edges() -> None:
    intervals = additive_support(two(3.0), KestenMcKay(3))
    ends = [end for i in intervals for end in (i.lower, i.upper)]
    assert np.abs(np.array(ends) + np.array(ends[::-1])).max() <= 1e-12
