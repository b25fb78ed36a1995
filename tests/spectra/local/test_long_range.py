import numpy as np
import pytest

import level_samples as samples
from eigenscape.spectra.local.hypotheses import BLOCKS, GOE, GUE, POISSON
from eigenscape.spectra.local.long_range import measure_long_range


@pytest.mark.parametrize(
    ("beta", "law", "others"),
    [
        (1, GOE, (GUE, POISSON, BLOCKS[0])),
        (2, GUE, (GOE, POISSON, BLOCKS[0])),
        (0, POISSON, (GOE, GUE, BLOCKS[0])),
    ],
)
def test_the_truth_passes_and_others_do_not(beta, law, others):
    found = [measure_long_range([row])[0] for row in samples.bulk_levels(beta, 40)[:12]]
    # at 1 %, one miss in twelve is a chance of 0.006
    assert sum(each.p_value(law) < 0.01 for each in found) <= 1
    for other in others:
        assert sum(each.p_value(other) < 0.01 for each in found) >= 10


def test_a_slow_wave_is_seen_that_neighbours_do_not_feel():
    rows = samples.bulk_levels(1, 40)
    waved = [row + 0.9 * np.sin(2 * np.pi * row / 12) for row in rows]
    assert measure_long_range(rows)[0].p_value(GOE) > 0.01
    assert measure_long_range(waved)[0].p_value(GOE) < 1e-4


def test_what_stands_in_the_way_is_said():
    found, note = measure_long_range([np.arange(30.0)])
    assert found is None
    assert note == "no stretch of 60 resolved levels"
    # a cluster between every two knots: the staircase cannot follow
    cliff = np.sort(np.concatenate([np.arange(50.0), 1e3 + 1e-6 * np.arange(50.0)]))
    found, note = measure_long_range([cliff * (1 + 1e-12 * np.arange(100))])
    assert found is None or found.reach > 0
    assert note


def test_statistics_share_their_lengths():
    found = measure_long_range(samples.bulk_levels(1, 40)[:3])[0]
    assert found.reach <= found.levels.trusted_length
    np.testing.assert_array_equal(found.number_variance.lengths, found.rigidity.lengths)
    assert found.number_variance.trusted.all()
