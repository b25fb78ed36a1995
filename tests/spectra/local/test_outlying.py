import numpy as np

import level_samples as samples
from eigenscape.spectra.local.outlying import strip_outlying


def test_planted_outliers_are_cut_off_at_both_ends():
    row = samples.spectra(1, 4)[0]
    planted = np.concatenate([[-9.0, -4.0], row, [3.0, 3.2, 5.0]])
    rest, count = strip_outlying(planted)
    assert count == 5
    np.testing.assert_array_equal(rest, row)


def test_short_runs_have_theirs(rng):
    row = samples.gaussian_spectrum(50, 1, rng)
    rest, count = strip_outlying(np.append(row, [9.0, 14.0]))
    assert count == 2
    np.testing.assert_array_equal(rest, row)
    for beta in (1, 2):
        rows = [samples.gaussian_spectrum(45, beta, rng) for _ in range(50)]
        assert not sum(strip_outlying(row)[1] for row in rows)


def test_edges_of_ensembles_have_none():
    for beta in (1, 2, 4):
        for row in samples.spectra(beta, 4):
            assert strip_outlying(row)[1] == 0
    assert not sum(strip_outlying(row)[1] for row in samples.bulk_levels(0))


def test_a_gap_in_the_middle_and_short_runs_stay():
    row = samples.spectra(1, 4)[0]
    parted = np.where(row > 0, row + 5, row)
    assert strip_outlying(parted)[1] == 0
    assert strip_outlying(np.append(np.arange(30.0), 1e6))[1] == 0
