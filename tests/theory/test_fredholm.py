from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special

from eigenscape.core import ConvergenceError
from eigenscape.theory.fredholm import (
    fredholm_determinant,
    nystrom_matrix,
    quadrature,
)


def test_quadrature_integrates_polynomials_exactly():
    nodes, weights = quadrature(-1.0, 3.0, 6)
    assert weights @ nodes**11 == pytest.approx((3**12 - 1) / 12, rel=1e-14)


def test_quadrature_of_a_half_line():
    nodes, weights = quadrature(0.5, math.inf, 80)
    exact = math.sqrt(math.pi) / 2 * math.erfc(0.5)
    assert weights @ np.exp(-(nodes**2)) == pytest.approx(exact, abs=1e-14)


@pytest.mark.parametrize(("lower", "upper"), [(1.0, 1.0), (-math.inf, 0.0)])
def test_other_intervals_are_refused(lower, upper):
    with pytest.raises(ValueError, match=r"^lower: expected a finite number below"):
        quadrature(lower, upper, 4)


def test_rank_one_kernel():
    # det(1 − z a ⊗ b) = 1 − z ∫ a b
    value = fredholm_determinant(
        lambda x, y: np.exp(x) * np.cos(y), 0.0, 1.0, coupling=0.7
    )
    integral = (math.e * (math.sin(1) + math.cos(1)) - 1) / 2
    assert value == pytest.approx(1 - 0.7 * integral, abs=1e-14)


def test_gap_probability_of_the_sine_kernel():
    """E₂(0; 0.1) of Bornemann (2010), Mathematics of Computation 79, Sec. 7."""
    value = fredholm_determinant(lambda x, y: np.sinc(x - y), 0.0, 0.1)
    assert value == pytest.approx(0.9000272717982592, abs=1e-14)


def test_tracy_widom_at_minus_two():
    def airy_kernel(x, y):
        (a, da, _, _), (b, db, _, _) = special.airy(x), special.airy(y)
        gap = np.where(x == y, 1.0, x - y)
        return np.where(x == y, da**2 - x * a**2, (a * db - da * b) / gap)

    value = fredholm_determinant(airy_kernel, -2.0, math.inf)
    # The kernel cancels near its diagonal: some tens of machine epsilons.
    assert value == pytest.approx(0.41322414250512257485, abs=1e-13)


def test_one_rule_per_leading_index():
    nodes, weights = quadrature(0.0, 1.0, 5)
    many = nystrom_matrix(
        lambda x, y: np.exp(-x * y),
        np.stack([nodes, 2 * nodes]),
        np.stack([weights, 2 * weights]),
    )
    single = nystrom_matrix(lambda x, y: np.exp(-x * y), *quadrature(0.0, 2.0, 5))
    assert np.allclose(many[1], single, rtol=1e-15)


def test_a_kernel_with_a_jump_is_not_certified():
    with pytest.raises(ConvergenceError, match="Fredholm determinant"):
        fredholm_determinant(lambda x, y: (x + 0.3 > 2 * y) + 0.0, 0.0, 1.0)
