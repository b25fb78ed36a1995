from __future__ import annotations

import mpmath
import numpy as np
import pytest

from eigenscape.core import ConvergenceError
from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.semicircle import Semicircle
from eigenscape.theory.operator_valued.pencil import Pencil, pencil_spectrum

ONE = np.ones((1, 1))
SIGN = Discrete(np.array([-1.0, 1.0]), np.array([0.5, 0.5]))
SPLIT = pencil_spectrum(Pencil(0 * ONE, ((ONE, SIGN), (ONE, Semicircle(0.01)))))


def split_root(x):
    """The root of g = (z − vg) / ((z − vg)² − 1), v = 1/100, that is the transform."""
    with mpmath.workdps(40):
        x, v = mpmath.mpf(x), mpmath.mpf(0.01)
        # In w = z − v g: v w = (z − w)(w² − 1).
        roots = mpmath.polyroots([1, -x, v - 1, x], maxsteps=300, extraprec=200)
        values = [(x - w) / v for w in roots]
        if max(abs(mpmath.im(g)) for g in values) > 1e-20:
            return complex(min(values, key=mpmath.im))
        return complex(min(values, key=abs))


def test_both_sides_of_the_axis():
    z = np.array([[1 + 0.1j, 1 - 0.1j], [complex(1, 0.0), complex(1, -0.0)]])
    g = SPLIT.stieltjes(z)
    assert g.shape == (2, 2)
    assert np.array_equal(g[:, 0], g[:, 1].conj())
    assert (g[:, 0].imag < 0).all()
    alone = SPLIT.stieltjes(np.array([1.0]))[0]
    assert alone == pytest.approx(g[1, 0], rel=1e-14)
    slopes = SPLIT.stieltjes_derivative(z)
    assert np.array_equal(slopes[:, 0], slopes[:, 1].conj())
    resolvent = SPLIT.resolvent(z[0])
    assert np.array_equal(resolvent[0, 0], resolvent[1, 0].conj())


def test_density_and_gaps_against_forty_digits():
    x = np.concatenate([np.linspace(-1.3, 1.3, 53), [1e-9, 1e-13]])
    exact = np.array([split_root(p) for p in x])
    density = SPLIT.density(x)
    # ε / √(distance to an edge), which is at least 2e-3 here, over v.
    assert np.abs(density + exact.imag / np.pi).max() < 1e-12
    assert np.array_equal(density == 0, np.abs(exact.imag) < 1e-20)
    assert np.abs(SPLIT.stieltjes(x) - exact).max() < 1e-11


def test_zero_of_the_transform_in_a_gap_is_bridged():
    near = np.array([-1e-3, 0.0, 1e-3])
    g = SPLIT.stieltjes(near)
    assert abs(g[1]) < 1e-13
    assert g[0] == pytest.approx(-g[2], rel=1e-12)
    slope = SPLIT.stieltjes_derivative(near)
    # The mean of two neighbours at 1e-8 radii; by symmetry g″(0) = 0.
    assert slope[1] == pytest.approx(-1 / 0.99, rel=1e-10)
    assert slope[0] == pytest.approx(slope[2], rel=1e-10)


@pytest.mark.parametrize("x", [0.2, 0.95, 1.1, 3.0])
def test_derivative_against_differences_of_exact_roots(x):
    with mpmath.workdps(40):
        step = 1e-4
        rise = [split_root(x + k * step) for k in (-2, -1, 1, 2)]
    exact = (rise[0] - 8 * rise[1] + 8 * rise[2] - rise[3]) / (12 * step)
    # Fourth-order differences: ε |g| / step.
    assert SPLIT.stieltjes_derivative(np.array([x]))[0] == pytest.approx(
        exact, abs=1e-8
    )


def test_an_atom_raises():
    kept = Discrete(np.array([0.0, 1.0]), np.array([0.9, 0.1]))
    spectrum = pencil_spectrum(Pencil(0 * ONE, ((ONE, kept), (ONE, kept))))
    assert spectrum.stieltjes(np.array([1e-6j]))[0] * 1e-6j == pytest.approx(
        0.8, abs=1e-5
    )
    with pytest.raises(
        ConvergenceError, match=r"at z = 0j .* move the point off an atom"
    ):
        spectrum.density(np.array([0.5, 0.0]))


def test_a_diverging_edge_raises_and_is_exact_beside_it():
    # Arcsine: 1 / π√(4 − x²).
    spectrum = pencil_spectrum(Pencil(0 * ONE, ((ONE, SIGN), (ONE, SIGN))))
    for gap in (1e-2, 1e-6, 1e-10):
        exact = 1 / np.sqrt(gap * (4 - gap)) / np.pi
        found = spectrum.density(np.array([2 - gap]))[0]
        # The rounding of 2 − gap alone.
        assert found == pytest.approx(exact, rel=4e-16 / gap + 1e-12)
    with pytest.raises(ConvergenceError):
        spectrum.density(np.array([2.0]))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_points_that_are_not_finite_are_refused(bad):
    with pytest.raises(ValueError, match="^z: expected finite points"):
        SPLIT.stieltjes(np.array([0.0, bad]))
