import math

import numpy as np
import pytest

from eigenscape.landscape.confined_field import sample_confined_field
from eigenscape.landscape.harmonic_well import HarmonicWell


@pytest.mark.parametrize("s", [0.2, 0.5, 1.3])
def test_one_dimension_in_closed_form(s):
    """Rice: zeros of sx + V′ with E V″² = 3 − … in one dimension, by hand."""
    exact = math.sqrt(6 / math.pi) * math.exp(-(s**2) / 6) / s
    exact += math.erf(s / math.sqrt(6))
    found = math.exp(HarmonicWell(s).log_exact_count(1))
    assert found == pytest.approx(exact, rel=1e-11)


def test_sampled_spectra():
    s, size = 0.5, 10
    rng = np.random.default_rng(0)
    field = sample_confined_field(np.array([s]), size, 400, rng=rng)
    exact = HarmonicWell(s).log_exact_count(size)
    # Determinants spread by a factor of about 3, so the mean by 3/√400 of itself.
    assert size * field.sampled[0] == pytest.approx(exact, abs=4 * 3 / math.sqrt(400))


@pytest.mark.parametrize(
    ("s", "total", "minima"),
    [(0.3, 0.748973, 0.258973), (0.7, 0.101675, 0.011675), (1.5, 0, 0)],
)
def test_limits(s, total, minima):
    well = HarmonicWell(s)
    assert well.complexity == pytest.approx(total, abs=1e-6)
    assert well.minima_complexity == pytest.approx(minima, abs=1e-6)
    assert abs(well.log_exact_count(400) / 400 - total) < math.log(400) / 400


def test_near_the_transition_minima_vanish_cubically():
    gap = 1e-3
    well = HarmonicWell(1 - gap)
    assert well.complexity == pytest.approx(gap**2, rel=2 * gap)
    assert well.minima_complexity == pytest.approx(gap**3 / 3, rel=2 * gap)


def test_a_well_that_is_none_is_refused():
    with pytest.raises(ValueError, match="^stiffness"):
        HarmonicWell(0.0)
