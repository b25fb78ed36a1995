from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eigenscape.theory import MarchenkoPastur, cdf, free_cumulants, moments


@given(st.floats(0.1, 5.0), st.floats(0.1, 5.0))
def test_moments_are_narayana_polynomials(ratio, scale):
    m = moments(MarchenkoPastur(ratio, scale), 6)
    for k in range(1, 7):
        narayana = sum(
            math.comb(k, j) * math.comb(k, j - 1) * ratio ** (k - j) / k
            for j in range(1, k + 1)
        )
        assert m[k - 1] == pytest.approx(scale**k * narayana, rel=1e-9)


def test_free_cumulants_are_those_of_a_free_poisson_law():
    found = free_cumulants(MarchenkoPastur(0.5, 3.0), 6)
    assert np.allclose(
        found, [3.0**n * 0.5 ** (n - 1) for n in range(1, 7)], rtol=1e-10
    )


def test_atom_is_the_null_space_of_a_wide_matrix():
    (atom,) = MarchenkoPastur(4.0, 2.0).atoms
    assert (atom.location, atom.weight) == (0.0, 0.75)
    assert MarchenkoPastur(1.0).atoms == ()
    mass = cdf(MarchenkoPastur(4.0), np.array([-1e-9, 0.0, 0.5, 9.0]))
    assert np.allclose(mass, [0, 0.75, 0.75, 1], rtol=0, atol=1e-13)


def test_inverse_moment_below_ratio_one():
    # E 1/λ = 1/(1 − c) = −g(0), on the negative branch of the root.
    value = MarchenkoPastur(0.5).stieltjes(np.array([0.0]))[0]
    assert value == pytest.approx(-2.0, rel=1e-14)


@pytest.mark.parametrize("ratio", [1 - 1e-9, 1 - 1e-4, 1.0, 1 + 1e-4])
def test_mass_is_kept_where_the_hard_edge_forms(ratio):
    law = MarchenkoPastur(ratio)
    assert abs(cdf(law, np.array([law.hull.upper]))[0] - 1) < 1e-12


def test_hard_edge_cdf_is_that_of_a_squared_semicircle():
    x = np.linspace(0.0, 4.0, 41)
    root = np.sqrt(x)
    exact = root * np.sqrt(4 - x) / (2 * np.pi) + 2 * np.arcsin(root / 2) / np.pi
    assert np.allclose(cdf(MarchenkoPastur(1.0), x), exact, rtol=0, atol=1e-13)


@pytest.mark.parametrize(("ratio", "scale"), [(0.0, 1.0), (1.0, math.nan)])
def test_refuses_bad_parameters(ratio, scale):
    with pytest.raises(ValueError, match=r"(ratio|scale): expected"):
        MarchenkoPastur(ratio, scale)
