import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eigenscape.landscape.gan.model import block_law
from eigenscape.landscape.gan.resolvent import (
    BlockConstants,
    block_resolvent,
    physical_quartic,
    quartic_roots,
)
from eigenscape.theory import log_potential

PLACES = np.array([-3, -2, -1, 0, 0.5, 1])
PAGE = [  # x₁, κ, b, b₁ and densities by iterating the Dyson equations
    (1.5, 0.9, 1, 0.5, [0.0837524, 0.3619485, 0.3600438, 0.1003201, 0.1396126, 0]),
    (4, 0.9, 1, 0.5, [0.2815515, 0, 0, 0.1396713, 0.0693749, 0]),
    (1, 0.5, 1, 2, [0.0843136, 0.1093770, 0.1773388, 0.3636544, 0.3313074, 0.1968214]),
    (2, 0.5, 1, 1, [0.1607232, 0.1942972, 0.1631928, 0.3314877, 0.3049004, 0.1496696]),
]


@pytest.mark.parametrize(("shift", "share", "b", "own", "density"), PAGE)
def test_densities(shift, share, b, own, density):
    constants = BlockConstants(share, float(b), float(own))
    found = block_resolvent(constants, PLACES.astype(float), np.full(6, float(shift)))
    assert -np.imag(found.mean) / np.pi == pytest.approx(density, abs=1e-6)


@settings(max_examples=4, deadline=None)
@given(st.floats(-4, 4), st.floats(0.05, 0.95), st.floats(0.05, 5), st.floats(0.05, 5))
def test_another_solver_agrees(shift, share, b, own):
    """The vector Dyson equation, by continuation from above, and its potential."""
    law = block_law(shift, share, b, own)
    x = np.linspace(-3, 3, 7) * (b + own) + 0.0123
    found = block_resolvent(BlockConstants(share, b, own), x, np.full(7, shift))
    # Both are a height of 1e-9 from the axis, which a square-root edge turns into 1e-4.
    above = law.stieltjes(x + 1e-8j)
    assert np.abs(found.mean - above).max() < 1e-3 / b
    exact = log_potential(law, x)
    assert found.potential == pytest.approx(exact, abs=1e-6)


def test_derivatives_of_the_potential():
    constants = BlockConstants(0.3, 0.7, 1.1)
    x, shift, step = np.array([-1.3, 0.4, 3.0]), np.array([0.5, -0.2, 1.0]), 1e-5

    def potential(a, b):
        return block_resolvent(constants, a, b).potential

    found = block_resolvent(constants, x, shift)
    by_x = (potential(x + step, shift) - potential(x - step, shift)) / (2 * step)
    by_shift = (potential(x, shift + step) - potential(x, shift - step)) / (2 * step)
    assert by_x == pytest.approx(np.real(found.mean), abs=1e-7)
    assert by_shift == pytest.approx(0.3 * np.real(found.discriminator), abs=1e-7)


def test_the_largest_imaginary_part_is_not_the_root():
    """At κ = ½, x₁ = 2 that rule has the mass 1.21; the certified root has mass 1."""
    constants = BlockConstants(0.5, 1.0, 1.0)
    x = np.linspace(-5, 4, 3001)
    shift = np.full_like(x, 2.0)
    roots = quartic_roots(physical_quartic(constants, x + 1e-9j, shift))
    largest = 2 / np.pi * np.abs(np.imag(roots)).max(axis=1)
    step = x[1] - x[0]
    assert largest.sum() * step == pytest.approx(1.213, abs=0.003)
    physical = -np.imag(block_resolvent(constants, x, shift).mean) / np.pi
    assert physical.sum() * step == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("b", [1e-4, 1.0, 1e3])
def test_scales_far_apart_are_certified(b):
    rng = np.random.default_rng(0)
    x, shift = rng.standard_normal((2, 400)) * 3 * (1 + b)
    found = block_resolvent(BlockConstants(0.9, b, 1.0), x, shift)
    assert (np.imag(found.discriminator) < 0).all()
    assert (np.imag(found.generator) < 0).all()
