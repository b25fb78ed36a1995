"""Integrals against laws, by nodes, against closed forms."""

import mpmath
import numpy as np
import pytest

from eigenscape.theory import (
    Discrete,
    FreeMeixner,
    FussCatalan,
    MarchenkoPastur,
    Semicircle,
    Uniform,
)
from eigenscape.theory.law_nodes import law_nodes

LAWS = [
    Semicircle(2.0),
    MarchenkoPastur(0.3, 2.0),
    MarchenkoPastur(1.0, 1.0),
    MarchenkoPastur(2.5, 1.0),
    Uniform(0.05, 1.0),
    FussCatalan(2.0),
    FreeMeixner(1.0, 0.3, 0.2),
    Discrete(np.array([1.0, 2.0]), np.array([0.25, 0.75])),
]


@pytest.mark.parametrize("law", LAWS, ids=repr)
def test_resolvent_is_the_integral_of_its_kernel(law):
    nodes, weights = law_nodes(law)
    assert weights.sum() == pytest.approx(1, abs=1e-12)
    assert (weights >= 0).all()
    for z in (law.hull.lower - 0.1, law.hull.upper + 0.2, 2j):
        found = (weights / (z - nodes)).sum()
        assert found == pytest.approx(
            complex(law.stieltjes(np.array([z]) + 0j)[0]), rel=1e-11
        )


@pytest.mark.parametrize("steps", [10, 10**4, 10**8])
def test_functions_that_vary_at_a_hard_edge_are_resolved(steps):
    """∫ e^{−nλ} dρ of the hard edge λ^(−1/2): e^{−2n}(I₀ + I₁)(2n)."""
    nodes, weights = law_nodes(MarchenkoPastur(1.0, 1.0))
    found = weights @ np.exp(-steps * nodes)
    with mpmath.workdps(30):
        argument = 2 * mpmath.mpf(steps)
        bessel = mpmath.besseli(0, argument) + mpmath.besseli(1, argument)
        expected = float(mpmath.exp(-argument) * bessel)
    assert found == pytest.approx(expected, rel=1e-11)
