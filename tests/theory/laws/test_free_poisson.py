from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.free_poisson import FreePoisson
from eigenscape.theory.laws.law import Atom
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.laws.uniform import Uniform
from eigenscape.theory.transforms import cdf, free_cumulants, r_transform

SIGNS = Discrete(np.array([-1.0, 1.0]), np.array([0.5, 0.5]))
FIVE = Discrete(np.array([1.0, 2.5, 5.0, 10.0, 25.0]), np.full(5, 0.2))


@pytest.mark.parametrize("ratio", [0.25, 1.0, 3.0])
def test_equal_jumps_make_the_marchenko_pastur_law(ratio):
    scale = 1.5
    law = FreePoisson(1 / ratio, Discrete.point_mass(ratio * scale))
    other = MarchenkoPastur(ratio, scale)
    assert law.hull.upper == pytest.approx(other.hull.upper, rel=1e-14)
    assert law.support[0].lower == pytest.approx(other.support[0].lower, rel=1e-13)
    assert law.atoms == other.atoms
    z = np.array([0.3 + 0.1j, 1.0, 7 - 2j, -2.0, 20.0, 3 + 1e-12j, 1e7j])
    assert np.allclose(law.stieltjes(z), other.stieltjes(z), rtol=1e-13)
    slopes = law.stieltjes_derivative(z) / other.stieltjes_derivative(z)
    assert np.allclose(slopes, 1, rtol=1e-12)
    for found, expected in zip(law.self_energy(z), other.self_energy(z), strict=True):
        assert np.allclose(found, expected, rtol=1e-12)


def exact(rate: float, jumps: Discrete, z: complex) -> complex:
    """Pick the root of the polynomial in g, in 40 digits, that lies in Im u > 0."""
    with mp.workdps(40):
        places = [mp.mpf(x) for x in jumps.locations.tolist()]
        u = mp.mpc(0)
        # z ∏ (u − xᵢ) = u ∏ (u − xᵢ) + λ ∑ wᵢ xᵢ u ∏_{j≠i} (u − xⱼ).
        product = [mp.mpf(1)]
        for x in places:
            product = times(product, [mp.mpf(1), -x])
        total = plus(times(product, [mp.mpf(1), mp.mpf(0)]), times(product, [-z]))
        for x, w in zip(places, jumps.weights.tolist(), strict=True):
            others = [mp.mpf(1)]
            for y in places:
                others = times(others, [mp.mpf(1), -y]) if y != x else others
            total = plus(
                total, times(others, [mp.mpf(rate) * mp.mpf(w) * x, mp.mpf(0)])
            )
        roots = mp.polyroots(total, maxsteps=200, extraprec=300)
        u = max(roots, key=lambda root: root.imag)
        return complex(1 / u)


def times(a, b):
    result = [mp.mpf(0)] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            result[i + j] += x * y
    return result


def plus(a, b):
    short, long = sorted((a, b), key=len)
    padded = [mp.mpf(0)] * (len(long) - len(short)) + short
    return [x + y for x, y in zip(padded, long, strict=True)]


@pytest.mark.parametrize(("rate", "jumps"), [(0.05, FIVE), (20.0, FIVE), (1.0, SIGNS)])
def test_density_against_forty_digits(rate, jumps):
    law = FreePoisson(rate, jumps)
    for interval in law.support:
        inner = [1e-6, 0.3, 1 - 1e-6]
        x = interval.lower + interval.width * np.array(inner)
        reference = np.array([exact(rate, jumps, t) for t in x.tolist()])
        # Edges at a relative 1e-6: g moves by ε/√1e-6 of itself.
        assert np.abs(law.stieltjes(x) / reference - 1).max() < 2e-12
        above = x[1:2] + 0.01j
        reference = np.array([exact(rate, jumps, t) for t in above.tolist()])
        assert np.abs(law.stieltjes(above) / reference - 1).max() < 1e-13


def test_narrow_gap_between_two_bulks():
    # λ ∫ x²/(u − x)² ν = 1 has a double root for a critical second height: just past
    # it a gap opens. Bisect for the height where the gap closes.
    def gap(height):
        jumps = Discrete(np.array([1.0, height]), np.array([0.5, 0.5]))
        support = FreePoisson(0.1, jumps).support
        return support[1].lower - support[0].upper if len(support) == 2 else 0.0

    low, high = 1.0, 9.0
    assert gap(high) > 0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if gap(middle) == 0 else (low, middle)
    widths = np.array([gap(high * (1 + t)) for t in (1e-4, 4e-4)])
    # The gap opens with the power 3/2.
    assert widths[1] / widths[0] == pytest.approx(8, rel=0.02)


@settings(max_examples=30)
@given(
    st.floats(0.05, 20.0),
    st.lists(st.integers(-9, 9).filter(bool), min_size=1, max_size=4, unique=True),
)
def test_mass_one_and_r_transform_of_its_definition(rate, heights):
    jumps = Discrete(np.array(heights, float), np.full(len(heights), 1 / len(heights)))
    law = FreePoisson(rate, jumps)
    z = law.hull.upper + law.hull.width * np.array([0.01, 1.0, 100.0])
    w = law.stieltjes(z).real
    integral = np.array([
        np.mean(jumps.locations / (1 - jumps.locations * t)) for t in w
    ])
    assert np.allclose(rate * integral + 1 / w, z, rtol=1e-11)
    masses = [law.stieltjes(np.array([1e9j * law.hull.width]))[0]]
    assert abs(masses[0] * 1e9j * law.hull.width - 1) < 1e-8


def test_free_cumulants_are_the_moments_of_the_jumps():
    law = FreePoisson(0.7, Uniform(1.0, 2.0))
    expected = [0.7 * (2 ** (k + 1) - 1) / (k + 1) for k in range(1, 6)]
    assert np.allclose(free_cumulants(law, 5), expected, rtol=1e-11)


def test_atom_and_hard_edge_at_zero():
    assert FreePoisson(0.25, FIVE).atoms == (Atom(0.0, 0.75),)
    idle = Discrete(np.array([0.0, 1.0]), np.array([0.5, 0.5]))
    assert FreePoisson(1.0, idle).atoms == (Atom(0.0, 0.5),)
    assert FreePoisson(1.0, FIVE).support[0].lower == 0.0
    # Jumps of both signs at rate 1: |x|^(−1/3) inside.
    law = FreePoisson(1.0, SIGNS)
    x = np.array([-1e-9, 1e-9])
    assert np.allclose(law.density(x), np.sqrt(3) / (2 * np.pi) * 1e3, rtol=1e-5)
    assert law.density(np.zeros(1)).tolist() == [np.inf]
    assert cdf(law, np.array([0.0, 3.0])) == pytest.approx([0.5, 1.0], abs=1e-13)


def test_sum_of_weighted_projections(rng):
    size, rate = 200, 3.0
    heights = rng.choice([1.0, -2.0], size=int(rate * size))
    heights[: heights.size // 2], heights[heights.size // 2 :] = 1.0, -2.0
    vectors = rng.standard_normal((size, heights.size)) / np.sqrt(size)
    values = np.linalg.eigvalsh((vectors * heights) @ vectors.T)
    law = FreePoisson(rate, Discrete(np.array([1.0, -2.0]), np.array([0.5, 0.5])))
    steps = (np.arange(size) + 0.5) / size
    assert np.abs(cdf(law, values) - steps).max() < 5 / size


def test_numerical_r_transform_agrees_with_the_definition():
    law = FreePoisson(2.0, FIVE)
    w = np.array([-0.5, -1e-3, 1e-3, 0.01])
    x = FIVE.locations
    expected = [2 * np.mean(x / (1 - x * t)) for t in w]
    assert np.allclose(r_transform(law, w), expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("rate", "jumps"), [(0.0, SIGNS), (np.nan, SIGNS), (1.0, Discrete.point_mass(0.0))]
)
def test_refuses_bad_parameters(rate, jumps):
    with pytest.raises(ValueError, match=r"^(rate|jumps): expected"):
        FreePoisson(rate, jumps)
