import math

import numpy as np
import pytest

from eigenscape.landscape.gan.model import GanGlass
from eigenscape.landscape.gan.published import (
    published_complexity,
    published_constants,
    published_density,
    published_exponent,
)
from eigenscape.landscape.gan.resolvent import BlockConstants, block_resolvent

MODEL = GanGlass(3, 3, 1.0, 0.9)


def test_constants_of_the_code():
    own = published_constants(MODEL)
    assert own.log_prefactor == pytest.approx(7.412824, abs=1e-6)
    assert own.interaction == pytest.approx(2 * MODEL.interaction)
    small = published_constants(GanGlass(2, 1, 1.0, 0.5))
    assert small.log_prefactor == pytest.approx(8.966642, abs=1e-6)


def test_the_plateaus_of_the_published_map():
    x, shift = np.linspace(-50, 200, 51), np.linspace(-15, 10, 6)
    losses = np.array([(5.0, 0.52), (5.0, 0.5), (-9.0, 0.5), (5.0, -1.0)])
    found = published_complexity(MODEL, losses, x, shift)
    # The grid of x₁ is coarse here.
    assert found[0] == pytest.approx(12.69, abs=0.05)
    # Above log(m − 1), the most that Bézout's theorem allows.
    assert found[1] > math.log(5)
    assert found[2] == found[3] == -math.inf


def test_the_sign_in_the_quartic():
    """Samples side with the other sign, by up to 0.2 in density."""
    constants, x = BlockConstants(0.3, 1.0, 1.0), np.linspace(-1.5, 1.5, 31)
    rng = np.random.default_rng(0)
    size, first = 400, 120
    spectra = []
    for _ in range(4):
        normal = rng.standard_normal((size, size))
        matrix = (normal + normal.T) / (2 * math.sqrt(size))
        normal = rng.standard_normal((first, first))
        matrix[:first, :first] += (normal + normal.T) / (2 * math.sqrt(first))
        spectra.append(np.linalg.eigvalsh(matrix))
    width = 0.2
    sampled = np.histogram(
        np.concatenate(spectra), np.append(x, x[-1] + 0.1) - 0.05, density=False
    )[0] / (4 * size * 0.1)
    right = -np.imag(block_resolvent(constants, x, np.zeros(31)).mean) / np.pi
    wrong = published_density(constants, x, 0.0)
    assert np.abs(sampled - right).max() < 0.4 * width
    assert np.abs(right - wrong).max() == pytest.approx(0.2, abs=0.05)
    assert np.abs(sampled - wrong).mean() > 3 * np.abs(sampled - right).mean()


def test_indices_cost_nothing_in_the_code_where_they_are_zero():
    x, shift = np.linspace(-150, 20, 9), np.linspace(0, 100, 5)
    free = published_exponent(MODEL, x, shift)
    one = published_exponent(MODEL, x, shift, index=(1, 0))
    assert (one <= free).all()
    edge = math.sqrt(1.8 * (43.817805**2 + MODEL.own**2))
    outside = np.abs(x[:, None] + shift) >= edge
    assert (np.isfinite(one) == outside).all()
