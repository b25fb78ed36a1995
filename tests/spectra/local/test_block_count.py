import numpy as np
import pytest

from eigenscape.core.records import Estimate
from eigenscape.spectra.local.block_count import blocks_from_counts, blocks_from_ratios
from eigenscape.theory.local_laws.superposition import (
    superposed_number_variance,
    superposed_ratio_surmise_mean,
)


@pytest.mark.parametrize("blocks", [2, 3, 4])
def test_counts_are_recovered(blocks):
    ratio = Estimate(superposed_ratio_surmise_mean(blocks), 0.001, 20)
    found = blocks_from_ratios(ratio)
    # constants of the laws are rounded to four digits, where the mean is flat in m
    assert found.value == pytest.approx(blocks, rel=0.02)
    assert float(blocks) in found
    for length in (2.0, 8.0):
        variance = float(superposed_number_variance(np.array([length]), blocks)[0])
        found = blocks_from_counts(length, (variance, 0.95 * variance, variance * 1.05))
        assert found.value == pytest.approx(blocks, rel=1e-9)
        assert found.lower < blocks < found.upper


def test_ends_are_one_and_a_hundred():
    assert blocks_from_ratios(Estimate(0.56, 0.01, 20)).value == 1
    assert blocks_from_ratios(Estimate(0.38, 0.001, 20)).value == pytest.approx(100)
    assert blocks_from_counts(5.0, (0.1, 0.09, 6.0)).value == 1
    assert blocks_from_counts(5.0, (0.1, 0.09, 6.0)).upper == 100


def test_unequal_blocks_lie_between_one_and_two():
    found = blocks_from_ratios(Estimate(0.48, 0.002, 20))
    assert 1 < found.lower < found.upper < 2
