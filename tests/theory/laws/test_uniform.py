from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest

from eigenscape.theory.laws.uniform import Uniform
from eigenscape.theory.transforms import free_cumulants, moments, r_transform


@pytest.mark.parametrize("distance", [1e-12, 1e-3, 0.49, 0.51, 1.0, 1e3, 1e8])
@pytest.mark.parametrize("angle", [0.0, 0.5, 3.0])
def test_accuracy_against_forty_digits(distance, angle):
    law = Uniform(0.0, 1.0)
    z = 1.0 + distance * np.exp(1j * np.array([angle]))
    with mp.workdps(40):
        w = mp.mpc(z[0])
        g = mp.log(w / (w - 1)) if angle else mp.log(w) - mp.log(w - 1)
        slope = -1 / (w * (w - 1))
        energy, energy_slope = w - 1 / g, 1 + slope / g**2
    assert abs(law.stieltjes(z)[0] / complex(g) - 1) < 2e-15
    assert abs(law.stieltjes_derivative(z)[0] / complex(slope) - 1) < 2e-15
    found = law.self_energy(z)
    # What is beyond the mean keeps its digits, down to 1/12z.
    assert abs(found[0][0] - complex(energy)) < 1e-14
    assert abs(found[1][0] / complex(energy_slope) - 1) < 1e-13


def test_moments_and_free_cumulants():
    assert np.allclose(moments(Uniform(), 5), 1 / np.arange(2.0, 7.0), rtol=1e-13)
    cumulants = free_cumulants(Uniform(-1.0, 1.0), 4)
    # κ₄ = m₄ − 2 m₂².
    assert np.allclose(cumulants, [0, 1 / 3, 0, 1 / 5 - 2 / 9], rtol=0, atol=1e-14)


@pytest.mark.parametrize("w", [1e-9, 1e-3, 0.9, 1.1, 30.0])
def test_r_transform_is_the_langevin_function(w):
    with mp.workdps(40):
        exact = float(mp.coth(mp.mpf(w)) - 1 / mp.mpf(w))
    found = r_transform(Uniform(-1.0, 1.0), np.array([w, -w]))
    assert np.allclose(found, [exact, -exact], rtol=4e-15)


def test_g_is_infinite_at_the_edges_and_the_density_flat_between():
    law = Uniform(1.0, 3.0)
    edges = np.array([1.0, 3.0])
    assert law.stieltjes(edges).real.tolist() == [-np.inf, np.inf]
    assert law.density(np.array([0.9, 1.1, 2.9, 3.1])).tolist() == [0, 0.5, 0.5, 0]


def test_refuses_an_infinite_interval():
    with pytest.raises(ValueError, match=r"^lower: expected a finite number"):
        Uniform(-np.inf, 1.0)
