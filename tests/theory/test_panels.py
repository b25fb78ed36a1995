from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from eigenscape.core import ConvergenceError
from eigenscape.theory import Interval, KestenMcKay, Law, Semicircle
from eigenscape.theory.panels import cut_panels, smooth_intervals


@dataclass(frozen=True)
class Shape(Law):
    """A density on [−1, 1] given by a function, for the quadrature only."""

    function: object

    @property
    def support(self):
        return (Interval(-1.0, 1.0),)

    @property
    def atoms(self):
        return ()

    def density(self, x):
        return self.function(x)

    def stieltjes(self, z):
        raise NotImplementedError

    def stieltjes_derivative(self, z):
        raise NotImplementedError


def test_mass_below_is_the_closed_form_of_the_semicircle():
    panels = cut_panels(Semicircle(), Interval(-2.0, 2.0))
    x = np.linspace(-3, 3, 61)
    y = np.clip(x, -2, 2)
    exact = 0.5 + y * np.sqrt(4 - y**2) / (4 * np.pi) + np.arcsin(y / 2) / np.pi
    assert np.allclose(panels.mass_below(x), exact, rtol=0, atol=1e-14)


def test_narrow_peak_inside_is_found_and_resolved():
    width = 1e-4
    peak = Shape(lambda x: width / np.pi / ((x - 0.3) ** 2 + width**2))
    panels = cut_panels(peak, Interval(-1.0, 1.0))
    exact = (np.arctan(0.7 / width) + np.arctan(1.3 / width)) / np.pi
    assert abs(panels.mass_below(np.array([1.0]))[0] - exact) < 1e-12


def test_cuts_cover_the_interval():
    panels = cut_panels(KestenMcKay(3), Interval(-2.0, 2.0))
    assert panels.ends[[0, -1]].tolist() == [-2.0, 2.0]
    assert np.all(np.diff(panels.ends) > 0)


def test_density_without_a_finite_mass_is_refused():
    with pytest.raises(ConvergenceError, match=r"mass of the density on \[-1.0, 1.0\]"):
        cut_panels(Shape(lambda x: 1 / np.abs(x - 0.3)), Interval(-1.0, 1.0))


@pytest.mark.parametrize("power", [-0.9, -2 / 3, -1 / 3, 0.0, 1 / 3, 2.5])
def test_edges_of_any_power_are_resolved(power):
    shape = Shape(lambda x: np.abs(x) ** power)
    panels = cut_panels(shape, Interval(0.0, 1.0))
    x = np.array([1e-30, 1e-3, 0.4, 0.9, 1.0])
    exact = x ** (power + 1) / (power + 1)
    # Absolute: each panel leaves 1e-14.
    assert np.allclose(panels.mass_below(x), exact, rtol=0, atol=3e-13)
    assert panels.total == pytest.approx(1 / (power + 1), rel=1e-13)


def test_logarithmic_edges_are_resolved():
    panels = cut_panels(Shape(lambda x: -np.log(np.abs(x))), Interval(0.0, 1.0))
    x = np.array([1e-9, 0.1, 0.7, 1.0])
    exact = x - x * np.log(x)
    assert np.allclose(panels.mass_below(x), exact, rtol=0, atol=1e-13)


def test_divergence_at_zero_divides_the_interval():
    steep = Shape(lambda x: np.where(x == 0, np.inf, np.abs(np.cbrt(x))))
    parts = smooth_intervals(steep)
    assert parts == [Interval(-1.0, 0.0), Interval(0.0, 1.0)]
    assert smooth_intervals(Semicircle()) == [Interval(-2.0, 2.0)]
