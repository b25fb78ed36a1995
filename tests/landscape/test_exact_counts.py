import math

import numpy as np
import pytest

from eigenscape.landscape.annealed import cumulative_complexity
from eigenscape.landscape.exact_counts import exact_count, log_exact_count
from eigenscape.landscape.spin_glass import SpinGlass

PAGE = {  # independent sums of Hermite functions
    (4, 3): 18.790234,
    (5, 4): 65.886360,
    (8, 5): 1216.8136,
    (10, 3): 286.915880,
}


@pytest.mark.parametrize("p", [2, 3, 4, 5, 9])
def test_circles_and_spheres_in_closed_form(p):
    glass = SpinGlass.pure(p)
    assert exact_count(glass, 2) == pytest.approx(2 * math.sqrt(3 * p - 2), rel=1e-11)
    sphere = 2 + 8 * (p - 1) ** 1.5 / math.sqrt(3 * p - 2)
    assert exact_count(glass, 3) == pytest.approx(sphere, rel=1e-11)


@pytest.mark.parametrize("dimension", [2, 7, 60])
def test_a_quadratic_form_has_its_eigenvectors(dimension):
    assert exact_count(SpinGlass.pure(2), dimension) == pytest.approx(
        2 * dimension, rel=1e-11
    )


@pytest.mark.parametrize(("dimension", "p"), PAGE)
def test_counts_of_an_independent_computation(dimension, p):
    found = exact_count(SpinGlass.pure(p), dimension)
    assert found == pytest.approx(PAGE[dimension, p], rel=1e-7)


def test_a_mixture_on_the_circle_by_rice():
    """2√(−ψ⁗/ψ″) zeros of f′, with ψ(θ) = ν(cos θ)."""
    glass = SpinGlass((1, 2, 4), (0.7, 0.2, 1.1))
    second, fourth = glass.slope, glass.slope + 3 * glass.curvature
    exact = 2 * math.sqrt(fourth / second)
    assert exact_count(glass, 2) == pytest.approx(exact, rel=1e-11)


@pytest.mark.parametrize("glass", [SpinGlass.pure(3), SpinGlass((1, 3), (0.4, 1.0))])
def test_levels_add_up(glass):
    """Counts below u and, by symmetry, below −u are all."""
    n = 12
    both = exact_count(glass, n, 0.7) + exact_count(glass, n, -0.7)
    assert both == pytest.approx(exact_count(glass, n), rel=1e-10)
    assert exact_count(glass, n, -math.inf) == 0


def test_trivial_landscapes_have_two_points():
    glass = SpinGlass((1, 3), (30.0, 0.5))
    assert exact_count(glass, 60) == pytest.approx(2, abs=1e-6)
    # A maximum and a minimum, whose density is wide beside the spectrum; a digit is
    # lost for each of ν′/ν″ = 2·10⁵.
    strong = SpinGlass.pure(3).with_field(1000.0)
    assert exact_count(strong, 20) == pytest.approx(2, abs=1e-9)
    assert exact_count(strong, 20, 0.0) == pytest.approx(1, abs=1e-9)


def test_five_hundred_dimensions():
    glass = SpinGlass.pure(3)
    # Corrections to the rate are (log N)/2N and O(1/N).
    for energy in (-1.7, -1.0, 0.5):
        limit = cumulative_complexity(glass, np.array([energy]))[0]
        found = log_exact_count(glass, 500, energy) / 500
        assert found == pytest.approx(limit, abs=math.log(500) / 500)
    assert exact_count(SpinGlass.pure(12), 1000) == math.inf


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="^dimension: expected at least 2, got 1"):
        log_exact_count(SpinGlass.pure(3), 1)
    with pytest.raises(ValueError, match="^glass: expected ν′ up to 1e\\+06 ν″"):
        log_exact_count(SpinGlass.pure(3).with_field(1e4), 3)
    with pytest.raises(ValueError, match="^energy: expected numbers"):
        log_exact_count(SpinGlass.pure(3), 3, math.nan)
