from __future__ import annotations

import math

import numpy as np
import pytest

from eigenscape.theory import (
    Affine,
    Atom,
    Discrete,
    FreeMeixner,
    Interval,
    KestenMcKay,
    MarchenkoPastur,
    Semicircle,
    free_cumulants,
)


def test_scaled_semicircle_is_a_semicircle():
    z = np.array([0.5 + 0j, complex(0.5, -0.0), -3.0, 7.0 - 2j])
    for scale in (2.0, -2.0):
        found = Affine(Semicircle(), scale).stieltjes(z)
        assert np.allclose(found, Semicircle(4.0).stieltjes(z), rtol=1e-14)


def test_reflection_reverses_support_and_atoms():
    law = Affine(MarchenkoPastur(4.0), -2.0, 1.0)
    assert law.support == (Interval(-17.0, -1.0),)
    assert law.atoms == (Atom(1.0, 0.75),)
    pair = Affine(Discrete(np.array([0.0, 1.0]), np.array([0.25, 0.75])), -1.0)
    assert pair.atoms == (Atom(-1.0, 0.75), Atom(0.0, 0.25))


def test_reflected_law_keeps_the_side_of_the_axis():
    side = np.array([0j, complex(0.0, -0.0)])
    for law in (Semicircle(), FreeMeixner(1.0, 0.0, 0.0), KestenMcKay(3)):
        above, below = Affine(law, -1.0).stieltjes(side)
        assert above.imag < 0 < below.imag


def test_cumulants_scale_and_only_the_first_shifts():
    law = MarchenkoPastur(0.5)
    found = free_cumulants(Affine(law, -3.0, 2.0), 5)
    expected = free_cumulants(law, 5) * (-3.0) ** np.arange(1, 6)
    expected[0] += 2.0
    assert np.allclose(found, expected, rtol=1e-10)


@pytest.mark.parametrize(
    ("scale", "shift"), [(0.0, 0.0), (math.nan, 0.0), (1.0, math.inf)]
)
def test_refuses_what_is_not_a_change_of_variable(scale, shift):
    with pytest.raises(ValueError, match=r"(scale|shift): expected"):
        Affine(Semicircle(), scale, shift)
