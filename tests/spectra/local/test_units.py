import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eigenscape.spectra.local.units import (
    longest_reach,
    mean_of_units,
    mean_over_blocks,
    split_runs,
    start_blocks,
)

widths = st.lists(st.floats(1, 1e4), min_size=1, max_size=15)


@given(widths, st.floats(1e-3, 1), st.floats(-100, 100))
def test_no_window_leaves_its_spectrum_and_there_are_five_units(widths, share, low):
    spans = np.array([[low, low + width] for width in widths])
    reach = share * longest_reach(spans)
    blocks = start_blocks(spans, reach)
    assert sum(block.widths.size for block in blocks) >= 5
    for block in blocks:
        lower, upper = spans[block.spectrum]
        assert block.edges[0] == lower
        assert block.edges[-1] + reach <= upper + 1e-9
        # blocks three windows long, to the rounding of the span
        assert block.widths.min() >= 3 * reach * (1 - 1e-9) - 1e-9


@given(widths)
def test_longer_windows_are_refused(widths):
    spans = np.array([[0, width] for width in widths])
    longest = longest_reach(spans)
    with pytest.raises(ValueError, match=r"lengths: expected positive numbers up to"):
        start_blocks(spans, longest * 1.001)
    with pytest.raises(ValueError, match=r"lengths: expected positive numbers up to"):
        start_blocks(spans, 0.0)
    with pytest.raises(ValueError, match=r"lengths: .* got nan"):
        start_blocks(spans, np.nan)


def test_longest_windows_of_one_and_of_five():
    assert longest_reach(np.array([[0.0, 1600.0]])) == pytest.approx(100)
    assert longest_reach(np.tile([0.0, 400.0], (5, 1))) == pytest.approx(100)


def test_ten_spectra_are_units_and_fewer_are_cut():
    ten = start_blocks(np.tile([0.0, 500.0], (10, 1)), 2.0)
    assert [block.widths.size for block in ten] == [1] * 10
    four = start_blocks(np.tile([0.0, 500.0], (4, 1)), 2.0)
    assert [block.widths.size for block in four] == [10] * 4


def test_runs_are_split_in_order():
    runs = [np.arange(100.0), np.arange(30.0), np.zeros(0)]
    units = split_runs(runs, shortest=16)
    np.testing.assert_array_equal(np.concatenate(units), np.concatenate(runs))
    assert [unit.size for unit in units] == [17, 17, 17, 17, 16, 16, 30]
    assert len(split_runs([np.zeros(100)] * 10, shortest=16)) == 10


def test_equal_units_have_the_classical_standard_error(rng):
    values = rng.normal(size=(7, 2))
    mean, error = mean_of_units(3 * values, np.full(7, 3.0))
    np.testing.assert_allclose(mean, values.mean(0))
    np.testing.assert_allclose(error, values.std(0, ddof=1) / np.sqrt(7))


def test_unequal_units_are_weighed(rng):
    weights = np.array([1.0, 2.0, 5.0])
    mean, _ = mean_of_units((weights * [3.0, 4.0, 5.0])[:, None], weights)
    assert mean[0] == pytest.approx((3 + 8 + 25) / 8)


def test_blocks_that_share_windows_have_larger_errors():
    # six of width 100 in one spectrum: the spread holds 1 − L/4ℓ of the variance
    [block] = start_blocks(np.array([[0.0, 633.0]]), 33.0)
    integrals = np.arange(float(block.widths.size))[:, None]
    _, plain = mean_of_units(integrals, block.widths)
    _, error, units = mean_over_blocks([block], [integrals], 33.0)
    assert units == 6
    assert error[0] / plain[0] == pytest.approx((1 - 33 / 400) ** -0.5)
