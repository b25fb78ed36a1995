import numpy as np
import pytest

from eigenscape.landscape.critical_point_study import (
    PUBLISHED_ENERGIES,
    RatioSearch,
    ReluParts,
    fitted_exponent,
    theory_curve,
)
from eigenscape.landscape.memorisation import Memorisation
from eigenscape.landscape.searched_points import PointTest, SearchedPoints


@pytest.mark.parametrize("residual", ["wigner", "relu"])
def test_the_exponent_of_the_theory(residual):
    # The correction α₁x lowers the slope by less than 3e-3.
    assert fitted_exponent(0.25, residual) == pytest.approx(1.5, abs=3e-3)


def test_a_curve_has_the_mass_and_the_index():
    curve = theory_curve(0.25, 0.5)
    assert np.trapezoid(curve.density, curve.grid) == pytest.approx(1, abs=1e-3)
    below = curve.grid < 0
    share = np.trapezoid(curve.density[below], curve.grid[below])
    assert share == pytest.approx(curve.index, abs=3e-3)


def test_published_minima_lie_near_the_observed_formula():
    for ratio, (energy, *_) in PUBLISHED_ENERGIES.items():
        observed = Memorisation(16, round(32 / ratio)).observed_minimum
        assert 0.9 < energy / observed < 1.25


def test_the_mean_energy_of_accepted_minima():
    count = 5
    zeros = np.zeros(count)
    points = SearchedPoints(
        0.5,
        PointTest(),
        zeros,
        np.array([0.1, 0.2, 0.3, 0.4, 0.6]),
        np.array([1e-7, 1e-21, 1e-7, 1e-7, 1e-5]),
        np.array([0, 0, 0, 1, 0]),
        zeros.astype(int),
        zeros,
        zeros,
        zeros,
        zeros.astype(int),
        zeros.astype(int),
        np.zeros((count, 8)),
    )
    shape = Memorisation(2, 8)
    found = RatioSearch(shape, points, points, points, points).mean_energy
    assert found is not None
    assert (found.value, found.samples) == (pytest.approx(0.2), 3)
    assert found.standard_error == pytest.approx(0.1 / np.sqrt(3))
    none = points.where(points.negative == 1)
    assert RatioSearch(shape, points, none, points, points).mean_energy is None


def test_the_gap_is_above_the_null_directions():
    values = np.array([0.0, 0.0, 0.3, 0.5])
    assert ReluParts(0.5, 1.0, values, values, 2).gap == 0.3


def test_no_exponent_where_no_energy_is_critical():
    for ratio in (1.0, 1.7):
        with pytest.raises(ValueError, match="^ratio: expected a number below 1"):
            fitted_exponent(ratio)
