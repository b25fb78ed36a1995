from __future__ import annotations

import math

import mpmath as mp
import numpy as np
import pytest

from eigenscape.theory.laws.arcsine import Arcsine
from eigenscape.theory.laws.kesten_mckay import KestenMcKay
from eigenscape.theory.transforms import moments, r_transform


def test_is_the_kesten_mckay_law_of_degree_two():
    z = np.array([0.3 + 1e-9j, -1.5, 2.5, -3 - 1j, complex(0.5, -0.0)])
    one, other = Arcsine(), KestenMcKay(2)
    assert np.allclose(one.stieltjes(z), other.stieltjes(z), rtol=1e-13)
    x = np.linspace(-3, 3, 13)
    inner = np.abs(x) < 2
    assert np.allclose(one.density(x)[inner], other.density(x)[inner], rtol=1e-13)
    assert not one.density(x)[~inner].any()


@pytest.mark.parametrize("distance", [1e-12, 1e-6, 1.0, 1e6])
@pytest.mark.parametrize("angle", [0.0, 0.5, 3.0])
def test_accuracy_against_thirty_digits(distance, angle):
    law = Arcsine(0.0, 3.0)
    z = 0.0 - distance * np.exp(1j * np.array([angle]))
    with mp.workdps(30):
        w = mp.mpc(z[0])
        exact = 1 / (mp.sqrt(w) * mp.sqrt(w - 3))
        slope = -(w - 1.5) * exact**3
    assert abs(law.stieltjes(z)[0] / complex(exact) - 1) < 1e-15
    assert abs(law.stieltjes_derivative(z)[0] / complex(slope) - 1) < 3e-15


def test_moments_are_central_binomials_over_powers_of_four():
    exact = [math.comb(2 * k, k) / 4**k for k in range(1, 7)]
    assert np.allclose(moments(Arcsine(0.0, 1.0), 6), exact, rtol=1e-13)


def test_r_transform_is_twice_that_of_a_random_sign():
    # R of ±1 is (√(1 + 4w²) − 1)/2w, two of them make the arcsine law on ±2.
    w = np.array([-3.0, -1e-3, 0.2, 50.0])
    exact = (np.sqrt(1 + 4 * w**2) - 1) / w
    assert np.allclose(r_transform(Arcsine(), w), exact, rtol=1e-9)


def test_refuses_an_empty_interval():
    with pytest.raises(ValueError, match=r"^upper: expected"):
        Arcsine(1.0, 1.0)
