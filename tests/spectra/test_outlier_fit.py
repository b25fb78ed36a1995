import dataclasses

import numpy as np
import pytest

from eigenscape.core import load, save
from eigenscape.spectra.outlier_fit import OutlierFit, fit_outliers
from planted import NOISE, SPIKES, additive_spectrum, goe

ALL = tuple(2**i for i in range(11))
ALPHA, BETA = 30.0, 2.0


def curve(sizes, exponent=0.5):
    shift = ALPHA * (1 / SPIKES + BETA / SPIKES**2)
    return SPIKES + np.array(sizes, float)[:, None] ** (-2 * exponent) * shift


def draws(rng, sizes=ALL, *, exponent=0.5, noise=0.02, count=10):
    normal = rng.standard_normal((len(sizes), count, SPIKES.size))
    return curve(sizes, exponent)[:, None] * (1 + noise * normal)


def test_the_planted_curve_of_the_theory_page(rng):
    """V8: χ² a point near 1 at υ = ½ and several times that at 0.4 and 0.6."""
    found = fit_outliers(ALL, draws(rng))
    assert 0.5 in found.exponent
    assert found.exponent.upper - found.exponent.lower < 0.05
    for spike, truth in zip(found.spikes, SPIKES, strict=True):
        # 2 % noise, ten draws, eleven sizes: 0.2 % each, three of them
        assert spike.value == pytest.approx(truth, rel=6e-3)
    assert found.amplitude.value == pytest.approx(ALPHA, rel=0.15)
    assert found.p_value > 1e-3
    at = dict(zip(found.profile_exponents.round(2), found.profile, strict=True))
    assert at[0.4] > 4 * at[0.5]
    assert at[0.6] > 4 * at[0.5]
    assert at[0.5] / found.degrees_of_freedom < 2
    assert found.explained > 0.99


def test_outliers_of_sampled_matrices(rng):
    """V8: A + 6 b^(−½) GOE has α = 36, β = 0; θ + 36/(bθ) at every size."""
    sizes = (16, 32, 64, 128, 256)
    values = np.stack([
        np.stack([additive_spectrum(goe, b, rng)[:-6:-1] for _ in range(6)])
        for b in sizes
    ])
    found = fit_outliers(sizes, values)
    expected = SPIKES + NOISE**2 / (np.array(sizes)[:, None] * SPIKES)
    # dimension 300 moves an outlier by O(s²/N): 1 % at the smallest size
    np.testing.assert_allclose(found.curve[[0, -1]], expected[[0, -1]], rtol=0.02)
    assert NOISE**2 in found.amplitude


def test_intervals_and_p_values_are_honest(rng):
    """Coverage of 95 % intervals and size of the test at 10 %, over 25 fits."""
    trials, held, rejected = 25, [], 0
    for _ in range(trials):
        found = fit_outliers(ALL[3:], draws(rng, ALL[3:], noise=0.01))
        truths = [*SPIKES, ALPHA, BETA]
        intervals = [*found.spikes, found.amplitude, found.bulk_mean]
        held.append([t in i for t, i in zip(truths, intervals, strict=True)])
        held[-1].append(found.exponent is None or 0.5 in found.exponent)
        rejected += found.p_value < 0.1
    coverage = np.mean(held, axis=0)
    # binomial at 0.935: ± 0.049; three standard deviations down
    assert coverage.min() >= 0.935 - 3 * 0.049
    assert np.mean(coverage) >= 0.9
    # 2.5 ± 1.5 of 25
    assert rejected <= 2.5 + 3 * 1.5


@pytest.mark.parametrize("exponent", [0.35, 0.8])
def test_other_exponents_are_found(rng, exponent):
    found = fit_outliers(ALL, draws(rng, exponent=exponent))
    assert exponent in found.exponent
    assert 0.5 not in found.exponent


@pytest.mark.parametrize("sizes", [(1, 1024), (16, 64, 128)])
def test_too_few_batch_sizes_are_said_not_numbered(rng, sizes):
    found = fit_outliers(sizes, draws(rng, sizes))
    assert found.exponent is None
    assert found.note.startswith("too few batch sizes to identify υ")
    # the rest at ½, where V8 was planted
    assert found.fitted_exponent == pytest.approx(0.5)
    assert SPIKES[0] == pytest.approx(found.spikes[0].value, rel=0.03)


def test_outliers_that_do_not_move_have_no_exponent(rng):
    still = SPIKES * (1 + 0.01 * rng.standard_normal((len(ALL), 10, 5)))
    inward = still - 3 * SPIKES / np.array(ALL, float)[:, None, None] / 4
    found = fit_outliers(ALL, inward)
    assert found.exponent is None
    assert "do not move outwards" in found.note
    assert found.amplitude.value == 0


def test_draws_without_an_outlier_and_sizes_without_draws_are_left_out(rng):
    values = draws(rng)
    values[0] = np.nan
    values[2, 3:, 4] = np.nan
    found = fit_outliers(ALL, values)
    assert found.batch_sizes.tolist() == list(ALL[1:])
    assert found.degrees_of_freedom == 5 * 10 - 8
    assert 0.5 in found.exponent


def test_all_the_data_leave_no_noise(rng):
    """Without replacement s² vanishes at b = n: the curve ends on the spikes."""
    sizes = (*ALL[:-1], 1000)
    left = (1000 - np.array(sizes)) / 999
    shift = left[:, None] * (curve(sizes) - SPIKES)
    scatter = 0.02 * np.sqrt(left)[:, None, None]
    normal = rng.standard_normal((len(sizes), 10, 5))
    values = (SPIKES + shift)[:, None] * (1 + scatter * normal)
    found = fit_outliers(sizes, values, population=1000)
    assert 0.5 in found.exponent
    np.testing.assert_allclose(found.curve[-1], SPIKES, rtol=1e-3)


def test_the_unit_does_not_matter(rng):
    values = draws(rng)
    one, other = fit_outliers(ALL, values), fit_outliers(ALL, 1e-9 * values)
    assert other.exponent.value == pytest.approx(one.exponent.value, abs=1e-3)
    ratio = other.amplitude.value / one.amplitude.value
    assert ratio == pytest.approx(1e-18, rel=1e-2)


def test_it_is_stored(rng, tmp_path):
    found = fit_outliers((1, 16, 256), draws(rng, (1, 16, 256)))
    save(found, tmp_path / "fit")
    again = load(OutlierFit, tmp_path / "fit")
    for field in dataclasses.fields(found):
        np.testing.assert_equal(getattr(again, field.name), getattr(found, field.name))


@pytest.mark.parametrize(
    ("sizes", "values", "told"),
    [
        ((4,), np.ones((1, 3, 2)), "batch_sizes: expected at least 2"),
        ((4, 4), np.ones((2, 3, 2)), "strictly ascending"),
        ((4, 8), np.ones((3, 3, 2)), "one table of values each"),
        ((4, 8), np.ones((2, 1, 2)), "values: expected at least 2 draws"),
        ((4, 8), -np.ones((2, 3, 2)), "values: expected positive outliers"),
    ],
)
def test_bad_arguments_are_refused(sizes, values, told):
    with pytest.raises(ValueError, match=told):
        fit_outliers(sizes, values)


def test_a_population_smaller_than_a_batch_is_refused(rng):
    with pytest.raises(ValueError, match="population: expected at least 1024, got 9"):
        fit_outliers(ALL, draws(rng), population=9)
