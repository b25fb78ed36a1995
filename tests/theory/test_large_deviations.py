from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import fft, integrate, optimize

from eigenscape.theory.large_deviations import pull_rate, push_rate
from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.laws.semicircle import Semicircle
from eigenscape.theory.laws.uniform import Uniform


def rate(law, x, **options):
    return float(pull_rate(law, np.array([x]), **options)[0])


def held_energy(potential, lower, upper):
    """Energy of the best charge on [lower, upper], and its weight at the two edges."""
    angle = np.pi * (np.arange(4096) + 0.5) / 4096
    x = (lower + upper) / 2 + (upper - lower) / 2 * np.cos(angle)
    v, k = fft.dct(potential(x)) / 4096, np.arange(4096)
    energy = v[0] / 2 - k @ v**2 / 8 - math.log((upper - lower) / 4)
    return energy, 1 - k @ (v * (-1.0) ** k) / 2, 1 - k @ v / 2


@given(st.floats(0.1, 4.0), st.floats(1.0001, 20.0), st.sampled_from([1, 2, 4]))
def test_pulled_eigenvalue_of_a_gaussian_ensemble(variance, reach, beta):
    # β/4 (y √(y² − 4) − 4 arcosh(y/2)) in units of σ, Ben Arous, Dembo and Guionnet.
    y = 2 * reach
    exact = beta / 4 * (y * math.sqrt(y**2 - 4) - 4 * math.acosh(reach))
    place = y * math.sqrt(variance)
    found = rate(Semicircle(variance), place, beta=beta)
    # The closed form cancels near the edge: absolute 1e-13.
    assert found == pytest.approx(exact, rel=1e-11, abs=1e-13)
    below = rate(Semicircle(variance), -place, beta=beta)
    assert below == pytest.approx(found, rel=1e-12)


@pytest.mark.parametrize("ratio", [0.3, 1.0, 2.5])
@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_pulled_eigenvalue_of_a_wishart_matrix(ratio, scale):
    law = MarchenkoPastur(ratio, scale)
    edges, x = law.support[0], 1.7 * law.support[0].upper

    def force(t):
        root = math.sqrt((t - edges.lower) * (t - edges.upper))
        return root / (2 * ratio * scale * t)

    exact = integrate.quad(force, edges.upper, x, epsabs=1e-13)[0]
    assert rate(law, x) == pytest.approx(exact, rel=1e-9)


def test_pulled_smallest_eigenvalue_of_a_wishart_matrix():
    law = MarchenkoPastur(0.25)
    exact = integrate.quad(
        lambda t: 2 * math.sqrt((0.25 - t) * (2.25 - t)) / t, 0.1, 0.25, epsabs=1e-13
    )[0]
    assert rate(law, 0.1, beta=1) == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize("law", [Semicircle(2.0), MarchenkoPastur(0.5)], ids=repr)
def test_a_potential_gives_the_same_rate(law):
    def slope(t):
        if isinstance(law, Semicircle):
            return t / law.variance
        return 1 / law.ratio - (1 / law.ratio - 1) / t

    x = law.hull.upper + np.array([0.0, 1e-3, 1.0, 30.0])
    named = pull_rate(law, x)
    # V′ − 2g cancels to rounding, of order √ε near the edge.
    assert np.allclose(pull_rate(law, x, slope=slope), named, rtol=1e-9, atol=1e-16)


def test_nothing_is_pulled_inside_the_bulk():
    assert rate(Semicircle(), 1.0) == 0.0


def test_exact_tail_of_the_gaussian_unitary_ensemble():
    """−log E #{λ ≥ x} / N at N = 20 and 40; Hermite functions to full precision."""

    def expected(size, x):
        def density(t):
            s = t * math.sqrt(size)
            two = [math.exp(-(s**2) / 4) / (2 * math.pi) ** 0.25, 0.0]
            two[1], total = s * two[0], two[0] ** 2
            for n in range(1, size):
                total += two[1] ** 2
                two = [two[1], (s * two[1] - math.sqrt(n) * two[0]) / math.sqrt(n + 1)]
            return total * math.sqrt(size)

        return integrate.quad(density, x, x + 2, epsabs=0)[0]

    x = 2.6
    logs = [-math.log(expected(n, x)) for n in (20, 40)]
    # What is left out is log N and a constant: the difference leaves log 2 of it.
    slope = (logs[1] - logs[0] - math.log(2)) / 20
    assert slope == pytest.approx(rate(Semicircle(), x, beta=2), abs=0.01)


@pytest.mark.parametrize("beta", [1, 2, 4])
@pytest.mark.parametrize("side", ["upper", "lower"])
def test_all_eigenvalues_of_one_sign(beta, side):
    found = push_rate(Semicircle(3.0), 0.0, beta=beta, side=side)
    assert found == pytest.approx(beta * math.log(3) / 4, rel=1e-14)


@given(st.floats(-6.0, 1.99))
def test_pushed_gaussian_ensemble_is_a_charge_held_by_a_wall(wall):
    def potential(x):
        return x**2 / 2

    lower = optimize.brentq(
        lambda a: held_energy(potential, a, wall)[1], wall - 6.0, wall - 1e-3
    )
    exact = (held_energy(potential, lower, wall)[0] - 0.75) / 2
    assert push_rate(Semicircle(), wall) == pytest.approx(exact, abs=1e-11)


@pytest.mark.parametrize("ratio", [0.2, 0.7, 1.8])
@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
def test_pushed_wishart_matrix_is_a_charge_held_by_a_wall(ratio, share):
    law = MarchenkoPastur(ratio, 1.5)
    edges, wider = law.support[0], max(ratio, 1.0)
    thin, unit = min(ratio, 1 / ratio), 1.5 * wider

    def potential(x):
        return x / (thin * unit) - (1 / thin - 1) * np.log(x)

    free = held_energy(potential, edges.lower, edges.upper)[0]
    wall = share * edges.upper
    lower = optimize.brentq(
        lambda a: held_energy(potential, a, wall)[1], wall / 300, 0.999 * wall
    )
    exact = (held_energy(potential, lower, wall)[0] - free) / 2 / wider**2
    assert push_rate(law, wall) == pytest.approx(exact, abs=1e-9)
    wall = edges.lower / share
    upper = optimize.brentq(
        lambda b: held_energy(potential, wall, b)[2], 1.001 * wall, 30 * edges.upper
    )
    exact = (held_energy(potential, wall, upper)[0] - free) / 2 / wider**2
    assert push_rate(law, wall, side="lower") == pytest.approx(exact, abs=1e-9)


@given(st.floats(0.01, 4.0))
def test_pushed_square_wishart_matrix_in_closed_form(wall):
    # Vivo, Majumdar and Bohigas (2007) for c = 1.
    exact = math.log(2) - math.log(wall) / 2 + wall / 4 - wall**2 / 64 - 0.75
    found = push_rate(MarchenkoPastur(1.0), wall)
    assert found == pytest.approx(exact, abs=1e-13)


def test_smallest_eigenvalue_of_a_square_wishart_matrix():
    # P(λ_N ≥ x) = exp(−N² x) exactly for a square complex matrix (Edelman).
    found = push_rate(MarchenkoPastur(1.0), 0.3, beta=2, side="lower")
    assert found == pytest.approx(0.3, rel=1e-12)


def test_probability_of_positive_gaussian_matrices():
    """Exact P(all positive) for GUE, by Hankel determinants of half-line moments."""

    def determinant(moments):
        size = len(moments) // 2
        return mpmath.det(
            mpmath.matrix([[moments[i + j] for j in range(size)] for i in range(size)])
        )

    def cost(size):
        half = [mpmath.gamma(mpmath.mpf(k + 1) / 2) / 2 for k in range(2 * size)]
        whole = [2 * m if k % 2 == 0 else 0 * m for k, m in enumerate(half)]
        return -mpmath.log(determinant(half) / determinant(whole))

    with mpmath.workdps(60):
        costs = [cost(size) for size in (8, 12, 16)]
    # N² gives 32 in second differences of step 4; logarithms give about 4²/12² of 1/8.
    curvature = float(costs[0] - 2 * costs[1] + costs[2]) / 32
    assert curvature == pytest.approx(push_rate(Semicircle(), 0.0, beta=2), abs=1e-3)


def test_walls_beyond_the_edge_cost_nothing():
    assert push_rate(Semicircle(), 2.0) == 0.0
    assert push_rate(MarchenkoPastur(0.5), 3.0) == 0.0
    assert push_rate(MarchenkoPastur(0.5), 0.01, side="lower") == 0.0


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: rate(Semicircle(), 3.0, beta=3), "beta"),
        (lambda: rate(Uniform(-1.0, 1.0), 3.0), "slope"),
        (lambda: rate(Discrete.point_mass(1.0), 3.0), "law"),
        (lambda: push_rate(MarchenkoPastur(0.5), 0.0), "x"),
        (lambda: push_rate(Semicircle(), 0.0, beta=0), "beta"),
    ],
)
def test_refusals(call, name):
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        call()
