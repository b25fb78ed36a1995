from __future__ import annotations

import numpy as np
import pytest

from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.law import Atom, Interval
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.laws.mixture import Mixture
from eigenscape.theory.laws.semicircle import Semicircle
from eigenscape.theory.laws.uniform import Uniform
from eigenscape.theory.transforms import cdf, moments

LAWS = (
    MarchenkoPastur(4.0),
    Semicircle(),
    Discrete(np.array([0.0, 20]), np.ones(2) / 2),
)
LAW = Mixture(np.array([0.25, 0.25, 0.5]), LAWS)


def test_supports_that_meet_are_joined_and_atoms_merged():
    assert LAW.support == (Interval(-2.0, 9.0),)
    assert LAW.atoms == (Atom(0.0, 0.1875 + 0.25), Atom(20.0, 0.25))
    apart = Mixture(np.array([0.5, 0.5]), (Uniform(3.0, 4.0), Uniform(0.0, 1.0)))
    assert apart.support == (Interval(0.0, 1.0), Interval(3.0, 4.0))
    inside = Mixture(np.array([0.5, 0.5]), (Uniform(0.0, 4.0), Uniform(1.0, 2.0)))
    assert inside.support == (Interval(0.0, 4.0),)


def test_is_the_spectrum_of_a_block_matrix(rng):
    x = rng.standard_normal((40, 160)) / np.sqrt(40)
    w = rng.standard_normal((160, 160))
    blocks = (np.linalg.eigvalsh(x.T @ x), np.linalg.eigvalsh((w + w.T) / np.sqrt(320)))
    values = np.sort(np.concatenate([*blocks, np.zeros(160), np.full(160, 20.0)]))
    grid = np.linspace(-2.5, 21.3, 50)
    # Rounding leaves zeros of the first block on either side of 0.
    counted = np.searchsorted(values, grid + 1e-9) / 640
    assert np.abs(cdf(LAW, grid) - counted).max() < 5 / 640


def test_moments_are_averages():
    parts = [moments(law, 4) for law in LAWS]
    assert np.allclose(moments(LAW, 4), LAW.weights @ np.array(parts), rtol=1e-12)


def test_self_energy_at_an_atom_and_where_g_vanishes():
    pair = Mixture(
        np.array([0.5, 0.5]), (Discrete.point_mass(-1.0), Discrete.point_mass(1.0))
    )
    value, slope = pair.self_energy(np.array([-1.0, 1.0, 0.0]))
    assert value[:2].tolist() == [-1.0, 1.0]
    assert slope[:2].tolist() == [-1.0, -1.0]
    assert np.isfinite(value[2])
    assert abs(value[2]) > 1e70


@pytest.mark.parametrize("weights", [[1.0], [0.5, 0.6], [np.nan, 0.5], [1.0, 0.0]])
def test_refuses_bad_weights(weights):
    with pytest.raises(ValueError, match=r"^(weights|laws): expected"):
        Mixture(np.array(weights), (Semicircle(), Uniform()))
