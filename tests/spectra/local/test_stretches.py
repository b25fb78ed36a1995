import numpy as np
import pytest

import level_samples as samples
from eigenscape.spectra.local.analysis import local_statistics
from eigenscape.spectra.local.stretches import split_stretches


def stretch(low, width, beta, rng):
    """150 levels that fill an interval."""
    return low + width * (samples.gaussian_spectrum(150, beta, rng) + 2) / 4


@pytest.mark.parametrize("steep", [20.0, 500.0, 1 / 500], ids=str)
@pytest.mark.parametrize("beta", [1, 2])
def test_levels_are_parted_where_their_density_jumps(steep, beta, rng):
    parts = stretch(0, 1, beta, rng), stretch(1.02, steep, beta, rng)
    levels = np.sort(np.concatenate(parts))
    found = split_stretches(levels)
    assert len(found) == 2
    # edges overlap by some levels of the denser side
    assert abs(found[0].size - 150) <= 5
    np.testing.assert_array_equal(np.concatenate(found), levels)


def test_and_where_they_leave_a_gap(rng):
    parts = [stretch(low, 1, 1, rng) for low in (0, 1.5, 9)]
    for got, want in zip(split_stretches(np.concatenate(parts)), parts, strict=True):
        np.testing.assert_array_equal(got, want)


def test_chance_edges_and_steady_change_part_nothing(rng):
    for beta in samples.BETAS:
        assert all(len(split_stretches(row)) == 1 for row in samples.bulk_levels(beta))
        row = np.concatenate([[-9.0], samples.spectra(1)[0], [7.0]])
        assert len(split_stretches(row)) == 1
    # each window of twelve is e³ times wider than the one before
    assert len(split_stretches(np.exp(0.25 * samples.bulk_levels(1)[0]))) == 1
    assert len(split_stretches(np.arange(24.0) ** 9)) == 1


@pytest.mark.parametrize(
    ("low", "steep"), [(3.0, 1.0), (3.0, 500.0)], ids=["gap", "jump"]
)
def test_verdicts_hold_on_either_side(low, steep, rng):
    """In one piece, both were undecided in most trials."""
    decisions = []
    for _ in range(10):
        parts = stretch(0, 1, 1, rng), stretch(low, steep, 1, rng)
        decisions.append(local_statistics(np.concatenate(parts)).verdict.decision)
    assert decisions.count("GOE") >= 9
