import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import level_samples as samples
from eigenscape.spectra.local.ratios import spacing_ratios
from eigenscape.theory.local_laws import mean_ratio


def test_ratios_of_order_one_and_two():
    row = np.array([0.0, 1.0, 3.0, 4.0, 8.0]) + 5
    got = spacing_ratios(row[::-1])
    np.testing.assert_allclose(got.spectra[0], [2, 1 / 2, 4])
    np.testing.assert_allclose(got.folded[0], [1 / 2, 1 / 2, 1 / 4])
    np.testing.assert_allclose(spacing_ratios(row, 2).spectra[0], [5 / 3])


@given(
    st.lists(st.integers(1, 10**6), min_size=3, max_size=20, unique=True),
    st.floats(0.1, 10),
    st.floats(-100, 100),
)
def test_scale_and_shift_change_nothing(places, scale, shift):
    row = np.array(places, dtype=float)
    moved = spacing_ratios(scale * row + 1e3 + shift).spectra[0]
    # spacings of 1 at 10⁷ keep nine digits
    np.testing.assert_allclose(moved, spacing_ratios(row).spectra[0], rtol=1e-7)


@pytest.mark.parametrize("beta", samples.BETAS)
@pytest.mark.parametrize("trials", [samples.lone, samples.many])
def test_mean_and_its_error(beta, trials):
    means = [spacing_ratios(levels.spectra).mean() for levels in trials(beta)]
    values = np.array([mean.value for mean in means])
    error = values.std(ddof=1) / np.sqrt(values.size)
    # the theory itself is known to 1e-4
    assert abs(values.mean() - mean_ratio(beta)) < 3.5 * error + 1e-4
    claimed = np.sqrt(np.mean([mean.standard_error**2 for mean in means]))
    # the spread of n values is known to 1/√2n
    assert abs(np.log(claimed / values.std(ddof=1))) < 3.5 / np.sqrt(2 * values.size)
    hits = [
        abs(mean.value - mean_ratio(beta)) < 2.04 * mean.standard_error
        for mean in means
    ]
    assert np.mean(hits) >= samples.least_coverage(len(hits))


def test_independent_errors_would_be_wrong():
    # each spacing enters two ratios, which at order three correlates them widely
    means, naive = [], []
    for levels in samples.lone(0):
        ratios = spacing_ratios(levels.spectra, 3)
        means.append(ratios.mean())
        naive.append(ratios.folded[0].std() / np.sqrt(ratios.folded[0].size))
    found = np.std([mean.value for mean in means], ddof=1)
    claimed = np.mean([mean.standard_error for mean in means])
    assert abs(np.log(claimed / found)) < 3.5 / np.sqrt(160)
    assert np.mean(naive) < 0.8 * found


def test_zeros_are_dropped_and_leave_a_hole_that_no_ratio_crosses():
    row = np.array([-4.0, -3.0, -1.0, 0.0, 0.0, 2.0, 3.0, 5.0])
    got = spacing_ratios(row)
    np.testing.assert_allclose(got.spectra[0], [2, 2])
    assert got.dropped == 2
    noise = np.array([-1e-13, 2e-13, 5e-13])
    cut = spacing_ratios(np.concatenate([row[row != 0], noise]), cutoff=1e-10)
    np.testing.assert_allclose(cut.spectra[0], [2, 2])
    assert cut.dropped == 3


def test_rounding_noise_looks_like_a_gaussian_ensemble_until_it_is_cut(rng):
    bulk = samples.spectra(1)[0][:300]
    noise = 1e-18 * rng.uniform(size=300)
    assert spacing_ratios(np.concatenate([bulk, noise])).mean().value < 0.49
    cut = spacing_ratios(np.concatenate([bulk, noise]), cutoff=1e-10)
    assert cut.dropped == 300
    mean = cut.mean()
    assert abs(mean.value - mean_ratio(1)) < 4 * mean.standard_error


def test_spectra_of_any_length_count_by_their_ratios():
    long, short = samples.bulk_levels(1)[:2]
    short = short[:40]
    both = spacing_ratios([long, short]).mean().value
    sizes = np.array([long.size - 2, 38])
    each = [spacing_ratios(row).folded[0].mean() for row in (long, short)]
    assert both == pytest.approx(each @ sizes / sizes.sum())


@pytest.mark.parametrize(
    ("row", "order", "message"),
    [
        ([1.0, 2.0, 4.0], 0, "order: expected at least 1, got 0"),
        ([1.0, 2.0, 2.0, 3.0], 1, "got 1 equal to the next; drop"),
        ([1.0, 2.0], 1, "expected more than 2 beyond the cut-off, got 2"),
        ([0.0, 0.0, 0.0], 1, "expected more than 2 beyond the cut-off, got 0"),
        ([1.0, np.nan, 2.0], 1, "expected finite numbers, got nan"),
    ],
)
def test_bad_arguments(row, order, message):
    with pytest.raises(ValueError, match=message) as caught:
        spacing_ratios(np.array(row), order)
    assert "\n" not in str(caught.value)


def test_too_few_ratios_for_an_error():
    ratios = spacing_ratios(samples.bulk_levels(1)[0][:20])
    with pytest.raises(ValueError, match="ratios: expected two blocks or more"):
        ratios.mean()
