import numpy as np
import pytest

from eigenscape.core import ConvergenceError
from eigenscape.landscape.annealed import lowest_energy
from eigenscape.landscape.search.descent import (
    descend,
    newton_point,
    search_critical_points,
)
from eigenscape.landscape.search.sampled_glass import sample_glass
from eigenscape.landscape.search.sphere_points import all_critical_points
from eigenscape.landscape.spin_glass import SpinGlass


def test_descent_ends_at_minima_in_the_band():
    rng = np.random.default_rng(0)
    glass = SpinGlass.pure(3)
    field = sample_glass(glass, 40, rng=rng)
    found = search_critical_points(field, 5, rng=rng)
    assert (found.indices == 0).all()
    # Energies scatter by N^(−½) around levels between −E₀ and somewhat above −E∞.
    assert (found.energies > -lowest_energy(glass) - 4 / np.sqrt(40)).all()
    assert (found.energies < -1.1).all()


def test_what_descent_finds_is_among_all_points():
    rng = np.random.default_rng(1)
    field = sample_glass(SpinGlass.pure(3), 3, rng=rng)
    every = all_critical_points(field)
    found = search_critical_points(field, 6, rng=rng)
    gaps = np.abs(found.points[:, None] - every.points).max(axis=2).min(axis=1)
    assert (gaps < 1e-8).all()
    minima = every.energies[every.indices == 0]
    assert np.abs(found.energies[:, None] - minima).min(axis=1).max() < 1e-9


def test_flow_goes_down_and_newton_says_when_it_fails():
    rng = np.random.default_rng(2)
    field = sample_glass(SpinGlass.pure(3), 30, rng=rng)
    start = rng.standard_normal(30)
    energies = [field.value(descend(field, start, steps=k)) for k in (0, 5, 50)]
    assert energies[0] > energies[1] > energies[2]
    with pytest.raises(ConvergenceError, match="Newton"):
        newton_point(field, start, steps=1)
