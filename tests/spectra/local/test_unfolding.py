import warnings

import numpy as np
import pytest
from scipy.stats import norm

import level_samples as samples
from eigenscape.spectra.local.number_variance import number_variance
from eigenscape.spectra.local.spacings import spacings
from eigenscape.spectra.local.unfolding import (
    UnfoldingWarning,
    unfold,
    unfold_kernel,
    unfold_polynomial,
    unfold_pooled,
)
from eigenscape.theory.laws.discrete import Discrete
from eigenscape.theory.laws.marchenko_pastur import MarchenkoPastur
from eigenscape.theory.laws.semicircle import Semicircle
from eigenscape.theory.local_laws import number_variance as theory

LENGTHS = np.array([1.0, 5.0, 20.0, 40.0])


@pytest.fixture(autouse=True)
def let_warnings_be(request):
    with warnings.catch_warnings():
        if "warns" not in request.node.name:
            warnings.simplefilter("ignore", UnfoldingWarning)
        yield


def test_by_a_law_the_levels_are_its_distribution_function():
    row = samples.spectra(1)[0]
    row = row[np.abs(row) < 2]
    got = unfold(row[::-1], Semicircle(1.0))
    # the law's distribution function is good to 1e-13
    expected = row.size * samples.semicircle_share(row)
    np.testing.assert_allclose(got.spectra[0], expected, atol=1e-10)
    np.testing.assert_array_equal(got.spans, [[0, row.size]])
    assert got.trusted_length == got.longest_length


def test_the_atom_of_a_law_takes_its_eigenvalues(rng):
    matrix = rng.normal(size=(200, 500)) / np.sqrt(200)
    values = np.linalg.eigvalsh(matrix.T @ matrix)
    got = unfold(values, MarchenkoPastur(2.5))
    inside = got.spectra[0]
    assert 197 <= inside.size <= 200
    assert np.abs(inside - np.arange(inside.size)).max() < 4


def test_by_others_the_levels_are_their_count(rng):
    rows = [np.sort(rng.normal(size=40)) for _ in range(3)]
    got = unfold_pooled(rows)
    for index, levels in enumerate(got.spectra):
        pool = np.sort(np.concatenate(rows[:index] + rows[index + 1 :]))
        row = rows[index][(rows[index] >= pool[0]) & (rows[index] <= pool[-1])]
        # halfway between neighbours of the pool the staircase is at the rank
        assert np.abs(levels - np.searchsorted(pool, row) / 2).max() <= 1 / 4 + 1e-12
    assert got.inflation == 1.5


@pytest.mark.parametrize("beta", [0, 1, 2])
def test_pooled_spectra_give_the_number_variance(beta):
    rows = [np.tanh(row / 300 - 1) for row in samples.bulk_levels(beta)[:40]]
    got = number_variance(unfold_pooled(rows), LENGTHS)
    low, high = got.interval(0.999)
    # single spacings are blurred by 1/38
    expected = theory(LENGTHS, beta)
    assert ((low <= expected * 1.02) & (expected * 0.98 <= high)).all()


def test_few_pooled_spectra_are_corrected_for_their_noise():
    lengths = np.array([5.0, 20.0])
    groups = [samples.bulk_levels(1)[i : i + 4] for i in range(0, 80, 4)]
    found = [number_variance(unfold_pooled(group), lengths).value for group in groups]
    error = np.std(found, axis=0, ddof=1) / np.sqrt(len(groups))
    # the steps of the pool take off 1/27, inflated; undivided it would be 4/3
    expected = theory(lengths, 1) - 3 / 4 / 27
    assert (np.abs(np.mean(found, 0) - expected) < 4 * error).all()
    assert (np.abs(4 / 3 * np.mean(found, 0) - expected) > 8 * error).all()


def test_more_than_twenty_spectra_are_pooled_in_parts():
    got = unfold_pooled(samples.bulk_levels(1)[:45])
    pooled = [42 if i % 20 < 5 else 43 for i in range(45)]
    assert got.inflation == pytest.approx(1 + np.mean(1 / np.array(pooled)))


def losses(beta, make):
    """Mean Σ² by a fitted staircase, less that by the law; and the lengths trusted."""
    fitted, exact, trusted = [], [], []
    for row in samples.spectra(beta)[:20]:
        levels = make(row)
        trusted.append(levels.trusted_length)
        fitted.append(number_variance(levels, LENGTHS).value)
        exact.append(number_variance(unfold(row, Semicircle(1.0)), LENGTHS).value)
    return np.mean(fitted, 0) - np.mean(exact, 0), np.mean(exact, 0), np.median(trusted)


@pytest.mark.parametrize("beta", [1, 2])
def test_a_polynomial_takes_what_its_docstring_says(beta):
    lost, exact, trusted = losses(beta, lambda row: unfold_polynomial(row, 9))
    # 2L²τ₀²/β for Lτ₀ ≪ 1; at L = 40, Lτ₀ = 0.27, the sine takes up to a third off
    predicted = 2 * 40**2 * (10 / 1500) ** 2 / beta
    assert 0.5 * predicted < -lost[3] < 1.1 * predicted
    assert abs(lost[1]) < 0.02 * exact[1]
    # 5 % are lost at about the length that is trusted
    assert 0.3 < trusted / (40 * np.sqrt(0.05 * exact[3] / -lost[3])) < 1.5


def test_a_kernel_takes_what_it_says():
    lost, exact, trusted = losses(1, lambda row: unfold_kernel(row, 0.12))
    # the kernel spans 0.12 · 750/2π = 14 to 29 spacings
    assert 8 < trusted < 30
    assert abs(lost[0]) < 0.01 * exact[0]
    assert abs(lost[1]) < 0.03 * exact[1]


@pytest.mark.parametrize("bandwidth", [1e-6, 1e-3, 3e-3])
def test_a_kernel_that_follows_single_levels_is_refused(bandwidth):
    with pytest.raises(ValueError, match="follows single levels, smooth more"):
        unfold_kernel(samples.spectra(1)[0], bandwidth)


def test_a_short_kernel_warns():
    with pytest.warns(UnfoldingWarning, match=r"kernel .* biased beyond L = \d"):
        got = unfold_kernel(samples.spectra(1)[0], 0.05)
    assert got.trusted_length < 10
    assert "biased beyond" in got.caution


def test_few_pooled_spectra_warn_warns():
    with pytest.warns(UnfoldingWarning, match="only 2 spectra are pooled"):
        unfold_pooled(samples.bulk_levels(1)[:3])


def test_a_law_of_another_scale_is_refused():
    row = samples.spectra(1)[0]
    with pytest.raises(ValueError, match="outside its support; check its scale"):
        unfold(row, Semicircle(0.5))
    with pytest.raises(ValueError, match="its density is not that of the spectrum"):
        unfold(row, Semicircle(2.0))
    with pytest.raises(ValueError, match="outside its support; check its scale"):
        unfold(row * 30, Semicircle(1.0))


def test_a_high_degree_is_refused():
    # a tenth of the levels lie far out, where a polynomial swings
    row = samples.spectra(1)[0]
    tailed = np.sign(row) * np.abs(row) ** 9
    with pytest.raises(ValueError, match="degree: expected one whose polynomial rises"):
        unfold_polynomial(tailed, 30)


def test_the_levels_do_not_depend_on_the_scale():
    row = samples.spectra(1)[0]
    for make, scaled in (
        (unfold_polynomial(row, 7), unfold_polynomial(1e5 * row + 3e5, 7)),
        (unfold_kernel(row, 0.1), unfold_kernel(1e5 * row + 3e5, 1e4)),
    ):
        np.testing.assert_allclose(make.spectra[0], scaled.spectra[0], atol=1e-7)


def test_kernel_staircase_against_the_definition(rng):
    row = np.sort(rng.uniform(0, 1000, 700))
    got = unfold_kernel(row, 70.0)
    places = row[(row > row[0] + 210) & (row < row[-1] - 210)]
    expected = norm.cdf((places[:, None] - row) / 70).sum(1)
    np.testing.assert_allclose(got.spectra[0], expected, atol=1e-10)


def test_mean_spacing_is_one():
    rows = samples.spectra(2)[:3]
    for levels in (
        unfold(rows, Semicircle(1.0)),
        unfold_pooled(rows),
        unfold_polynomial(rows, 9),
        unfold_kernel(rows, 0.1),
    ):
        for row in spacings(levels):
            # the two ends of a rigid spectrum are known to a few spacings of 600
            assert row.mean() == pytest.approx(1, abs=5 / 600)


ROW = np.arange(30.0) ** 1.1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: unfold(ROW, Discrete.point_mass(0.0)), "law: expected one with a con"),
        (lambda: unfold(np.full(30, 0.5), Semicircle()), "got 29 equal to the next"),
        (lambda: unfold(np.array([0.1, np.nan]), Semicircle()), "got nan in spectrum"),
        (lambda: unfold(np.array([0.1, 0.2]), Semicircle()), "at least 20 a spectrum"),
        (lambda: unfold_pooled(ROW), "expected two spectra or more to pool, got 1"),
        (lambda: unfold_pooled([ROW[:9], ROW]), "expected at least 20 a spectrum, g"),
        (lambda: unfold_polynomial(ROW, 0), "degree: expected at least 1, got 0"),
        (lambda: unfold_polynomial(ROW[:5], 2), "expected at least 20 a spectrum"),
        (lambda: unfold_kernel(ROW, 0.0), "bandwidth: expected a positive finite num"),
        (lambda: unfold_kernel(ROW, np.nan), "bandwidth: expected a positive finite"),
        (lambda: unfold_kernel(ROW, 10.0), "bandwidth: expected one that leaves 20"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
