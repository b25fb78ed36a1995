from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
import sympy

from eigenscape.theory.ensembles.two_blocks import TwoBlocks
from eigenscape.theory.laws.law import Atom
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.laws.semicircle import Semicircle
from eigenscape.theory.operator_valued.gaussian_blocks import GaussianBlocks
from eigenscape.theory.transforms import cdf, moments


def blocks(variances, fractions, shifts):
    return GaussianBlocks(*(np.array(x, float) for x in (variances, fractions, shifts)))


# Two networks: v₁₁ = (b² + b₁²/α₁)/2 and v₁₂ = v₂₂ = b²/2 with b = 1, b₁ = ½.
NETWORKS = (0.5 + 0.125 / 0.9, 0.5, 0.5)
CRITICAL = -1.4200486347998  # where the gap closes, by extrapolating it
# (v₁₁, v₁₂, v₂₂), α₁, (a₁, a₂); four have gaps, the last one of 3.2e-8.
CASES = [
    (NETWORKS, 0.9, (-1.5, 0.0)),
    (NETWORKS, 0.9, (-1.1, 0.0)),
    (NETWORKS, 0.9, (-4.0, 0.0)),
    ((4.5, 0.5, 0.5), 0.5, (-1.0, 0.0)),
    ((0.0, 1.0, 2.0), 0.7, (0.0, 1.0)),
    ((0.3, 0.01, 0.1), 0.35, (2.0, -1.0)),
    # The polynomial has a third real root, beyond the oval.
    ((1.2, 0.3, 0.1), 0.14, (0.0, 0.4)),
    (NETWORKS, 0.9, (CRITICAL - 1e-5, 0.0)),
]


def law_of(case):
    (first, cross, second), fraction, shifts = case
    variances = [[first, cross], [cross, second]]
    return TwoBlocks(blocks(variances, [fraction, 1 - fraction], shifts))


def quartic(case):
    """Eliminate G₂: a polynomial in G₁ = u and z, exact for the floats given."""
    (first, cross, second), fraction, shifts = case
    u, z = sympy.symbols("u z")
    a, d = sympy.Rational(fraction), sympy.Rational(1 - fraction)
    one, other = (sympy.Rational(x) for x in shifts)
    p, q = a * sympy.Rational(first), d * sympy.Rational(cross)
    r, s = a * sympy.Rational(cross), d * sympy.Rational(second)
    top = (z - one) * u - p * u**2 - 1  # G₂ = top / (q u)
    equation = top * ((z - other) * q * u - r * q * u**2 - s * top) - q**2 * u**2
    return sympy.expand(equation), u, z, a, d, q


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_edges_are_double_roots(case):
    equation, u, z, *_ = quartic(case)
    discriminant = sympy.Poly(sympy.discriminant(equation, u), z)
    with mpmath.workdps(60):
        coefficients = [mpmath.mpf(c.p) / c.q for c in discriminant.all_coeffs()]
        found = [edge for i in law_of(case).support for edge in (i.lower, i.upper)]
        # Next to the gap of 3.3e-8 an edge moves by 6e-4 times the shift's change; in
        # the others by about 1: errors are a few machine epsilons of the hull.
        for edge in found:
            root = mpmath.findroot(
                lambda x: mpmath.polyval(coefficients, x),
                mpmath.mpf(edge),
                tol=1e-60,
                verify=False,
            )
            assert abs(root - edge) < 1e-13


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_transform_is_the_root_that_decays(case):
    equation, u, z, a, d, q = quartic(case)
    law = law_of(case)
    points = np.array([-3 + 1j, -0.4 + 0.1j, 0.1 + 1e-3j, 0.7 + 2j])
    found = law.stieltjes(points)
    for point, value in zip(points, found, strict=True):
        with mpmath.workdps(40):
            where = sympy.Rational(point.real) + sympy.I * sympy.Rational(point.imag)
            coefficients = [
                mpmath.mpmathify(sympy.N(c, 45))
                for c in sympy.Poly(equation.subs(z, where), u).all_coeffs()
            ]
            roots = mpmath.polyroots(coefficients, maxsteps=300, extraprec=200)
            p, shift = (case[0][0] * case[1]), case[2][0]
            pairs = [(g, ((point - shift) - p * g - 1 / g) / float(q)) for g in roots]
            physical = [
                float(a) * g + float(d) * h
                for g, h in pairs
                if g.imag < 0 and h.imag < 0
            ]
            assert len(physical) == 1
            assert abs(complex(physical[0]) - value) < 1e-12


def test_values_printed_for_two_networks():
    # Four digits of a density found from the quartic of Baskerville, Keating,
    # Mezzadri and Najnudel (2022), A spin glass model for the loss surfaces of
    # generative adversarial networks, with its sign corrected.
    x = np.array([-3.0, -2.0, -1.0, 0.0, 0.5, 1.0])
    printed = [0.0837524, 0.3619485, 0.3600438, 0.1003201, 0.1396126, 0]
    assert np.allclose(law_of(CASES[0]).density(x), printed, rtol=0, atol=6e-8)


@pytest.mark.parametrize("case", CASES[::2], ids=repr)
def test_mass_and_moments(case):
    (first, cross, second), a, shifts = case
    law, d = law_of(case), 1 - a
    ends = np.array([law.hull.lower - 1, law.hull.upper])
    assert np.allclose(cdf(law, ends), [0, 1], rtol=0, atol=1e-12)
    squares = a * shifts[0] ** 2 + d * shifts[1] ** 2
    second_moment = squares + a * a * first + 2 * a * d * cross + d * d * second
    mean = a * shifts[0] + d * shifts[1]
    assert np.allclose(moments(law, 2), [mean, second_moment], rtol=1e-11)


@pytest.mark.parametrize("case", CASES[:6], ids=repr)
def test_derivative_and_the_lower_half_plane(case):
    law, z = law_of(case), np.array([0.3 + 0.2j, -1.0 + 1j, 4 + 0.5j])
    step = 1e-4
    ends = law.stieltjes(z + step), law.stieltjes(z - step)
    assert np.allclose(
        law.stieltjes_derivative(z), (ends[0] - ends[1]) / (2 * step), atol=1e-5
    )
    assert np.array_equal(law.stieltjes(z.conj()), law.stieltjes(z).conj())


def test_equal_row_sums_make_a_semicircle():
    law = TwoBlocks(blocks([[1.0, 1.0], [1.0, 1.0]], [0.6, 0.4], [0.5, 0.5]))
    x = np.linspace(-1.7, 2.7, 41)
    assert np.allclose(law.density(x), Semicircle().density(x - 0.5), atol=1e-14)
    assert law.support[0].upper == pytest.approx(2.5, rel=1e-15)


def test_off_diagonal_blocks_give_singular_values():
    # With a block of 0.7 N rows and one of 0.3 N, H² is 0.7 times a white Wishart
    # matrix of ratio 3/7 on the smaller one.
    law = TwoBlocks(blocks([[0.0, 1.0], [1.0, 0.0]], [0.7, 0.3], [0.0, 0.0]))
    wishart = MarchenkoPastur(3 / 7, 0.7)
    edges = np.sqrt([wishart.support[0].lower, wishart.support[0].upper])
    found = [law.support[1].lower, law.support[1].upper]
    assert np.allclose(found, edges, rtol=1e-14)
    assert law.atoms == (Atom(0.0, 2 * 0.7 - 1),)
    x = np.linspace(0.3, 1.35, 20)
    assert np.allclose(law.density(x), 0.6 * x * wishart.density(x**2), rtol=1e-11)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_square_blocks_have_a_hard_edge(sign):
    # m ± √(d² + y²) for the singular values y, of the quarter circle up to √2.
    law = TwoBlocks(blocks([[0.0, 1.0], [1.0, 0.0]], [0.5, 0.5], [0.0, 0.6 * sign]))
    reach = math.hypot(0.3, math.sqrt(2))
    expected = sign * 0.3 + np.array([-reach, -0.3, 0.3, reach])
    found = [edge for i in law.support for edge in (i.lower, i.upper)]
    assert np.allclose(found, expected, rtol=1e-14, atol=1e-15)


def test_gap_opens_as_the_power_three_halves():
    widths = []
    for shift in (1e-6, 1e-4):
        lower, upper = law_of((NETWORKS, 0.9, (CRITICAL - shift, 0.0))).support
        widths.append(upper.lower - lower.upper)
    # The next term is smaller by the shift.
    assert widths[1] / widths[0] == pytest.approx(1e3, rel=1e-3)


def test_refuses_blocks_without_coupling():
    with pytest.raises(ValueError, match="blocks: expected two that couple"):
        TwoBlocks(blocks([[1.0, 0.0], [0.0, 2.0]], [0.5, 0.5], [0.0, 0.0]))
    with pytest.raises(ValueError, match="blocks: expected two that couple"):
        TwoBlocks(blocks(np.ones((3, 3)), [0.5, 0.25, 0.25], np.zeros(3)))
