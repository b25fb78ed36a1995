import math

import mpmath
import numpy as np
import pytest

from eigenscape.landscape.annealed import (
    best_energy,
    cumulative_complexity,
    density_complexity,
    joint_complexity,
    lowest_energy,
    marginal_energy,
)
from eigenscape.landscape.spin_glass import SpinGlass

mpmath.mp.dps = 30


def pure_exponent(p, k, u):
    """Auffinger, Ben Arous and Černý, with the rate by quadrature at 30 digits."""
    edge = 2 * mpmath.sqrt(mpmath.mpf(p - 1) / p)
    base = mpmath.log(p - 1) / 2
    if u > -edge:
        return base - mpmath.mpf(p - 2) / p
    rate = mpmath.quad(lambda z: mpmath.sqrt(z**2 - edge**2), [edge, -u]) * 2 / edge**2
    return base - (p - 2) * mpmath.mpf(u) ** 2 / (4 * (p - 1)) - (k + 1) * rate


@pytest.mark.parametrize(("p", "k"), [(3, 0), (3, 2), (5, 1), (10, 3)])
def test_layers_of_pure_glasses_to_thirty_digits(p, k):
    glass = SpinGlass.pure(p)
    edge = 2 * math.sqrt((p - 1) / p)
    assert marginal_energy(glass) == pytest.approx(edge, abs=1e-14)
    exact = mpmath.findroot(
        lambda u: pure_exponent(p, k, -u), (edge * 1.0001, edge * 1.5), "anderson"
    )
    assert lowest_energy(glass, index=k) == pytest.approx(float(exact), abs=1e-11)


@pytest.mark.parametrize("k", [0, 1, 2])
def test_fixed_indices_of_the_three_spin_glass(k):
    levels = [-1.7, -1.66, -1.65, -1.64, -1.0, 2.0]
    found = cumulative_complexity(SpinGlass.pure(3), np.array(levels), index=k)
    exact = [float(pure_exponent(3, k, u)) for u in levels]
    assert found == pytest.approx(exact, abs=1e-12)


def test_printed_values():
    found = cumulative_complexity(
        SpinGlass.pure(3), np.array([-1.5, -1.0, -0.5, 0.0, 3.0, math.inf])
    )
    expected = [0.06532359, 0.22157359, 0.31532359] + 3 * [math.log(2) / 2]
    assert found == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize(
    ("degrees", "levels", "expected"),
    [
        ((3, 4), [0, -1, -1.6, -1.7], [0.47223080, 0.317301, 0.075611, 0.023826]),
        ((3, 16), [0, -1.6], [1.28044628, 0.567416]),
        ((2, 3), [0, -1, -1.6], [0.23500181, 0.138228, -0.021855]),
    ],
)
def test_mixed_glasses(degrees, levels, expected):
    glass = SpinGlass(degrees, (0.5, 0.5))
    found = density_complexity(glass, np.array(levels, dtype=float))
    assert found == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("index", [None, 0, 2])
@pytest.mark.parametrize(
    "glass",
    [
        SpinGlass((2, 3), (0.5, 0.5)),
        SpinGlass((1, 3, 5), (3.0, 0.5, 0.5)),
        SpinGlass((1, 3), (4.0, 1.0)),
        SpinGlass((1, 3), (9.0, 1.0)),
    ],
)
def test_closed_forms_against_a_search_on_a_grid(glass, index):
    levels, radial = np.linspace(-4, 4, 41), np.linspace(-14, 14, 701)
    if index is not None:
        radial = np.linspace(-14, -glass.marginal, 351)
    pairs = np.repeat(levels, radial.size), np.tile(radial, levels.size)
    grid = joint_complexity(glass, *pairs, index).reshape(levels.size, -1).max(axis=1)
    # The search is below the maximum, by (0.02)²/2α² in r or, at the edge, where the
    # potential bends as a power 3/2, somewhat more; a step of 0.2 in u leaves (0.1)²/2
    # of the curvature in u.
    found = density_complexity(glass, levels, index=index)
    assert (found >= grid - 1e-12).all()
    assert (found <= grid + 3e-3).all()
    pull = (glass.slope / glass.variance) ** 2 / glass.spread
    bend = 0.1**2 / 2 * (1 / glass.variance + pull)
    found = cumulative_complexity(glass, levels, index=index)
    assert (np.abs(found - np.maximum.accumulate(grid)) <= bend + 3e-3).all()


def test_a_strong_field_leaves_a_minimum_and_a_maximum():
    glass = SpinGlass.pure(3).with_field(2.5)
    assert best_energy(glass) == pytest.approx(-math.sqrt(glass.slope))
    assert lowest_energy(glass) == pytest.approx(math.sqrt(glass.slope), abs=1e-9)
    assert lowest_energy(glass, index=1) is None
    levels = np.array([-3.05, -3.0, 0.0, math.inf])
    found = cumulative_complexity(glass, levels)
    assert found[0] < 0
    assert found[1:] == pytest.approx(0, abs=1e-12)
    weak = SpinGlass.pure(3).with_field(1.0)
    assert cumulative_complexity(weak, np.array([math.inf])) == pytest.approx(
        math.log(6 / 4) / 2
    )


@pytest.mark.parametrize(("p", "k"), [(3, 4), (7, 0), (12, 2)])
def test_layers_are_nested_and_end_at_the_threshold(p, k):
    glass = SpinGlass.pure(p)
    inner, outer = (lowest_energy(glass, index=i) for i in (k + 1, k))
    assert marginal_energy(glass) < inner < outer


def test_bad_input_is_refused():
    glass = SpinGlass.pure(3)
    with pytest.raises(ValueError, match="^index: expected"):
        cumulative_complexity(glass, np.zeros(1), index=-1)
    with pytest.raises(ValueError, match="^energy: expected numbers"):
        cumulative_complexity(glass, np.array([math.nan]))
    with pytest.raises(ValueError, match="^glass: expected a pure one"):
        marginal_energy(SpinGlass((2, 3), (0.5, 0.5)))
