import numpy as np
import pytest

from eigenscape.spectra.local.analysis import local_statistics
from eigenscape.spectra.local.balanced_ratios import balanced_rows
from eigenscape.spectra.local.hypotheses import GOE as LAW
from eigenscape.spectra.local.level_tests import mean_ratios
from eigenscape.spectra.local.unequal_blocks import find_unequal_blocks
from eigenscape.theory.ensembles import GOE


def blocks(sizes, rng):
    levels = [GOE().sample_eigenvalues(size, rng=rng) for size in sizes]
    return np.sort(np.concatenate(levels))


@pytest.mark.parametrize(("smaller", "room"), [(20, 0.045), (60, 0.045), (120, 0.1)])
def test_the_share_of_the_smaller_block_is_found(smaller, room, rng):
    spectra = [blocks([400 - smaller, smaller], rng) for _ in range(20)]
    found = mean_ratios([balanced_rows([row]) for row in spectra])
    unequal = find_unequal_blocks(found)
    # the mean ratio is known to 0.005; it falls by 0.3 a share, later by 0.16
    assert unequal.share == pytest.approx(smaller / 400, abs=room)
    assert unequal.p_value >= 0.05


@pytest.mark.parametrize("smaller", [50, 100])
def test_unequal_blocks_are_named(smaller, rng):
    """Without them, neighbours alone call a spectrum of an eighth and the rest GOE."""
    decisions = []
    for _ in range(10):
        verdict = local_statistics(blocks([400 - smaller, smaller], rng)).verdict
        decisions.append(verdict.decision)
    assert decisions.count("blocks") >= 9


def test_levels_of_one_kind_are_not_taken_for_blocks(rng):
    for levels in (
        GOE().sample_eigenvalues(1000, rng=rng),
        np.sort(rng.random(1000)),
    ):
        verdict = local_statistics(levels).verdict
        assert "unequal" not in verdict.sentence
        assert verdict.decision in {LAW.family, "Poisson"}


def test_means_of_no_superposition_fit_none(rng):
    found = mean_ratios([balanced_rows([np.sort(rng.random(2000)) ** 3])])
    assert find_unequal_blocks(found) is None
