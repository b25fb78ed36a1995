from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eigenscape.theory import (
    Affine,
    Discrete,
    FreeMeixner,
    KestenMcKay,
    MarchenkoPastur,
    Semicircle,
    free_cumulants,
)

SAMPLES = np.array([0.3 + 0.2j, -1.5 + 0.1j, -4.0 - 1.0j, 6.0, -7.0, 1e5j])


def assert_same_law(first, second):
    x = np.linspace(-3.03, 4.1, 29)
    assert np.allclose(first.stieltjes(SAMPLES), second.stieltjes(SAMPLES), rtol=1e-12)
    assert np.allclose(first.density(x), second.density(x), rtol=1e-9, atol=1e-13)
    assert np.allclose(
        [(i.lower, i.upper) for i in first.support],
        [(i.lower, i.upper) for i in second.support],
        rtol=0,
        atol=1e-14,
    )
    assert len(first.atoms) == len(second.atoms)
    for one, other in zip(first.atoms, second.atoms, strict=True):
        assert one.location == pytest.approx(other.location, rel=1e-14)
        assert one.weight == pytest.approx(other.weight, rel=1e-13)


@given(st.floats(0.1, 3.0))
def test_holds_the_semicircle(variance):
    assert_same_law(FreeMeixner(variance, 0.0, 0.0), Semicircle(variance))


@pytest.mark.parametrize("ratio", [0.2, 0.5, 1.0, 1.5, 4.0])
def test_holds_the_centred_marchenko_pastur_law(ratio):
    centred = Affine(MarchenkoPastur(ratio), 1.0, -1.0)
    assert_same_law(FreeMeixner(ratio, math.sqrt(ratio), 0.0), centred)


@pytest.mark.parametrize("degree", [2, 3, 4, 11])
def test_holds_the_kesten_mckay_law(degree):
    variance = degree / (degree - 1)
    assert_same_law(FreeMeixner(variance, 0.0, -1 / degree), KestenMcKay(degree))


@given(st.floats(-3.0, 3.0))
def test_lowest_b_is_a_pair_of_atoms(a):
    # Two points of mean 0 and variance 1: their product is −1 and their sum is a.
    reach = math.sqrt(a**2 + 4)
    lower, upper = (a - reach) / 2, (a + reach) / 2
    pair = Discrete(np.array([lower, upper]), np.array([upper, -lower]) / reach)
    assert_same_law(FreeMeixner(1.0, a, -1.0), pair)


@given(st.floats(-1.5, 1.5), st.floats(-0.9, 1.0), st.floats(0.2, 3.0))
def test_free_cumulants(a, b, variance):
    unit = math.sqrt(variance) ** np.arange(1, 6)
    expected = [0, 1, a, a**2 + b, a**3 + 3 * a * b]
    found = free_cumulants(FreeMeixner(variance, a, b), 5) / unit
    assert np.allclose(found, expected, rtol=0, atol=1e-9)


def test_nearly_degenerate_laws_keep_their_digits():
    near, at = FreeMeixner(1.0, 0.5, -1 + 1e-13), FreeMeixner(1.0, 0.5, -1.0)
    z = np.array([5.0 + 1j, -3.0 - 2j])
    assert np.allclose(near.stieltjes(z), at.stieltjes(z), rtol=1e-12)
    assert near.atoms[0].weight == pytest.approx(at.atoms[0].weight, rel=1e-12)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ((0.0, 0.0, 0.0), "variance"),
        ((1.0, math.inf, 0.0), "a"),
        ((1.0, 0.0, -1.1), "b"),
    ],
)
def test_refuses_bad_parameters(arguments, name):
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        FreeMeixner(*arguments)
