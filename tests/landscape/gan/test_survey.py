import dataclasses

import numpy as np
import pytest

from eigenscape.landscape.gan.complexity import gan_complexity
from eigenscape.landscape.gan.model import GanGlass
from eigenscape.landscape.gan.survey import (
    complexity_map,
    count_on_circles,
    phases,
    sample_block_spectrum,
)

MODEL = GanGlass(2, 1, 1.0, 0.5)


def test_spectra_fill_the_law():
    rng = np.random.default_rng(0)
    found = sample_block_spectrum(4.0, 80, 3, fraction=0.9, own=0.5, rng=rng)
    assert found.eigenvalues.shape == (240,)
    mass = found.density.sum() * (found.grid[1] - found.grid[0])
    assert mass == pytest.approx(1, abs=0.01)
    # The gap of this shift splits off the rows of the generator.
    assert (found.eigenvalues > -1.4).mean() == pytest.approx(0.1, abs=1e-9)


def test_a_map_is_the_complexity():
    levels = np.array([-0.5, 0.3])
    found = complexity_map(MODEL, levels)
    alone = gan_complexity(MODEL, np.array([[-0.5, 0.3]]))[0]
    assert found[0, 1] == pytest.approx(alone, abs=1e-9)


def test_phases_scale_with_strong_noise():
    noises = np.array([1e3, 2e3])
    models = tuple(dataclasses.replace(MODEL, noise=s) for s in noises.tolist())
    found = phases("σ", noises, models)
    assert found.generator[1] == pytest.approx(2 * found.generator[0], rel=1e-3)


def test_counts_carry_their_errors():
    found = count_on_circles(MODEL, 4, 100, rng=np.random.default_rng(0))
    assert found.counted.samples == 4
    assert found.law.samples == 100
